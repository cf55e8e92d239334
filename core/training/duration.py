"""How long a training takes, from a second of it on the machine as it is now."""

import time
from dataclasses import replace

from core.data.cifar10 import PHOTOS, TEST_IMAGES, VALIDATION_SHARE, Images
from core.settings.train_config import SETTINGS, TrainConfig

SECONDS = 1.0
ENDLESS = 10_000  # epochs: a GPU may do a race's few in less than SECONDS
STANDSTILL = 1e-9  # learning rate: some networks would diverge within SECONDS
FORWARD_SHARE = 1 / 3  # of a training step: the backward pass costs about twice the forward pass


def what_counts(config: TrainConfig) -> TrainConfig:
    """The config with all that does not change an image's cost as usual, so that equal ones are measured once."""
    costly = {name: getattr(config, name) for name, setting in SETTINGS.items() if setting.costs}
    return TrainConfig(data="shipped", lr=STANDSTILL, **costly)


def minutes(config: TrainConfig, per_image: float) -> float:
    """Of the whole training: its epochs with their validation, and at the end the one test. The photos of
    validation, which are scored once more then, are left out: they are few."""
    forward_share = 1 if config.freeze else FORWARD_SHARE  # what is frozen has hardly any backward pass
    in_all_epochs = config.epochs * PHOTOS[config.data]
    looked_at = forward_share * (in_all_epochs * VALIDATION_SHARE + TEST_IMAGES)
    learned_from = in_all_epochs * (1 - VALIDATION_SHARE) * config.train_fraction
    return per_image * (learned_from + looked_at) / 60


def measure(config: TrainConfig, images: Images) -> float:
    """Seconds per image of training, as fast as this process trains now; it learns nothing meanwhile."""
    from core.training.trainer import Trainer

    trainer = Trainer(replace(config, epochs=ENDLESS, lr=STANDSTILL), images)
    steps = trainer.train_steps()
    next(steps)  # the first step also sets up
    start = time.perf_counter()
    done = 0
    while time.perf_counter() - start < SECONDS:
        next(steps)
        done += 1
    return (time.perf_counter() - start) / (done * config.batch_size)
