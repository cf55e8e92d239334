"""How strong the learning signal is in each layer: the norm of the loss's gradient with respect to its weights.

At initialization it is computed here; by epoch it comes from a run's gradients.npz. Tables and words; no charts.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.config import TrainConfig
from core.data.cifar10 import Images

BATCH = 16  # images for the gradient at initialization: enough for BatchNorm, and quick at depth 110
SMALLEST = 1e-12  # up to this it is practically none: a logarithmic axis shows it so
ABOUT_EQUAL = 2  # ratios below this, either way, are called "about as much"
BEYOND_WORDS = 1e9  # ratios above this, either way, have no figure


@dataclass(frozen=True)
class Breakdown:
    """Where a gradient first was no finite number; both count from 1. It goes back from the answer, so of the layers
    the last comes first."""

    epoch: int
    layer: int


def at_initialization(config: TrainConfig, batch: Images) -> pd.DataFrame:
    """The gradient of one backward pass through the untrained network of `config`, BatchNorm in training mode.

    A row a layer, first to last: number (from 1), layer (name), norm (Euclidean; at least SMALLEST), broken.
    """
    import torch

    from core.data.batches import to_tensors
    from core.models.layers import is_layer_weight
    from core.models.registry import build, family

    model = build(config).to(memory_format=torch.channels_last).train()
    pixels, labels = to_tensors(batch)
    weights = {name: value for name, value in model.named_parameters() if is_layer_weight(name, value)}
    loss = torch.nn.functional.cross_entropy(model(family(config).preprocessing(pixels)), labels)
    norms = [gradient.norm().item() for gradient in torch.autograd.grad(loss, list(weights.values()))]
    return _layer_table(list(weights), norms)


def in_epoch(layers: list[str], norms: np.ndarray, epoch: int) -> pd.DataFrame:
    """Like `at_initialization`, from a run's gradients: means over the steps of `epoch` (from 1).

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
    """The first layer's norm by the last one's, by epoch: float (epochs,); 0 if the first is practically none, NaN if
    the last is, or one of them is not finite."""
    ends = norms[..., [0, -1]].astype(float)
    first, last = np.moveaxis(np.where(ends <= SMALLEST, 0, ends), -1, 0)
    usable = np.isfinite(first) & np.isfinite(last) & (last > 0)
    return np.divide(first, last, out=np.full(first.shape, np.nan), where=usable)


def starved_from(norms: np.ndarray) -> int | None:
    """The epoch (from 1) from which on, to the end, the first layer received practically nothing; None if it did not.
    `norms` is float (epochs, layers)."""
    fed = np.flatnonzero(~(norms[:, 0] <= SMALLEST))  # what is not finite is not nothing
    epoch = int(fed[-1]) + 2 if len(fed) else 1
    return epoch if epoch <= len(norms) else None


def first_in_words(norms: np.ndarray) -> str:
    """What the first layer receives, of `norms` (layers,), e.g. "1/38 of the last layer's gradient"."""
    first, last = norms[0], norms[-1]
    if not np.isfinite([first, last]).all():
        return "no gradient that can be compared with the last layer's"
    if first <= SMALLEST:
        return "practically no gradient" + (", like the last layer" if last <= SMALLEST else "")
    if last <= SMALLEST:
        return "a gradient, where the last layer receives practically none"
    if _about_equal(first / last):
        return f"about as much gradient as the last layer (within a factor of {ABOUT_EQUAL})"
    return f"{_multiple(first / last)} the last layer's gradient"


def typical_in_words(norms: np.ndarray, others: np.ndarray, where: str) -> str:
    """What a typical layer (the median) of `norms` receives, against one of `others`, which are `where` (e.g. "in B");
    both (layers,). "" if one is not finite."""
    typical, other = np.median(norms), np.median(others)
    if not np.isfinite([typical, other]).all():
        return ""
    if typical <= SMALLEST:
        return f"practically no gradient, {'like' if other <= SMALLEST else 'unlike'} one {where}"
    if other <= SMALLEST:
        return f"a gradient, where one {where} receives practically none"
    much = "about as much as" if _about_equal(typical / other) else f"{_multiple(typical / other)} what"
    return f"{much} one receives {where}"


def _about_equal(ratio: float) -> bool:
    return 1 / ABOUT_EQUAL < ratio < ABOUT_EQUAL


def _multiple(ratio: float) -> str:
    """E.g. "38 times" or "1/38 of"."""
    if ratio > BEYOND_WORDS:
        return "more than a billion times"
    if ratio < 1 / BEYOND_WORDS:
        return "less than a billionth of"
    return f"{_round(ratio)} times" if ratio > 1 else f"1/{_round(1 / ratio)} of"


def _round(number: float) -> str:
    """Two figures are enough: 2.3, 38, 1,200, 3.1 million."""
    number = float(f"{number:.2g}")
    return f"{number / 1e6:,g} million" if number >= 1e6 else f"{number:,g}"


def breakdown(norms: np.ndarray) -> Breakdown | None:
    """Where in a run's gradients the first value lies that is not finite; None if all are."""
    epochs, layers = np.nonzero(~np.isfinite(norms))
    return Breakdown(int(epochs[0]) + 1, int(layers[epochs == epochs[0]].max()) + 1) if len(epochs) else None
