"""The verdict of a contest, and how its photos are picked."""

import pytest

from core.analysis.comparison import A_ALONE, B_ALONE, BOTH, NEITHER
from core.words.play.contest import HARDER, THE_CLASS, YOU, fairness, how_photos_are_picked, verdict


@pytest.mark.parametrize(
    ("player", "points", "said"),
    [
        (YOU, (9, 8, 8), "You beat both networks!"),
        (YOU, (8, 8, 7), "You are level with the best."),
        (THE_CLASS, (9, 8, 8), "The class beat both networks!"),
        (THE_CLASS, (8, 8, 7), "The class is level with the best."),
        (THE_CLASS, (5, 8, 8), "The plain network and the ResNet won this time."),
        (YOU, (5, 7, 8), "The ResNet won this time."),
    ],
)
def test_the_verdict(player, points, said):
    who = (player, "the plain network", "the ResNet")
    assert verdict(dict(zip(who, points, strict=True)), player) == said


@pytest.mark.parametrize(
    ("missed", "means"),
    [
        ((4.5, 3.5), "the plain network gets 4 or 5 wrong on average and the ResNet 3 or 4"),
        ((4.2, 2.7), "the plain network gets about 4 wrong on average and the ResNet about 3"),
    ],
)
def test_how_many_more_the_networks_miss_than_usual(missed, means):
    called = {"A": "the plain network", "B": "the ResNet"}
    words = fairness(YOU, called, dict(zip("AB", missed, strict=True)), {"A": 0.83, "B": 0.93})
    assert words == f"The ten photos were {HARDER}: of ten, {means}, instead of about 2 and about 1. That helps you."


def test_each_kind_of_photo_has_a_row():
    words = how_photos_are_picked({"A": 0.83, "B": 0.93}, {NEITHER: 0.2, BOTH: 0.4, A_ALONE: 0.15, B_ALONE: 0.25})
    assert "A is right on 83% and B on 93%, people on about 94%" in words
    assert "A would miss about 2, B about 1 and you about 1: a single photo would often decide" in words
    assert words.partition("\n\n")[2].splitlines() == [
        "- 40%: both are right",
        "- 25%: B alone is right",
        "- 15%: A alone is right",
        "- 20%: neither is right",
    ]
