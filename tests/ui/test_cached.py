"""What is cached of a run counts as long as its folder is there, unchanged."""

import os
import shutil

import numpy as np
import pytest
from scipy.special import softmax

from core.analysis import calibration
from core.analysis.calibration import Temperature
from core.errors import RunError
from core.runs import store
from core.runs.run import open_run
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
    np.testing.assert_allclose(cached.certainty(run, 7), softmax(logits), rtol=1e-5)
    calibration.save(run, Temperature(0.5, 40))
    np.testing.assert_allclose(cached.certainty(run, 7), softmax(2 * logits), rtol=1e-5)
