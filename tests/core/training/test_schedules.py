from itertools import pairwise

import pytest

from core.settings.recipes import SCHEDULES, USUAL_WARM_UP
from core.settings.train_config import TrainConfig
from core.training.schedules import SHAPES, curve, learning_rate


def test_curve_spans_the_whole_training():
    drawn = curve(TrainConfig(schedule="cosine", lr=0.2, warmup=0.05, epochs=40), points=20)
    assert drawn["epoch"].tolist() == [2.0 * i for i in range(21)]
    assert drawn["lr"].tolist() == [learning_rate("cosine", 0.2, i / 20, 0.05) for i in range(21)]
    assert drawn["lr"].idxmax() == 1


def test_config_knows_these_schedules():
    assert set(SCHEDULES) == set(SHAPES)


@pytest.mark.parametrize(
    ("schedule", "progress", "share_of_peak"),
    [
        ("onecycle", 0, 0.05),
        ("onecycle", 0.1, 0.525),
        ("onecycle", 0.2, 1),
        ("onecycle", 0.6, 0.5),
        ("onecycle", 1, 0),
        ("cosine", 0, 1),
        ("cosine", 0.25, 0.853553390593),
        ("cosine", 0.5, 0.5),
        ("cosine", 1, 0),
        ("multistep", 0, 1),
        ("multistep", 0.4999, 1),
        ("multistep", 0.5, 0.1),
        ("multistep", 0.7499, 0.1),
        ("multistep", 0.75, 0.01),
        ("multistep", 1, 0.01),
        ("constant", 0, 1),
        ("constant", 1, 1),
    ],
)
def test_known_points(schedule, progress, share_of_peak):
    rate = learning_rate(schedule, 0.3, progress, USUAL_WARM_UP[schedule])
    assert rate == pytest.approx(0.3 * share_of_peak, abs=1e-12)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_never_negative_and_never_above_the_peak(schedule):
    rates = [learning_rate(schedule, 0.3, step / 1000, USUAL_WARM_UP[schedule]) for step in range(1001)]
    assert min(rates) >= 0
    assert max(rates) == pytest.approx(0.3)


@pytest.mark.parametrize("schedule", ["onecycle", "cosine"])
def test_smooth_ones_make_no_jump(schedule):
    rates = [learning_rate(schedule, 1.0, step / 1000, USUAL_WARM_UP[schedule]) for step in range(1001)]
    assert max(abs(b - a) for a, b in pairwise(rates)) < 0.006


@pytest.mark.parametrize(
    ("schedule", "progress", "share_of_peak"),
    [
        ("cosine", 0, 0.05),
        ("cosine", 0.05, 0.525),
        ("cosine", 0.1, 1),
        ("cosine", 0.55, 0.5),
        ("cosine", 1, 0),
        ("multistep", 0.56, 0.1),
        ("multistep", 0.54, 1),
        ("constant", 0.5, 1),
        ("onecycle", 0.1, 1),
        ("onecycle", 0.55, 0.5),
    ],
)
def test_warm_up_comes_first_and_the_shape_fills_the_rest(schedule, progress, share_of_peak):
    assert learning_rate(schedule, 2.0, progress, warmup=0.1) == pytest.approx(2 * share_of_peak, abs=1e-12)


def test_no_warm_up_begins_at_the_peak():
    assert all(learning_rate(schedule, 0.3, 0, warmup=0) == 0.3 for schedule in SCHEDULES)
