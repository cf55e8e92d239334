"""Seconds from a picture's bytes to two answers with heatmaps, without the screen: medians, warm, one thread.

    python -m benchmarks.heatmap_speed [--rounds 20] [--size 64]

For the two runs that ship, and for two ResNet-50s of torchvision (untrained: the time is the same) at `--size` pixels.
Needs an otherwise idle machine.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from core import explain, gallery, images, runs
from core.classifier import Classifier
from core.config import TrainConfig, recipe
from core.models import build, count_multiply_adds, count_parameters
from core.runs import Run, find_run

PAIR = ("plain20-s0", "resnet20-s0")


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
    classifiers = [Classifier(run) for run in pair]

    def look() -> None:
        square = images.square(images.open_picture(gallery.read("cat")).image, "crop")
        for classifier in classifiers:
            answer = classifier.answer(images.to_pixels(square), method=method)
            explain.overlay(images.to_pixels(square, 256), answer.heatmap)

    return look


def untrained(folder: Path, config: TrainConfig) -> Run:
    """A run's folder with the initial weights."""
    folder.mkdir()
    model = build(config)
    figures = {
        "parameters": count_parameters(model),
        "multiply_adds": count_multiply_adds(model, config.input_size),
    }
    sha256 = runs.save_weights(folder, model.state_dict())
    runs.save_facts(folder, config, {"architecture": figures, "sha256": sha256})
    return runs.open_run(folder)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=20)
    p.add_argument("--size", type=int, default=64, help="of the ResNet-50s' input, in pixels; %(default)s")
    args = p.parse_args()
    torch.set_num_threads(1)
    twins = [find_run(name) for name in PAIR]
    result = {"ResNet-20 twins": {name: median_seconds(both(twins, name), args.rounds) for name in explain.METHODS}}
    with tempfile.TemporaryDirectory() as folder:
        usual = recipe("torchvision", "sgd") | {"family": "torchvision", "network": "resnet50", "input_size": args.size}
        large = [untrained(Path(folder) / str(seed), TrainConfig(**usual, seed=seed)) for seed in range(2)]
        result[f"two ResNet-50s at {args.size} px"] = median_seconds(both(large), args.rounds)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
