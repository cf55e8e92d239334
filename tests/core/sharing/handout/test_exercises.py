"""Questions whose answers are computed."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest

from core.analysis import metrics
from core.analysis.comparison import Verdict
from core.data.cifar10 import CLASSES
from core.sharing.handout import exercises
from core.words.comparison import ONE_RECIPE

NAMES = {"A": "the plain network", "B": "the ResNet"}


def verdict(right_a: int, right_b: int, p_value: float = 0.0) -> Verdict:
    return Verdict(metrics.proportion(right_a, 10_000), metrics.proportion(right_b, 10_000), 0, 0, p_value)


def confusion(**counts: int) -> pd.DataFrame:
    """Of mistakes by "cat_dog": cats that are called dogs."""
    matrix = pd.DataFrame(1000 * np.eye(10, dtype=int), index=CLASSES, columns=CLASSES)
    for pair, count in counts.items():
        matrix.loc[*pair.split("_")] = count
    return matrix


def history(*accuracies: float) -> pd.DataFrame:
    return pd.DataFrame({"epoch": range(1, len(accuracies) + 1), "val_accuracy": accuracies})


def test_the_difference_is_that_of_the_numbers_on_the_page():
    answer = exercises.right_more_often(verdict(6505, 9593), NAMES).answer
    assert answer == "B (the ResNet), by 30.9 of 100 photos (95.9 − 65.0 = 30.9)."


def test_the_difference_is_the_one_that_the_app_says():
    """Whatever is rounded: 92.35 − 82.89 is 9.46, which reads 9.5 elsewhere, and not 9.4 as 92.3 − 82.9 does."""
    for a, b in itertools.product(range(8280, 8290), range(9230, 9240)):
        answer = exercises.right_more_often(verdict(a, b), NAMES).answer
        more, less, difference = map(float, re.search(r"\((\S+) − (\S+) = (\S+)\)", answer).groups())
        assert more - less == pytest.approx(difference)
        assert abs(difference - (b - a) / 100) < 0.0501


def test_the_better_one_may_be_a_and_it_may_be_luck():
    answer = exercises.right_more_often(verdict(9010, 9000, 0.6), {"A": "A", "B": "B"}).answer
    assert answer == "A, by 0.10 of 100 photos (90.10 − 90.00 = 0.10). So small a difference could be luck."
    equal = exercises.right_more_often(verdict(9003, 9003, 1), NAMES).answer
    assert equal == "Neither: both were right on 90.03 of 100 photos."


def test_mix_ups_are_counted_both_ways_round():
    a = confusion(cat_dog=40, dog_cat=40, ship_airplane=70)
    answer = exercises.mixed_up_most({"A": a, "B": confusion()}, NAMES).answer
    assert (
        "A (the plain network): cats and dogs. It mistook 40 cats for dogs and 40 dogs for cats: 80 mistakes." in answer
    )
    assert "B (the ResNet): none" in answer


@pytest.mark.parametrize(
    ("best", "line"), [((0.5, 0.85), 0.8), ((0.8, 0.8), 0.8), ((0.55, 0.62), 0.6), ((0.05, 0.07), 0.1)]
)
def test_the_line_is_one_that_somebody_passed(best, line):
    histories = {side: history(accuracy) for side, accuracy in zip("AB", best, strict=True)}
    assert exercises.finish_line(histories) == pytest.approx(line)


def test_epochs_are_counted_to_the_first_time():
    histories = {"A": history(0.5, 0.6), "B": history(0.7, 0.8, 0.75, 0.9)}
    exercise = exercises.epochs_needed(histories, NAMES, seeds=[{"A": None, "B": 2}])
    assert "80%" in exercise.question
    these = "A (the plain network): never, in 2 epochs.\nB (the ResNet): after 2 epochs.\n"
    assert exercise.answer == these + "This is one training of each."
    several = exercises.epochs_needed(histories, NAMES, seeds=[{"A": None, "B": 2}, {"A": 3, "B": 1}])
    assert (
        several.answer
        == these + "In 2 trainings of each: A after 3 epochs (in 1 of 2; else never), B after 1 to 2 epochs."
    )
    assert exercises.epochs_needed(histories, NAMES, seeds=None).answer == these + ONE_RECIPE
