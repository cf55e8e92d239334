"""A trained network predicts which of ten classes a picture shows, and tells where it looked. Safe among threads."""

import copy
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from core.analysis import calibration
from core.data.batches import to_pixels
from core.data.cifar10 import CLASSES, SIZE
from core.errors import ModelError
from core.heatmaps import gradcam, occlusion, sanity_checks
from core.heatmaps.sanity_checks import SanityChecks
from core.models.inference import infer
from core.models.registry import build, family
from core.models.turns import in_turn
from core.runs.run import Run

# For a visitor at a time, on a copy of the network: others' answers do not wait for it.
SLOW_MAPS, CHECKS = threading.BoundedSemaphore(1), threading.BoundedSemaphore(1)
PATIENCE, PATIENCE_FOR_CHECKS = 20.0, 60.0  # seconds; a slow map may take minutes, checks take seconds
MAP_BUSY = "Somebody else's slow map is being drawn. Try again in a minute."
CHECKS_BUSY = "Somebody else's map is being tested. Try again in a minute."


@dataclass(frozen=True)
class Prediction:
    """`logits`: float32 (10,); `probabilities`: how sure it is of each class, see `calibration.probabilities`, float64
    (10,); `heatmap`: float32, as large as the picture, 0 to 1, for the class `explained`."""

    logits: np.ndarray
    probabilities: np.ndarray
    heatmap: np.ndarray
    explained: int

    @property
    def label(self) -> str:
        return CLASSES[self.logits.argmax()]

    @property
    def confidence(self) -> float:
        """Probability of the answer, 0 to 1."""
        return float(self.probabilities.max())


