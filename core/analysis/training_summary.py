"""What a training came to: how good, how fast, how much of it memorized. The words are in `core.words.trainings`."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.analysis import metrics
from core.data import cifar10
from core.runs.run import Run

TARGETS = (0.8, 0.9)  # validation accuracies that "time to reach" means
OF_TRAINING = ("seed", "epochs", "minutes", "train_error", "val_error")
COSTS = ["epoch", "minutes", "images_seen"]  # of training, until an epoch's end
ROUNDING = 1e-6  # 4,500 right of 5,000 is 0.89999998 as a float32


@dataclass(frozen=True)
class TrainingSummary:
    """`reached`: for each of TARGETS (epochs, minutes), or None for never."""

    accuracy: metrics.Proportion
    minutes: float
    epochs: int
    reached: dict[float, tuple[int, float] | None]
    gap: float  # `generalization_gap`


def summarize(history: pd.DataFrame, accuracy: metrics.Proportion) -> TrainingSummary:
    """From a run's history and its share of right answers on the test images."""
    minutes = history["seconds"].cumsum() / 60
    reached: dict[float, tuple[int, float] | None] = {}
    for target in TARGETS:
        epoch = first_epoch_at(history, target)
        reached[target] = (epoch, float(minutes[history["epoch"] == epoch].iloc[0])) if epoch else None
    return TrainingSummary(accuracy, float(minutes.iloc[-1]), len(history), reached, generalization_gap(history))


def first_epoch_at(history: pd.DataFrame, accuracy: float) -> int | None:
    """The first epoch (from 1) that ended with at least this validation accuracy, 0 to 1; None for never."""
    epochs = history.loc[reaches(history["val_accuracy"], accuracy), "epoch"]
    return None if epochs.empty else int(epochs.iloc[0])


def epochs_to(accuracy: float, histories: Mapping[str, pd.DataFrame]) -> dict[str, int | None]:
    """`first_epoch_at` of each side's history."""
    return {side: first_epoch_at(history, accuracy) for side, history in histories.items()}


def reaches(accuracies: pd.Series, accuracy: float) -> pd.Series:
    """Which of them are as high, but for rounding: bool."""
    return accuracies >= accuracy - ROUNDING


def generalization_gap(history: pd.DataFrame) -> float:
    """Training minus validation accuracy after the last epoch, -1 to 1."""
    final = history.iloc[-1]
    return float(final["train_accuracy"] - final["val_accuracy"])


def right_for_good(answers: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """From which epoch on (from 1) each photo is answered rightly to the end: int (n,), 0 for those that are wrong in
    the end. `answers` (epochs, n), after each epoch; `labels` (n,)."""
    wrong = answers != labels
    right_in_a_row = np.where(wrong.any(axis=0), wrong[::-1].argmax(axis=0), len(wrong))
    return np.where(right_in_a_row > 0, len(wrong) + 1 - right_in_a_row, 0)


def lost_again(answers: np.ndarray, labels: np.ndarray) -> int:
    """How many photos were answered rightly after some epoch, and are wrong in the end (a forgetting event: Toneva et
    al. 2019, "An empirical study of example forgetting"). `answers`, `labels` as there."""
    right = answers == labels
    return int((right.any(axis=0) & ~right[-1]).sum())


def curves(runs: Mapping[str, tuple[str, pd.DataFrame]], measure: str = "accuracy") -> pd.DataFrame:
    """Of each side's run, its (name, history): a row an epoch and split ("training" or "validation") with COSTS, side,
    run and value. `measure`: "accuracy" or "loss"."""
    splits = {f"train_{measure}": "training", f"val_{measure}": "validation"}
    return _by_side(runs).rename(columns=splits).melt(["side", "run", *COSTS], list(splits.values()), "split")


def gaps(runs: Mapping[str, tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """As `curves`, a row an epoch: side, run, COSTS and gap, training minus validation accuracy in points."""
    table = _by_side(runs)
    return table[["side", "run", *COSTS]].assign(gap=100 * (table["train_accuracy"] - table["val_accuracy"]))


def _by_side(runs: Mapping[str, tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    return pd.concat(
        history.assign(side=side, run=name, minutes=history["seconds"].cumsum() / 60)
        for side, (name, history) in runs.items()
    )


def figures(run: Run) -> dict:
    """What is known of a finished run, as plain values. Errors are in percent: `train_error` (augmented as in
    training, the mean over the epoch's steps) and `val_error` of the epoch whose weights were kept, `test_error` of
    those weights. Of a run that was trained elsewhere, None is what hangs on its training. Raises RunError."""
    accuracy = metrics.accuracy(run.test_logits(), cifar10.load_test_labels())
    known = {
        "run": run.name,
        "family": run.config.family,
        "depth": run.config.depth,
        "skip": run.config.skip,
        "norm": run.config.norm,
        "clip_norm": run.config.clip_norm,
        "clip_layer": run.config.clip_layer,
        "images": run.training_images,
        "precision": run.precision,
        "test_error": 100 * (1 - accuracy.value),
    }
    if run.imported:
        return known | dict.fromkeys(OF_TRAINING)
    history = run.history().set_index("epoch")
    kept = history.loc[run.best_epoch] if run.best_epoch in history.index else history.iloc[-1]
    of_training = run.config.seed, len(history), history["seconds"].sum() / 60
    errors = (100 * (1 - kept[column]) for column in ("train_accuracy", "val_accuracy"))
    return known | dict(zip(OF_TRAINING, (*of_training, *errors), strict=True))
