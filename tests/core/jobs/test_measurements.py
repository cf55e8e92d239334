import json
import subprocess

import pytest

from core.errors import LabError, TrainingError
from core.jobs import measurements
from core.settings.train_config import TrainConfig

CONFIG = TrainConfig(depth=8, data="shipped", epochs=10)


@pytest.mark.slow
def test_why_it_can_not_be_measured_is_said():
    with pytest.raises(TrainingError, match="no_such_net"):
        measurements.seconds_per_image(
            TrainConfig(family="torchvision", network="no_such_net", input_size=64, data="shipped")
        )


def test_a_machine_that_is_too_busy_is_said(monkeypatch):
    def never(command, timeout, **more):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", never)
    with pytest.raises(TrainingError, match="too busy"):
        measurements.seconds_per_image(CONFIG)


def test_a_process_that_cannot_be_started_is_said(monkeypatch, make_run):
    def no_memory(command, **more):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(subprocess, "run", no_memory)
    for ask, of in ((measurements.seconds_per_image, CONFIG), (measurements.milliseconds, [make_run("mine")])):
        with pytest.raises(TrainingError, match="can't be measured now: Cannot allocate memory"):
            ask(of)


def test_runs_of_equal_networks_are_measured_once(make_run, monkeypatch):
    a, again, other = make_run("a"), make_run("b", seed=1), make_run("c", norm="none")
    asked = []

    def answer(command, **kwargs):
        asked.extend(command[5:])
        found = {path: {"1": 1.0 + i, "2": 0.5} for i, path in enumerate(command[5:])}
        return subprocess.CompletedProcess(command, 0, json.dumps(found))

    monkeypatch.setattr(subprocess, "run", answer)
    found = measurements.milliseconds([a, again, other])
    assert sorted(asked) == sorted([str(a.path), str(other.path)])
    assert found["a"] == found["b"] != found["c"]
    assert found["a"].keys() == {1, 2}


@pytest.mark.slow
def test_measured_in_a_process_of_its_own(make_run):
    run = make_run("a")
    found = measurements.milliseconds([run])
    assert found.keys() == {"a"}
    assert all(value > 0 for value in found["a"].values())


def test_failure_is_told(make_run):
    run = make_run("a")
    (run.path / "config.json").unlink()
    with pytest.raises(LabError, match=r"^Measuring failed: There is no run"):
        measurements.milliseconds([run])


def test_runs_whose_network_was_not_built_are_left_out(make_run, monkeypatch):
    good, bad = make_run("good"), make_run("bad", norm="none")
    found = json.dumps({str(good.path): {"1": 2.0}})
    monkeypatch.setattr(subprocess, "run", lambda command, **more: subprocess.CompletedProcess(command, 0, found))
    assert measurements.milliseconds([good, bad]) == {"good": {1: 2.0}}
