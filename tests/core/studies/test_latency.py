import json

import pytest

from core.commands.studies import speed
from core.errors import LabError
from core.runs.store import save_facts
from core.settings.train_config import TrainConfig
from core.studies import latency


def test_deeper_networks_take_longer():
    shallow, deep = (latency.milliseconds(TrainConfig(depth=depth), threads=1) for depth in (8, 110))
    assert 0 < 2 * shallow < deep


def test_network_that_cannot_be_built_is_left_out(make_run, monkeypatch, capsys):
    make_run("good")
    bad = make_run("bad")
    unknown = TrainConfig(family="torchvision", network="resnet77", input_size=64)
    save_facts(bad.path, unknown, bad.facts)
    monkeypatch.setattr(latency, "ROUNDS", 1)
    assert speed.main(["good", "bad", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out).keys() == {"good"}
    assert err.startswith("bad is left out: torchvision has no classifier 'resnet77'")
    with pytest.raises(LabError, match="bad is left out"):
        speed.main(["bad"])
