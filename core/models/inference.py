"""From a network and images to logits. Every figure that the lab shows derives from logits (see `metrics.py`)."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from core.data.batches import to_tensors
from core.data.cifar10 import Images
from core.models.modes import evaluating
from core.models.preprocessing import Preprocessing
from core.models.registry import family
from core.settings.train_config import TrainConfig

PIXELS_AT_ONCE = 500 * 32**2  # of each channel: they bound the memory that a batch takes


class StoppedError(Exception):
    """`infer` was told to stop."""


@torch.inference_mode()
def infer(
    model: nn.Module,
    pixels: Tensor,
    preprocessing: Preprocessing,
    precision: str = "float32",
    should_stop: Callable[[], bool] = lambda: False,
) -> Tensor:
    """Logits float32 (n, 10) on the CPU for uint8 pixels (n, 3, h, w), in their order. Leaves the model in its mode.

    Raises StoppedError if `should_stop()` before a batch of some hundred images.
    """
    device = next(model.parameters()).device
    logits = []
    with evaluating(model), autocast(device.type, precision):
        for batch in pixels.split(max(1, PIXELS_AT_ONCE // preprocessing.size**2)):
            if should_stop():
                raise StoppedError
            logits.append(model(preprocessing(batch.to(device))).float().cpu())
    return torch.cat(logits)


def logits_of(model: nn.Module, config: TrainConfig, images: Images, precision: str = "float32") -> np.ndarray:
    """Float32 (n, 10): what `model`, a network of this config, makes of `images`; see `infer`."""
    return infer(model, to_tensors(images)[0], family(config).preprocessing, precision).numpy()


def autocast(device_type: str, precision: str) -> torch.autocast:
    """The context in which a network computes with `precision`, a name that `best_precision` may give."""
    return torch.autocast(device_type, getattr(torch, precision), enabled=precision != "float32")
