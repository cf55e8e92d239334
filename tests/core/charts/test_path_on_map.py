"""The path of a training on its map, as data."""

import pytest

from core.analysis.landscapes import walk
from core.charts.learning import path_on_map
from tests.core.analysis.landscapes.made_up import EPOCHS, PATH, seen


def test_the_way_lies_on_the_map_of_its_plane():
    found = seen()
    ground, path = walk.ground_table(found), walk.path_table(found)
    spec = path_on_map(ground, path, "#123456", "square", [0.05, 5.0], [0.7, 0.2]).to_dict()
    tiles, _, line, points, _, words = spec["layer"]
    assert tiles["encoding"]["x"]["scale"]["domain"] == pytest.approx([ground["left"].min(), ground["right"].max()])
    assert tiles["encoding"]["x"]["title"] == "main direction: 70% of the path"
    assert tiles["encoding"]["color"]["scale"]["domain"] == points["encoding"]["fill"]["scale"]["domain"] == [0.05, 5]
    assert (line["mark"]["color"], points["mark"]["shape"]) == ("#123456", "square")
    assert words["encoding"]["text"]["field"] == "said"
    rows = spec["datasets"][line["data"]["name"]]
    assert [(row["first"], row["second"]) for row in rows] == [tuple(place) for place in PATH.tolist()]
    assert [row["epoch"] for row in rows] == EPOCHS
