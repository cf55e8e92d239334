"""Answers to the validation photos, by epoch: kept in a file, and read from one that anybody may have made."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import RunError
from core.runs import validation
from core.runs.file_names import VALIDATION_FILE
from core.runs.validation import Validation

DRAW = np.random.default_rng(0)
LABELS = (np.arange(40) % 10).astype(np.uint8)
KNOWN = Validation(np.arange(40) * 1_000, LABELS, DRAW.integers(0, 10, (3, 40)).astype(np.uint8))
LOGITS = DRAW.normal(size=(40, 10)).astype(np.float32)


@pytest.mark.parametrize("logits", [None, LOGITS], ids=["in training", "finished"])
def test_what_is_saved_is_loaded(make_run, logits):
    run = make_run("one")
    validation.save(run.path, replace(KNOWN, logits=logits))
    loaded = validation.load(run)
    for name in ("photos", "labels", "answers"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(KNOWN, name))
    if logits is None:
        assert loaded.logits is None
    else:
        np.testing.assert_allclose(loaded.logits, logits, rtol=1e-3)
        assert loaded.logits.dtype == np.float32


def test_logits_beyond_what_float16_holds_are_kept(make_run):
    run, logits = make_run("one"), LOGITS * np.float32(1e6)
    validation.save(run.path, replace(KNOWN, logits=logits))
    np.testing.assert_array_equal(validation.load(run).logits, logits)


def test_a_run_of_before_it_was_kept_has_none(make_run):
    run = make_run("one")
    (run.path / VALIDATION_FILE).unlink()
    assert validation.load(run) is None


@pytest.mark.parametrize(
    "change",
    [
        {"photos": np.arange(40)},
        {"photos": np.int32(1)},
        {"photos": np.arange(40, dtype=np.int32) - 1},
        {"photos": np.full(40, 50_000, np.int32)},
        {"labels": LABELS[:39]},
        {"labels": LABELS + 1},
        {"labels": LABELS.astype(float)},
        {"answers": KNOWN.answers + 1},
        {"answers": KNOWN.answers[:0]},
        {"answers": KNOWN.answers[0]},
        {"answers": KNOWN.answers.T},
        {"answers": KNOWN.answers.astype(np.int64)},
        {"answers": KNOWN.answers.astype(object)},
        {"logits": LOGITS.astype(int)},
        {"logits": LOGITS[1:].astype(np.float16)},
        {"logits": np.full((40, 10), np.nan, np.float16)},
    ],
    ids=lambda change: f"{next(iter(change))} {np.shape(*change.values())}",
)
def test_a_damaged_file_is_refused(make_run, change):
    run = make_run("one")
    whole = {"photos": KNOWN.photos.astype(np.int32), "labels": LABELS, "answers": KNOWN.answers}
    np.savez_compressed(run.path / VALIDATION_FILE, **whole | change)
    with pytest.raises(RunError, match=r"validation\.npz is damaged"):
        validation.load(run)
