"""The verdict and two answers in words: a snapshot for each case."""

from dataclasses import replace

import pytest

from core.analysis.comparison import Verdict
from core.analysis.metrics import Share
from core.words import comparison

WON = Verdict(Share(0.6, 0.5, 0.7, 100), Share(0.85, 0.8, 0.9, 100), 10, 35, 0.00025)
CASES = {
    "B wins": WON,
    "A wins, sure but for luck": replace(WON, a=WON.b, b=WON.a, only_a=35, only_b=10, p_value=0.012),
    "once in 1,000": replace(WON, p_value=0.001),
    "luck": replace(WON, p_value=0.5),
    "A guesses": replace(WON, a=Share(0.1, 0.05, 0.2, 100)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_verdict_in_words(case, snapshot):
    assert f"{comparison.headline(CASES[case])} {comparison.explanation(CASES[case])}" == snapshot


@pytest.mark.parametrize(
    ("labels", "sure", "truth", "expected"),
    [
        (("cat", "cat"), (0.61, 0.97), None, "Both say **cat**. The ResNet is surer: 97% against 61%."),
        (("cat", "cat"), (0.97, 0.61), "cat", "Both say **cat**. The plain network is surer: 97% against 61%."),
        (("cat", "cat"), (0.971, 0.968), "cat", "Both say **cat**. They are equally sure: 97%."),
        (("cat", "cat"), (0.5, 0.5), "dog", "Both say **cat**, but the truth is dog. They are equally sure"),
        (("cat", "dog"), (0.5, 0.6), None, "They disagree: the plain network says **cat** (50% sure), the ResNet says"),
        (("cat", "dog"), (0.5, 0.6), "dog", "The truth is dog: the ResNet is right."),
        (("cat", "dog"), (0.5, 0.6), "frog", "The truth is frog: both are wrong."),
    ],
)
def test_two_answers_in_words(labels, sure, truth, expected):
    names = {"A": "the plain network", "B": "the ResNet"}
    both = dict(zip("AB", labels, strict=True)), dict(zip("AB", sure, strict=True))
    assert expected in comparison.answers(names, *both, truth)
