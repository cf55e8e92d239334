"""Ask trained networks about spoiled test photos. What for, is said in `core.analysis.robustness`."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from core.analysis import metrics, robustness
from core.analysis.robustness import Answers
from core.data.cifar10 import Images
from core.data.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from core.models.inference import logits_of
from core.runs.run import Run


def study(
    runs: list[Run], photos: Images, precision: str = "float32", on_strength: Callable[[], None] = lambda: None
) -> Iterator[tuple[str, Run, Answers]]:
    """(kind, run, its answers so far) after each kind that a run was asked about: to be saved, for the next study goes
    on from there. The spoiled photos are made once for all runs. Raises RunError if a run has no weights.

    `precision`: of the numbers, as `infer` has it; where it is not float32, a photo or two in a thousand differ.
    `on_strength`: after each strength of a kind that a run was asked about."""
    networks = [run.load_model() for run in runs]

    def right(number: int, images: Images) -> np.ndarray:
        logits = logits_of(networks[number], runs[number].config, images, precision)
        return metrics.right(logits, images.labels)

    def right_spoiled(number: int, images: Images) -> np.ndarray:
        found = right(number, images)
        on_strength()
        return found

    found = [robustness.begun(run) or Answers(right(number, photos), {}) for number, run in enumerate(runs)]
    for kind in CORRUPTIONS:
        waiting = [number for number, answers in enumerate(found) if kind not in answers.corrupted]
        versions = [spoiled(photos, kind, strength) for strength in STRENGTHS] if waiting else []
        for number in waiting:
            answers = np.stack([right_spoiled(number, images) for images in versions])
            found[number] = replace(found[number], corrupted={**found[number].corrupted, kind: answers})
            yield kind, runs[number], found[number]


def spoiled(photos: Images, kind: str, strength: int) -> Images:
    """Each by its own seed, its number: the same for every network."""
    pixels = [corrupt(photo, kind, strength, seed=number) for number, photo in enumerate(photos.pixels)]
    return Images(np.stack(pixels), photos.labels)
