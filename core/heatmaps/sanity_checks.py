"""Whether a heatmap can be believed: does it depend on what the network learned, and does what it marks matter?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from core.analysis.metrics import mean_interval
from core.heatmaps.gradcam import resized
from core.models.modes import seeded

OTHERS = 19  # maps of other photos: one that says nothing of this very photo beats them all 1 time in 20
NOISE = 0.005  # what the noise in filled pixels may add to a score: no less is a victory
REMOVED = (25, 50, 75)  # percent of the pixels
UNTRAINED = 5  # networks; the map of one may be like ours by luck
ALIKE = 0.5  # rank correlation from which two maps look alike


@dataclass(frozen=True)
class SanityChecks:
    """Two checks of `heatmap`. `randomized`: {what the network forgot so far: its heatmap then}, from its last part to
    all of it; `untrained`: the heatmaps of networks that never learned. `road` is the map's score, `baseline_scores`
    those of maps that know nothing of this photo (`baselines`): how much more it costs to remove what a map marks than
    what it leaves out, in probability (-1 to 1)."""

    heatmap: np.ndarray
    randomized: dict[str, np.ndarray]
    untrained: list[np.ndarray]
    road: float
    baseline_scores: np.ndarray

    @property
    def empty(self) -> bool:
        """Whether the map is the same everywhere: it then marks nothing, and passes no check."""
        return _flat(self.heatmap)

    @property
    def likenesses(self) -> list[float]:
        """Rank correlations, -1 to 1, of the map with those of the untrained networks that mark anything."""
        return [rank_correlation(self.heatmap, other) for other in self.untrained if not _flat(other)]

    @property
    def depends_on_learning(self) -> bool | None:
        """Whether the mean likeness is below ALIKE; None where that is open (Student's t, 19 of 20, both sides)."""
        likenesses = self.likenesses
        if self.empty:
            return False
        if len(likenesses) < 2:
            return None
        low, high = mean_interval(likenesses)
        return None if low <= ALIKE <= high else high < ALIKE

    @property
    def beaten(self) -> int:
        """How many of the baselines it beats."""
        return int((self.road > self.baseline_scores + NOISE).sum())

    @property
    def marks_what_matters(self) -> bool:
        return not self.empty and self.beaten == len(self.baseline_scores)

    @property
    def passed(self) -> int:
        """Checks passed, 0 to 2."""
        return int(self.depends_on_learning is True) + int(self.marks_what_matters)


def randomized_heatmaps(
    model: nn.Module, untrained: nn.Module, heatmap: Callable[[nn.Module], np.ndarray]
) -> dict[str, np.ndarray]:
    """Heatmaps of a network that forgets, part by part from the last to the first, what it learned.

    A part of `model` gets the values that `untrained` (same architecture) has (Adebayo et al. 2018, "Sanity checks for
    saliency maps", section 4.1: cascading randomization), and keeps them: give a copy. They should not be the values
    from which it learned: where a training was short, the weights still resemble them.
    """
    untrained_state = untrained.state_dict()
    maps = {}
    for name, part in reversed(list(model.named_children())):
        prefix = f"{name}."
        values = {key.removeprefix(prefix): value for key, value in untrained_state.items() if key.startswith(prefix)}
        if values:
            part.load_state_dict(values)
            maps[name] = heatmap(model)
    return maps


def road_scores(
    model: Callable[[Tensor], Tensor], inputs: Tensor, heatmaps: Sequence[np.ndarray], target: int, seed: int = 0
) -> np.ndarray:
    """The score of each of the `heatmaps` (n,), by ROAD.

    Pixels are removed by filling them from their neighbors: once those marked most, once those marked least. The score
    is half the difference of what either costs in the probability of `target` (Rong et al. 2022, "A consistent and
    efficient evaluation strategy for attribution methods", sections 4 and 5). `inputs`: (1, 3, s, s); maps of any size.
    """
    from pytorch_grad_cam.metrics.road import ROADCombined
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget

    size = (inputs.shape[-1], inputs.shape[-2])
    maps = np.stack([_ranks(resized(heatmap, size)) for heatmap in heatmaps])
    with seeded(seed):  # the filled pixels get a little noise
        return ROADCombined(percentiles=list(REMOVED))(
            inputs.expand(len(maps), -1, -1, -1), maps, [ClassifierOutputSoftmaxTarget(target)] * len(maps), model
        )


def baselines(others: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What a map must beat to mark what matters in its photo: the maps of `others`, as many other photos as OTHERS,
    which know the network and where things usually are; and a blob in the middle, where photos have their subject."""
    return [*others[:OTHERS], center_blob(others[0].shape)]


def center_blob(shape: tuple[int, int]) -> np.ndarray:
    """Float32 `shape`, brightest in the middle."""
    rows, columns = (np.linspace(-1, 1, side, dtype=np.float32) for side in shape)
    return np.exp(-(rows[:, None] ** 2 + columns**2) / 2)


def _ranks(heatmap: np.ndarray) -> np.ndarray:
    """Ranks float32, 0 to 1, ties in random order: a map that is 0 nearly everywhere loses as many pixels as any."""
    order = np.random.default_rng(0).permutation(heatmap.size)
    ranks = np.empty(heatmap.size, np.float32)
    ranks[order[np.argsort(heatmap.ravel()[order], kind="stable")]] = np.linspace(0, 1, heatmap.size)
    return ranks.reshape(heatmap.shape)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's, -1 to 1; 0 where a map is the same everywhere."""
    from scipy.stats import spearmanr

    if _flat(a) or _flat(b):
        return 0.0
    return float(spearmanr(a.ravel(), b.ravel()).statistic)


def _flat(heatmap: np.ndarray) -> bool:
    return bool(np.ptp(heatmap) == 0)
