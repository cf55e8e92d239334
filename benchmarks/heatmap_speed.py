"""Seconds from a picture's bytes to two answers with heatmaps, without the screen: medians, warm, one thread.

    python -m benchmarks.heatmap_speed [--rounds 20] [--size 128]

For the two runs that ship, and for two ResNet-50s of torchvision (untrained: the time is the same) at `--size` pixels.
Needs an otherwise idle machine.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

import torch
from torchvision.models import resnet50

from core import explain, gallery, images
from core.classifier import Classifier
from core.evaluation import infer
from core.models import Preprocessing
from core.runs import find_run

PAIR = ("plain20-shipped-s0", "resnet20-shipped-s0")
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


def median_seconds(look: Callable[[], None], rounds: int) -> float:
    look()  # warms up
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        look()
        seconds.append(time.perf_counter() - start)
    return round(statistics.median(seconds), 3)


def twins(method: str) -> Callable[[], None]:
    classifiers = [Classifier(find_run(name)) for name in PAIR]

    def look() -> None:
        square = images.square(images.open_picture(gallery.read("cat")).image, "crop")
        for classifier in classifiers:
            answer = classifier.answer(images.to_pixels(square, classifier.input_size), method=method)
            explain.overlay(images.to_pixels(square, 288), answer.heatmap)

    return look


def resnet50s(method: str, size: int) -> Callable[[], None]:
    models = [resnet50().eval().requires_grad_(False) for _ in range(2)]
    preprocessing = Preprocessing(size=size, **IMAGENET)

    def look() -> None:
        square = images.square(images.open_picture(gallery.read("cat")).image, "crop")
        pixels = torch.from_numpy(images.to_pixels(square, size)).permute(2, 0, 1)[None]
        for model in models:
            target = int(infer(model, pixels, preprocessing).argmax())
            heatmap = explain.heatmap(model, model.layer4[-1], preprocessing(pixels), target, method)
            explain.overlay(images.to_pixels(square, 288), heatmap)

    return look


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=20)
    p.add_argument("--size", type=int, default=128, help="of the ResNet-50s' input, in pixels; %(default)s")
    args = p.parse_args()
    torch.set_num_threads(1)
    result = {
        "ResNet-20 twins": {name: median_seconds(twins(name), args.rounds) for name in explain.METHODS},
        f"two ResNet-50s at {args.size} px": median_seconds(resnet50s("GradCAM", args.size), args.rounds),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
