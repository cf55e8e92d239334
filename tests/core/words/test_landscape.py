from dataclasses import replace

import numpy as np
import pytest

from core.analysis.landscapes.landscape import Shape
from core.words import landscape
from tests.core.analysis.landscapes.made_up import seen

BOWL = Shape(middle=0.1, right=0.99, lowest=0.1, highest=9.0, flat=0.2, bent_down=0.0, falls=0.0)
VALLEY, PLATEAU = replace(BOWL, bent_down=0.3), replace(BOWL, flat=0.99)
NAMES = {"A": "the plain network", "B": "the ResNet"}


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (
            {"A": VALLEY, "B": BOWL},
            "The plain network ended in a valley, the ResNet in a bowl. This map shows no mountains around either.",
        ),
        ({"A": BOWL, "B": BOWL}, "Both ended in a bowl. This map shows no mountains around either."),
        ({"B": PLATEAU}, "The ResNet ended on a plateau. This map shows no mountains around it."),
        (
            {"A": replace(VALLEY, falls=0.25), "B": BOWL},
            "The plain network ended in a valley, the ResNet in a bowl. Of the straight ways out, 25% of those from "
            "the plain network go down again: hills.",
        ),
    ],
)
def test_the_finding(shapes, words):
    assert landscape.finding(NAMES, shapes) == words


def test_what_each_kind_means_is_said_once():
    means = landscape.MEANINGS
    assert means.keys() == landscape.KINDS.keys() == {shape.kind for shape in (PLATEAU, VALLEY, BOWL)}
    assert landscape.meanings([VALLEY, BOWL, VALLEY]) == f"{means['valley']} {means['bowl']}"
    assert landscape.meanings([PLATEAU]) == means["plateau"]


def test_the_other_directions_are_told_where_they_show_something_else():
    assert landscape.elsewhere(["a bowl", "a bowl"], 0) == "The other two directions show the same."
    assert landscape.elsewhere(["a bowl", "a valley"], 1) == "In the other two directions: a bowl"
    assert landscape.here(["a bowl", "a bowl"], 0) == "a bowl"
    assert landscape.here(["a bowl", "a valley"], 1) == "In these two directions: a valley"


def test_ground_that_bends_down_nowhere():
    assert "bends down nowhere" in landscape.details(BOWL, 1_000, 0.0, 5)
    assert "bends down in some direction at 30% of the places" in landscape.details(VALLEY, 1_000, 0.0, 5)


def test_what_is_cut_off_is_said():
    assert "14% of the map is above 5 and cut off here; it goes up to 9." in landscape.details(BOWL, 1_000, 0.14, 5)
    assert " Less than 1% of the map is above 5 and cut off" in landscape.details(BOWL, 1_000, 0.0006, 5)
    assert "cut off" not in landscape.details(BOWL, 1_000, 0.0, 5)


def test_little_is_not_called_nothing():
    assert "in some direction at less than 1% of" in landscape.details(replace(BOWL, bent_down=0.004), 1_000, 0.0, 5)
    assert "ways out, less than 1% of those from" in landscape.finding(NAMES, {"A": replace(BOWL, falls=0.004)})


def test_the_finding_on_both_ways():
    assert landscape.path_finding(NAMES, {"A": seen()}) == "Two directions capture 90% of the plain network's path."
    assert landscape.path_finding(NAMES, {"A": seen(), "B": seen(share=np.array([0.5, 0.25]))}) == (
        "Two directions capture 90% of the plain network's path, and 75% of the ResNet's."
    )


def test_whether_the_loss_only_falls_is_said():
    assert "the loss only fell, from 2.00 to 0.10." in landscape.path_details(seen())
    hilly = landscape.path_details(seen(own_loss=np.array([2.0, 1.0, 1.5, 1.6], np.float32)))
    assert "the loss went from 2.00 to 1.60, but was higher after epochs 4, 6 than at the moment before." in hilly
    assert "off by up to 1.25" in hilly
    assert "loss at the moments that were saved: 2.00, 1.00, 0.50, 0.10" in landscape.path(seen())


@pytest.mark.parametrize(("sides", "whose"), [("B", "**B**"), ("AB", "**A** and **B**")])
def test_who_kept_no_weights_in_words(sides, whose):
    assert landscape.path_unknown(sides) == f"No weights were saved while {whose} learned."
