"""From a network and images to logits. Every figure that the lab shows derives from logits (see `metrics.py`)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from core.hardware import autocast
from core.models import Preprocessing


class StoppedError(Exception):
    """`infer` was told to stop."""


@torch.inference_mode()
def infer(
    model: nn.Module,
    pixels: Tensor,
    preprocessing: Preprocessing,
    batch_size: int | None = None,
    precision: str = "float32",
    should_stop: Callable[[], bool] = lambda: False,
) -> Tensor:
    """Logits float32 (n, 10) on the CPU for uint8 pixels (n, 3, h, w), in their order. Leaves the model in its mode.

    `batch_size`: by default as many as take the memory of 500 images of 32 x 32. Raises StoppedError if
    `should_stop()` before a batch.
    """
    batch_size = batch_size or max(1, 500 * 32**2 // preprocessing.size**2)
    was_training = model.training
    device = next(model.parameters()).device
    model.eval()
    try:
        with autocast(device.type, precision):
            logits = []
            for batch in pixels.split(batch_size):
                if should_stop():
                    raise StoppedError
                logits.append(model(preprocessing(batch.to(device))).float().cpu())
            return torch.cat(logits)
    finally:
        model.train(was_training)
