"""What trained networks lose with their blocks, in words: a snapshot of all cases."""

import pytest

from core.analysis.surgery import Cost, Fall
from core.words import surgery

COSTS = [Cost(30.04, 2, False), Cost(20.0, 1, False), Cost(0.99, 7, False), Cost(-0.3, 7, False), Cost(0.1, 7, True)]
FALLS = [Fall(1, 0, False), Fall(2, 1, False), Fall(5, 2, False), Fall(None, None, False), Fall(1, 0, True)]


def test_blocks_in_words(snapshot):
    assert [surgery.blocks(numbers) for numbers in ([], [3], {7, 2}, [5, 1, 3])] == snapshot


def test_costs_in_words(snapshot):
    assert "\n".join(f"{cost}: {surgery.cost(cost)}" for cost in COSTS) == snapshot


def test_falls_in_words(snapshot):
    assert "\n".join(f"{fall}: {surgery.fall(fall)}" for fall in FALLS) == snapshot


@pytest.mark.parametrize(
    ("skip", "words"),
    [
        (True, "9 blocks in a row, each with an arc around it"),
        (False, "9 blocks in a row, and no way around any of them"),
    ],
)
def test_a_drawn_network_in_words(skip, words):
    assert surgery.in_a_row(9, skip) == words
