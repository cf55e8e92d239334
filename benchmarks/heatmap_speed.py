"""Seconds from a picture's bytes to two answers with heatmaps, without the screen: medians, warm, one thread.

    python -m benchmarks.heatmap_speed [--rounds 20]

For two pairs that ship: the ResNet-20 twins, by every method, and the two ResNet-50s. Needs an otherwise idle machine.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

import torch

from core.data import gallery, pictures
from core.heatmaps import gradcam
from core.heatmaps.predictor import Predictor
from core.runs.library import find_run
from core.runs.run import Run

TWINS = ("plain20-s0", "resnet20-s0")
LARGE = ("resnet50-scratch", "resnet50-imagenet")


def median_seconds(look: Callable[[], None], rounds: int) -> float:
    look()  # warms up
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        look()
        seconds.append(time.perf_counter() - start)
    return round(statistics.median(seconds), 3)


def both(pair: list[Run], method: str = "GradCAM") -> Callable[[], None]:
    """A look at a picture with both networks, as the page takes it."""
    predictors = [Predictor(run) for run in pair]

    def look() -> None:
        square = pictures.square(pictures.open_picture(gallery.read("cat")).image, "crop")
        for predictor in predictors:
            prediction = predictor.predict(pictures.to_pixels(square), method=method)
            gradcam.overlay(pictures.to_pixels(square, 256), prediction.heatmap)

    return look


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=20)
    args = p.parse_args()
    torch.set_num_threads(1)
    twins, large = ([find_run(name) for name in pair] for pair in (TWINS, LARGE))
    result = {
        "ResNet-20 twins": {name: median_seconds(both(twins, name), args.rounds) for name in gradcam.METHODS},
        "both ResNet-50s": median_seconds(both(large), args.rounds),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
