"""What the first step of a training does to the weights of each layer."""

import pandas as pd
import torch
from torch import nn

from core.data.cifar10 import Images
from core.models.modes import seeded
from core.models.weights.initial_weights import initial_weights
from core.settings.train_config import TrainConfig
from core.training.trainer import Trainer


def first_step(config: TrainConfig, images: Images) -> pd.DataFrame:
    """Take the first step of the training of `config` on the training `images`, as `Trainer` does, in float32 on the
    CPU. A row a layer, first to last: number (from 1), layer (name), before, after: its largest weight, without sign.

    Raises DivergedError where the gradient is not finite, and as `Trainer`.
    """
    trainer = Trainer(config, images, initial_weights(config), torch.device("cpu"), "float32")
    before = largest_weights(trainer.model, trainer.record.layers)
    with seeded(config.seed):  # a step sets PyTorch's generator, which is one for all threads
        next(trainer.train_steps())
    after = largest_weights(trainer.model, trainer.record.layers)
    numbers = range(1, len(before) + 1)
    return pd.DataFrame({"number": numbers, "layer": trainer.record.layers, "before": before, "after": after})


def largest_weights(model: nn.Module, layers: list[str]) -> list[float]:
    """The largest weight of each of these tensors, without sign."""
    weights = dict(model.named_parameters())
    return [weights[name].detach().abs().max().item() for name in layers]
