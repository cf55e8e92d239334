"""A network's surroundings, changed for a while: eval mode, and the seed of the random numbers that it draws."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import torch
from torch import nn

_drawing = Lock()  # PyTorch's own generator is one for all threads


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """`model` in eval mode; afterwards each of its parts is in the mode in which it was, frozen BatchNorm too."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """PyTorch's generator for the CPU begins at `seed`, for one thread at a time; afterwards it is as it was."""
    with _drawing, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
