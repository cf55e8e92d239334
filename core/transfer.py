"""The second fight: a network from scratch against the same one that has learnt before. Which runs make it; who wins.

Derives everything from run folders; no torch.
"""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core import metrics
from core.config import differences
from core.runs import Run

TARGETS = (0.8, 0.9)  # validation accuracies that "time to reach" means
# What makes two contests comparable, whatever their budgets and recipes.
SAME = {"family", "network", "input_size", "strides", "depth", "skip", "norm", "init", "data", "freeze"}


@dataclass(frozen=True)
class Contest:
    """Two runs that differ in their initial weights alone."""

    scratch: Run
    pretrained: Run

    def __iter__(self):
        return iter((self.scratch, self.pretrained))


def contests(runs: list[Run]) -> list[Contest]:
    """All that the runs make; those with the most labels and nothing frozen first."""
    found = [
        Contest(scratch, pretrained)
        for pretrained in runs
        for scratch in runs
        if pretrained.config.pretrained
        and not scratch.config.pretrained
        and _differing(scratch, pretrained) == {"init"}
    ]
    return sorted(found, key=lambda c: (c.pretrained.config.freeze != "", -c.pretrained.config.train_fraction))


def comparable(contest: Contest, others: list[Contest]) -> list[Contest]:
    """Of `others` those of the same network and weights, one a label budget (the first of each), the smallest first."""
    by_budget = {contest.pretrained.config.train_fraction: contest}
    for other in others:
        if not _differing(contest.pretrained, other.pretrained) & SAME:
            by_budget.setdefault(other.pretrained.config.train_fraction, other)
    return [by_budget[fraction] for fraction in sorted(by_budget)]


def frozen_variants(contest: Contest, runs: list[Run]) -> list[Run]:
    """The runs that differ from the pretrained one in what is frozen, and in nothing else."""
    return [run for run in runs if _differing(contest.pretrained, run) == {"freeze"}]


def _differing(a: Run, b: Run) -> set[str]:
    """The settings in which two runs differ. A file of weights is the same in whatever folder it lay."""
    others = differences(a.config, b.config).keys() - {"init"}
    return others if _same_weights(a, b) else others | {"init"}


def _same_weights(a: Run, b: Run) -> bool:
    """Whether both began with the same weights: by their recorded sha256, or else by the file's name."""
    hashes = [re.search(r"sha256 ([0-9a-f]{64})", str(run.facts.get("initial_weights"))) for run in (a, b)]
    if all(hashes):
        return hashes[0][1] == hashes[1][1]
    names = [re.split(r"[/\\]", run.config.init)[-1] for run in (a, b)]
    return names[0] == names[1]


@dataclass(frozen=True)
class Outcome:
    """What one strategy came to. `reached`: for each of TARGETS (epochs, minutes), or None for never."""

    accuracy: metrics.Share
    minutes: float
    epochs: int
    reached: dict[float, tuple[int, float] | None]
    gap: float  # training minus validation accuracy at the end, 0 to 1

    @property
    def figures(self) -> dict[str, str]:
        """A column of the verdict's table."""
        times = {
            f"Time to {target:.0%} validation accuracy": _epochs(when) if when else "never"
            for target, when in self.reached.items()
        }
        return {
            "Test accuracy": f"{self.accuracy.value:.1%}  ({self.accuracy.low:.1%} to {self.accuracy.high:.1%})",
            **times,
            "Train minus validation accuracy, at the end": f"{100 * self.gap:+.1f} points",
            "Training time": f"{self.minutes:.0f} min",
            "Epochs": str(self.epochs),
        }


def outcome(history: pd.DataFrame, accuracy: metrics.Share) -> Outcome:
    """From a run's history and its share of right answers on the test images."""
    minutes = history["seconds"].cumsum() / 60
    reached: dict[float, tuple[int, float] | None] = {}
    for target in TARGETS:
        rows = history.index[history["val_accuracy"] >= target]
        reached[target] = None if rows.empty else (int(history["epoch"][rows[0]]), float(minutes[rows[0]]))
    final = history.iloc[-1]
    gap = float(final["train_accuracy"] - final["val_accuracy"])
    return Outcome(accuracy, float(minutes.iloc[-1]), len(history), reached, gap)


def observation(scratch: Outcome, pretrained: Outcome) -> str:
    """What the figures of the two say, in a few sentences."""
    points = 100 * (pretrained.accuracy.value - scratch.accuracy.value)
    how = "higher" if points >= 0 else "lower"
    return (
        f"{_speed(scratch, pretrained)} On photos it had never seen, the pretrained network ended "
        f"**{abs(points):.1f} points {how}**: {pretrained.accuracy.value:.1%} against {scratch.accuracy.value:.1%}. "
        f"The gap between practice photos and new ones is {100 * pretrained.gap:+.1f} points for it, "
        f"{100 * scratch.gap:+.1f} for the one from scratch."
    )


def _speed(scratch: Outcome, pretrained: Outcome) -> str:
    """About the highest target that either of them reached."""
    for target in reversed(TARGETS):
        begun, learnt = scratch.reached[target], pretrained.reached[target]
        if begun and learnt:
            return f"Pretrained, it reached {target:.0%} after {_epochs(learnt)}; from scratch after {_epochs(begun)}."
        if begun or learnt:
            winner, loser = ("Pretrained", "from scratch") if learnt else ("From scratch", "pretrained")
            return f"{winner}, it reached {target:.0%} after {_epochs(learnt or begun)}; {loser} never."
    return f"Neither reached {TARGETS[0]:.0%} on validation photos."


def _epochs(reached: tuple[int, float]) -> str:
    return f"{reached[0]} epoch{'s' if reached[0] > 1 else ''} ({reached[1]:.0f} min)"


def filter_sheet(filters: np.ndarray, columns: int = 8, zoom: int = 6) -> np.ndarray:
    """Filters (n, 3, h, w) as small colour pictures in rows: uint8 (height, width, 3), enlarged without smoothing.

    Each is stretched to its own darkest and brightest value, so that its pattern shows, not its strength.
    """
    filters = filters.astype(np.float32)
    low = filters.min(axis=(1, 2, 3), keepdims=True)
    high = filters.max(axis=(1, 2, 3), keepdims=True)
    pictures = (255 * (filters - low) / np.maximum(high - low, 1e-12)).round().astype(np.uint8)
    count, _, height, width = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, 3), 128, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        sheet[top : top + height, left : left + width] = picture.transpose(1, 2, 0)
    return sheet.repeat(zoom, axis=0).repeat(zoom, axis=1)
