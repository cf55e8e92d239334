"""Minutes of training ResNet-20 to an accuracy on test, by the named recipes; and by the common one, calculated.

    CIFAR10_DIR=... python -m benchmarks.time_to_accuracy [--recipes quick published] [--seed 0] [--no-compile]

Needs an otherwise idle machine, and takes as long as it says. The weights are those that were best on validation; the
test photos are looked at once, at the end. The time is that of the whole training, validation after each epoch
included. The common recipe's is not trained but calculated: its measured images/s, for 200 epochs of 45,000 images, as
https://github.com/akamaster/pytorch_resnet_cifar10 trains to 91.7%.
"""

import argparse
import json
import statistics
import time

import torch

from benchmarks.training_speed import CommonLoop
from core.analysis.metrics import accuracy
from core.data import cifar10
from core.data.batches import to_tensors
from core.settings.recipes import NAMED_RECIPES
from core.settings.train_config import TrainConfig
from core.training.device import describe_environment
from core.training.trainer import Trainer

COMMON_EPOCHS, COMMON_IMAGES, COMMON_STEPS, COMMON_ROUNDS = 200, 45_000, 20, 4


def train(config: TrainConfig, images: cifar10.Images, compiled: bool | None) -> dict:
    start = time.perf_counter()
    trainer = Trainer(config, images, compiled=compiled)
    trainer.fit(on_epoch=lambda row: print(f"epoch {row['epoch']}: validation {row['val_accuracy']:.2%}", flush=True))
    minutes = (time.perf_counter() - start) / 60
    pixels, labels = to_tensors(cifar10.load_test())
    logits = trainer.score(pixels, trainer.best_weights, lambda: False)
    share = accuracy(logits.numpy(), labels.numpy())
    return {
        "minutes": round(minutes, 1),
        "images_per_second": round(trainer.history[-1]["images_seen"] / sum(row["seconds"] for row in trainer.history)),
        "validation": round(trainer.position.best_accuracy, 4),
        "test": [round(value, 4) for value in (share.value, share.low, share.high)],
        "machine": describe_environment(trainer.device, trainer.precision, trainer.compiled),
    }


def common_minutes(images: cifar10.Images) -> float:
    loop = CommonLoop(TrainConfig(), images)
    speeds = [loop.run(COMMON_STEPS) for _ in range(COMMON_ROUNDS + 1)]
    return COMMON_EPOCHS * COMMON_IMAGES / statistics.median(speeds[1:]) / 60  # the first round warms up


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--recipes", nargs="+", choices=NAMED_RECIPES, default=list(NAMED_RECIPES))
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--compile", action=argparse.BooleanOptionalAction, help="default: where it pays, as in training")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    images = cifar10.load_training("full")
    result = {
        name: train(TrainConfig(**NAMED_RECIPES[name], seed=args.seed), images, args.compile) for name in args.recipes
    }
    result["common recipe, calculated"] = {"minutes": round(common_minutes(images))}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
