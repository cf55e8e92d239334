"""How long a training takes, from a second of it on the machine as it is now."""

import time
from dataclasses import replace

from core.data.cifar10 import TEST_IMAGES, Images
from core.settings.train_config import SETTINGS, TrainConfig

SECONDS = 1.0
ENDLESS = 10_000  # epochs: a GPU may do a race's few in less than SECONDS
STANDSTILL = 1e-9  # learning rate: some networks would diverge within SECONDS
FORWARD_SHARE = 1 / 3  # of a training step: the backward pass costs about twice the forward pass
TRAINING_IMAGES, VALIDATION_IMAGES = {"full": 45_000, "shipped": 9_000}, {"full": 5_000, "shipped": 1_000}


def what_counts(config: TrainConfig) -> TrainConfig:
    """The config with all that does not change an image's cost as usual, so that equal ones are measured once."""
    costly = {name: getattr(config, name) for name, setting in SETTINGS.items() if setting.costs}
    return TrainConfig(data="shipped", lr=STANDSTILL, **costly)


def minutes(config: TrainConfig, per_image: float) -> float:
    """Of the whole training: its epochs with their validation, and the one test at the end."""
    forward_share = 1 if config.freeze else FORWARD_SHARE  # what is frozen has hardly any backward pass
    looked_at = forward_share * (config.epochs * VALIDATION_IMAGES[config.data] + TEST_IMAGES)
    learned_from = config.epochs * TRAINING_IMAGES[config.data] * config.train_fraction
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