class Predictor:
    """A run's network. One lock round all use of it, as Grad-CAM's hooks would see other threads' pictures; what takes
    long is done on a copy.

    `pixels` is uint8 (32, 32, 3) everywhere, also if the network enlarges it: CIFAR-10 has no more to see. A `layer` is
    one of `layers`, a `target` a class's number.
    """

    def __init__(self, run: Run):
        """Raises RunError if the run's weights are missing or do not fit, or its temperature is damaged; ModelError
        where no layer is left that has a map."""
        self._model = run.load_model()
        self._temperature = calibration.load(run)
        self._config = run.config
        self._family = family(run.config)
        self._layers = self._family.cam_layers(self._model)
        if not self._layers:
            raise ModelError(f"{run.name} has no layer where a heatmap could look: its images are too small for it.")
        self._cells = _map_sizes(self._model, self._layers, self._family.preprocessing.size)
        self._lock = threading.Lock()

    @property
    def layers(self) -> list[str]:
        """Where a heatmap can be taken, from the first to the last, which is the default."""
        return list(self._layers)

    def cells(self, layer: str) -> int:
        """How many cells a heatmap taken at `layer` has a side."""
        return self._cells[layer]

    def logits(self, pictures: np.ndarray) -> np.ndarray:
        """Float32 (n, 10) for uint8 (n, 32, 32, 3)."""
        with self._lock:
            return infer(self._model, to_pixels(pictures), self._family.preprocessing).numpy()

    def probabilities(self, pictures: np.ndarray) -> np.ndarray:
        """How sure it is of each class, see `calibration.probabilities`: float64 (n, 10) for uint8 (n, 32, 32, 3)."""
        return calibration.probabilities(self.logits(pictures), self._temperature)

    def predict(
        self, pixels: np.ndarray, target: int | None = None, method: str = gradcam.USUAL, layer: str | None = None
    ) -> Prediction:
        """What it says of `pixels` uint8 (32, 32, 3), with the heatmap of class `target` (default: of its answer) by
        `method` of `gradcam.METHODS`, seen at `layer` of `layers` (default: the last). Raises ModelError, and LabError
        where others' slow maps come first."""
        logits = self.logits(pixels[None])[0]
        explained = int(logits.argmax()) if target is None else target
        layer = layer or self.layers[-1]
        heatmap = self._own_heatmap(layer, pixels, explained, method)
        sure = calibration.probabilities(logits[None], self._temperature)[0]
        return Prediction(logits, sure, heatmap, explained)

    def sanity_checks(
        self,
        pixels: np.ndarray,
        prediction: Prediction,
        method: str,
        layer: str | None = None,
        *,
        others: Sequence[np.ndarray],
    ) -> SanityChecks:
        """Two checks of the heatmap of `prediction`, made by `method` at `layer`, as there. `others`: maps of other
        photos, see `sanity_checks.baselines`.

        Builds `sanity_checks.UNTRAINED` networks for it, one after the other. Raises LabError where others' checks, or
        slow maps, come first."""
        layer = layer or self.layers[-1]

        def heatmap(model: nn.Module) -> np.ndarray:
            return self._heatmap(model, self._family.cam_layers(model)[layer], pixels, prediction.explained, method)

        with in_turn(CHECKS, PATIENCE_FOR_CHECKS, CHECKS_BUSY), _in_turn_if_slow(method):
            copied = self._copied()
            maps = [prediction.heatmap, *sanity_checks.baselines(others)]
            road, *baseline_scores = self._road(copied, pixels, maps, prediction.explained)  # before the copy forgets
            seeds = range(self._config.seed + 1, self._config.seed + 1 + sanity_checks.UNTRAINED)
            randomized = sanity_checks.randomized_heatmaps(copied, self._untrained(seeds[0]), heatmap)
            untrained = [*list(randomized.values())[-1:], *(heatmap(self._untrained(seed)) for seed in seeds[1:])]
        return SanityChecks(prediction.heatmap, randomized, untrained, float(road), np.array(baseline_scores))

    def occlusion(self, pixels: np.ndarray, target: int) -> np.ndarray:
        """Float32 (32, 32): how much the probability of `target` falls with a patch there."""
        return occlusion.importance(pixels, lambda pictures: self.probabilities(pictures)[:, target])

    def _road(self, model: nn.Module, pixels: np.ndarray, heatmaps: list[np.ndarray], target: int) -> np.ndarray:
        """Pixels are removed from the picture as it came: enlarged ones could be guessed from their neighbors."""
        preprocessing = self._family.preprocessing
        small = replace(preprocessing, size=SIZE)(to_pixels(pixels[None]))
        return sanity_checks.road_scores(lambda inputs: model(preprocessing.resize(inputs)), small, heatmaps, target)

    def _own_heatmap(self, layer: str, pixels: np.ndarray, target: int, method: str) -> np.ndarray:
        if gradcam.METHODS[method].slow:
            with in_turn(SLOW_MAPS, PATIENCE, MAP_BUSY):
                copied = self._copied()
                return self._heatmap(copied, self._family.cam_layers(copied)[layer], pixels, target, method)
        with self._lock:
            return self._heatmap(self._model, self._layers[layer], pixels, target, method)

    def _copied(self) -> nn.Module:
        """For who would keep others waiting."""
        with self._lock:  # others hook into the network meanwhile, and a copy would take their hooks along
            return copy.deepcopy(self._model)

    def _heatmap(self, model: nn.Module, layer: nn.Module, pixels: np.ndarray, target: int, method: str) -> np.ndarray:
        return gradcam.resized(gradcam.heatmap(model, layer, self._inputs(pixels), target, method), (SIZE, SIZE))

    def _untrained(self, seed: int) -> nn.Module:
        return build(replace(self._config, seed=seed)).eval().requires_grad_(False)

    def _inputs(self, pixels: np.ndarray) -> torch.Tensor:
        return self._family.preprocessing(to_pixels(pixels[None]))


def _in_turn_if_slow(method: str) -> AbstractContextManager[None]:
    return in_turn(SLOW_MAPS, PATIENCE, MAP_BUSY) if gradcam.METHODS[method].slow else nullcontext()


@torch.inference_mode()
def _map_sizes(model: nn.Module, layers: dict[str, nn.Module], size: int) -> dict[str, int]:
    sizes = {}
    handles = [
        layer.register_forward_hook(lambda module, inputs, out, name=name: sizes.update({name: out.shape[-1]}))
        for name, layer in layers.items()
    ]
    model(torch.zeros(1, 3, size, size))
    for handle in handles:
        handle.remove()
    return sizes
