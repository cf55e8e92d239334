"""What a network knows after each block: asked, counted, and kept in a file."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch

from core.analysis import metrics, probes
from core.analysis.probes import Probes
from core.data.batches import to_tensors
from core.data.cifar10 import CLASSES, Images
from core.errors import LabError, RunError
from core.models.cifar import untrained
from core.models.inference import infer
from core.models.registry import family
from core.runs.library import find_run
from core.settings.train_config import TrainConfig
from core.studies.probes import BlockProber, _probe, pooled, study

FOUND = Probes([0.25], [0.5], 360, 40, [0.3])


@pytest.mark.parametrize(("skip", "norm"), [(True, "batch"), (False, "batch"), (True, "none")])
def test_the_last_block_gives_the_networks_own_answer_and_the_others_theirs(skip, norm):
    model, x = untrained(20, skip, norm, seed=0).eval(), torch.randn(4, 3, 32, 32)
    kept = x.clone()
    with torch.inference_mode():
        features = pooled(model, x)
        assert features.shape == (3, 4, 64)
        torch.testing.assert_close(model.fc(features[-1]), model(x))
        model.layer3 = model.layer3[:2]  # what it hands on after two blocks is what a network of two would
        torch.testing.assert_close(model.fc(features[1]), model(x))
    assert torch.equal(x, kept)


def test_one_picture_is_asked_as_many_are(make_run, tiny_images):
    run = make_run("one", depth=14)
    network = BlockProber(run)
    asked = network.ask(tiny_images.pixels[0])
    assert asked.shape == (2, 10)
    pixels, _ = to_tensors(Images(tiny_images.pixels[:1], tiny_images.labels[:1]))
    np.testing.assert_allclose(asked[-1:], infer(run.load_model(), pixels, family(run.config).preprocessing), atol=1e-5)


def test_the_study_counts_right_answers_of_both_readers(make_run, random_images):
    run = make_run("one", depth=14)
    images = random_images(400)
    halves = [images[:300], images[300:]]
    seen: list[tuple[int, int]] = []
    found = study(run, *halves, lambda done, total: seen.append((done, total)))
    pixels, labels = to_tensors(halves[1])
    logits = infer(run.load_model(), pixels, family(run.config).preprocessing).numpy()
    assert found.own[-1] == pytest.approx(metrics.accuracy(logits, labels.numpy()).value)
    assert (len(found.own), len(found.probe), found.fitted_on, found.scored_on) == (2, 2, 300, 100)
    assert len(found.untrained) == 2
    assert found.untrained != found.probe
    assert seen[-1] == (800, 800)


def test_the_control_is_the_network_as_it_began(make_run, tiny_images):
    run = make_run("one", depth=14, seed=3)
    pixels, _ = to_tensors(Images(tiny_images.pixels[:50], tiny_images.labels[:50]))
    began = untrained(14, run.config.skip, "batch", seed=3).train()
    with torch.inference_mode():
        expected = pooled(began, family(run.config).preprocessing(pixels))
    torch.testing.assert_close(BlockProber(run, trained=False).features(pixels), expected)


def test_a_probe_reads_a_code_that_it_was_fitted_to():
    """Each class a direction of its own, turned at random: no fixed layer reads it, a fitted one does."""
    draw = np.random.default_rng(0)
    labels = np.arange(600) % 10
    turned = np.linalg.qr(draw.normal(size=(64, 64)))[0][labels] * 20 + draw.normal(size=(600, 64)) + 50
    probe = _probe(turned[:400], labels[:400])
    assert probe.score(turned[400:], labels[400:]) == 1
    assert probe.score(draw.permutation(turned[400:]), labels[400:]) < 0.3


@pytest.mark.parametrize(
    ("labels", "block"), [(["cat"], 1), (["cat", "cat"], 1), (["cat", "dog", "cat", "cat"], 3), (["cat", "dog"], 2)]
)
def test_an_answer_is_settled_after_the_last_other_one(labels, block):
    assert probes.settled(labels) == block


@pytest.mark.parametrize(
    ("name", "enough", "unread"), [("plain56-s0", 22, range(19, 27)), ("resnet56-s0", 25, range(19, 22))]
)
def test_how_early_the_shipped_networks_know(name, enough, unread):
    """What the page tells of them: the plain one has all it will have five blocks before its end, and cannot say it."""
    run = find_run(name)
    found = probes.load(run)
    assert found is not None
    first = probes.blocks(run.config)[0]
    assert (found.enough + first - 1, [block + first - 1 for block in found.unread]) == (enough, list(unread))


def test_opinions_are_shares_of_the_classes_and_the_likeliest():
    first, second = probes.opinions(np.stack([np.zeros(10), 50 * np.eye(10)[3]]), None)
    assert first.shares == pytest.approx(np.full(10, 0.1))
    assert (second.label, second.shares[3]) == (CLASSES[3], pytest.approx(1))


def test_only_the_twins_can_be_asked():
    with pytest.raises(LabError, match="after each block"):
        probes.blocks(TrainConfig(family="torchvision", network="resnet18", input_size=64))
    assert probes.blocks(TrainConfig(depth=56)) == range(19, 28)


def test_what_is_saved_is_loaded(make_run):
    run = make_run("one")
    assert probes.load(run) is None
    probes.save(run, FOUND)
    assert probes.load(run) == FOUND


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 9_000,
        " " * 30_000,
        json.dumps(asdict(FOUND) | {"more": 1}),
        *(
            json.dumps(asdict(FOUND) | change)
            for change in (
                {"own": [0.1, 0.2]},
                {"own": 0.1},
                {"own": [True]},
                {"probe": ["1"]},
                {"probe": [1.1]},
                {"untrained": [0.1, 0.2]},
                {"probe": [float("nan")]},
                {"fitted_on": 0},
                {"scored_on": 1.5},
            )
        ),
    ],
    ids=lambda text: text[:70],
)
def test_a_damaged_file_is_refused(make_run, text):
    run = make_run("one")
    (run.path / probes.FILE).write_text(text)
    with pytest.raises(RunError, match="damaged"):
        probes.load(run)
