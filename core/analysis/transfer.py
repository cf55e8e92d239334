"""A network from scratch against the same one that has learned before: which runs make such pairs, and who wins.

Derives everything from run folders; no torch. The sentences are in `core.words.transfer`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.analysis.comparison import differing
from core.analysis.training_summary import TARGETS, TrainingSummary
from core.runs.run import Run, WeightChange

BUDGET = {"train_fraction", "epochs"}  # what may differ between pairs that show what labels are worth


@dataclass(frozen=True)
class PretrainingPair:
    """Two runs that differ in their initial weights alone."""

    scratch: Run
    pretrained: Run

    def __iter__(self):
        return iter((self.scratch, self.pretrained))


def pretraining_pairs(runs: list[Run]) -> list[PretrainingPair]:
    """All that the runs make; those with the most labels and nothing frozen first."""
    pairs = [
        PretrainingPair(scratch, pretrained)
        for pretrained in runs
        for scratch in runs
        if pretrained.config.pretrained
        and not scratch.config.pretrained
        and differing(scratch, pretrained).keys() == {"init"}
        and scratch.training_images == pretrained.training_images  # which a run from elsewhere may tell otherwise
    ]
    return sorted(pairs, key=lambda pair: (pair.pretrained.config.freeze != "", -pair.pretrained.config.train_fraction))


def comparable(pair: PretrainingPair, others: list[PretrainingPair]) -> list[PretrainingPair]:
    """Of `others` those that differ in their BUDGET alone, one a label budget (the first of each), the smallest
    first."""
    by_budget = {pair.pretrained.config.train_fraction: pair}
    for other in others:
        if differing(pair.pretrained, other.pretrained).keys() <= BUDGET:
            by_budget.setdefault(other.pretrained.config.train_fraction, other)
    return [by_budget[fraction] for fraction in sorted(by_budget)]


def frozen_variants(pair: PretrainingPair, runs: list[Run]) -> list[Run]:
    """The runs that differ from the pretrained one in what is frozen, and in nothing else."""
    return [run for run in runs if differing(pair.pretrained, run).keys() == {"freeze"}]


@dataclass(frozen=True)
class Benefit:
    """What it did to have learned before. `could_be_luck`: the difference of their test accuracies, as
    `comparison.Verdict` says."""

    scratch: TrainingSummary
    pretrained: TrainingSummary
    could_be_luck: bool

    @property
    def points(self) -> float:
        """Test accuracy of the pretrained network minus that of the other, in points."""
        return 100 * (self.pretrained.accuracy.value - self.scratch.accuracy.value)

    @property
    def target(self) -> float | None:
        """The highest of TARGETS that either of them reached."""
        reached = [target for target in TARGETS if self.scratch.reached[target] or self.pretrained.reached[target]]
        return max(reached, default=None)

    @property
    def scratch_learned_less(self) -> bool:
        """Whether the one from scratch is less often right, and has a smaller gap: which is then no merit of it."""
        return self.points > 0 and self.scratch.gap < self.pretrained.gap


@dataclass(frozen=True)
class HeadStart:
    """By how many points the pretrained network is ahead, with the `few` photos of the smallest label budget and with
    the `many` of the largest."""

    few: int
    many: int
    points_few: float
    points_many: float


def head_start(table: pd.DataFrame) -> HeadStart:
    """`table`: a row a run, with the columns side ("A" from scratch, "B" pretrained), images and accuracy (0 to 1)."""
    right = table.pivot_table(index="images", columns="side", values="accuracy")
    points = (100 * (right["B"] - right["A"])).tolist()
    return HeadStart(int(right.index[0]), int(right.index[-1]), points[0], points[-1])


@dataclass(frozen=True)
class TrainingLength:
    """How long a network learned from so many photos."""

    images: int
    epochs: int
    steps: int


def training_lengths(table: pd.DataFrame) -> list[TrainingLength]:
    """By label budget, the smallest first. `table`: a row a run, with the columns images, epochs and steps."""
    rows = table.sort_values("images", kind="stable").drop_duplicates("images")
    return [TrainingLength(*map(int, row)) for row in rows[["images", "epochs", "steps"]].to_numpy()]


def layer_changes(found: WeightChange) -> pd.DataFrame:
    """A row a layer but for the last, which is new: number (from 1), layer (name), and change (norm by norm)."""
    rows = pd.DataFrame({"layer": found.layers, "change": found.relative_change})
    return rows.assign(number=np.arange(1, len(rows) + 1))[:-1]


@dataclass(frozen=True)
class Moved:
    """How far training moved the layers of a network, the last one left out.

    typical: the median change, norm by norm
    most: the number, from 1, of the layer that changed most
    layers: how many there are, the last one counted
    still: how many did not move at all
    """

    typical: float
    most: int
    layers: int
    still: int


def moved(found: WeightChange) -> Moved:
    change = found.relative_change[:-1]
    most = int(change.argmax()) + 1
    return Moved(float(np.median(change)), most, len(found.layers), int((change == 0).sum()))
