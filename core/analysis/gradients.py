"""How strong the learning signal is in each layer: the norm of the loss's gradient with respect to its weights; and how
far a step with it moves the layer, measured by the weights that are there.

Tables and numbers: by epoch from a run's gradients.npz, at initialization from `core.studies.gradients`. The sentences
are in `core.words.gradients`. No torch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import pandas as pd

SMALLEST = 1e-12  # up to this it is practically none: a logarithmic axis shows it so
MIXED = 0.005  # of another photo: by which two pictures differ that lie side by side in `studies.shattering`
ABOUT_EQUAL = 2  # ratios below this, either way, mean nothing: layers differ in size
COLOR_RANGE = 1e6  # beyond that, all but the strongest would look alike
EVEN = 10  # times as far as the least: below it, all layers move about equally far


@dataclass(frozen=True)
class Breakdown:
    """Where a gradient first was no finite number; both count from 1. It goes back from the answer, so of the layers
    the last comes first."""

    epoch: int
    layer: int


@dataclass(frozen=True)
class Ratio:
    """One gradient norm by another."""

    norm: float
    reference: float

    @property
    def finite(self) -> bool:
        """Whether both are numbers; only then do the others mean anything."""
        return bool(np.isfinite([self.norm, self.reference]).all())

    @property
    def nothing(self) -> bool:
        """Whether the first is practically none."""
        return self.norm <= SMALLEST

    @property
    def of_nothing(self) -> bool:
        """Whether the second is practically none; there is then no value."""
        return self.reference <= SMALLEST

    @property
    def value(self) -> float:
        return self.norm / self.reference

    @property
    def about_equal(self) -> bool:
        return 1 / ABOUT_EQUAL < self.value < ABOUT_EQUAL


def layer_table(layers: list[str], norms: Sequence[float] | np.ndarray) -> pd.DataFrame:
    """A row a layer, first to last: number (from 1), layer (name), norm (Euclidean, at least SMALLEST) and broken:
    whether it is not finite; it is then SMALLEST."""
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


def with_steps(table: pd.DataFrame, rate: float) -> pd.DataFrame:
    """With the column step: how far one step of gradient descent moves a layer, in sizes of its weights: learning rate
    x norm / size (You, Gitman and Ginsburg 2017, arXiv 1708.03888, section 4).

    Where BatchNorm follows, a layer's weights can be of any size and compute the same, and the norm is inverse to it:
    so the norm alone tells nothing of how fast it learns (van Laarhoven 2017, arXiv 1706.05350).

    A layer whose weights are all zero is broken, too: measured by nothing, any step is infinite.
    """
    step = rate * table["norm"] / table["size"]
    return table.assign(step=step, broken=table["broken"] | (table["size"] == 0))


def step_lengths(table: pd.DataFrame) -> np.ndarray:
    """The column step of `with_steps`, NaN where that is broken: float (layers,)."""
    return table["step"].where(~table["broken"]).to_numpy()


def finite_norms(table: pd.DataFrame) -> np.ndarray:
    """The column norm of `layer_table`, NaN where the gradient is not finite: float (layers,)."""
    return table["norm"].where(~table["broken"]).to_numpy()


def are_even(lengths: np.ndarray) -> bool:
    """Whether steps of these `lengths` (layers,), NaN where not finite, move all layers about equally far."""
    finite = lengths[~np.isnan(lengths)]
    return finite.size > 0 and bool(finite.max() < EVEN * finite.min())


class Arrival(Enum):
    """How the message reaches the first layer, by how far a step moves it."""

    WEAK = "weak"  # less far than a typical layer, or nobody knows
    WHOLE = "whole"
    TOO_STRONG = "too strong"  # farther than its weights are long


def arrival(lengths: np.ndarray) -> Arrival:
    """Of the step `lengths` (layers,), NaN where not finite."""
    if not lengths[0] >= np.nanmedian(lengths) / ABOUT_EQUAL:
        return Arrival.WEAK
    return Arrival.TOO_STRONG if lengths[0] > 1 else Arrival.WHOLE


def in_epoch(layers: list[str], norms: np.ndarray, epoch: int) -> pd.DataFrame:
    """`layer_table` of a run's gradients: means over the steps of `epoch` (from 1)."""
    return layer_table(layers, norms[epoch - 1])


def by_epoch(layers: list[str], norms: np.ndarray) -> pd.DataFrame:
    """A row an epoch and layer: the columns of `in_epoch`, and epoch (from 1)."""
    epochs = np.arange(1, len(norms) + 1).repeat(len(layers))
    numbers = np.tile(np.arange(1, len(layers) + 1), len(norms))
    return layer_table(layers * len(norms), norms.ravel()).assign(number=numbers, epoch=epochs)


def steps_by_epoch(layers: list[str], steps: np.ndarray) -> pd.DataFrame:
    """Of a run's `relative_steps`: like `by_epoch`, with the column step instead of norm."""
    return by_epoch(layers, steps).rename(columns={"norm": "step"})


def finite_ends(by_epoch: np.ndarray) -> dict[int, np.ndarray]:
    """Of the first epoch and of the last, by number (from 1), of (epochs, layers); NaN for what is not finite."""
    finite = np.where(np.isfinite(by_epoch), by_epoch, np.nan)
    return {1: finite[0], len(finite): finite[-1]}


def scale(tables: Iterable[pd.DataFrame], field: str = "norm", *others: float) -> list[float]:
    """One logarithmic scale for all that is shown side by side, and for the `others`."""
    values = pd.concat([table[~table["broken"]] for table in tables])[field]
    low, high = min([*values, *others], default=1.0), max([*values, *others], default=1.0)
    return [float(low), float(high)] if low < high else [1e-3, 1.0]


def color_scale(domain: list[float]) -> list[float]:
    """The part of a `scale` that colors can tell apart: without what is fainter than COLOR_RANGE."""
    return [max(domain[0], domain[1] / COLOR_RANGE), domain[1]]


def ratios(norms: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Of `first_over_last`, by side, where there is one: a row a side and epoch (from 1), side, ratio and epoch."""
    tables = [
        pd.DataFrame({"side": side, "ratio": first_over_last(of_side), "epoch": np.arange(1, len(of_side) + 1)})
        for side, of_side in norms.items()
    ]
    table = pd.concat(tables)
    return table[table["ratio"] > 0]


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


def first_by_last(norms: np.ndarray) -> Ratio:
    """The first layer's norm by the last one's; `norms` (layers,)."""
    return Ratio(float(norms[0]), float(norms[-1]))


def typical_by_typical(norms: np.ndarray, others: np.ndarray) -> Ratio:
    """What a typical layer (the median) receives in one network, by what one receives in another; both (layers,)."""
    return Ratio(float(np.median(norms)), float(np.median(others)))


def breakdown(norms: np.ndarray) -> Breakdown | None:
    """Where in a run's gradients the first value lies that is not finite; None if all are."""
    epochs, layers = np.nonzero(~np.isfinite(norms))
    return Breakdown(int(epochs[0]) + 1, int(layers[epochs == epochs[0]].max()) + 1) if len(epochs) else None


def turns(curve: np.ndarray) -> int:
    """How often a curve (n,) that goes up goes down next, or the other way round."""
    ways = np.sign(np.diff(curve))
    return int((ways[1:] * ways[:-1] < 0).sum())
