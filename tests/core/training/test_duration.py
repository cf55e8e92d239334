from dataclasses import replace

import numpy as np
import pytest

from core.data import cifar10
from core.data.batches import split_indices
from core.settings.train_config import TrainConfig
from core.training import duration

CONFIG = TrainConfig(depth=8, data="shipped", epochs=10)


def test_networks_that_soon_diverge_are_measured(tiny_images):
    """Without BatchNorm, as a ResNet is at the usual learning rate, by its third step."""
    assert duration.measure(TrainConfig(depth=20, norm="none", data="shipped", batch_size=32), tiny_images) > 0


def test_what_makes_no_image_dearer_is_not_measured_again():
    no_dearer = {"epochs": 50, "seed": 3, "schedule": "cosine", "data": "full", "lr": 0.2, "label_smoothing": 0.1}
    assert duration.what_counts(replace(CONFIG, **no_dearer)) == duration.what_counts(CONFIG)
    for dearer in ({"depth": 20}, {"norm": "none"}, {"batch_size": 32}):
        assert duration.what_counts(replace(CONFIG, **dearer)) != duration.what_counts(CONFIG)


def test_minutes_grow_with_epochs_and_images():
    per_image = 60 / 9_000  # a minute for the shipped training images
    once = duration.minutes(replace(CONFIG, epochs=1), per_image)
    assert once == pytest.approx(1 + (1_000 + 10_000) / 3 / 9_000)
    assert duration.minutes(replace(CONFIG, epochs=1, data="full"), per_image) == pytest.approx(
        5 + (5_000 + 10_000) / 3 / 9_000
    )
    assert duration.minutes(replace(CONFIG, epochs=1, train_fraction=0.1), per_image) == pytest.approx(once - 0.9)


def test_a_frozen_network_is_as_long_about_an_image_it_only_looks_at():
    frozen = TrainConfig(family="torchvision", network="resnet18", input_size=64, data="shipped", epochs=1)
    frozen = replace(frozen, init="imagenet", freeze="backbone")
    assert duration.minutes(frozen, 60 / 9_000) == pytest.approx(1 + (1_000 + 10_000) / 9_000)


def test_a_machine_faster_than_the_training_is_long_is_measured_too(tiny_images, monkeypatch):
    monkeypatch.setattr(duration, "SECONDS", 0.05)
    assert duration.measure(TrainConfig(depth=8, data="shipped", epochs=1, batch_size=90), tiny_images) > 0


@pytest.mark.parametrize("data", ["full", "shipped"])
def test_the_split_is_as_large_as_the_cost_takes_it_to_be(data):
    training, validation = split_indices(np.arange(cifar10.PHOTOS[data]) % 10, seed=0)
    one, two = (duration.minutes(TrainConfig(data=data, epochs=epochs), per_image=60) for epochs in (1, 2))
    assert two - one == pytest.approx(len(training) + duration.FORWARD_SHARE * len(validation))
