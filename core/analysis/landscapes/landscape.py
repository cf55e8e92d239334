"""The ground that a network learned on: how wrong it is at its trained weights, and at weights around them. No torch.

After Li et al. 2018, "Visualizing the loss landscape of neural nets" (arXiv 1712.09913), section 4. A network's weights
are a point among as many directions as it has weights; two of them, drawn at random, span the plane that is looked at.
The looking itself is `core.studies.landscape`, the sentences are in `core.words.landscape`.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.analysis.landscapes import unfinished
from core.errors import RunError
from core.runs.run import LARGEST_COUNT, Run
from core.runs.tables import Array, load_npz
from core.settings import constraints
from core.settings.train_config import PRECISIONS, TrainConfig

FILE = "landscape.npz"
LARGEST = 100_000  # bytes; it has about 12,000
COMMAND = "python -m core landscape"
PAIRS = 2  # of directions: one pair may mislead
SIDE = 31  # points along each direction
STEPS = np.linspace(-1, 1, SIDE)  # in lengths of a direction: at 1 a filter is changed by as much as it is long
MIDDLE = SIDE // 2  # where the trained weights are
PHOTOS = 1_000  # the first of the training photos that ship
HIGHEST = 1e6  # loss; what is beyond, or overflows, is stored as this

# Points. In bfloat16 losses of resnet20-s0 were off by up to 0.002 (9 places): over 1 point that can pass for a
# curvature of 1.9, over 3 for 0.2.
STRIDE = 3
NEAR = 0.5  # of the middle, in steps
BENT = 0.5  # loss a step squared: what bends down by less could be rounding
RAYS = 36  # straight ways out of the middle
# Loss; what goes down again by less is called no hill. It was 0.1 until the first map was seen: there, on 4 ways round
# resnet20-s0, loss falls by 0.2 from a height of 3.
FALL = 0.5
LITTLE = 1.0  # loss above the middle
PLATEAU = 0.9  # of the plane that is hardly above the middle: then there is no edge to speak of
BENDS = 0.05  # of the places near the middle that bend down; fewer are not worth another word

MEASURED = {  # in the file: how the rest was
    "photos": Array("i", low=1, high=LARGEST_COUNT),
    "precision": Array("U", among=PRECISIONS),
    "weights": Array("U"),
}


@dataclass(frozen=True)
class Landscape:
    """`loss` (mean cross-entropy, in nats) and `accuracy` (0 to 1), float32 (PAIRS, SIDE, SIDE), at STEPS along the
    first direction of a pair (columns) and the second (rows); NaN where nobody was yet. `photos`: training photos they
    are measured on; `precision`: of the numbers; `weights`: the sha256 of the network's file."""

    loss: np.ndarray
    accuracy: np.ndarray
    photos: int
    precision: str
    weights: str

    @property
    def places(self) -> int:
        """At how many one has to look."""
        return self.loss.size

    @property
    def left(self) -> int:
        """At how many nobody was yet."""
        return int(np.isnan(self.loss).sum())


@dataclass(frozen=True)
class Shape:
    """What the plane of one pair of directions looks like.

    middle, right: loss and accuracy (0 to 1) of the trained weights
    lowest, highest: loss
    flat: share of the plane that is less than LITTLE above or below the middle
    bent_down: of the places no farther than NEAR from the middle, the share where the ground bends down in some
        direction (the Hessian in the plane has an eigenvalue below -BENT)
    falls: of RAYS straight ways from the middle to distance 1, the share that goes down again by more than FALL
    """

    middle: float
    right: float
    lowest: float
    highest: float
    flat: float
    bent_down: float
    falls: float

    @property
    def kind(self) -> str:
        """A "plateau", where hardly anything rises; a "valley", where the ground near the middle bends down in some
        direction, as on a saddle; a "bowl", where it bends up in all."""
        if self.flat >= PLATEAU:
            return "plateau"
        return "valley" if self.bent_down >= BENDS else "bowl"


def capped(loss: float) -> float:
    """As it is stored: HIGHEST for what is beyond, or no number."""
    return HIGHEST if math.isnan(loss) else min(loss, HIGHEST)


def require_twin(config: TrainConfig) -> None:
    """Raises LabError for a network that is none of the CIFAR twins: others would take days."""
    constraints.require_twin(config, "have the ground around them mapped")


