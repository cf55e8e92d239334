"""From uint8 pixels to what a network takes."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Preprocessing:
    """uint8 pixels (n, 3, h, w) -> what the network takes: float32 (n, 3, size, size), (x / 255 - mean) / std."""

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

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
