"""What is cached of a run counts as long as its folder is there, unchanged."""

import shutil

import pytest

from core.errors import RunError
from ui import cached


def test_a_run_that_is_gone_is_told_and_not_remembered(make_run):
    run = make_run("mine")
    assert len(cached.history(run)) == 1
    shutil.rmtree(run.path)
    with pytest.raises(RunError, match=r"mine.history\.csv"):
        cached.history(run)
