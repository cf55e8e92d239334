"""How alike the gradients of almost equal pictures are, by depth, over several pairs of photos and several seeds.

    python -m benchmarks.shattered_gradients [--depths 8 20 56] [--pairs 4] [--seeds 3] [--norm none]

A line a network: the mean cosine of two pictures that differ by 0.5, 1, 2, 5 and 10% of another photo, and, of the
means over the ways from photo to photo, the standard deviation. Untrained networks; the first training photos.
"""

import argparse

import numpy as np
import torch

from core.analysis.gradients import MIXED
from core.data.cifar10 import Images, load_training
from core.settings.train_config import TrainConfig
from core.studies.gradients import BATCH
from core.studies.shattering import interpolate

SHARES = (0.005, 0.01, 0.02, 0.05, 0.1)


def likeness(config: TrainConfig, photos: Images, pair: int) -> np.ndarray:
    """Float (SHARES,) between the photos 2 x `pair` and the next."""
    first = Images(np.roll(photos.pixels, -2 * pair, axis=0), np.roll(photos.labels, -2 * pair))
    rows = [round(share / MIXED) for share in SHARES]
    return interpolate(config, first)["alike"].to_numpy()[rows]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--depths", nargs="+", type=int, default=[8, 20, 32, 44, 56])
    p.add_argument("--pairs", type=int, default=4)
    p.add_argument("--seeds", type=int, default=3)
    p.add_argument("--norm", choices=("batch", "none"), default="batch")
    args = p.parse_args()
    torch.set_num_threads(1)
    images = load_training("shipped")
    photos = images[:BATCH]
    print("network    ", *(f"{share:13.1%}" for share in SHARES))
    for skip in (False, True):
        for depth in args.depths:
            configs = [TrainConfig(depth=depth, skip=skip, norm=args.norm, seed=seed) for seed in range(args.seeds)]
            found = [likeness(config, photos, pair) for config in configs for pair in range(args.pairs)]
            figures = zip(np.mean(found, axis=0), np.std(found, axis=0, ddof=1), strict=True)
            print(f"{configs[0].architecture:11}", *(f"{mean:6.3f} ± {sd:.3f}" for mean, sd in figures), flush=True)


if __name__ == "__main__":
    main()
