"""What the runs of one recipe say of depth: a snapshot of the words for each case."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.analysis.depths.depth import Changes, Finding, Guessing, MoreLayers, Recipe
from core.analysis.depths.errors_by_depth import Change
from core.analysis.depths.gentle_start import GentleStart
from core.runs.run import Run
from core.settings.train_config import TrainConfig
from core.words import depth

WORSE, BETTER, LUCK = Change(-4.1, False), Change(1.26, False), Change(0.3, True)
NOBODY: dict[str, list[int]] = {"plain": [], "ResNet": []}
FOUND = Finding(
    depths=[20, 56],
    first=20,
    enough=56,
    changes={"plain": Changes(WORSE, WORSE), "ResNet": Changes(BETTER, BETTER)},
    errors={"plain": 13.3, "ResNet": 7.04},
    trained_once={},
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
    "no depth": Finding([], None, None, {}, {}, {}, False, [], {"plain": [20], "ResNet": [56]}),
    "trained once": replace(FOUND, trained_once={20: ["plain", "ResNet"], 56: ["plain", "ResNet"]}),
    "some trained once": replace(FOUND, trained_once={20: ["plain", "ResNet"], 56: ["ResNet"]}),
    "no seeds": replace(FOUND, trained_once={20: ["plain"], 56: ["plain"]}, seeds_known=False),
    "stalls, no seeds": replace(FOUND, depths=[8, 20, 56], seeds_known=False),
    "guessing always": replace(FOUND, guessing=[Guessing("plain", 20, 1, 1), Guessing("plain", 56, 3, 3)]),
    "guessing at times": replace(FOUND, guessing=[Guessing("plain", 56, 1, 3), Guessing("ResNet", 56, 1, 1)]),
    "enough for the ResNet": replace(FOUND, depths=[20, 32, 56], enough=32),
    "enough for both": replace(FOUND, depths=[8, 20, 32, 56], enough=32),
    "one alone": replace(ONE_DEPTH, alone={"plain": [32], "ResNet": [56, 110]}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_finding_in_words(case, snapshot):
    assert depth.finding(CASES[case]) == snapshot


def test_a_deeper_pair_of_another_recipe_in_words(snapshot):
    found = replace(CASES["guessing always"], depths=[20, 56], trained_once={56: ["plain", "ResNet"]})
    assert depth.deeper(found, Recipe({}, [Run(Path("x"), TrainConfig(epochs=8), {})])) == snapshot


def test_how_the_training_photos_of_the_headline_were_seen():
    assert "its training photos" in depth.headline(FOUND)
    assert "saw them, shifted and mirrored at random, while it was still" in depth.training_photos(FOUND, True)
    assert "saw them, while it was still learning" in depth.training_photos(FOUND, False)
    assert depth.training_photos(ONE_DEPTH, True) == ""  # whose headline does not speak of them


def test_which_of_the_deepest_were_trained_once():
    once = {20: ["plain", "ResNet"], 56: ["ResNet"]}
    assert depth.trained_once(replace(FOUND, trained_once=once)) == "At 56 layers, the ResNet was trained only once."
    assert depth.trained_once(replace(FOUND, depths=[20])) == ""


USUAL = {"plain": 83.0, "ResNet": 92.5}
CLIPPED: dict[str, dict[str, float]] = {
    "no clipped training": {},
    "a clipped ResNet alone": {"ResNet": 92.4},
    "a clipped plain network": {"plain": 84.0},
    "both clipped": {"plain": 84.0, "ResNet": 92.1},
    "the gap gone": {"plain": 91.0, "ResNet": 92.6},
    "trained otherwise": {"plain": 84.0, "ResNet": 92.1},
}


@pytest.mark.parametrize("case", CLIPPED)
def test_what_a_gentle_start_changed(case, snapshot):
    precisions = ["bfloat16", "float32"] if case == "trained otherwise" else ["float32"]
    assert depth.first_steps(GentleStart(USUAL, CLIPPED[case], precisions)) == snapshot


def test_a_gentle_start_of_a_recipe_without_a_pair_says_nothing_of_a_gap():
    found = GentleStart({"plain": 83.0}, {"plain": 84.0}, ["float32"])
    assert depth.first_steps(found).endswith(depth.NEVER_ENDED)


BY_RECIPE = pd.DataFrame(
    [(20, 0, 90.0, 91.8), (20, 1, 85.5, 88.7), (56, 0, 83.0, 92.5), (56, 2, np.nan, 92.7)],
    columns=["depth", "recipe", "plain", "ResNet"],
).assign(points=lambda rows: rows["ResNet"] - rows["plain"])


def test_the_lead_by_recipe_in_words(snapshot):
    assert depth.by_recipe(BY_RECIPE) == snapshot
    assert depth.by_recipe(BY_RECIPE[2:]) == ""


def test_recipes_in_a_table_are_told_apart_by_what_differs():
    recipes = [
        Recipe({"data": "full", "epochs": n, "clip_layer": clip}, []) for n, clip in ((40, None), (12, None), (60, 1.0))
    ]
    table = depth.recipe_table(BY_RECIPE, recipes)
    clipping = "gradient clipping by layer"
    assert list(table) == ["layers", "epochs", clipping, "plain network", "ResNet", depth.AHEAD]
    assert table["epochs"].tolist() == ["40", "12", "40", "60"]
    assert table[clipping].tolist() == ["none", "none", "none", "1.0"]
    assert table[depth.AHEAD].tolist()[:3] == pytest.approx([1.8, 3.2, 9.5])


@pytest.mark.parametrize(
    ("calculated", "words"),
    [
        ([(20, "float32"), (20, "float32"), (56, "bfloat16")], "differ in shortcuts alone"),
        ([(56, "float32"), (56, None)], "differ in shortcuts alone"),
        ([(56, "float32"), (56, "bfloat16")], "in some rows, they calculated in different numbers"),
    ],
)
def test_twins_of_a_table_that_calculated_otherwise_are_told(calculated, words):
    runs = [
        Run(Path("x"), TrainConfig(depth=layers), {"environment": {"precision": precision}})
        for layers, precision in calculated
    ]
    assert words in depth.what_differs([Recipe({}, []), Recipe({}, runs)])


def test_precisions_in_words():
    assert depth.mixed_precisions({"bfloat16": [8, 56], "float32": [20]}).startswith(
        "Training calculated in bfloat16 at 8, 56 layers; float32 at 20 layers. "
    )
    assert depth.mixed_precisions({"float32": [8, 20, 56]}) == ""


def test_a_pair_of_one_depth_in_words():
    assert depth.of_pair(20, {"plain": 90.44, "ResNet": 92.0}) == (
        "**20 layers**: the plain network is right on **90.4%**; the ResNet is right on **92.0%**."
    )


@pytest.mark.parametrize(
    ("case", "part"),
    [
        ("shows_guessing", "dashed line at 10% is guessing"),
        ("beside_he_et_al", "Hollow: He et al. 2015"),
        ("augmented", "photos mirrored and shifted"),
    ],
)
def test_how_to_read_points_of_depth(case, part):
    cases = ("shows_guessing", "beside_he_et_al", "augmented")
    assert part in depth.how_to_read(**{name: name == case for name in cases})
    assert part not in depth.how_to_read(**{name: name != case for name in cases})


def test_other_recipes_in_words():
    words = depth.other_recipes(BY_RECIPE, [Recipe({}, [])])
    assert words.startswith(f"{depth.by_recipe(BY_RECIPE)} Right answers are on test photos")
    assert words.endswith(depth.what_differs([]))


def test_recipes_that_read_alike_have_names_of_their_own(snapshot):
    """Two files of initial weights of one name."""
    files = ("/x/weights.safetensors", "/y/weights.safetensors", "scratch")
    recipes = [Recipe({"data": "full", "epochs": 40, "init": init}, []) for init in files]
    named = depth.by_name(recipes)
    assert list(named.values()) == recipes
    assert "\n".join(named) == snapshot


@pytest.mark.parametrize(
    ("right", "trainings", "change", "words"),
    [
        (
            (91.53, 92.34),
            (3, 1),
            Change(0.81, could_be_luck=False),
            "915 of 1,000 photos (mean of 3 trainings), with 56 layers on 923 (one training): a little better (0.8 "
            "points).",
        ),
        (
            (91.2, 90.6),
            (1, 1),
            Change(-0.6, could_be_luck=False),
            "912 of 1,000 photos, with 56 layers on 906: a little worse (0.6 points). This is one training of each.",
        ),
        (
            (90.0, 91.9),
            (2, 2),
            Change(1.9, could_be_luck=True),
            "900 of 1,000 photos (mean of 2 trainings), with 56 layers on 919 (mean of 2 trainings): luck could "
            "explain so small a difference.",
        ),
        (
            (89.7, 82.9),
            (3, 1),
            Change(-6.8, could_be_luck=False),
            "90 of 100 photos (mean of 3 trainings), with 56 layers on 83 (one training).",
        ),
    ],
)
def test_more_layers_in_words(right, trainings, change, words):
    said = depth.more_layers(MoreLayers(right, trainings, change), "ResNet", 20, 56)
    assert said == f"With 20 layers the ResNet is right on {words}"
