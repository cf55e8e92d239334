import json

import pytest

from core.commands.studies import speed
from core.errors import LabError
from core.runs.run import open_run
from core.runs.store import save_facts
from core.settings.train_config import TrainConfig
from core.studies import latency


def test_deeper_networks_take_longer():
    shallow, deep = (latency.milliseconds(TrainConfig(depth=depth), threads=1) for depth in (8, 110))
    assert 0 < 2 * shallow < deep


def test_runs_of_equal_networks_are_measured_once(make_run, monkeypatch):
    a, again, other = make_run("a"), make_run("b", seed=1), make_run("c", norm="none")
    asked = []

    def answer(command, **kwargs):
        asked.extend(command[3:-1])
        found = {path: {"1": 1.0 + i, "2": 0.5} for i, path in enumerate(command[3:-1])}
        return type("Done", (), {"stdout": json.dumps(found)})

    monkeypatch.setattr(latency.subprocess, "run", answer)
    found = latency.measured([a, again, other])
    assert sorted(asked) == sorted([str(a.path), str(other.path)])
    assert found["a"] == found["b"] != found["c"]
    assert found["a"].keys() == {1, 2}


@pytest.mark.slow
def test_measured_in_a_process_of_its_own(make_run):
    run = make_run("a")
    found = latency.measured([run])
    assert found.keys() == {"a"}
    assert all(value > 0 for value in found["a"].values())


def test_failure_is_told(make_run):
    run = make_run("a")
    (run.path / "config.json").unlink()
    with pytest.raises(LabError, match=r"^Measuring failed: There is no run"):
        latency.measured([run])


def test_network_that_cannot_be_built_is_left_out(make_run, monkeypatch, capsys):
    good, bad = make_run("good"), make_run("bad")
    unknown = TrainConfig(family="torchvision", network="resnet77", input_size=64)
    save_facts(bad.path, unknown, bad.facts)
    monkeypatch.setattr(latency, "ROUNDS", 1)
    assert speed.main(["good", "bad", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out).keys() == {"good"}
    assert err.startswith("bad is left out: torchvision has no classifier 'resnet77'")
    with pytest.raises(LabError, match="bad is left out"):
        speed.main(["bad"])
    found = json.dumps({str(good.path): {"1": 2.0}})
    monkeypatch.setattr(latency.subprocess, "run", lambda *args, **kwargs: type("Done", (), {"stdout": found}))
    assert latency.measured([good, open_run(bad.path)]) == {"good": {1: 2.0}}
