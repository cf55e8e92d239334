"""Two runs side by side: is the pair fair, which is better, by how much, could it be luck? The numbers.

Derives everything from what the two run folders hold; no torch.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from core.analysis import metrics
from core.errors import RunError
from core.paths import file_name
from core.runs.run import Run
from core.settings.recipes import is_limited
from core.settings.setting import differences
from core.settings.train_config import OF_NETWORK, SETTINGS

# What beside the settings decides on what is learned, by more than the last digits; and its usual value.
USUAL_ENVIRONMENT = {"processes": 1, "precision": "float32"}
# Of test photos, by who is right.
A_ALONE, B_ALONE, NEITHER, BOTH = "A right, B wrong", "B right, A wrong", "both wrong", "both right"
# How big the learning steps are.
RECIPE_FIELDS = ("schedule", "lr", "warmup", "optimizer", "head_lr")
Measured = TypeVar("Measured")
TRAINING = "training"  # in which two runs differ where one of them was trained elsewhere: how is not known


@dataclass(frozen=True)
class Fairness:
    """`differing`: in what the two runs differ, {setting: (value of A, value of B)}, see `differing`."""

    differing: dict[str, tuple]

    @property
    def fair(self) -> bool:
        return len(self.differing) == 1 and self.known

    @property
    def known(self) -> bool:
        """Whether it is known how both were trained."""
        return TRAINING not in self.differing


def fairness(a: Run, b: Run) -> Fairness:
    """In what two runs differ."""
    return Fairness(differing(a, b))


def differing(a: Run, b: Run) -> dict[str, tuple]:
    """`differences` of two runs in the settings that decide what is learned, and in what else they did not learn alike
    (USUAL_ENVIRONMENT). A file of weights is the same in whatever folder it lay. Of a run that was trained elsewhere
    its network alone is known."""
    found = {name: both for name, both in differences(a.config, b.config).items() if SETTINGS[name].learns}
    if a.imported or b.imported:
        where = tuple("elsewhere" if run.imported else "here" for run in (a, b))
        return {name: both for name, both in found.items() if name in OF_NETWORK} | {TRAINING: where}
    if a.config.family != b.config.family:  # what is set of one kind of network says nothing of the other
        found = {name: both for name, both in found.items() if name not in OF_NETWORK}
        found = {"network": (a.config.architecture, b.config.architecture)} | found
    found.pop("init", None)
    inits = {} if _same_weights(a, b) else {"init": (a.config.init, b.config.init)}
    return found | inits | _differing_environment(a, b)


def _differing_environment(a: Run, b: Run) -> dict[str, tuple]:
    if not (a.environment and b.environment):  # trained elsewhere
        return {}
    both = zip(USUAL_ENVIRONMENT, learned_in(a), learned_in(b), strict=True)
    return {name: (of_a, of_b) for name, of_a, of_b in both if of_a != of_b}


def learned_in(run: Run) -> tuple[str, ...]:
    """The values of USUAL_ENVIRONMENT with which it was trained, in this order."""
    return tuple(str(run.environment.get(name, usual)) for name, usual in USUAL_ENVIRONMENT.items())


def _same_weights(a: Run, b: Run) -> bool:
    """Whether both began with the same weights: by their recorded sha256, or else by the file's name."""
    hashes = [re.search(r"sha256 ([0-9a-f]{64})", str(run.facts.get("initial_weights"))) for run in (a, b)]
    if hashes[0] and hashes[1]:
        return hashes[0][1] == hashes[1][1]
    return file_name(a.config.init) == file_name(b.config.init)


def held_back(run: Run) -> bool:
    """Whether it could not learn all that its network can: its accuracy then says little of the network."""
    config = run.config
    return is_limited(config) or config.norm == "none" or config.data == "shipped"


def differ_in_recipe(a: Run, b: Run) -> bool:
    """Whether they differ in some of RECIPE_FIELDS, and in nothing else."""
    changed = differing(a, b).keys()
    return bool(changed) and changed <= set(RECIPE_FIELDS)


def recipe_changes(runs: Iterable[Run]) -> list[str]:
    """Those of RECIPE_FIELDS that are not the same in all."""
    configs = [run.config for run in runs]
    return [field for field in RECIPE_FIELDS if len({getattr(config, field) for config in configs}) > 1]


def by_schedule(runs: Iterable[Run]) -> list[list[Run]]:
    """Those whose learning rate goes the same way, together; in their order."""
    groups: dict[tuple, list[Run]] = {}
    for run in runs:
        config = run.config
        groups.setdefault((config.schedule, config.lr, config.warmup, config.epochs), []).append(run)
    return [*groups.values()]


# With these, one order of positions means the same photos in the same batches.
ORDERS = ("data", "split_seed", "train_fraction", "batch_size", "augment")


def same_order(a: Run, b: Run) -> bool | None:
    """Whether both saw the same photos in the same order, shifted and mirrored alike (`EpochPlan.sha256`, of what
    ORDERS chooses); None where a run is older than such records."""
    if a.imported or b.imported:
        return None
    if any(getattr(a.config, name) != getattr(b.config, name) for name in ORDERS):
        return False
    recorded = [run.facts.get("batch_order") for run in (a, b)]
    return recorded[0] == recorded[1] if all(isinstance(order, str) for order in recorded) else None


