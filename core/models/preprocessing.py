"""From uint8 pixels to what a network takes."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from core.settings.constraints import NORMALIZATIONS, Colors, six_numbers
from core.settings.train_config import TrainConfig


@dataclass(frozen=True)
class Preprocessing:
    """uint8 pixels (n, 3, h, w) -> what the network takes: float32 (n, 3, size, size), (x / 255 - mean) / std."""

    size: int
    mean: Colors
    std: Colors

    @classmethod
    def of(cls, config: TrainConfig) -> "Preprocessing":
        named = NORMALIZATIONS.get(config.normalization)
        red, green, blue, *deviations = six_numbers(config.normalization) if named is None else (*named[0], *named[1])
        return cls(config.input_size, (red, green, blue), (deviations[0], deviations[1], deviations[2]))

    def __call__(self, pixels: Tensor) -> Tensor:
        rows = pixels.permute(0, 2, 3, 1).flatten(2).to(torch.float32)  # (n, h, w * 3): loops of a row, not of a pixel
        mean, std = (torch.tensor(v, device=rows.device).repeat(pixels.shape[-1]) * 255 for v in (self.mean, self.std))
        return self.resize(rows.sub(mean).div_(std).unflatten(2, (-1, 3)).permute(0, 3, 1, 2))

    def resize(self, normalized: Tensor) -> Tensor:
        """Float32 (n, 3, h, w) -> (n, 3, size, size)."""
        if normalized.shape[-2:] == (self.size, self.size):
            return normalized
        shrinks = normalized.shape[-1] > self.size
        return F.interpolate(normalized, (self.size, self.size), mode="bilinear", antialias=shrinks)
