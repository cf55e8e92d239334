"""Which runs make a pair of scratch against pretrained, and what its figures say, against cases made by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.analysis.metrics import Proportion
from core.analysis.training_summary import TrainingSummary
from core.analysis.transfer import (
    Benefit,
    HeadStart,
    Moved,
    TrainingLength,
    comparable,
    frozen_variants,
    head_start,
    layer_changes,
    moved,
    pretraining_pairs,
    training_lengths,
)
from core.charts.filters import MOST, filter_sheet
from core.runs.run import Run, WeightChange
from core.settings.train_config import TrainConfig

SCRATCH = TrainConfig(family="torchvision", network="resnet18", input_size=64)
LEARNED = replace(SCRATCH, init="imagenet")


def run(name: str, config: TrainConfig, sha256: str = "", **changes) -> Run:
    facts = {"initial_weights": f"{changes.get('init')}, sha256 {sha256}; a last layer"} if sha256 else {}
    return Run(Path(name), replace(config, **changes), facts)


RUNS = [
    run("small-learned", LEARNED, train_fraction=0.1),
    run("small-scratch", SCRATCH, train_fraction=0.1),
    run("frozen", LEARNED, freeze="backbone"),
    run("learned", LEARNED),
    run("scratch", SCRATCH),
    run("other-seed", SCRATCH, seed=1),
    run("mobile-learned", LEARNED, network="mobilenet_v2"),
    run("mobile-scratch", SCRATCH, network="mobilenet_v2", train_fraction=0.5),
]


def names(found) -> list[tuple[str, str]]:
    return [(pair.scratch.name, pair.pretrained.name) for pair in found]


def test_pairs_differ_in_the_initial_weights_alone_largest_budget_first():
    assert names(pretraining_pairs(RUNS)) == [("scratch", "learned"), ("small-scratch", "small-learned")]
    assert pretraining_pairs(RUNS[2:3]) == []


def test_who_learned_from_more_photos_is_no_pair_with_who_learned_from_fewer():
    """Whatever the configs say: anybody can make a run."""
    few, many = (replace(run(f"{count}", SCRATCH), facts={"training_images": count}) for count in (8_000, 9_000))
    learned = replace(run("learned", LEARNED), facts={"training_images": 9_000})
    assert names(pretraining_pairs([few, many, learned])) == [("9000", "learned")]


def test_comparable_pairs_are_of_the_same_network_by_label_budget():
    found = pretraining_pairs([*RUNS, run("mobile-whole", SCRATCH, network="mobilenet_v2")])
    assert len(found) == 3
    assert names(comparable(found[0], found)) == [("small-scratch", "small-learned"), ("scratch", "learned")]


def test_frozen_variants_differ_in_what_is_frozen():
    assert [found.name for found in frozen_variants(pretraining_pairs(RUNS)[0], RUNS)] == ["frozen"]
    assert frozen_variants(pretraining_pairs(RUNS)[1], RUNS) == []


@pytest.mark.parametrize(
    ("init", "sha256", "same"),
    [
        ("elsewhere/w.pt", "a" * 64, True),
        ("elsewhere/other-name.pt", "a" * 64, True),
        ("here/w.pt", "b" * 64, False),
        ("elsewhere/w.pt", "", True),  # not recorded
        ("C:\\elsewhere\\w.pt", "", True),
        ("elsewhere/other-name.pt", "", False),
    ],
)
def test_weights_are_known_by_what_they_are_not_by_where_they_lay(init, sha256, same):
    learned = run("learned", SCRATCH, sha256="a" * 64, init="here/w.pt")
    small = run("small", SCRATCH, sha256, init=init, train_fraction=0.1)
    frozen = run("frozen", SCRATCH, sha256, init=init, freeze="backbone")
    found = pretraining_pairs(
        [learned, small, run("scratch", SCRATCH), run("small-scratch", SCRATCH, train_fraction=0.1)]
    )
    assert len(comparable(found[0], found)) == 1 + same
    assert len(frozen_variants(found[0], [frozen])) == same


def test_frozen_variants_have_the_recipe_of_the_whole():
    assert frozen_variants(pretraining_pairs(RUNS)[0], [run("slower", LEARNED, freeze="backbone", lr=0.001)]) == []


def made(accuracy: float, eighty, ninety, gap: float = 0.0) -> TrainingSummary:
    return TrainingSummary(Proportion(accuracy, 0, 1, 10_000), 10.0, 8, {0.8: eighty, 0.9: ninety}, gap)


@pytest.mark.parametrize(
    ("scratch", "pretrained", "points", "target", "learned_less"),
    [
        (made(0.85, (5, 50.2), None, 0.08), made(0.95, (1, 9.6), (2, 20)), 10, 0.9, False),
        (made(0.92, (3, 30), (7, 70)), made(0.95, (1, 9), (1, 9), 0.08), 3, 0.9, True),
        (made(0.85, (5, 50), None), made(0.83, None, None, 0.08), -2, 0.8, False),
        (made(0.5, None, None), made(0.6, None, None), 10, None, False),
    ],
)
def test_the_benefit_follows_from_the_figures(scratch, pretrained, points, target, learned_less):
    benefit = Benefit(scratch, pretrained, could_be_luck=False)
    assert (benefit.points, benefit.target) == (pytest.approx(points), target)
    assert benefit.scratch_learned_less == learned_less


BUDGETS = pd.DataFrame(
    [
        ("A", 45_000, 8, 5_600, 0.65),
        ("B", 45_000, 8, 5_600, 0.9),
        ("A", 4_500, 24, 1_600, 0.2),
        ("B", 4_500, 24, 1_600, 0.7),
    ],
    columns=["side", "images", "epochs", "steps", "accuracy"],
)


def test_the_head_start_is_told_of_the_fewest_photos_and_of_the_most():
    found = head_start(BUDGETS)
    assert found == HeadStart(4_500, 45_000, pytest.approx(50), pytest.approx(25))


def test_lessons_are_told_once_a_budget_the_smallest_first():
    assert training_lengths(BUDGETS) == [TrainingLength(4_500, 24, 1_600), TrainingLength(45_000, 8, 5_600)]


def test_the_last_layer_which_is_new_does_not_count_as_moved():
    none = np.zeros((0, 3, 1, 1))
    found = WeightChange(["first", "middle", "third", "last"], np.array([0.1, 0.4, 0.0, 9.0]), none, none)
    assert moved(found) == Moved(typical=pytest.approx(0.1), most=2, layers=4, still=1)
    assert layer_changes(found)[["number", "layer"]].to_numpy().tolist() == [[1, "first"], [2, "middle"], [3, "third"]]


def test_filters_are_stretched_each_for_itself_and_laid_in_rows():
    filters = np.zeros((10, 3, 2, 2), np.float16)
    filters[3, 0, 0, 0], filters[9, 2, 1, 1] = 0.5, 80
    sheet = filter_sheet(filters, columns=8, zoom=2)
    assert sheet.shape == (2 * (2 * 3 - 1), 2 * (8 * 3 - 1), 3)
    small = sheet[::2, ::2]
    assert small[0, 9].tolist() == [255, 0, 0]
    assert small[3 + 1, 3 + 1].tolist() == [0, 0, 255]
    assert small[2, 0].tolist() == [128, 128, 128]  # the line between
    assert filter_sheet(filters[:1]).dtype == np.uint8


def test_a_sheet_of_very_many_large_filters_stays_small():
    filters = np.random.default_rng(0).random((768, 3, 32, 32))  # ViT-B/32's
    sheet = filter_sheet(filters)
    assert sheet.size <= 3 * 500_000
    assert np.array_equal(sheet, filter_sheet(filters[:MOST]))
    assert sheet.shape == (2 * (8 * 33 - 1), 2 * (8 * 33 - 1), 3)