@dataclass(frozen=True)
class Verdict:
    """Test accuracies, and the exact two-sided p-value: how often luck alone would split them so unevenly, if both were
    equally good (McNemar)."""

    a: metrics.Proportion
    b: metrics.Proportion
    only_a: int  # test images that A alone gets right
    only_b: int
    p_value: float

    @property
    def could_be_luck(self) -> bool:
        return self.p_value >= 0.05

    @property
    def points(self) -> float:
        """Test accuracy of B minus that of A, in points."""
        return 100 * (self.b.value - self.a.value)

    @property
    def better_alone(self) -> str:
        """The photos on which the better network alone is right: A_ALONE or B_ALONE."""
        return B_ALONE if self.b.value >= self.a.value else A_ALONE

    @property
    def margin(self) -> float:
        """How far luck with the photos could move `points`, in 19 of 20 cases: Agresti 2013, Categorical data analysis,
        section 11.1.1, for two networks that are asked about the same photos."""
        apart, differ, photos = self.only_b - self.only_a, self.only_a + self.only_b, self.a.n
        return 100 * metrics.Z95 * math.sqrt(differ - apart**2 / photos) / photos

    @property
    def guessing(self) -> list[str]:
        """Of "A" and "B", those that do no better than guessing."""
        return [side for side, share in (("A", self.a), ("B", self.b)) if share.by_guessing]


def verdict(logits_a: np.ndarray, logits_b: np.ndarray, labels: np.ndarray) -> Verdict:
    """From both runs' logits float (n, 10) on the same images and their labels (n,)."""
    kinds = by_who_is_right(logits_a, logits_b, labels)
    only_a, only_b = len(kinds[A_ALONE]), len(kinds[B_ALONE])
    shares = metrics.accuracy(logits_a, labels), metrics.accuracy(logits_b, labels)
    return Verdict(*shares, only_a, only_b, metrics.mcnemar(only_a, only_b))


@dataclass(frozen=True)
class OverSeeds:
    """Two recipes, trained with several seeds each. `points`: by seed, how many points B has more."""

    points: dict[int, float]

    @property
    def mean(self) -> float:
        return float(np.mean([*self.points.values()]))

    @property
    def interval(self) -> tuple[float, float]:
        """Within which luck with the seeds leaves the mean, in 19 of 20 cases: Student 1908, paired by seed, since both
        of a seed see the same photos in the same order."""
        return metrics.mean_interval([*self.points.values()])

    @property
    def could_be_luck(self) -> bool:
        low, high = self.interval
        return low <= 0 <= high

    @property
    def as_the_mean(self) -> int:
        """In how many trainings the one was better that is better on average."""
        return sum(value * self.mean > 0 for value in self.points.values())


def pairs_by_seed(a: Run, b: Run, runs: Collection[Run]) -> dict[int, tuple[Run, Run]]:
    """{seed: two of the `runs`}, which differ from A and from B in their seed alone; of several, the first. Empty where
    A and B differ in nothing else themselves: these are trainings of one recipe."""
    if differing(a, b).keys() <= {"seed"}:
        return {}
    of_a, of_b = _by_seed(a, runs), _by_seed(b, runs)
    return {seed: (of_a[seed], of_b[seed]) for seed in sorted(of_a.keys() & of_b.keys())}


def by_seed(
    a: Run, b: Run, runs: Collection[Run], measure: Callable[[Run, Run], Measured]
) -> dict[int, Measured] | None:
    """{seed: what `measure` says of both}, of `pairs_by_seed`, where those are several; else of A and B alone. A pair
    that can't be read is left out. None where A and B differ in their seed alone."""
    if differing(a, b).keys() == {"seed"}:
        return None
    found = {}
    for seed, both in pairs_by_seed(a, b, runs).items():
        with suppress(RunError):
            found[seed] = measure(*both)
    return found if len(found) > 1 else {a.config.seed: measure(a, b)}


def over_seeds(a: Run, b: Run, runs: Collection[Run], of_two: Callable[[Run, Run], Verdict]) -> OverSeeds | None:
    """Of the verdicts `of_two` on the pairs of `by_seed`; None as there."""
    points = by_seed(a, b, runs, lambda *both: of_two(*both).points)
    return None if points is None else OverSeeds(points)


def _by_seed(like: Run, runs: Iterable[Run]) -> dict[int, Run]:
    alike = [run for run in runs if differing(like, run).keys() <= {"seed"}]
    return {run.config.seed: run for run in reversed(alike)}


def by_who_is_right(logits_a: np.ndarray, logits_b: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Indices of the test images by who is right, in their own order."""
    right_a, right_b = metrics.right(logits_a, labels), metrics.right(logits_b, labels)
    kinds = {
        A_ALONE: right_a & ~right_b,
        B_ALONE: right_b & ~right_a,
        NEITHER: ~right_a & ~right_b,
        BOTH: right_a & right_b,
    }
    return {name: np.flatnonzero(which) for name, which in kinds.items()}


def disagreements(logits_a: np.ndarray, logits_b: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Indices of the test images on which the answers differ, by who is right, surest disagreement first."""
    p_a, p_b = metrics.probabilities(logits_a), metrics.probabilities(logits_b)
    sureness = p_a.max(axis=1) + p_b.max(axis=1)
    differ = p_a.argmax(axis=1) != p_b.argmax(axis=1)
    found = {}
    kinds = by_who_is_right(logits_a, logits_b, labels)
    for name in (B_ALONE, A_ALONE, NEITHER):
        indices = kinds[name][differ[kinds[name]]]
        found[name] = indices[np.argsort(-sureness[indices], kind="stable")]
    return found
