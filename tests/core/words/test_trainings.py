"""What a training came to, in the words of a table."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.analysis.metrics import Proportion
from core.analysis.training_summary import TrainingSummary
from core.runs.status import Status
from core.words.comparison import ONE_RECIPE
from core.words.trainings import curves as curve_words
from core.words.trainings import dots as dot_words
from core.words.trainings import figures as figure_words
from core.words.trainings import status as status_words

NAMES = {"A": "the plain network", "B": "the ResNet"}
SUMMARY = TrainingSummary(Proportion(0.84, 0.83, 0.85, 10_000), 6.0, 3, {0.8: (2, 4.0), 0.9: None}, 0.05)


def test_figures_in_words(snapshot):
    assert figure_words.figures(SUMMARY) == snapshot
    assert figure_words.figures(SUMMARY).keys() == figure_words.MEANINGS.keys()


def test_one_epoch_is_no_plural():
    assert figure_words.when((1, 2.0)) == "1 epoch (2 min)"


@pytest.mark.parametrize("since", [np.array([0, 1, 7, 3, 9]), np.zeros(5, int)], ids=["some", "none"])
def test_what_was_learned_last_in_words(since, snapshot):
    assert curve_words.learned_last("The ResNet", since, lost=1) == snapshot


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (
            34,
            11,
            "The ResNet crosses the finish line first, after 11 passes over the photos; the plain network needs 34.",
        ),
        (5, 5, "Both cross the finish line after 5 passes over the photos."),
        (1, None, "The plain network crosses the finish line after 1 pass over the photos; the ResNet never does."),
        (None, 2, "The ResNet crosses the finish line after 2 passes over the photos; the plain network never does."),
        (None, None, "Neither reaches the finish line."),
    ],
)
def test_who_crosses_the_finish_line_first(a, b, words):
    assert curve_words.finish(NAMES, {"A": a, "B": b}) == words


PAIRS = [{"A": 20, "B": 17}, {"A": 22, "B": 10}, {"A": 23, "B": 9}]
THREE = "In 3 trainings of each, "


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (
            PAIRS,
            "the ResNet crosses the finish line after 9 to 17 passes over the photos, the plain network after 20 to "
            "23.",
        ),
        (
            [{"A": 8, "B": 17}] * 3,
            "the plain network crosses the finish line after 8 passes over the photos, the ResNet after 17.",
        ),
        (
            [{"A": None, "B": 1}] * 3,
            "the ResNet crosses the finish line after 1 pass over the photos; the plain network never does.",
        ),
        ([{"A": None, "B": None}] * 3, "neither reaches the finish line."),
        (
            [*PAIRS[:2], {"A": None, "B": 9}],
            "the ResNet crosses the finish line after 9 to 17 passes over the photos, the plain network after 20 to 22 "
            "(in 2 of 3; else never).",
        ),
    ],
)
def test_who_crosses_it_first_in_several_trainings(pairs, words):
    heading, more = curve_words.finish_heading(NAMES, pairs[0], pairs)
    assert heading == THREE + words
    assert more == f"**These two alone:** {curve_words.finish(NAMES, pairs[0])}"


def test_one_training_of_each_is_said_to_be_one():
    of_these = curve_words.finish(NAMES, PAIRS[0])
    assert curve_words.finish_heading(NAMES, PAIRS[0], PAIRS[:1]) == (of_these, curve_words.ONE_OF_EACH)
    assert curve_words.finish_heading(NAMES, PAIRS[0], None) == (of_these, ONE_RECIPE)


def test_dots_that_learned_for_unlike_times_are_told():
    dots = pd.DataFrame({"epochs": [5, 40.0, None], "images": [45_000] * 3, "pixels": [32, 32, 64]})
    assert dot_words.unequal(dots).startswith(
        "They learned for 5 to 40 passes over their photos, at 32 to 64 pixels a side (point at"
    )
    assert dot_words.unequal(dots[:1]) == ""


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status("queued", seconds_left=60.0), "as called"),
        (Status("training"), "as called"),
        (Status("training", epoch=2, epochs=8, seconds_left=10.0), "as called, epoch 2 of 8, about 1 min left"),
        (Status("training", machine="node3"), "as called on node3"),
        (
            Status("training", machine="node3", epoch=2, epochs=8, seconds_left=290.0),
            "as called on node3, epoch 2 of 8, about 5 min left",
        ),
    ],
)
def test_how_a_run_stands(status, words):
    assert status_words.state("as called", status) == words


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ({"A": "mine"}, "In this picture A is `mine`."),
        ({"A": "mine", "B": "ours"}, "In this picture A is `mine` and B is `ours`."),
    ],
)
def test_which_run_is_which(runs, words):
    assert status_words.in_one_picture(runs) == words


def test_what_a_dot_stands_for_in_words(make_run):
    run = make_run("one", skip=True)
    words = dot_words.dot(run, "mine", 0.876, minutes=63.4)
    assert words.startswith("**ResNet, 8 layers**, mine: right on **87.6%**; ")
    assert words.endswith(" million multiply-adds a photo; 1 epoch of 90 photos, at 32 pixels, 63 min.")
    elsewhere = replace(run, facts=run.facts | {"imported": {}})
    assert dot_words.training(elsewhere, minutes=None) == "trained elsewhere, at 32 pixels"


@pytest.mark.parametrize(
    ("init", "before"),
    [
        ("scratch", ""),
        ("imagenet", "; the million other photos that it had learned from before are not counted"),
        (
            "weights/resnet50_v1_imagenet.safetensors",
            "; the million other photos that it had learned from before are not counted",
        ),
        ("mine.safetensors", "; the training before this one is not counted"),
    ],
)
def test_what_a_pretrained_dot_had_learned_before_is_told(make_run, init, before):
    run = make_run("one")
    began = replace(run, config=replace(run.config, init=init))
    assert dot_words.training(began, minutes=63.4) == f"1 epoch of 90 photos, at 32 pixels, 63 min{before}"


@pytest.mark.parametrize(("runs", "words"), [(1, "Also 1 run with fewer"), (12, "Also 12 runs with fewer")])
def test_how_many_dots_were_held_back_in_words(runs, words):
    assert dot_words.also_held_back(runs).startswith(words)


def test_costs_in_words(make_run):
    costs = figure_words.costs(make_run("one"))
    assert costs.keys() == figure_words.COST_MEANINGS.keys()
    assert costs["Multiply-adds a photo"].endswith(" million")


@pytest.mark.parametrize(
    ("augmented", "photos", "harder"),
    [(True, "photos, mirrored and shifted at random.", "shifted, so they are harder."), (False, "photos.", "learns.")],
)
def test_how_to_read_learning_curves_in_words(augmented, photos, harder):
    words = curve_words.how_to_read_curves({"A": 0.8421, "B": 0.9}, augmented)
    assert f"Dashed: training {photos} The best validation accuracy of A is 84.2%, of B 90.0%. " in words
    assert curve_words.gap_below_zero(augmented).endswith(harder)


@pytest.mark.parametrize(("sides", "who"), [(["B"], "B is higher"), (["A", "B"], "A and B is higher")])
def test_whose_loss_is_smoothed_in_words(sides, who):
    assert curve_words.smoothed(sides).startswith(f"The training loss of {who} because of how it is counted")


def test_the_gap_at_the_end_in_words():
    words = curve_words.gap_at_the_end({"A": 4.26, "B": -1.0})
    assert words == "At the end it is +4.3 points for A and -1.0 points for B."


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ([{"A": None, "B": 20}, {"A": None, "B": None}], "the ResNet crosses the finish line after 20 passes"),
        ([{"A": 30, "B": 8}, {"A": 30, "B": 9}, {"A": 30, "B": 9}], "the ResNet crosses the finish line after 8 to 9"),
        ([{"A": None, "B": None}] * 2, "In 2 trainings of each, neither reaches the finish line."),
    ],
)
def test_over_seeds_the_first_is_who_gets_there_more_often_then_sooner(seeds, words):
    assert words in curve_words.finish_over_seeds(NAMES, seeds)