def shape(found: Landscape, pair: int) -> Shape:
    loss = found.loss[pair].astype(np.float64)
    middle = loss[MIDDLE, MIDDLE]
    near = np.hypot(*np.meshgrid(STEPS, STEPS)) <= NEAR
    return Shape(
        middle=float(middle),
        right=float(found.accuracy[pair, MIDDLE, MIDDLE]),
        lowest=float(loss.min()),
        highest=float(loss.max()),
        flat=float((np.abs(loss - middle) < LITTLE).mean()),
        bent_down=float((least_curvature(loss)[near] < -BENT).mean()),
        falls=float((fall_on_rays(loss) > FALL).mean()),
    )


def share_above(found: Landscape, pair: int, height: float) -> float:
    """Of the plane, 0 to 1."""
    return float((found.loss[pair] > height).mean())


def least_curvature(loss: np.ndarray) -> np.ndarray:
    """The lower eigenvalue of the Hessian in the plane, float (SIDE, SIDE), from differences over STRIDE points; NaN
    within STRIDE of the border."""
    step, inner = STRIDE * (STEPS[1] - STEPS[0]), SIDE - 2 * STRIDE

    def moved(rows: int, columns: int) -> np.ndarray:
        down, right = STRIDE * (1 + rows), STRIDE * (1 + columns)
        return loss[down : down + inner, right : right + inner]

    xx = moved(0, 1) - 2 * moved(0, 0) + moved(0, -1)
    yy = moved(1, 0) - 2 * moved(0, 0) + moved(-1, 0)
    xy = (moved(1, 1) - moved(1, -1) - moved(-1, 1) + moved(-1, -1)) / 4
    lower = (xx + yy) / 2 - np.hypot((xx - yy) / 2, xy)
    return np.pad(lower / step**2, STRIDE, constant_values=np.nan)


def fall_on_rays(loss: np.ndarray) -> np.ndarray:
    """By how much loss goes down again, at most, on each of RAYS straight ways from the middle to distance 1."""
    from scipy.ndimage import map_coordinates

    angles = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)[:, None]
    out = np.arange(MIDDLE + 1)
    along = map_coordinates(loss, [MIDDLE + out * np.sin(angles), MIDDLE + out * np.cos(angles)], order=1)
    return (np.maximum.accumulate(along, axis=1) - along).max(axis=1)


def save(run: Run, found: Landscape) -> None:
    """In the run's folder: as FILE, or beside it while some of it is unknown. Raises RunError where it can't be
    written."""
    unfinished.save(run, FILE, vars(found), finished=not found.left)


def begun(run: Run, photos: int, precision: str) -> Landscape:
    """What is known of the landscape of these weights on so many photos: of one that is finished or was stopped, all
    that it has, in whatever precision; else, or where its file is damaged, nothing yet, in this one."""
    weights = run.facts.get("sha256", "")
    known = unfinished.known(run, FILE, _read, lambda found: (found.photos, found.weights) == (photos, weights))
    loss, accuracy = np.full((2, PAIRS, SIDE, SIDE), np.nan, np.float32)
    return known or Landscape(loss, accuracy, photos, precision, weights)


def load(run: Run) -> Landscape | None:
    """What `save` wrote at last; None where there is none. Raises RunError if it is damaged, or another network's."""
    if not (run.path / FILE).exists():
        return None
    found = _read(run.path / FILE)
    if not (np.isfinite(found.loss).all() and np.isfinite(found.accuracy).all()):
        raise RunError(f"{run.path / FILE} is damaged: it has numbers that are not finite.")
    if found.weights != run.facts.get("sha256"):
        raise RunError(f"{run.path / FILE} belongs to other weights; this makes it anew: {COMMAND} {run.name}")
    return found


def _read(path: Path) -> Landscape:
    plane = PAIRS, SIDE, SIDE
    arrays = load_npz(path, {"loss": losses(*plane), "accuracy": shares(*plane), **MEASURED})
    return Landscape(**unfinished.values(arrays))


def losses(*shape: int | str) -> Array:
    """NaN where nobody was yet."""
    return Array("float32", shape, low=0, high=HIGHEST, nan=True)


def shares(*shape: int | str) -> Array:
    """The same of accuracies, 0 to 1."""
    return Array("float32", shape, low=0, high=1, nan=True)
