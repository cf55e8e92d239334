"""How strong the learning signal is in each layer: the norm of the loss's gradient with respect to its weights.

At initialisation it is computed here; by epoch it comes from a run's gradients.npz. Tables and words; no charts.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.cifar10 import Images
from core.config import TrainConfig

BATCH = 16  # images for the gradient at initialisation: enough for BatchNorm, and quick at depth 110
SMALLEST = 1e-12  # what a logarithmic axis shows for no gradient at all
ABOUT_EQUAL = 2  # ratios below this, either way, are called "about as much"


@dataclass(frozen=True)
class Breakdown:
    """Where a gradient first was no finite number; both count from 1. It goes back from the answer, so of the layers
    the last comes first."""

    epoch: int
    layer: int


def at_initialisation(config: TrainConfig, batch: Images) -> pd.DataFrame:
    """The gradient of one backward pass through the untrained network of `config`, BatchNorm in training mode.

    A row a layer, first to last: number (from 1), layer (name), norm (Euclidean; at least SMALLEST), broken.
    """
    import torch

    from core.data import to_tensors
    from core.models import build, family, is_layer_weight

    model = build(config).to(memory_format=torch.channels_last).train()
    pixels, labels = to_tensors(batch)
    weights = {name: value for name, value in model.named_parameters() if is_layer_weight(name, value)}
    loss = torch.nn.functional.cross_entropy(model(family(config).preprocessing(pixels)), labels)
    norms = [gradient.norm().item() for gradient in torch.autograd.grad(loss, list(weights.values()))]
    return _layer_table(list(weights), norms)


def in_epoch(layers: list[str], norms: np.ndarray, epoch: int) -> pd.DataFrame:
    """Like `at_initialisation`, from a run's gradients: means over the steps of `epoch` (from 1).

    A norm that is not finite is `broken` (boolean), and SMALLEST."""
    return _layer_table(layers, norms[epoch - 1])


def by_epoch(layers: list[str], norms: np.ndarray) -> pd.DataFrame:
    """A row an epoch and layer: the columns of `in_epoch`, and epoch (from 1)."""
    tables = [in_epoch(layers, norms, epoch).assign(epoch=epoch) for epoch in range(1, len(norms) + 1)]
    return pd.concat(tables, ignore_index=True)


def _layer_table(layers: list[str], norms) -> pd.DataFrame:
    norms = np.asarray(norms, dtype=float)
    finite = np.isfinite(norms)
    return pd.DataFrame(
        {
            "number": np.arange(1, len(layers) + 1),
            "layer": layers,
            "norm": np.where(finite, norms, 0).clip(min=SMALLEST),
            "broken": ~finite,
        }
    )


def first_over_last(norms: np.ndarray) -> np.ndarray:
    """The first layer's norm by the last one's, by epoch: float (epochs,); NaN if one is not finite, or the last 0."""
    first, last = norms[..., 0].astype(float), norms[..., -1].astype(float)
    usable = np.isfinite(first) & np.isfinite(last) & (last > 0)
    return np.divide(first, last, out=np.full(first.shape, np.nan), where=usable)


def ratio_in_words(ratio: float) -> str:
    """What the first layer receives, e.g. "1/38 of the last layer's gradient"."""
    if not np.isfinite(ratio):
        return "no gradient that can be compared with the last layer's"
    if ratio == 0:
        return "no gradient at all"
    if 1 / ABOUT_EQUAL < ratio < ABOUT_EQUAL:
        return f"about as much gradient as the last layer (within a factor of {ABOUT_EQUAL})"
    return f"{_multiple(ratio)} the last layer's gradient"


def typical_ratio(norms: np.ndarray, others: np.ndarray) -> float:
    """The median layer's norm by that of `others`, both (layers,); NaN if one is not finite, or the second 0."""
    typical, other = float(np.median(norms)), float(np.median(others))
    return typical / other if np.isfinite([typical, other]).all() and other > 0 else np.nan


def typical_in_words(ratio: float, where: str) -> str:
    """What a typical layer receives, against one elsewhere (e.g. "in B"); for a positive ratio."""
    much = "about as much as" if 1 / ABOUT_EQUAL < ratio < ABOUT_EQUAL else f"{_multiple(ratio)} what"
    return f"{much} one receives {where}"


def _multiple(ratio: float) -> str:
    """E.g. "38 times" or "1/38 of"."""
    return f"{_round(ratio)} times" if ratio > 1 else f"1/{_round(1 / ratio)} of"


def _round(number: float) -> str:
    """Two figures are enough: 2.3, 38, 1,200, 3.1 million, 3.1e+12."""
    number = float(f"{number:.2g}")
    if number >= 1e9:
        return f"{number:.1e}"
    if number >= 1e6:
        return f"{number / 1e6:g} million"
    return f"{number:,g}"


def breakdown(norms: np.ndarray) -> Breakdown | None:
    """Where in a run's gradients the first value lies that is not finite; None if all are."""
    epochs, layers = np.nonzero(~np.isfinite(norms))
    return Breakdown(int(epochs[0]) + 1, int(layers[epochs == epochs[0]].max()) + 1) if len(epochs) else None
