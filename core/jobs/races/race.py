"""Two networks trained side by side, a step each, on equal batches: to be watched. Knows no files and no screen.

Each has a thread of its own, and half of the cores: at a race's small batches, two networks on one core each learn
faster than one after the other on both (docs/speed.md).
"""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from core.data.cifar10 import Images
from core.jobs import processes
from core.jobs.races.frames import Frame, Standing
from core.jobs.races.pairs import FairPair
from core.models.inference import infer
from core.models.weights.initial_weights import initial_weights
from core.training import duration
from core.training.trainer import Trainer

MOST_EPOCHS = 6  # on a fast machine the race is shorter rather than longer than this
SMOOTHED = 10  # steps, over which loss and accuracy are averaged: single batches jump


def paced(pair: FairPair, images: Images, seconds: float) -> FairPair:
    """The pair with as many epochs as this machine now trains both networks for in `seconds`; at least as many as
    it has, which show the difference, and at most MOST_EPOCHS."""
    with _a_thread_each() as threads:
        per_image = max(threads.map(lambda config: duration.measure(config, images), pair.configs.values()))
    an_epoch = per_image * len(images.labels)
    epochs = min(max(pair.a.epochs, round(seconds / an_epoch)), MOST_EPOCHS)
    return replace(pair, a=replace(pair.a, epochs=epochs), b=replace(pair.b, epochs=epochs))


class Race:
    """`photos`: uint8 (n, 3, 32, 32), what both networks are asked again and again."""

    def __init__(self, pair: FairPair, images: Images, photos: Tensor):
        self.runners = {
            side: _Runner(Trainer(config, images, initial_weights(config)), photos)
            for side, config in pair.configs.items()
        }

    def frames(self, pause: float = 0.5) -> Iterator[Frame]:
        """Train to the end; a frame at the first step, at the last, and between them every `pause` seconds or so.

        Raises TrainingError if a loss is no longer a number.
        """
        start = shown = time.perf_counter()
        sides, runners = zip(*self.runners.items(), strict=True)
        steps = runners[0].steps
        with _a_thread_each() as threads:
            for step in range(1, steps + 1):
                list(threads.map(_Runner.advance, runners))
                now = time.perf_counter()
                if step in (1, steps) or now - shown >= pause:
                    standings = dict(zip(sides, threads.map(_Runner.standing, runners), strict=True))
                    yield Frame(step, steps, now - start, standings)
                    shown = now


def halve_threads() -> None:
    """Let each of the two threads use half of the cores."""
    torch.set_num_threads(max(1, processes.usable_cores() // 2))


def _a_thread_each() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=2)


class _Runner:
    def __init__(self, trainer: Trainer, photos: Tensor):
        self.trainer, self.photos = trainer, photos
        self.steps, self._done = trainer.steps * trainer.config.epochs, 0
        self._reports = trainer.train_steps()
        self._recent: deque = deque(maxlen=SMOOTHED)

    def advance(self) -> None:
        self._recent.append(next(self._reports))
        self._done += 1
        if self._done == self.steps:
            next(self._reports, None)  # the validation of the last epoch

    def standing(self) -> Standing:
        trainer, history = self.trainer, self.trainer.history
        logits = infer(trainer.model, self.photos, trainer.preprocessing, precision=trainer.precision)
        return Standing(
            loss=float(np.mean([report.batch_loss for report in self._recent])),
            accuracy=float(np.mean([report.batch_accuracy for report in self._recent])),
            validation=history[-1]["val_accuracy"] if history else None,
            gradient_norms=trainer.record.norms.tolist(),
            probabilities=torch.softmax(logits, dim=1).tolist(),
        )
