"""Find the plane in which most of a training's path lies, and see how wrong the network is there. What for, is said in
`core.analysis.landscapes.walk`.

A place in the plane is what was learned in the end plus so much of two directions: of all that is learned, BatchNorm's
scales and shifts and the biases too. BatchNorm's running statistics are not learned by steps downhill, and between two
kept moments nobody knows them; those of the end, used elsewhere, would spoil the answers. So each place gets statistics
of its own, made of the very photos that the loss is measured on, all of them as one batch (after Garipov et al. 2018,
"Loss surfaces, mode connectivity, and fast ensembling of DNNs", section 3.1, who make them anew at each point of a
curve). With the statistics that ran along in the training, a plain network of 8 layers had a loss of 0.92 at its end
and of 2.30 after its first epoch, when they still lagged behind; with those of the photos 0.94 and 1.62. The weights
kept are measured alike, beside what the plane shows where they are: `Walk.own_loss`, `path_loss`.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from queue import SimpleQueue

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.analysis.landscapes.landscape import capped, require_twin
from core.analysis.landscapes.walk import Walk
from core.data.batches import to_tensors
from core.data.cifar10 import Images
from core.errors import LabError
from core.models.batchnorm import use_batch_statistics
from core.models.inference import autocast
from core.models.registry import build, family
from core.runs import kept_weights
from core.runs.run import Run

MOST_WORKERS = 8  # each has a network of its own, and all photos in it at once
ParameterList = list[Tensor]


class TrainingPath:
    """The weights that a run kept during training, and the plane of their two main directions."""

    def __init__(self, run: Run, images: Images, workers: int):
        """`workers`: places that are looked at at once. Raises LabError for a network that is none of the CIFAR twins,
        or has learned nothing, RunError where weights that it kept are missing or damaged."""
        require_twin(run.config)
        model = build(run.config)
        state, learned = model.state_dict(), [name for name, _ in model.named_parameters()]
        self.epochs = kept_weights.epochs_kept(run.config)
        kept = [kept_weights.load(run, epoch, like=state) for epoch in self.epochs]
        model.load_state_dict(kept[-1])
        self._kept = [[weights[name] for name in learned] for weights in kept]
        differences = [[a - b for a, b in zip(at, self._kept[-1], strict=True)] for at in self._kept]
        self.distance = np.array([_product(step, step) ** 0.5 for step in differences])
        self.size = _product(self._kept[-1], self._kept[-1]) ** 0.5
        if not self.distance.any():
            raise LabError(f"{run.name} has learned nothing: all weights that it kept are the same.")
        self._directions, self.share = main_directions(self._kept)
        self.points = np.array([[_product(step, along) for along in self._directions] for step in differences])
        pixels, self._labels = to_tensors(images)
        self._pixels = family(run.config).preprocessing(pixels)
        use_batch_statistics(model, run.config.freeze)
        model.requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._workers = min(workers, MOST_WORKERS)
        self._idle: SimpleQueue[nn.Module] = SimpleQueue()
        for _ in range(self._workers):
            self._idle.put(deepcopy(model))

    def look_at(self, moment: int, precision: str) -> tuple[float, float]:
        """Mean loss, at most HIGHEST, and accuracy (0 to 1) of the weights kept at this one of `epochs`, calculated in
        numbers of this `precision`."""
        return self._measure(self._kept[moment], precision)

    def look(self, place: tuple[float, float], precision: str) -> tuple[float, float]:
        """The same so far along both directions from the last weights."""
        first, second = self._directions
        moved = [w + place[0] * a + place[1] * b for w, a, b in zip(self._kept[-1], first, second, strict=True)]
        return self._measure(moved, precision)

    def look_round(self, places: list[tuple[float, float]], precision: str) -> list[tuple[float, float]]:
        """`look` at several at once."""
        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(lambda place: self.look(place, precision), places))

    @torch.inference_mode()  # holds for the thread that enters it
    def _measure(self, weights: ParameterList, precision: str) -> tuple[float, float]:
        model = self._idle.get()
        try:
            for parameter, value in zip(model.parameters(), weights, strict=True):
                parameter.copy_(value)
            with autocast("cpu", precision):
                logits = model(self._pixels).float()
        finally:
            self._idle.put(model)
        loss, right = float(F.cross_entropy(logits, self._labels)), logits.argmax(dim=1) == self._labels
        return capped(loss), float(right.float().mean())


def main_directions(kept: list[ParameterList]) -> tuple[list[ParameterList], np.ndarray]:
    """The two main directions of `kept` (PCA: of the differences from their mean), as long as 1, the first weights on
    their positive side, seen from the last; and the share of the variance in each, 0 to 1. From the products of the
    differences, of which there are few: the directions themselves are as long as the network is large."""
    tensors = range(len(kept[0]))
    centered = [torch.stack([weights[i].double() for weights in kept]) for i in tensors]
    centered = [values - values.mean(dim=0) for values in centered]
    flat = [values.flatten(1) for values in centered]
    variances, mixtures = torch.linalg.eigh(sum(values @ values.T for values in flat))
    largest = variances[-1].clamp(min=torch.finfo(torch.float64).tiny)
    directions = []
    for number in (-1, -2):
        mixture = mixtures[:, number] / variances[number].clamp(min=1e-12 * largest).sqrt()
        mixture = mixture * (1 if _from_last(mixture, flat) >= 0 else -1)
        directions.append([torch.tensordot(mixture, values, 1).float() for values in centered])
    return directions, (variances[[-1, -2]] / variances.sum()).clamp(0, 1).numpy()


def _from_last(mixture: Tensor, flat: list[Tensor]) -> float:
    """How far the first weights are from the last along this mixture of all."""
    return float(sum(mixture @ (values @ (values[0] - values[-1])) for values in flat))


def _product(a: ParameterList, b: ParameterList) -> float:
    return float(sum(one.double().flatten() @ other.double().flatten() for one, other in zip(a, b, strict=True)))


def study(path: TrainingPath, found: Walk) -> Iterator[None]:
    """Fill in what is unknown in `found`, in its precision; yields after each row of the map, and after what comes
    before it."""
    if np.isnan(found.path_loss).any():
        for moment in range(len(found.epochs)):
            found.own_loss[moment], found.own_accuracy[moment] = path.look_at(moment, found.precision)
        on_path = path.look_round([tuple(place) for place in path.points.tolist()], found.precision)
        found.path_loss[:] = [loss for loss, _ in on_path]
        yield
    first, second = found.steps
    for row in np.flatnonzero(np.isnan(found.loss).any(axis=1)):
        looked = path.look_round([(along, second[row]) for along in first], found.precision)
        found.loss[row], found.accuracy[row] = zip(*looked, strict=True)
        yield
