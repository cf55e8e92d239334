"""How often a heatmap passes for one that marks what matters (`core.heatmaps.sanity_checks`): its own photo's, and two
that know nothing of the photo: another photo's, and a blob in the middle.

    python -m benchmarks.know_nothing_maps RUN ... [--photos 100]

Grad-CAM at the last layer; the test photos from number 1,000 on, so that none is among the baselines.
"""

import argparse
import json

import torch

from core.data import cifar10
from core.data.batches import to_pixels
from core.heatmaps import sanity_checks
from core.heatmaps.predictor import Predictor
from core.heatmaps.sanity_checks import NOISE, OTHERS
from core.models.registry import family
from core.runs.library import find_run

FIRST = 1_000


def passes(name: str, count: int) -> dict[str, int]:
    """Of `count` photos, how many such maps pass; the blob against the maps of other photos alone, too."""
    run, pixels = find_run(name), cifar10.load_test().pixels
    predictor, model, preprocessing = Predictor(run), run.load_model(), family(run.config).preprocessing
    baselines = sanity_checks.baselines([predictor.predict(photo).heatmap for photo in pixels[:OTHERS]])
    answers = [predictor.predict(photo) for photo in pixels[FIRST : FIRST + count]]
    passed = dict.fromkeys(("own map", "map of another photo", "blob, if it were no baseline"), 0)
    for i, answer in enumerate(answers):
        maps = [answer.heatmap, answers[i - 1].heatmap, *baselines]
        inputs = preprocessing(to_pixels(pixels[FIRST + i][None]))
        own, another, *others, blob = sanity_checks.road_scores(model, inputs, maps, answer.explained)
        passed["own map"] += bool(own > max(*others, blob) + NOISE)
        passed["map of another photo"] += bool(another > max(*others, blob) + NOISE)
        passed["blob, if it were no baseline"] += bool(blob > max(others) + NOISE)
    return passed


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("runs", nargs="+")
    p.add_argument("--photos", type=int, default=100)
    args = p.parse_args()
    torch.set_num_threads(1)
    print(json.dumps({name: passes(name, args.photos) for name in args.runs}, indent=2))


if __name__ == "__main__":
    main()
