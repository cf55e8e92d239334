"""The path of a training, seen in the plane in which most of it lies, and the loss of that plane. No torch.

After Li et al. 2018, "Visualizing the loss landscape of neural nets" (arXiv 1712.09913), section 7.2. The weights that
were kept (`core.runs.kept_weights`) are points among as many directions as there are weights; their two main directions
(PCA) through the last point span the plane. The looking itself is `core.studies.walk`, the sentences are in
`core.words.landscape`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from core.analysis.landscapes import unfinished
from core.analysis.landscapes.landscape import COMMAND, MEASURED, losses, shares
from core.errors import RunError
from core.runs.run import LARGEST_COUNT, Run
from core.runs.tables import Array, load_npz
from core.settings.train_config import MOST_KEPT

FILE = "walk.npz"
LARGEST = 100_000  # bytes; it has about 9,000
SIDE = 31  # points along each direction
MARGIN = 0.2  # of the path's extent, left free on each side of it
THINNEST = 0.1  # a map's shorter side over its longer one, where the path has hardly any extent in a direction
PHOTOS = 500  # the first of the training photos that ship
LOWEST, CAP = 0.001, 5.0  # loss; guessing has 2.3
ROOM_FOR_WORDS = 0.2  # of the map's sides, from one moment with words to the next
LITTLE = 0.005  # loss; what it rises by less from one moment to the next may be rounding
NEAREST, FARTHEST = 1e-9, 1e9  # lengths of weights: those that learn have some ten


@dataclass(frozen=True)
class Walk:
    """epochs: int (m,), after how many the weights were kept, from 0 to the last
    path: float32 (m, 2), where they are in the plane, from the last ones, which are at (0, 0)
    distance: float32 (m,), from the last ones, in all directions at once
    size: float, the length of the last ones: the root of the sum of their squares, in which the others are measured too
    share: float32 (2,), of the variance of the weights kept, 0 to 1, in the first and in the second direction
    own_loss, own_accuracy: float32 (m,), of the weights kept; loss is mean cross-entropy, in nats, accuracy 0 to 1
    path_loss: float32 (m,), of the plane where `path` is: what is lost with all other directions, is the difference
    loss, accuracy: float32 (SIDE, SIDE), of the plane, at the second of `steps` (rows) and the first (columns)
    photos: training photos they are measured on; precision: of the numbers; weights: the sha256 of the network's file

    Losses and accuracies are NaN where nobody was yet."""

    epochs: np.ndarray
    path: np.ndarray
    distance: np.ndarray
    size: float
    share: np.ndarray
    own_loss: np.ndarray
    own_accuracy: np.ndarray
    path_loss: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray
    photos: int
    precision: str
    weights: str

    @property
    def steps(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the map's points are, along the first and along the second direction: float (SIDE,) each."""
        low, high = self.path.min(axis=0).astype(float), self.path.max(axis=0).astype(float)
        extent = high - low
        half = np.maximum(extent, THINNEST * extent.max()) * (0.5 + MARGIN)
        first, second = np.linspace((low + high) / 2 - half, (low + high) / 2 + half, SIDE).T
        return first, second

    @property
    def places(self) -> int:
        """At how many one has to look: at the weights kept, where they are in the plane, and on the map."""
        return 2 * len(self.epochs) + self.loss.size

    @property
    def left(self) -> int:
        """At how many nobody was yet."""
        return sum(int(np.isnan(values).sum()) for values in (self.own_loss, self.path_loss, self.loss))

    @property
    def held(self) -> float:
        """The share of the path, 0 to 1, that lies in both directions together."""
        return float(self.share.sum())

    @property
    def far(self) -> float:
        """How far the last weights are from the first, in lengths of the last."""
        return float(self.distance[0]) / self.size

    @property
    def off(self) -> float:
        """By how much, at most, the loss of the plane where the path is differs from that of the weights kept."""
        return float(np.abs(self.path_loss - self.own_loss).max())

    @property
    def rises(self) -> list[int]:
        """The epochs at whose end the weights had a higher loss, by more than LITTLE, than those kept before them."""
        return self.epochs[1:][np.diff(self.own_loss) > LITTLE].tolist()


def scale(walks: Iterable[Walk]) -> list[float]:
    """The lowest loss on the maps, above 0, and the highest, at most CAP: for colors that are the same on all."""
    losses = np.concatenate([walk.loss.ravel() for walk in walks])
    lowest = max(float(losses.min()), LOWEST)
    return [lowest, max(min(float(losses.max()), CAP), 2 * lowest)]


def share_of_chance(moments: int) -> float:
    """The share of the variance, 0 to 1, that two directions hold of as many points of a walk whose steps are random
    and independent, among very many directions: about 0.76 (Antognini and Sohl-Dickstein 2018, "PCA of high dimensional
    random walks with comparison to neural network training", arXiv 1806.08805)."""
    order = np.arange(moments)
    products = np.minimum.outer(order, order).astype(float)  # of the points: they have their first steps in common
    products -= products.mean(axis=0)
    centered = products - products.mean(axis=1, keepdims=True)
    variances = np.linalg.eigvalsh(centered)
    return float(variances[-2:].sum() / variances.sum())


