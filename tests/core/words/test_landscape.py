from dataclasses import replace

import pytest

from core.analysis.ground.landscape import Shape
from core.words import landscape

BOWL = Shape(middle=0.1, right=0.99, lowest=0.1, highest=9.0, flat=0.2, bent_down=0.0, falls=0.0)
VALLEY, PLATEAU = replace(BOWL, bent_down=0.3), replace(BOWL, flat=0.99)
NAMES = {"A": "the plain network", "B": "the ResNet"}


@pytest.mark.parametrize(("shape", "kind"), [(BOWL, "bowl"), (VALLEY, "valley"), (PLATEAU, "plateau")])
def test_the_kind_of_ground(shape, kind):
    assert landscape.kind(shape) == kind


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (
            {"A": VALLEY, "B": BOWL},
            "The plain network ended in a valley, the ResNet in a bowl. No mountains beside either.",
        ),
        ({"B": PLATEAU}, "The ResNet ended on a plateau. No mountains beside it."),
        (
            {"A": replace(VALLEY, falls=0.25), "B": BOWL},
            "The plain network ended in a valley, the ResNet in a bowl. Of the straight ways out, 25% of those from "
            "the plain network go down again: hills.",
        ),
    ],
)
def test_the_finding(shapes, words):
    assert landscape.finding(NAMES, shapes) == words


def test_what_is_cut_off_is_said():
    assert "14% of the map is above 5 and cut off here; it goes up to 9." in landscape.details(BOWL, 0.14, 5)
    assert "cut off" not in landscape.details(BOWL, 0.0, 5)
