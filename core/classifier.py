"""A trained network that answers: which of the ten classes a picture shows, and where it looked. Safe among threads."""

import threading
from dataclasses import dataclass

import numpy as np
import torch

from core import metrics
from core.cifar10 import CLASSES
from core.explain import grad_cam
from core.models import family
from core.runs import Run


@dataclass(frozen=True)
class Answer:
    """`probabilities`: float64 (10,), sums to 1; `heatmap`: float32 (size, size), 0 to 1, for the class `explained`."""

    probabilities: np.ndarray
    heatmap: np.ndarray
    explained: int

    @property
    def label(self) -> str:
        return CLASSES[self.probabilities.argmax()]

    @property
    def confidence(self) -> float:
        """Probability of the answer, 0 to 1."""
        return float(self.probabilities.max())


class Classifier:
    """A run's network. One lock round all use of it: Grad-CAM's hooks would see other threads' pictures."""

    def __init__(self, run: Run):
        """Raises RunError if the run's weights are missing or do not fit."""
        self._model = run.load_model()
        self._family = family(run.config)
        self._lock = threading.Lock()

    @property
    def input_size(self) -> int:
        """Width and height in pixels of what the network sees."""
        return self._family.preprocessing.size

    def answer(self, pixels: np.ndarray, target: int | None = None) -> Answer:
        """The answer for `pixels` uint8 (input_size, input_size, 3), with the heatmap of class `target` (its own)."""
        inputs = self._family.preprocessing(torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None])
        with self._lock:
            with torch.inference_mode():
                logits = self._model(inputs).numpy()
            explained = int(logits.argmax()) if target is None else target
            heatmap = grad_cam(self._model, self._family.cam_layer(self._model), inputs, explained)
        return Answer(metrics.probabilities(logits)[0], heatmap, explained)
