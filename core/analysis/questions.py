"""The questions that pairs of runs answer: two runs that differ in one setting, found by their configs."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from core.analysis.comparison import differing, learned_in
from core.runs.run import Run
from core.settings.train_config import TrainConfig

# Those which the lab is about, first. What changes along an axis (depth, photos, time) and the kinds of networks have
# pages of their own, and from another seed comes luck.
FIRST, NO_QUESTION = ("skip", "init"), {"family", "network", "depth", "epochs", "train_fraction", "seed"}


@dataclass(frozen=True)
class Question:
    """Does `setting` matter? `a` is the run without (plain, from scratch, the smaller value), `b` the one with it."""

    setting: str
    a: Run
    b: Run

    @property
    def names(self) -> frozenset[str]:
        return frozenset((self.a.name, self.b.name))


def questions(runs: list[Run]) -> list[Question]:
    """One for each fair pair; of pairs that differ in their seed alone, the first."""
    settings = [*FIRST, *(each.name for each in fields(TrainConfig) if each.name not in NO_QUESTION.union(FIRST))]
    return [question for setting in settings for question in _about(setting, runs)]


def fair_pairs(setting: str, runs: list[Run]) -> list[Question]:
    """The pairs that differ in `setting` alone, of every seed and recipe; of repeated trainings, the first."""
    return [pair for pair in _pairs(setting, runs) if differing(pair.a, pair.b).keys() == {setting}]


def _about(setting: str, runs: list[Run]) -> Iterator[Question]:
    """By depth and by share of the photos; of several recipes, the one that most pairs have first."""
    pairs = fair_pairs(setting, runs)
    common = Counter(_recipe(pair) for pair in pairs)
    seen = set()
    for pair in sorted(pairs, key=lambda pair: (_size_of_task(pair), -common[_recipe(pair)], pair.a.config.seed)):
        asked = _without(pair.a.config, setting, "seed"), getattr(pair.b.config, setting)
        if asked not in seen:
            seen.add(asked)
            yield pair


def _pairs(setting: str, runs: list[Run]) -> Iterator[Question]:
    alike: dict[tuple, dict[Any, Run]] = defaultdict(dict)
    for run in (run for run in runs if not run.imported):  # how those were trained is not known
        alike[_without(run.config, setting), learned_in(run)].setdefault(getattr(run.config, setting), run)
    for group in alike.values():
        for a, b in pairwise(sorted(group.values(), key=lambda run: _size(run.config, setting))):
            yield Question(setting, a, b)


def _without(config: TrainConfig, *settings: str) -> tuple:
    return tuple(value for name, value in config.of_learning.items() if name not in settings)


def _size(config: TrainConfig, setting: str) -> tuple:
    """Orders the values of a setting: without before with, small before large."""
    value = config.pretrained if setting == "init" else getattr(config, setting)
    return bool(value), value if isinstance(value, int | float) else 0, str(value)


def _size_of_task(pair: Question) -> tuple:
    return pair.a.config.depth, pair.a.config.norm == "none", -pair.a.config.train_fraction


def _recipe(pair: Question) -> tuple:
    return _without(pair.a.config, pair.setting, *NO_QUESTION)
