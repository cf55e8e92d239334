"""What it did to have learned before, in words: a snapshot for each case."""

import pytest

from core.analysis.metrics import Proportion
from core.analysis.training_summary import TrainingSummary
from core.analysis.transfer import Benefit, HeadStart, Moved, TrainingLength
from core.settings.train_config import TrainConfig
from core.words import transfer


def made(accuracy: float, eighty, ninety, gap: float = 0.0) -> TrainingSummary:
    return TrainingSummary(Proportion(accuracy, 0, 1, 10_000), 10.0, 8, {0.8: eighty, 0.9: ninety}, gap)


CASES = {
    "one reached 90%": Benefit(made(0.85, (5, 50.2), None, 0.08), made(0.95, (1, 9.6), (2, 20)), False),
    "both, and memorized less": Benefit(made(0.92, (3, 30), (7, 70)), made(0.95, (1, 9), (1, 9), 0.08), False),
    "scratch reached 80%": Benefit(made(0.85, (5, 50), None), made(0.83, None, None, -0.01), False),
    "luck, and neither": Benefit(made(0.85, None, None), made(0.851, None, None), True),
}


@pytest.mark.parametrize("case", CASES)
def test_the_benefit_in_words(case, snapshot):
    assert transfer.benefit(CASES[case]) == snapshot


def test_the_head_start_in_words():
    words = "With 450 photos, the head start is worth **45 points**; with 45,000 photos, 9 points."
    assert transfer.head_start(HeadStart(450, 45_000, 45.2, 8.9)) == words


@pytest.mark.parametrize(("steps", "due"), [(1_000, True), (5_600, False)])
def test_fewer_steps_are_part_of_what_few_photos_cost(steps, due):
    words = transfer.training_lengths([TrainingLength(450, 2, steps), TrainingLength(45_000, 8, 5_600)])
    assert f"{steps:,} with 450 photos (each seen twice), 5,600 with 45,000 photos (each seen 8 times)" in words
    assert ("part of what few labels cost" in words) is due


def test_layers_that_moved_in_words():
    found = {"A": Moved(0.931, 5, 54, 0), "B": Moved(0.0, 1, 54, 53)}
    assert transfer.moved(found) == (
        "training changed a typical layer of A by 93.1%, and layer 5 of 54 the most; "
        "training changed a typical layer of B by 0.0%, and layer 1 of 54 the most"
    )
    assert transfer.still(found) == "53 layers of B did not move."


@pytest.mark.parametrize(
    ("frozen", "words"),
    [("", "everything"), ("backbone", "the last layer alone"), ("layer2", "what comes after layer2")],
)
def test_what_learns_in_words(frozen, words):
    assert transfer.what_learns(frozen) == words


@pytest.mark.parametrize(("count", "words"), [(64, "after it"), (96, "after it, the first 64 of 96")])
def test_how_many_filters_are_shown_in_words(count, words):
    assert transfer.filters("after it", count, most=64) == words


def test_what_a_config_says_is_frozen_is_no_markup():
    assert transfer.what_learns("layer2") == "what comes after layer2"
    assert not set("[]*:") & set(transfer.what_learns("**[Sign in](https://a.b)** :smile:"))


def test_what_both_networks_are_in_words():
    few = TrainConfig(family="torchvision", network="resnet50", train_fraction=0.1)
    assert transfer.network(few) == "ResNet-50, 10% of the photos"


@pytest.mark.parametrize(
    ("still", "words"),
    [(0, "the most. The last layer, which"), (53, "the most. 53 layers of B did not move. The last")],
)
def test_layers_that_changed_in_words(still, words):
    said = transfer.layers_changed({"B": Moved(typical=0.931, most=5, layers=54, still=still)})
    assert said.startswith("Training changed a typical layer of B by 93.1%, and layer 5 of 54 the most. ")
    assert words in said
