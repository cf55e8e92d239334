"""The verdict and two answers in words: a snapshot for each case."""

import re
from dataclasses import replace

import pytest

from core.analysis.comparison import OverSeeds, Verdict
from core.analysis.metrics import Proportion
from core.heatmaps.gradcam import Focus
from core.words import comparison

WON = Verdict(Proportion(0.6, 0.5, 0.7, 100), Proportion(0.85, 0.8, 0.9, 100), 10, 35, 0.00025)
CASES = {
    "B wins": WON,
    "A wins, sure but for luck": replace(WON, a=WON.b, b=WON.a, only_a=35, only_b=10, p_value=0.012),
    "once in 1,000": replace(WON, p_value=0.001),
    "luck": replace(WON, p_value=0.5),
    "A guesses": replace(WON, a=Proportion(0.1, 0.05, 0.2, 100)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_verdict_in_words(case, snapshot):
    assert f"{comparison.headline(CASES[case], NAMES)} {comparison.explanation(CASES[case])}" == snapshot


def of_photos(a: float, b: float, p_value: float = 0.0) -> Verdict:
    return replace(
        WON, a=Proportion(a, 0, 1, 10_000), b=Proportion(b, 0, 1, 10_000), only_a=0, only_b=1, p_value=p_value
    )


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (of_photos(0.829, 0.924), "9 more: the ResNet is right on 92 of 100 photos, the plain network on 83."),
        (of_photos(0.924, 0.829), "9 fewer: the ResNet is right on 83 of 100 photos, the plain network on 92."),
        (
            of_photos(0.897, 0.915),
            "1.8 more of 100: the ResNet is right on 915 of 1,000 photos, the plain network on 897.",
        ),
        (of_photos(0.897, 0.899, p_value=0.5), "Too close to call: 0.20 points could be luck."),
    ],
)
def test_how_many_more_in_words(verdict, words):
    assert comparison.how_many_more(verdict, NAMES) == words


NAMES = {"A": "the plain network", "B": "the ResNet"}
SEEDS = {
    "one training": [1.0],
    "B always": [1.5, 1.8, 2.1],
    "A mostly, perhaps by luck": [-2.0, -0.5, 0.4],
}


@pytest.mark.parametrize("case", SEEDS)
def test_several_trainings_in_words(case, snapshot):
    seeds = OverSeeds(dict(enumerate(SEEDS[case])))
    assert comparison.heading(next(iter(CASES.values())), seeds, NAMES) == snapshot


def test_two_trainings_by_one_recipe_differ_by_luck():
    assert comparison.heading(next(iter(CASES.values())), None, NAMES)[1] == comparison.ONE_RECIPE


@pytest.mark.parametrize(
    ("could_be_luck", "words"),
    [
        (True, "Whether `one` or `two` is better is too close to call."),
        (False, "The best of them is `one`; luck with the photos does not explain that; other seeds might."),
    ],
)
def test_the_best_of_several_in_words(could_be_luck, words):
    assert comparison.best_of("one", "two", could_be_luck) == words


ANSWERS = {
    "agree": (("cat", "cat"), None, False),
    "disagree": (("cat", "dog"), None, False),
    "both right": (("cat", "cat"), "cat", False),
    "B right": (("cat", "airplane"), "airplane", False),
    "both wrong, alike": (("cat", "cat"), "dog", False),
    "both wrong": (("cat", "dog"), "frog", False),
    "none of the ten, alike": (("cat", "cat"), None, True),
    "none of the ten": (("cat", "dog"), None, True),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_two_answers_in_words(case, snapshot):
    labels, truth, unknown = ANSWERS[case]
    assert comparison.answers(NAMES, dict(zip("AB", labels, strict=True)), truth, unknown) == snapshot


def test_who_is_surer_is_never_said():
    for labels, truth, unknown in ANSWERS.values():
        said = comparison.answers(NAMES, dict(zip("AB", labels, strict=True)), truth, unknown)
        assert not re.search(r"surer|%", said)


@pytest.mark.parametrize(
    ("down", "along", "where"),
    [
        (0.1, 0.1, "at the upper left"),
        (0.5, 0.99, "at the right"),
        (0.5, 0.5, "in the middle"),
        (0.9, 0.5, "at the b"),
    ],
)
def test_where_a_heatmap_is_bright_in_words(down, along, where):
    assert comparison.looked(Focus(down, along, 0.12)).startswith(f"brightest {where}")
    assert comparison.looked(Focus(down, along, 0.12)).endswith("half of its light is on 12% of the picture")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"B": "mine"}, "B, mine, was trained elsewhere, so how it learned is not known here."),
        (
            {"A": "mine", "B": "ours"},
            "A, mine, and B, ours, were trained elsewhere, so how they learned is not known here.",
        ),
    ],
)
def test_who_was_trained_elsewhere(names, words):
    assert comparison.trained_elsewhere(names) == words


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["the ResNet"], "It looks strange to the ResNet."),
        (["the plain network", "the ResNet"], "It looks strange to both networks."),
    ],
)
def test_to_whom_a_picture_looks_strange_in_words(names, words):
    assert comparison.strange(names) == words


@pytest.mark.parametrize(("rank", "fewest"), [(0.03, "only 3"), (0.004, "fewer than 1")])
def test_how_strange_a_picture_looks_in_words(rank, fewest):
    assert comparison.stranger("A", rank) == f"To A, {fewest} in 100 test photos look stranger than this picture."
