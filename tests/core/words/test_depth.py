"""What the runs of one recipe say of depth: a snapshot of the words for each case."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.analysis.depths.depth import Changes, Finding, Guessing, MoreLayers, Recipe
from core.analysis.depths.errors_by_depth import Change
from core.analysis.depths.gentle_start import GentleStart
from core.paths import ROOT
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
    found = replace(CASES["guessing always"], depths=[20, 56], trained_once={20: ["plain"], 56: ["plain", "ResNet"]})
    assert depth.deeper(found, Recipe({}, [Run(Path("x"), TrainConfig(epochs=8), {})])) == snapshot


def test_the_headline_in_words():
    assert depth.headline(FOUND) == (
        "From 20 to 56 layers, the plain network gets 4.1 points worse on new photos; the ResNet gets 1.3 points "
        "better."
    )
    assert depth.headline(CASES["luck"]).endswith(
        "the plain network changes too little to rule out luck (0.3 points better) on new photos; the ResNet gets 1.3 "
        "points better."
    )


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        (Changes(WORSE, WORSE), "gets 4.1 points worse on its training photos, too. Right answers on these were"),
        (Changes(WORSE, BETTER), "gets 1.3 points better on its training photos. Right"),
        (Changes(WORSE, LUCK), "luck (0.3 points better) on its training photos. Right"),
        (Changes(LUCK, WORSE), "gets 4.1 points worse on its training photos. Right"),
    ],
)
def test_training_photos_below_the_headline(plain, words):
    found = replace(FOUND, changes=FOUND.changes | {"plain": plain})
    assert words in depth.below_headline(found, augmented=True)


def test_what_stands_below_the_headline():
    assert depth.below_headline(FOUND, augmented=True).endswith(
        "were counted while it was still learning, on copies shifted and mirrored at random."
    )
    assert depth.below_headline(CASES["enough for the ResNet"], augmented=False).endswith(
        "while it was still learning. Beyond 32 layers, the ResNet does not clearly get better."
    )
    assert depth.below_headline(CASES["trained once"], augmented=False).endswith(
        "while it was still learning. At 20 and 56 layers, each network was trained only once."
    )
    assert depth.below_headline(ONE_DEPTH, augmented=True) == ""


@pytest.mark.parametrize(
    ("once", "words"),
    [
        ({}, ""),
        ({56: ["ResNet"]}, "At 56 layers, the ResNet was trained only once."),
        (
            {8: ["plain", "ResNet"], 20: ["plain"], 32: ["plain", "ResNet"], 56: ["plain", "ResNet"]},
            "At 8, 32 and 56 layers, each network was trained only once; at 20 layers, the plain network was trained "
            "only once.",
        ),
    ],
)
def test_what_was_trained_once(once, words):
    assert depth.trained_once(replace(FOUND, trained_once=once)) == words


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
        ("tuned", "It was tuned on the ResNet of 20 layers, so it may suit ResNets"),
    ],
)
def test_how_to_read_points_of_depth(case, part):
    cases = ("shows_guessing", "beside_he_et_al", "augmented", "tuned")
    assert part in depth.how_to_read(**{name: name == case for name in cases})
    assert part not in depth.how_to_read(**{name: name != case for name in cases})


def test_other_recipes_in_words():
    words = depth.other_recipes(BY_RECIPE, [Recipe({}, [])])
    assert words.startswith(f"{depth.by_recipe(BY_RECIPE)} Right answers are on test photos")
    assert words.endswith(depth.what_differs([]))


OF_ALL, OF_SOME = ({"data": data, "norm": "batch"} for data in ("full", "shipped"))


@pytest.mark.parametrize(
    ("settings", "layers", "said"),
    [
        (OF_ALL, 20, True),
        (OF_ALL, 56, False),
        (OF_SOME, 20, False),
        (OF_ALL | {"norm": "none"}, 20, False),
    ],
)
def test_the_trials_with_muon_stand_beside_recipes_like_them(settings, layers, said):
    words = depth.other_recipes(BY_RECIPE.query("depth == @layers"), [Recipe(settings, []), Recipe(settings, [])])
    assert words.endswith(depth.BY_MUON) is said


def test_the_leads_by_muon_and_sgd_are_those_of_the_trials():
    rows = re.findall(r"^\| (.+) \| .+ \| (.+) \|$", (ROOT / "docs" / "trials.md").read_text("utf-8"), re.MULTILINE)
    right = {name: [float(each) for each in re.findall(r"(\S+)%", values)] for name, values in rows}
    (muon,) = (value for name, value in right.items() if name.startswith("ResNet-20, `--threads 1`"))
    sgd = right["for comparison *Quick*, by SGD: ResNet-20; plain-20"]
    leads = (muon[0] - right["plain-20, likewise"][0], sgd[0] - sgd[1])
    assert re.findall(r"\d\.\d", depth.BY_MUON) == [f"{lead:.1f}" for lead in leads]


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
