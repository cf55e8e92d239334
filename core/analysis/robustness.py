"""What a network still knows when photos get worse: read from a file, and turned into figures. No torch.

The asking itself is `core.studies.robustness`, what is done to the photos `core.data.corruptions` (Hendrycks and
Dietterich 2019), the sentences are in `core.words.robustness`. Three measures, since each alone misleads: right answers
(whoever is better on whole photos is mostly better on spoiled ones, too), what a network loses of its own right answers
(who knew more has more to lose), and how much both keep of the photos that *both* knew.

Intervals are of luck with the photos, not with the training: another seed is another network.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.analysis import metrics
from core.analysis.comparison import OverSeeds, differing
from core.analysis.questions import Question
from core.data.corruptions import CORRUPTIONS, STRENGTHS
from core.errors import RunError
from core.files import write_atomically, writing
from core.runs.run import Run
from core.runs.tables import Array, load_npz

FILE = "corruptions.npz"
LARGEST = 200_000  # bytes; it has about 25,000
PHOTOS = 2_000  # the first of the test photos
COMMAND = "python -m core evaluate --corruptions"
KNOWS = 0.5  # right answers on clean photos from which a network is worth comparing


@dataclass(frozen=True)
class Answers:
    """Which of PHOTOS a network names rightly: `clean` bool (photos,), and spoiled, {kind: bool (5, photos)}, a row a
    strength. Kinds are missing where the study was stopped."""

    clean: np.ndarray
    corrupted: dict[str, np.ndarray]

    @property
    def complete(self) -> bool:
        return self.corrupted.keys() == CORRUPTIONS.keys()


class Estimate(NamedTuple):
    """A mean over photos, with its 95% interval."""

    value: float
    low: float
    high: float

    @property
    def could_be_luck(self) -> bool:
        return self.low <= 0 <= self.high


@dataclass(frozen=True)
class Kept:
    """Of the photos that both get right when clean: the share (0 to 1) of their spoiled versions that each still gets
    right, and `gap`, B's less A's, photo by photo. `photos`: how many they are; `clean`: right answers of A and of B
    on all clean photos, 0 to 1."""

    a: Estimate
    b: Estimate
    gap: Estimate
    photos: int
    clean: tuple[float, float]

    @property
    def comparable(self) -> bool:
        """Whether both have something to lose: who always answers the same loses nothing."""
        return min(self.clean) >= KNOWS


def estimate(values: np.ndarray) -> Estimate:
    """The mean of float (photos,), normally distributed over so many photos."""
    half = metrics.Z95 * values.std(ddof=1) / len(values) ** 0.5
    return Estimate(float(values.mean()), float(values.mean() - half), float(values.mean() + half))


def by_strength(answers: Answers, kinds: Iterable[str]) -> pd.DataFrame:
    """Right answers of each strength, 0 (clean) to 5, mean over the `kinds`: strength, right, low, high (0 to 1)."""
    by_level = np.mean([answers.corrupted[kind] for kind in kinds], axis=0)
    found = [estimate(each) for each in (answers.clean.astype(float), *by_level)]
    table = pd.DataFrame(found, columns=["right", "low", "high"])
    return table.assign(strength=[0, *STRENGTHS])


def spoiled(answers: Answers) -> np.ndarray:
    """Float (photos,): of each photo, the share of all its spoiled versions that is named rightly; all kinds and
    strengths count alike."""
    return np.mean(list(answers.corrupted.values()), axis=(0, 1))


def lost(answers: Answers) -> Estimate:
    """Right answers on clean photos less those on spoiled ones, 0 to 1: what a network loses of its own."""
    return estimate(answers.clean - spoiled(answers))


def kept(a: Answers, b: Answers) -> Kept | None:
    """None where both know too few photos to compare."""
    both = a.clean & b.clean
    if both.sum() < 2:
        return None
    of_a, of_b = spoiled(a)[both], spoiled(b)[both]
    clean = float(a.clean.mean()), float(b.clean.mean())
    return Kept(estimate(of_a), estimate(of_b), estimate(of_b - of_a), int(both.sum()), clean)


@dataclass(frozen=True)
class OverPairs:
    """What several pairs say together. `least`, `most`: what B keeps more, 0 to 1, in so many `pairs`; in `luck` of
    them it could be luck with the photos; `left_out`: pairs that can't be compared."""

    pairs: int
    least: float
    most: float
    luck: int
    left_out: int


def over_pairs(found: Collection[Kept]) -> OverPairs | None:
    """None where fewer than two can be compared."""
    gaps = [kept.gap for kept in found if kept.comparable]
    if len(gaps) < 2:
        return None
    values = [gap.value for gap in gaps]
    luck = sum(gap.could_be_luck for gap in gaps)
    return OverPairs(len(gaps), min(values), max(values), luck, len(found) - len(gaps))


def over_seeds(pairs: Iterable[tuple[Question, Kept]]) -> list[tuple[Question, OverSeeds]]:
    """What those pairs say together that differ from each other in their seed alone, and can be compared: the first of
    them, and by seed how many points B keeps more. Only where there are several; most seeds first."""
    groups: list[tuple[Question, dict[int, float]]] = []
    for pair, kept in pairs:
        if kept.comparable:
            points = next((points for first, points in groups if _differ_in_seed(first, pair)), None)
            if points is None:
                groups.append((pair, points := {}))
            points.setdefault(pair.a.config.seed, 100 * kept.gap.value)
    several = [(first, OverSeeds(points)) for first, points in groups if len(points) > 1]
    return sorted(several, key=lambda group: -len(group[1].points))


def _differ_in_seed(one: Question, other: Question) -> bool:
    return all(differing(*both).keys() <= {"seed"} for both in ((one.a, other.a), (one.b, other.b)))


def save(run: Run, answers: Answers) -> None:
    """corruptions.npz in the run's folder. Raises RunError where it can't be written."""
    kinds = list(answers.corrupted)
    right = np.stack([answers.corrupted[kind] for kind in kinds])
    with writing(run.path):
        write_atomically(
            run.path / FILE,
            lambda file: np.savez_compressed(file, clean=answers.clean, kinds=np.array(kinds), right=right),
        )


def load(run: Run) -> Answers | None:
    """What `save` wrote; None where there is nothing yet. Raises RunError if it is damaged."""
    path = run.path / FILE
    return _read(path) if path.exists() else None


def begun(run: Run) -> Answers | None:
    """What is known so far; None where nothing is, or its file is damaged: it is then made anew."""
    with suppress(RunError):
        return load(run)
    return None


def load_complete(run: Run) -> Answers | None:
    """The same; None, too, where the study was stopped."""
    answers = load(run)
    return answers if answers and answers.complete else None


def _read(path: Path) -> Answers:
    clean, kinds, right = load_npz(
        path,
        {
            "clean": Array("bool", (PHOTOS,)),
            "kinds": Array("U", ("kinds",), among=CORRUPTIONS),
            "right": Array("bool", ("kinds", len(STRENGTHS), PHOTOS)),
        },
    ).values()
    corrupted = dict(zip(kinds.tolist(), right, strict=True))
    if len(corrupted) != len(kinds):
        raise RunError(f"{path} is damaged: it has answers to a kind of photos twice.")
    return Answers(clean, corrupted)
