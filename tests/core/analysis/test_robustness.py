"""Figures from answers to spoiled photos: counted by hand, and intervals that cover as often as they say."""

import io
from dataclasses import replace

import numpy as np
import pytest

from core.analysis import robustness
from core.analysis.robustness import PHOTOS, Answers
from core.data.corruptions import CORRUPTIONS, STRENGTHS
from core.errors import RunError


def answers(clean: list[bool], right_by_strength: list[list[bool]], kinds=("fog",)) -> Answers:
    return Answers(np.array(clean), {kind: np.array(right_by_strength) for kind in kinds})


def drawn(seed: int, kinds=CORRUPTIONS) -> Answers:
    draw = np.random.default_rng(seed)
    right = {kind: draw.random((len(STRENGTHS), PHOTOS)) < 0.6 for kind in kinds}
    return Answers(draw.random(PHOTOS) < 0.9, right)


def test_right_answers_by_strength_are_means_over_the_kinds():
    mixed = Answers(
        np.array([True, True, True, False]),
        {"fog": np.eye(5, 4, dtype=bool), "snow": np.ones((5, 4), dtype=bool)},
    )
    table = robustness.by_strength(mixed, ["fog", "snow"]).set_index("strength")["right"]
    assert table.tolist() == [0.75, *[0.625] * 4, 0.5]
    assert robustness.by_strength(mixed, ["snow"])["right"].tolist() == [0.75, 1, 1, 1, 1, 1]


def test_what_is_lost_is_of_its_own_right_answers():
    found = answers([True, True, False, True], [[True, False, False, False]] * 5)
    assert robustness.lost(found).value == pytest.approx(0.75 - 0.25)


def test_kept_counts_the_photos_that_both_know_alone():
    a = answers([True, True, True, False], [[True, False, True, True]] * 5)
    b = answers([True, True, False, True], [[True, True, True, True]] * 5)
    kept = robustness.kept(a, b)
    assert (kept.photos, kept.a.value, kept.b.value, kept.gap.value) == (2, 0.5, 1.0, 0.5)
    assert kept.clean == (0.75, 0.75)
    assert kept.comparable
    assert not replace(kept, clean=(0.9, 0.49)).comparable
    assert robustness.kept(b, a).gap.value == -0.5
    assert robustness.kept(a, answers([False, False, True, True], [[True] * 4] * 5)) is None  # one photo


def test_the_gap_is_paired_photo_by_photo():
    """Photos that are hard for both say nothing of the difference."""
    draw = np.random.default_rng(0)
    hard = draw.random(PHOTOS) < 0.5
    right = np.tile(hard, (5, 1))
    a, b = (Answers(np.ones(PHOTOS, bool), {"fog": each}) for each in (right, right))
    kept = robustness.kept(a, b)
    assert kept.gap == (0, 0, 0)
    assert kept.a.high - kept.a.low > 0.04


def test_an_interval_covers_19_times_in_20():
    draw = np.random.default_rng(0)
    found = [robustness.estimate(draw.random(PHOTOS) < 0.3) for _ in range(1_000)]
    assert np.mean([one.low <= 0.3 <= one.high for one in found]) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("kinds", [list(CORRUPTIONS), ["fog", "snow"]])
def test_what_is_saved_is_loaded(make_run, kinds):
    run, found = make_run("one"), drawn(1, kinds)
    assert robustness.load(run) is None
    robustness.save(run, found)
    loaded = robustness.load(run)
    assert np.array_equal(loaded.clean, found.clean)
    assert list(loaded.corrupted) == kinds
    assert all(np.array_equal(loaded.corrupted[kind], found.corrupted[kind]) for kind in kinds)
    assert loaded.complete == (len(kinds) == len(CORRUPTIONS)) == (robustness.load_complete(run) is not None)
    assert (run.path / robustness.FILE).stat().st_size < robustness.LARGEST


def packed(**changes) -> bytes:
    file = io.BytesIO()
    arrays = {"clean": np.ones(PHOTOS, bool), "kinds": np.array(["fog"]), "right": np.ones((1, 5, PHOTOS), bool)}
    np.savez_compressed(file, **arrays | changes)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no zip",
        packed(clean=np.ones(PHOTOS - 1, bool)),
        packed(clean=np.ones(PHOTOS)),
        packed(kinds=np.array(["frost"])),
        packed(kinds=np.array(["fog", "fog"]), right=np.ones((2, 5, PHOTOS), bool)),
        packed(kinds=np.array([1])),
        packed(kinds=np.array("fog")),
        packed(right=np.ones((1, 4, PHOTOS), bool)),
        packed(right=np.ones((1, 5, PHOTOS))),
        packed(right=np.array([[[None]]], dtype=object)),
    ],
)
def test_a_damaged_file_is_refused(make_run, content):
    run = make_run("one")
    (run.path / robustness.FILE).write_bytes(content)
    with pytest.raises(RunError, match=r"corruptions\.npz is damaged"):
        robustness.load(run)
