"""What a training came to: how good, how fast, how much of it learned by heart. In figures, and in a table's words."""

from dataclasses import dataclass

import pandas as pd

from core.analysis import metrics
from core.data import cifar10
from core.runs.run import Run

TARGETS = (0.8, 0.9)  # validation accuracies that "time to reach" means
ROUNDING = 1e-6  # 4,500 right of 5,000 is 0.89999998 as a float32
ACCURACY, GAP, TIME = "Test accuracy", "Train minus validation accuracy, at the end", "Training time"
REACHING = {target: f"Time to {target:.0%} validation accuracy" for target in TARGETS}
MEANINGS = {
    ACCURACY: "Right answers on 10,000 photos never used in training. In brackets: where luck with the "
    "photos may put it (95%).",
    **dict.fromkeys(
        REACHING.values(),
        "How fast it learns. Validation photos are kept apart while it learns from the others; an epoch is one pass "
        "over those.",
    ),
    GAP: "How much better it is on the photos it learned from. Small is good where accuracy is high; a network "
    "that learned little memorized little. Below zero is possible, as training photos may be mirrored and shifted, and "
    "are counted while it still learns.",
    TIME: "On the machine named in the run's card. Runs trained at the same time slowed each other "
    "down: times say little about which is faster.",
}


@dataclass(frozen=True)
class Outcome:
    """`reached`: for each of TARGETS (epochs, minutes), or None for never."""

    accuracy: metrics.Share
    minutes: float
    epochs: int
    reached: dict[float, tuple[int, float] | None]
    gap: float  # training minus validation accuracy at the end, 0 to 1

    @property
    def figures(self) -> dict[str, str]:
        """A column of the verdict's table: {measure: value with its unit}."""
        return {
            ACCURACY: f"{self.accuracy.value:.1%}  ({self.accuracy.low:.1%} to {self.accuracy.high:.1%})",
            **{REACHING[target]: when_in_words(when) for target, when in self.reached.items()},
            GAP: f"{100 * self.gap:+.1f} points",
            TIME: when_in_words((self.epochs, self.minutes)),
        }


def outcome(history: pd.DataFrame, accuracy: metrics.Share) -> Outcome:
    """From a run's history and its share of right answers on the test images."""
    minutes = history["seconds"].cumsum() / 60
    reached: dict[float, tuple[int, float] | None] = {}
    for target in TARGETS:
        rows = history.index[history["val_accuracy"] >= target - ROUNDING]
        reached[target] = None if rows.empty else (int(history["epoch"][rows[0]]), float(minutes[rows[0]]))
    final = history.iloc[-1]
    gap = float(final["train_accuracy"] - final["val_accuracy"])
    return Outcome(accuracy, float(minutes.iloc[-1]), len(history), reached, gap)


def when_in_words(when: tuple[int, float] | None) -> str:
    """E.g. "1 epoch (3 min)"; "never"."""
    return f"{when[0]} epoch{'s' if when[0] > 1 else ''} ({when[1]:.0f} min)" if when else "never"


def figures(run: Run) -> dict:
    """What is known of a finished run, as plain values. Errors are in percent: `train_error` (augmented as in
    training, the mean over the epoch's steps) and `val_error` of the epoch whose weights were kept, `test_error` of
    those weights. Raises RunError."""
    history = run.history().set_index("epoch")
    kept = history.loc[run.best_epoch] if run.best_epoch in history.index else history.iloc[-1]
    accuracy = metrics.accuracy(run.test_logits(), cifar10.load_test_labels())
    return {
        "run": run.name,
        "family": run.config.family,
        "depth": run.config.depth,
        "skip": run.config.skip,
        "norm": run.config.norm,
        "clip_norm": run.config.clip_norm,
        "images": run.training_images,
        "seed": run.config.seed,
        "precision": run.precision,
        "epochs": len(history),
        "minutes": history["seconds"].sum() / 60,
        "train_error": 100 * (1 - kept["train_accuracy"]),
        "val_error": 100 * (1 - kept["val_accuracy"]),
        "test_error": 100 * (1 - accuracy.value),
    }
