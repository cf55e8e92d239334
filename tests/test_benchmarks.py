"""The benchmark of training takes any network, that of a class ends, that of published weights can fail; what they
measure is not tested here."""

import asyncio
import hashlib
import json

import pytest

from benchmarks import classroom, first_steps, published_weights
from benchmarks.training_speed import FixedBatchLoop, OurLoop, config_of, parser
from core.analysis import metrics
from core.data import cifar10
from core.errors import LabError
from core.runs.library import find_run
from core.settings.train_config import TrainConfig


@pytest.mark.parametrize(
    ("arguments", "config"),
    [
        ("", TrainConfig(data="shipped")),
        (
            "--network resnet50 --input-size 96 --strides v1 --init some.safetensors",
            TrainConfig(
                **{"family": "torchvision", "network": "resnet50", "input_size": 96, "strides": "v1"},
                **{"init": "some.safetensors", "data": "shipped", "batch_size": 64, "lr": 0.01},
            ),
        ),
    ],
)
def test_arguments_name_what_is_trained(arguments, config):
    assert config_of(parser().parse_args(arguments.split())) == config


@pytest.mark.parametrize("loop", [OurLoop, FixedBatchLoop])
def test_loops_take_networks_of_torchvision(tiny_images, loop):
    config = config_of(parser().parse_args(["--network", "mobilenet_v3_small", "--input-size", "32"]))
    assert loop(config, tiny_images, "float32", False).run(steps=1) > 0


def test_our_loop_trains_as_many_steps_as_it_is_timed_for(tiny_images, monkeypatch):
    """And never an epoch's end, however often it is asked."""
    loop = OurLoop(TrainConfig(depth=8, batch_size=15), tiny_images, "float32", False)
    steps, step = [], loop.trainer._step
    monkeypatch.setattr(loop.trainer, "_step", lambda *batch: steps.append(1) or step(*batch))
    for _ in range(3):
        loop.run(steps=4)
    assert len(steps) == 12
    assert loop.trainer.history == []


class DeafPhone:
    """Its taps are never answered."""

    async def press(self, name):
        return 0.0

    async def read(self, words, since):
        await asyncio.sleep(60)


def test_first_steps_take_the_options_of_train(random_images, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(first_steps, "load_training", lambda source: asked.append(source) or random_images(400))
    monkeypatch.setattr("sys.argv", ["first_steps", "plain8", "--steps", "2", "--precision", "float32"])
    first_steps.main()
    found = json.loads(capsys.readouterr().out)
    assert (asked, found["network"], found["steps"]) == (["full"], "plain8", 2)


def test_a_vote_that_is_never_counted_ends_the_benchmark(monkeypatch):
    monkeypatch.setattr(classroom, "AGAIN", 0.001)
    monkeypatch.setattr(classroom, "repeated", [])
    with pytest.raises(RuntimeError, match="no phone says: You chose “cat”"):
        asyncio.run(asyncio.wait_for(classroom.choose(DeafPhone(), "cat"), timeout=20))
    assert len(classroom.repeated) == classroom.MOST_TAPS


@pytest.mark.slow
def test_published_weights_are_scored_as_a_run_and_held_to_their_error(tmp_path, monkeypatch, capsys):
    run = find_run("resnet8-s0")
    known = round(100 * (1 - metrics.accuracy(run.test_logits(), cifar10.load_test_labels()).value), 2)
    data = (run.path / "model.safetensors").read_bytes()
    file = tmp_path / f"resnet8-{hashlib.sha256(data).hexdigest()[:8]}.safetensors"
    file.write_bytes(data)
    assert abs(published_weights.error_of(file) - known) < 0.05
    monkeypatch.setattr(published_weights, "error_of", lambda path: known)
    monkeypatch.setattr("sys.argv", ["published_weights", str(tmp_path)])
    for published, status in ((known + 0.05, 0), (known + 0.06, 1)):
        monkeypatch.setattr(published_weights, "PUBLISHED", {file.name: published})
        assert published_weights.main() == status
    file.write_bytes(data + b" ")
    with pytest.raises(LabError, match="not the file that was published"):
        published_weights.main()
