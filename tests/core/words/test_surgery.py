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


@pytest.mark.parametrize(
    ("cut", "scale", "words"),
    [
        ({4}, 0.5, "without block 4 and with its blocks at 50%"),
        ({4, 2}, 1.0, "without blocks 2 and 4"),
        (set(), 0.0, "with its blocks at 0%"),
        (set(), 1.0, "with all its blocks"),
    ],
)
def test_what_was_done_in_words(cut, scale, words):
    assert surgery.condition(cut, scale) == words


def test_what_is_left_in_words():
    words = surgery.left({"A": "the ResNet"}, {"A": "without block 4"}, {"A": 0.876})
    assert words == "The ResNet, without block 4, gets **87.6%** right."


@pytest.mark.parametrize(("kept", "words"), [({4}, "Block 4 stays: here"), ({4, 7}, "Blocks 4 and 7 stay: here")])
def test_blocks_that_are_needed_in_words(kept, words):
    assert surgery.needed(kept).startswith(words)


def test_both_networks_in_words():
    costs, falls = {"A": COSTS[0], "B": COSTS[2]}, {"A": FALLS[0], "B": FALLS[3]}
    assert surgery.costs(costs) == f"One block removed: A {surgery.cost(COSTS[0])} B {surgery.cost(COSTS[2])}"
    assert surgery.falls(falls) == f"A {surgery.fall(FALLS[0])} B {surgery.fall(FALLS[3])}"


def test_what_a_block_costs_by_depth_in_words():
    costs = {20: Cost(27.44, 7, False), 56: Cost(1.6, 25, False)}
    words = "Here, a block costs the ResNet of 20 layers 27.4 points on average, the one of 56 layers 1.6."
    assert surgery.by_depth(costs) == words
