"""How often the note "this may be none of the ten things" is right: false alarms, and strange pictures that it catches.

    python -m benchmarks.unfamiliar_pictures [RUN ...]

False alarms are counted on every second test photo, with the others as the yardstick. The strange pictures: handwritten
digits (scikit-learn's), random crops of the gallery's three pictures of other things, and random noise.
"""

import argparse
import json

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from core.analysis import out_of_distribution
from core.data import gallery, pictures
from core.heatmaps.predictor import Predictor
from core.runs.library import find_run

COUNT, SIZE = 300, 32


def digits() -> np.ndarray:
    written = (load_digits().images[:COUNT] * 255 / 16).astype(np.uint8)
    enlarged = (Image.fromarray(one).resize((SIZE, SIZE), Image.Resampling.BILINEAR) for one in written)
    return np.stack([np.asarray(one.convert("RGB")) for one in enlarged])


def crops(random: np.random.Generator) -> np.ndarray:
    others = [name for name, (_, truth) in gallery.PICTURES.items() if truth is None]
    wholes = [pictures.open_picture(gallery.read(name)).image for name in others]
    found = []
    for number in range(COUNT):
        whole = wholes[number % len(wholes)]
        side = int(random.integers(min(whole.size) // 3, min(whole.size) + 1))
        left, top = (int(random.integers(0, length - side + 1)) for length in whole.size)
        found.append(pictures.to_pixels(whole.crop((left, top, left + side, top + side)), SIZE))
    return np.stack(found)


def measure(name: str) -> dict:
    run, random = find_run(name), np.random.default_rng(0)
    predictor, logits = Predictor(run), run.test_logits()
    strange = {
        "digits": digits(),
        "crops of other things": crops(random),
        "noise": random.integers(0, 256, (COUNT, SIZE, SIZE, 3), dtype=np.uint8),
    }

    def share(judged: np.ndarray, yardstick: np.ndarray) -> float:
        return round(float(np.mean([out_of_distribution.familiarity(one, yardstick).strange for one in judged])), 3)

    caught = {kind: share(predictor.logits(shown), logits) for kind, shown in strange.items()}
    return {"run": name, "false alarms": share(logits[1::2], logits[::2]), "caught": caught}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("runs", nargs="*", default=["plain20-s0", "resnet20-s0"], metavar="RUN")
    print(json.dumps([measure(name) for name in p.parse_args().runs], indent=2))


if __name__ == "__main__":
    main()
