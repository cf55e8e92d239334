"""A job is a real child process: it outlives its starter, there is one at a time, it stops and goes on."""

import subprocess
import sys
import threading
import time

import pytest

from core import jobs, runs
from core.config import TrainConfig
from core.errors import TrainingError

CONFIG = TrainConfig(depth=8, data="shipped", epochs=30, batch_size=128)


def wait_until(condition, seconds: float = 60) -> None:
    deadline = time.time() + seconds
    while not condition():
        assert time.time() < deadline, "it did not come to pass"
        time.sleep(0.1)


def begun() -> bool:
    status = jobs.current().statuses()[CONFIG.default_run_name]
    return status is not None and status.images_per_second > 0


@pytest.fixture
def running_job():
    job = jobs.start([CONFIG])
    yield job
    jobs.stop(jobs.current())


def test_nothing_was_started():
    assert jobs.current() is None


def test_a_damaged_job_file_counts_as_none():
    runs.own_runs_dir().mkdir(parents=True, exist_ok=True)
    (runs.own_runs_dir() / jobs.JOB_FILE).write_text('{"pid": ')
    assert jobs.current() is None


def test_life_of_a_job(running_job):
    """One test, since each start costs seconds: it runs, is the only one, stops with its state saved, and goes on."""
    assert running_job.alive
    with pytest.raises(TrainingError, match="running already"):
        jobs.start([TrainConfig(depth=8, data="shipped", seed=1)])
    wait_until(begun)

    jobs.stop(running_job)
    assert not running_job.alive
    folder = runs.own_runs_dir() / CONFIG.default_run_name
    assert running_job.statuses()[CONFIG.default_run_name].state == "stopped"
    assert (folder / runs.STATE_FILE).is_file()
    steps = runs.load_state(folder)[1]["position"]["sums"]["steps"]
    assert steps > 0
    with pytest.raises(TrainingError, match="exists already"):
        jobs.start([CONFIG])

    resumed = jobs.resume(running_job)
    wait_until(lambda: resumed.statuses()[CONFIG.default_run_name].state == "training" and begun())
    subprocess.run(["kill", "-9", str(resumed.pid)], check=True)
    wait_until(lambda: not resumed.alive, seconds=5)
    assert resumed.statuses()[CONFIG.default_run_name].state == "failed"
    assert not resumed.finished


def test_two_visitors_who_press_at_once_start_one():
    configs = [TrainConfig(depth=8, data="shipped", seed=seed) for seed in (1, 2)]
    outcomes = []

    def press(config: TrainConfig) -> None:
        try:
            outcomes.append(jobs.start([config]))
        except TrainingError as error:
            outcomes.append(error)

    visitors = [threading.Thread(target=press, args=(config,)) for config in configs]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    try:
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Job", "TrainingError"]
    finally:
        jobs.stop(jobs.current())


def test_a_job_outlives_its_starter():
    script = (
        "from core import jobs; from core.config import TrainConfig;"
        "jobs.start([TrainConfig(depth=8, data='shipped', epochs=30)])"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=runs.ROOT)
    try:
        assert jobs.current().alive
    finally:
        jobs.stop(jobs.current())


def test_a_job_that_fails_says_why():
    runs.own_runs_dir().mkdir(parents=True, exist_ok=True)
    (runs.own_runs_dir() / jobs.LOG_FILE).write_text("  0%| | 0/10\r 50%|# | 5/10\nThe loss is no longer a number.\n")
    job = jobs.Job([], ["x"], 1, 0.0, 0.0)
    assert job.last_words() == "The loss is no longer a number."