def ground_table(walk: Walk) -> pd.DataFrame:
    """The map, a row a point: left, right, bottom and top of its tile, loss and accuracy."""
    first, second = walk.steps
    half = [(steps[1] - steps[0]) / 2 for steps in (first, second)]
    x, y = (places.ravel() for places in np.meshgrid(first, second))
    tile = {"left": x - half[0], "right": x + half[0], "bottom": y - half[1], "top": y + half[1]}
    return pd.DataFrame(tile | {"loss": walk.loss.ravel(), "accuracy": walk.accuracy.ravel()})


def path_table(walk: Walk) -> pd.DataFrame:
    """The moments, a row each: epoch, first and second (where in the plane), loss and accuracy (of the weights kept),
    map_loss, and what is said there, which is empty where the words would cover others."""
    extent = [steps[-1] - steps[0] for steps in walk.steps]
    last = len(walk.epochs) - 1
    said = {0: "start", last: "end"}
    for moment in range(1, last):
        away = np.hypot(*((walk.path[list(said)] - walk.path[moment]) / extent).T)
        if away.min() > ROOM_FOR_WORDS:
            said[moment] = f"epoch {walk.epochs[moment]}"
    return pd.DataFrame(
        {
            "epoch": walk.epochs,
            "first": walk.path[:, 0],
            "second": walk.path[:, 1],
            "loss": walk.own_loss,
            "accuracy": walk.own_accuracy,
            "map_loss": walk.path_loss,
            "said": [said.get(moment, "") for moment in range(last + 1)],
        }
    )


def fresh(
    epochs: list[int], path: np.ndarray, distance: np.ndarray, size: float, share: np.ndarray, **measured
) -> Walk:
    """A walk of which nothing was looked at yet. `measured`: photos, precision and weights."""
    along, plane = (np.full(shape, np.nan, np.float32) for shape in ((3, len(epochs)), (2, SIDE, SIDE)))
    where = (np.array(epochs), path.astype(np.float32), distance.astype(np.float32), size, share.astype(np.float32))
    return Walk(*where, *along, *plane, **measured)


def save(run: Run, walk: Walk) -> None:
    """In the run's folder: as FILE, or beside it while some of it is unknown. Raises RunError where it can't be
    written."""
    unfinished.save(run, FILE, vars(walk), finished=not walk.left)


def begun(run: Run, new: Walk) -> Walk:
    """What is known already of the `fresh` walk `new`: of one that is finished or was stopped, all that it has, in
    whatever precision; else, or where its file is damaged, `new` itself."""
    return unfinished.known(run, FILE, _read, lambda walk: _same(walk, new)) or new


def _same(a: Walk, b: Walk) -> bool:
    same_measure = (a.photos, a.weights) == (b.photos, b.weights)
    return same_measure and a.path.shape == b.path.shape and np.allclose(a.path, b.path, rtol=1e-3, atol=1e-3 * b.size)


def load(run: Run) -> Walk | None:
    """What `save` wrote at last; None where there is none. Raises RunError if it is damaged, or another network's."""
    if not (run.path / FILE).exists():
        return None
    walk = _read(run.path / FILE)
    if walk.left or np.isnan(walk.accuracy).any() or np.isnan(walk.own_accuracy).any():
        raise RunError(f"{run.path / FILE} is damaged: it has numbers that are not finite.")
    if walk.weights != run.facts.get("sha256"):
        raise RunError(f"{run.path / FILE} belongs to other weights; this makes it anew: {COMMAND} {run.name}")
    return walk


def _read(path: Path) -> Walk:
    arrays = load_npz(
        path,
        {
            "epochs": Array("i", ("moments",), low=0, high=LARGEST_COUNT),
            "path": Array("float32", ("moments", 2), low=-FARTHEST, high=FARTHEST),
            "distance": Array("float32", ("moments",), low=0, high=FARTHEST),
            "size": Array("f", low=NEAREST, high=FARTHEST),
            "share": Array("float32", (2,), low=0, high=1),
            "own_loss": losses("moments"),
            "own_accuracy": shares("moments"),
            "path_loss": losses("moments"),
            "loss": losses(SIDE, SIDE),
            "accuracy": shares(SIDE, SIDE),
            **MEASURED,
        },
    )
    walk = Walk(**unfinished.values(arrays))
    ascends = walk.epochs[0] == 0 and (np.diff(walk.epochs) > 0).all()
    if not (ascends and 3 <= len(walk.epochs) <= MOST_KEPT + 1 and walk.path.any() and not walk.path[-1].any()):
        raise RunError(f"{path} is damaged: it does not hold the path of a training.")
    return walk
