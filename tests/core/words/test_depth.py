"""What the runs of one recipe say of depth: a snapshot of the words for each case."""

from dataclasses import replace

import pytest

from core.analysis.depth import Change, Changes, Finding, Guessing, Recipe
from core.words import depth

WORSE, BETTER, LUCK = Change(-4.1, False), Change(1.26, False), Change(0.3, True)
NOBODY: dict[str, list[int]] = {"plain": [], "ResNet": []}
FOUND = Finding(
    depths=[20, 56],
    first=20,
    changes={"plain": Changes(WORSE, WORSE), "ResNet": Changes(BETTER, BETTER)},
    errors={"plain": 13.3, "ResNet": 7.04},
    trained_once=[],
    seeds_known=True,
    guessing=[],
    alone=NOBODY,
)
ONE_DEPTH = replace(FOUND, depths=[20], changes={})
CASES = {
    "plain worse, ResNet better": FOUND,
    "stalls": replace(FOUND, depths=[8, 20, 56]),
    "luck": replace(FOUND, changes={"plain": Changes(LUCK, WORSE), "ResNet": Changes(BETTER, LUCK)}),
    "one depth": ONE_DEPTH,
    "no depth": Finding([], None, {}, {}, [], False, [], {"plain": [20], "ResNet": [56]}),
    "trained once": replace(FOUND, trained_once=[20, 56]),
    "no seeds": replace(FOUND, trained_once=[20, 56], seeds_known=False),
    "stalls, no seeds": replace(FOUND, depths=[8, 20, 56], seeds_known=False),
    "guessing always": replace(FOUND, guessing=[Guessing("plain", 20, 1, 1), Guessing("plain", 56, 3, 3)]),
    "guessing at times": replace(FOUND, guessing=[Guessing("plain", 56, 1, 3), Guessing("ResNet", 56, 1, 1)]),
    "one alone": replace(ONE_DEPTH, alone={"plain": [32], "ResNet": [56, 110]}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_finding_in_words(case, snapshot):
    assert depth.finding(CASES[case]) == snapshot


@pytest.mark.parametrize(
    ("changed", "told"),
    [({}, True), ({"seed": 1}, True), ({"depth": 20}, False), ({"lr": 0.1}, False), ({"clip_layer": 1.0}, False)],
)
def test_the_start_of_the_deepest_plain_network_is_told_where_it_was_tried(changed, told):
    others = [replace(depth.TRIED, depth=8), replace(depth.TRIED, skip=True)]
    assert bool(depth.first_steps([*others, replace(depth.TRIED, **changed)])) is told


def test_precisions_in_words(snapshot):
    assert depth.precisions({"bfloat16": [8, 56], "float32": [20]}) == snapshot


def test_recipes_that_read_alike_have_names_of_their_own(snapshot):
    """Two files of initial weights of one name."""
    files = ("/x/weights.safetensors", "/y/weights.safetensors", "scratch")
    recipes = [Recipe({"data": "full", "epochs": 40, "init": init}, []) for init in files]
    named = depth.by_name(recipes)
    assert list(named.values()) == recipes
    assert "\n".join(named) == snapshot
