"""How sure against how right: cases counted by hand, and a network that is too sure by a known factor."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from scipy.special import softmax

from core.analysis import calibration
from core.analysis.calibration import Temperature
from core.errors import RunError


def calibrated(n: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n, 10) that are as sure as they are right: the labels are drawn by their softmax."""
    draw = np.random.default_rng(0)
    logits = draw.normal(size=(n, 10)) * 2
    labels = (softmax(logits, axis=1).cumsum(axis=1) > draw.random((n, 1))).argmax(axis=1)
    return logits, labels


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.5])
def test_the_temperature_undoes_a_factor_of_the_logits(factor):
    logits, labels = calibrated()
    found = calibration.fit(logits * factor, labels)
    assert found.value == pytest.approx(factor, rel=0.05)
    assert found.photos == len(labels)
    mended = calibration.reliability(logits * factor / found.value, labels)
    assert calibration.calibration_error(mended) < 0.015


def test_a_temperature_mends_how_sure_and_no_answer():
    logits = np.array([[3.0, 1.0, *[0.0] * 8]])
    as_it_came, mended = (calibration.probabilities(logits, known) for known in (None, Temperature(0.5, 40)))
    assert as_it_came[0, 0] == pytest.approx(np.exp(3) / (np.exp(3) + np.e + 8))
    assert mended[0, 0] == pytest.approx(np.exp(6) / (np.exp(6) + np.exp(2) + 8))


@pytest.mark.parametrize(("factor", "sign"), [(0.5, -1), (2.5, 1)])
def test_too_sure_is_above_zero(factor, sign):
    logits, labels = calibrated()
    bins = calibration.reliability(logits * factor, labels)
    assert sign * calibration.overconfidence(bins) > 0.05
    assert calibration.calibration_error(bins) > 0.05


def test_groups_are_of_equal_mass_and_hold_what_was_counted():
    """Ten photos, one a group: certainties rise, the last five are right."""
    logits = np.zeros((10, 10))
    logits[:, 3] = np.arange(10)
    labels = np.where(np.arange(10) < 5, 4, 3)
    labels[0] = 5
    bins = calibration.reliability(logits, labels)
    assert bins["photos"].tolist() == [1] * 10
    assert bins["right"].tolist() == [0] * 5 + [1] * 5
    assert bins["sure"].tolist() == pytest.approx((np.exp(np.arange(10)) / (np.exp(np.arange(10)) + 9)).tolist())
    gaps = np.abs(bins["sure"] - bins["right"])
    assert calibration.calibration_error(bins) == pytest.approx(gaps.mean())


def test_silence_on_the_least_sure_and_the_surest_mistakes():
    logits = np.zeros((20, 10))
    logits[:, 3] = np.arange(1, 21)
    labels = np.full(20, 3)
    labels[[0, 1, 15]] = 4  # the two least sure, and a sure one
    table = calibration.risk_by_coverage(logits, labels)
    assert calibration.right_where_answered(table, 0.9) == pytest.approx((17 / 18, 17 / 20))
    assert calibration.tenth_below([table]) == pytest.approx(0.8)
    curve = table.set_index("answered")["right"]
    assert curve.loc[1.0] == pytest.approx(17 / 20)
    assert curve.loc[0.9] == pytest.approx(17 / 18)
    assert curve.loc[0.05] == 1
    assert calibration.surest_mistakes(logits, labels).tolist() == [15, 1, 0]


def test_what_is_saved_is_loaded(make_run):
    run = make_run("one")
    assert calibration.load(run) is None
    calibration.save(run, Temperature(0.75, 5_000))
    assert calibration.load(run) == Temperature(0.75, 5_000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        " " * 3_000,
        *(
            json.dumps(asdict(Temperature(0.75, 5_000)) | change)
            for change in (
                {"value": 0.0},
                {"value": "1"},
                {"value": float("nan")},
                {"value": 1e9},
                {"photos": 0},
                {"more": 1},
            )
        ),
    ],
    ids=lambda text: text[:60],
)
def test_a_damaged_file_is_refused(make_run, text):
    run = make_run("one")
    (run.path / calibration.FILE).write_text(text)
    with pytest.raises(RunError, match="damaged"):
        calibration.load(run)
