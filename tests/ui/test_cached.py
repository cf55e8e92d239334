"""What is cached of a run counts as long as its folder is there, unchanged."""

import os
import shutil
import threading

import numpy as np
import pytest
from scipy.special import softmax

from core.analysis import calibration
from core.analysis.calibration import Temperature
from core.errors import LabError, RunError
from core.runs import store
from core.runs.run import Run, open_run
from ui import cached


def test_a_run_that_is_gone_is_told_and_not_remembered(make_run):
    run = make_run("mine")
    assert len(cached.history(run)) == 1
    shutil.rmtree(run.path)
    with pytest.raises(RunError, match=r"mine.history\.csv"):
        cached.history(run)


@pytest.mark.parametrize("same", ["mtime", "size"])
def test_a_file_that_is_written_over_in_place_counts(make_run, same):
    """Copied over another, or unpacked with the times of an archive; the folder itself does not change."""
    run = make_run("mine")
    path = run.path / "history.csv"
    before, folder = path.stat(), run.path.stat()
    assert cached.history(run)["lr"].tolist() != [0.25]
    header, row = path.read_text().splitlines()
    columns = row.split(",")
    columns[1] = "0.25".ljust(len(columns[1]), "0") if same == "size" else "0.25"
    path.write_text(f"{header}\n{','.join(columns)}\n")
    if same == "mtime":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.utime(run.path, ns=(folder.st_atime_ns, folder.st_mtime_ns))
    assert cached.history(run)["lr"].tolist() == [0.25]


def test_a_run_that_was_trained_anew_in_other_numbers_is_asked_about_anew(make_run):
    runs = [make_run("plain", skip=False), make_run("residual")]
    assert [question.setting for question in cached.questions(runs)] == ["skip"]
    facts = runs[0].facts | {"environment": runs[0].environment | {"precision": "other"}}
    store.save_facts(runs[0].path, runs[0].config, facts)
    assert cached.questions([open_run(run.path) for run in runs]) == []


def test_how_sure_a_run_is_follows_its_temperature(make_run):
    run = make_run("mine")
    logits = run.test_logits()[7].astype(np.float64)
    np.testing.assert_allclose(cached.test_probabilities(run, 7), softmax(logits), rtol=1e-5)
    calibration.save(run, Temperature(0.5, 40))
    np.testing.assert_allclose(cached.test_probabilities(run, 7), softmax(2 * logits), rtol=1e-5)


def test_answers_that_are_known_load_no_network_again(make_run, monkeypatch):
    """More runs in turn than networks are kept."""
    runs = [make_run(f"mine-{number}") for number in range(5)]
    loaded, load = [], Run.load_model
    monkeypatch.setattr(Run, "load_model", lambda run: loaded.append(run.name) or load(run))
    pixels = cached.test_images().pixels[0]
    for _ in range(3):
        for run in runs:
            assert list(cached.map_sizes(run).values()) == [32, 16, 8]
            cached.prediction(run, pixels, None, "GradCAM", None)
    assert loaded == [run.name for run in runs]


def test_who_waits_long_for_a_core_is_told(make_run, monkeypatch):
    monkeypatch.setattr(cached, "_cores", threading.BoundedSemaphore(1))
    monkeypatch.setattr(cached, "PATIENCE", 0.01)
    run, pixels = make_run("mine"), cached.test_images().pixels[0]
    with cached.a_core():
        for ask in (
            lambda: cached.accuracy_without(run, frozenset({1}), 1.0, quick=False),
            lambda: cached.occlusion(run, pixels, 0),
            lambda: cached.probabilities_along(run, pixels, {}, "noise"),
        ):
            with pytest.raises(LabError, match="busy"):
                ask()
    assert cached.occlusion(run, pixels, 0).shape == (32, 32)
