"""Change a trained network's weights along two random directions, and see how wrong it gets. What for, is said in
`core.analysis.landscapes.landscape`.

BatchNorm is made part of the convolution before it: it then costs no time, and as in the paper's own code it is left as
it is, like all biases. A direction is normalized by filter, so scaling the filters changes nothing of what is measured.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.analysis.landscapes.landscape import PAIRS, STEPS, Landscape, capped, require_twin
from core.data.batches import to_tensors
from core.data.cifar10 import Images
from core.models.batchnorm import fold_batchnorm
from core.models.registry import family
from core.runs.run import Run

BATCH = 50  # photos: what a layer makes of them stays in a core's own memory


class Plane:
    """The plane through a run's trained weights along two random directions."""

    def __init__(self, run: Run, images: Images, seeds: tuple[int, int], precision: str, workers: int):
        """`seeds`: of the two directions, the same random numbers for twins; `precision`: of the numbers it computes
        with; `workers`: threads that take a batch each. Raises LabError for a network that is none of the CIFAR twins,
        RunError if its weights are missing."""
        require_twin(run.config)
        kind, self._workers = getattr(torch, precision), workers
        model = fold_batchnorm(run.load_model())
        self._trained = [weight.clone() for weight in model.parameters() if weight.dim() > 1]
        self._directions = [direction(self._trained, seed) for seed in seeds]
        self._model = model.to(kind).to(memory_format=torch.channels_last)
        pixels, labels = to_tensors(images)
        ready = family(run.config).preprocessing(pixels).to(kind)
        self._batches = list(zip(ready.split(BATCH), labels.split(BATCH), strict=True))
        self._photos = len(labels)

    @torch.inference_mode()
    def look(self, first: float, second: float) -> tuple[float, float]:
        """Mean loss, at most HIGHEST, and accuracy (0 to 1) so many steps along both directions."""
        moving = (weight for weight in self._model.parameters() if weight.dim() > 1)
        for weight, trained, *steps in zip(moving, self._trained, *self._directions, strict=True):
            weight.copy_(trained + first * steps[0] + second * steps[1])
        with ThreadPoolExecutor(self._workers) as pool:
            losses, right = zip(*pool.map(self._score, self._batches), strict=True)
        loss = sum(losses) / self._photos
        return capped(loss), sum(right) / self._photos

    @torch.inference_mode()  # holds for the thread that enters it
    def _score(self, batch: tuple[Tensor, Tensor]) -> tuple[float, int]:
        pixels, labels = batch
        logits = self._model(pixels).float()
        return float(F.cross_entropy(logits, labels, reduction="sum")), int((logits.argmax(dim=1) == labels).sum())


def direction(weights: list[Tensor], seed: int) -> list[Tensor]:
    """A random direction for `weights`, filters first: Gaussian, each filter as long as that of the weights (filter
    normalization: Li et al. 2018, section 4)."""
    generator = torch.Generator().manual_seed(seed)
    drawn = [torch.randn(weight.shape, generator=generator) for weight in weights]
    return [step * (_lengths(weight) / _lengths(step)) for step, weight in zip(drawn, weights, strict=True)]


def _lengths(filters: Tensor) -> Tensor:
    return torch.linalg.vector_norm(filters, dim=tuple(range(1, filters.dim())), keepdim=True)


def study(run: Run, images: Images, found: Landscape, workers: int) -> Iterator[None]:
    """Fill in what is unknown in `found`; yields after each point. Raises as `Plane`."""
    for pair in range(PAIRS):
        unknown = np.argwhere(np.isnan(found.loss[pair]))
        if not len(unknown):
            continue
        plane = Plane(run, images, (2 * pair, 2 * pair + 1), found.precision, workers)
        for row, column in unknown:
            at = pair, row, column
            found.loss[at], found.accuracy[at] = plane.look(STEPS[column], STEPS[row])
            yield
