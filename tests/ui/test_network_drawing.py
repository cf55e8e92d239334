"""A network drawn as its row of blocks."""

from xml.etree import ElementTree

import pytest

from core.config import TrainConfig
from ui import network_drawing

SVG = "{http://www.w3.org/2000/svg}"


def parts(svg: str, tag: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(svg).findall(SVG + tag)


@pytest.mark.parametrize(("depth", "numbers"), [(8, [1, 2, 3]), (20, range(1, 10)), (56, range(1, 28, 2))])
def test_blocks_are_numbered_and_those_removed_are_hollow(depth, numbers):
    svg = network_drawing.numbered_blocks(TrainConfig(depth=depth, skip=True), "#123456", frozenset({2}))
    blocks = parts(svg, "rect")
    assert len(blocks) == len(parts(svg, "path")) == (depth - 2) // 2
    assert [number for number, block in enumerate(blocks, start=1) if block.get("fill") == "none"] == [2]
    assert [int(text.text) for text in parts(svg, "text")] == list(numbers)
    middles = {float(block.get("x")) + network_drawing.BLOCK / 2 for block in blocks}
    assert {float(text.get("x")) for text in parts(svg, "text")} <= middles


def test_a_plain_network_has_no_arcs_and_elsewhere_no_numbers():
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
