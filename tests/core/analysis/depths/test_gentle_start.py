"""What clipping each layer's gradient did, against tables made by hand."""

from dataclasses import replace

import pandas as pd
import pytest

from core.analysis.depths.gentle_start import TRIED, gentle_start, was_tried


def right(precision: str | None, *rows: tuple) -> pd.DataFrame:
    """`rows`: depth, network, percent right."""
    return pd.DataFrame(rows, columns=["depth", "network", "test_right"]).assign(precision=precision)


USUAL = right("float32", (20, "plain", 99.0), (56, "plain", 82.0), (56, "plain", 84.0), (56, "ResNet", 92.5))


def test_what_remains_of_the_gap_at_the_depth_of_the_trials():
    found = gentle_start(USUAL, right("bfloat16", (56, "plain", 84.0), (56, "ResNet", 92.1), (20, "plain", 0.0)))
    assert found.complete
    assert (found.usual, found.clipped) == ({"plain": 83, "ResNet": 92.5}, {"plain": 84, "ResNet": 92.1})
    assert (found.gap, found.remaining) == pytest.approx((9.5, 8.1))
    assert found.precisions == ["bfloat16", "float32"]


def test_a_clipped_plain_network_stands_beside_the_usual_resnet_where_no_other_was_trained():
    found = gentle_start(USUAL, right(None, (56, "plain", 84.0)))
    assert (found.complete, found.remaining, found.precisions) == (True, pytest.approx(8.5), ["float32"])


@pytest.mark.parametrize(
    ("usual", "clipped"), [(USUAL, pd.DataFrame()), (USUAL[:3], right("float32", (56, "plain", 84.0)))]
)
def test_without_a_pair_and_a_clipped_plain_network_nothing_is_compared(usual, clipped):
    assert not gentle_start(usual, clipped).complete


@pytest.mark.parametrize(
    ("changed", "tried"),
    [({}, True), ({"seed": 1}, True), ({"depth": 20}, False), ({"lr": 0.1}, False), ({"clip_layer": 1.0}, False)],
)
def test_the_start_of_the_deepest_plain_network_is_known_where_it_was_tried(changed, tried):
    others = [replace(TRIED, depth=8), replace(TRIED, skip=True)]
    assert was_tried([*others, replace(TRIED, **changed)]) is tried
