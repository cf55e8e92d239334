"""A network drawn as its row of blocks."""

from xml.etree import ElementTree

import pytest

from core.settings.train_config import TrainConfig
from ui.pair import network_drawing

SVG = "{http://www.w3.org/2000/svg}"


def parts(svg: str, tag: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(svg).findall(SVG + tag)


@pytest.mark.parametrize(("skip", "arcs"), [(True, 6), (False, 0)])
def test_the_beginning_of_a_network_has_six_blocks(skip, arcs):
    svg = network_drawing.beginning(TrainConfig(depth=56, skip=skip), "#123456")
    assert (len(parts(svg, "rect")), len(parts(svg, "path"))) == (6, arcs)


def test_a_plain_network_has_no_arcs():
    svg = network_drawing.network(TrainConfig(depth=20, skip=False), "#123456")
    assert (len(parts(svg, "rect")), parts(svg, "path"), parts(svg, "text")) == (9, [], [])


@pytest.mark.parametrize(
    ("config", "stages"),
    [
        (TrainConfig(depth=20, skip=True), [3, 3, 3]),
        (TrainConfig(family="torchvision", network="resnet50"), [3, 4, 6, 3]),
    ],
)
def test_blocks_are_lower_where_the_picture_is_smaller(config, stages):
    heights = [float(block.get("height")) for block in parts(network_drawing.network(config, "#123456"), "rect")]
    assert [heights.count(height) for height in sorted(set(heights), reverse=True)] == stages
    assert heights == sorted(heights, reverse=True)
