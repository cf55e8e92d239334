from dataclasses import replace

import numpy as np
import pytest
import torch

from core.data.batches import to_tensors
from core.jobs.races import pairs
from core.jobs.races.pairs import FairPair
from core.jobs.races.race import SMOOTHED, Race, paced
from core.settings.train_config import TrainConfig
from core.training.trainer import Trainer

PLAIN = TrainConfig(depth=8, skip=False, data="shipped", epochs=2, batch_size=15, lr=0.05)
PAIR = FairPair("Who?", ("Plain network", "ResNet"), PLAIN, replace(PLAIN, skip=True))
STEPS = 12  # 90 training images in batches of 15, twice


@pytest.fixture(scope="module")
def photos(tiny_images):
    return to_tensors(tiny_images)[0][:4]


@pytest.fixture(scope="module")
def frames(tiny_images, photos):
    return list(Race(PAIR, tiny_images, photos).frames(pause=0))


def test_both_take_every_step_in_turn(frames):
    assert [(frame.step, frame.steps) for frame in frames] == [(step, STEPS) for step in range(1, STEPS + 1)]
    assert all(list(frame.standings) == ["A", "B"] for frame in frames)
    assert np.all(np.diff([frame.seconds for frame in frames]) > 0)


def test_a_race_trains_as_training_alone_does(frames, tiny_images):
    """Each network's batches, and where it ends: as if there were no other."""
    for side, config in PAIR.configs.items():
        alone, losses = Trainer(config, tiny_images), []
        alone.fit(on_step=lambda report, losses=losses: losses.append(report.batch_loss))
        assert frames[-1].standings[side].loss == pytest.approx(np.mean(losses[-SMOOTHED:]), rel=1e-6)
        assert frames[-1].standings[side].validation == alone.history[-1]["val_accuracy"]
        assert frames[-1].standings[side].gradient_norms == alone.record.norms.tolist()


def test_a_standing_has_all_that_is_shown(frames):
    for standing in frames[-1].standings.values():
        assert len(standing.gradient_norms) == PLAIN.depth
        assert np.shape(standing.probabilities) == (4, 10)
        assert np.sum(standing.probabilities, axis=1) == pytest.approx(np.ones(4))
        assert 0 <= standing.accuracy <= 1


def test_validation_comes_with_the_end_of_an_epoch(frames):
    assert frames[STEPS // 2 - 1].standings["A"].validation is None
    assert frames[STEPS // 2].standings["A"].validation is not None


def test_answers_change_as_they_learn(frames):
    first, last = (torch.tensor(frames[i].standings["B"].probabilities) for i in (0, -1))
    assert not torch.allclose(first, last, atol=1e-3)


def test_frames_come_no_oftener_than_asked(tiny_images, photos):
    assert [frame.step for frame in Race(PAIR, tiny_images, photos).frames(pause=1e9)] == [1, STEPS]


@pytest.mark.parametrize(("seconds_per_image", "epochs"), [(0.001, 6), (0.05, 5), (0.08, 3), (1.0, 2)])
def test_a_race_is_as_long_as_the_machine_is_fast(random_images, monkeypatch, seconds_per_image, epochs):
    monkeypatch.setattr("core.training.duration.measure", lambda config, images: seconds_per_image)
    pair = paced(PAIR, random_images(400), seconds=100)
    assert (pair.a.epochs, pair.b.epochs) == (epochs, epochs)
    assert replace(pair.a, epochs=PLAIN.epochs) == PAIR.a


def test_the_shipped_races_differ_in_shortcuts():
    assert {pair.names for pair in pairs.RACES.values() if pair.a.skip != pair.b.skip} == {("Plain network", "ResNet")}
