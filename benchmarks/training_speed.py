"""How much of training is spent outside forward, backward and step; against the common recipe; the input pipeline.

    python -m benchmarks.training_speed [--rounds 5] [--steps 20] [--compile]
    python -m benchmarks.training_speed --network resnet50 --input-size 64 --strides v1

Needs an otherwise idle machine. The three loops take turns, `rounds` times, and medians are compared, so that a
machine whose speed drifts does not favor one of them. Batches are as usual for the network: 128 for ResNet-20, 64 for
ResNet-50. With `--init` ours is fine-tuning: what it costs does not hang on the weights, so "scratch" measures it too.
"""

import argparse
import json
import statistics
import time

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from core.data import cifar10
from core.data.batches import EpochPlan, TrainingSet
from core.models.inference import autocast
from core.models.registry import build, family, parse_architecture
from core.models.weights.initial_weights import initial_weights
from core.settings.constraints import STRIDES
from core.settings.recipes import recipe
from core.settings.train_config import TrainConfig
from core.training.device import best_precision, describe_environment
from core.training.progress import Position
from core.training.trainer import Trainer


class OurLoop:
    """The project's own training, as it runs in `python -m core train`, reports included."""

    def __init__(self, config: TrainConfig, images: cifar10.Images, precision: str, compiled: bool):
        self.trainer = Trainer(config, images, initial_weights(config), precision=precision, compiled=compiled)

    def run(self, steps: int) -> float:
        """At most an epoch's `steps`: its end, with the validation, is not part of what is compared."""
        if steps > self.trainer.steps:
            raise SystemExit(f"An epoch has {self.trainer.steps} steps; --steps can't be more.")
        self.trainer.position = Position()
        reports = self.trainer.train_steps()
        start = time.perf_counter()
        for _ in range(steps):
            next(reports)
        return self.trainer.config.batch_size * steps / (time.perf_counter() - start)


class FixedBatchLoop:
    """Forward, backward and step on one batch in memory, in the project's number format: the least there is to do."""

    def __init__(self, config: TrainConfig, images: cifar10.Images, precision: str, compiled: bool):
        self.precision, self.batch_size = precision, config.batch_size
        self.model = build(config).to(memory_format=torch.channels_last).train()
        self.network = torch.compile(self.model) if compiled else self.model
        training_set = TrainingSet(images, augment=False)
        pixels, self.labels = next(training_set.batches(EpochPlan.draw(len(training_set), 0, 0), self.batch_size))
        self.inputs = family(config).preprocessing(pixels)
        self.optimizer = torch.optim.SGD(self.model.parameters(), config.lr, 0.9, weight_decay=5e-4, nesterov=True)

    def run(self, steps: int) -> float:
        start = time.perf_counter()
        for _ in range(steps):
            with autocast("cpu", self.precision):
                logits = self.network(self.inputs)
            loss = torch.nn.functional.cross_entropy(logits.float(), self.labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        return self.batch_size * steps / (time.perf_counter() - start)


class PilDataset(Dataset):
    def __init__(self, images: cifar10.Images, transform):
        self.images, self.transform = images, transform

    def __len__(self) -> int:
        return len(self.images.labels)

    def __getitem__(self, index: int):
        return self.transform(Image.fromarray(self.images.pixels[index])), int(self.images.labels[index])


class CommonLoop:
    """What most tutorials do: float32, NCHW, per-image PIL transforms, a DataLoader with two workers."""

    def __init__(self, config: TrainConfig, images: cifar10.Images):
        preprocessing, self.batch_size = family(config).preprocessing, config.batch_size
        transform = transforms.Compose(
            [
                transforms.RandomCrop(32, padding=4, padding_mode="reflect"),
                transforms.RandomHorizontalFlip(),
                *([transforms.Resize(config.input_size)] if config.input_size > 32 else []),
                transforms.ToTensor(),
                transforms.Normalize(preprocessing.mean, preprocessing.std),
            ]
        )
        dataset = PilDataset(images, transform)
        self.loader = DataLoader(dataset, self.batch_size, shuffle=True, num_workers=2, drop_last=True)
        self.model = build(config).train()
        self.optimizer = torch.optim.SGD(self.model.parameters(), config.lr, 0.9, weight_decay=5e-4, nesterov=True)

    def run(self, steps: int) -> float:
        batches = iter(self.loader)
        next(batches)  # the workers' start is not counted
        start = time.perf_counter()
        for _ in range(steps):
            inputs, labels = next(batches)
            loss = torch.nn.functional.cross_entropy(self.model(inputs), labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        return self.batch_size * steps / (time.perf_counter() - start)


def pipeline_speed(config: TrainConfig, images: cifar10.Images) -> float:
    """Images a second of cutting, mirroring, shifting and normalizing batches, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    training_set, preprocessing = TrainingSet(images, augment=True), family(config).preprocessing
    plan = EpochPlan.draw(len(training_set), 0, 0)
    start = time.perf_counter()
    for pixels, _ in training_set.batches(plan, config.batch_size):
        preprocessing(pixels)
    seconds = time.perf_counter() - start
    torch.set_num_threads(threads)
    return training_set.steps(config.batch_size) * config.batch_size / seconds


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--compile", action="store_true", help="ours and the fixed batch compiled; and ours not compiled")
    p.add_argument("--network", default="resnet20", help="as core.train calls it; %(default)s")
    p.add_argument("--input-size", type=int, help="pixels a side; as usual for the network")
    p.add_argument("--strides", choices=STRIDES, default=STRIDES[0], help="of torchvision's resnet50; %(default)s")
    p.add_argument("--init", default="scratch", help="scratch, imagenet, or a file of weights; %(default)s")
    return p


def config_of(args: argparse.Namespace) -> TrainConfig:
    named = parse_architecture(args.network)
    usual = recipe(named["family"], "sgd")
    size = args.input_size or usual["input_size"]
    return TrainConfig(**named, **usual | {"input_size": size}, strides=args.strides, init=args.init, data="shipped")


def main() -> None:
    args = parser().parse_args()
    torch.set_num_threads(args.threads)
    config, images = config_of(args), cifar10.load_training("shipped")
    precision = best_precision("cpu")
    loops = {
        "ours": OurLoop(config, images, precision, args.compile),
        "fixed batch": FixedBatchLoop(config, images, precision, args.compile),
        "common recipe": CommonLoop(config, images),
    }
    if args.compile:
        loops["ours, not compiled"] = OurLoop(config, images, precision, False)
    speeds = {name: [] for name in loops}
    pipeline, first_step = [], {}
    for number in range(args.rounds + 1):
        for name, loop in loops.items():
            if not number:  # which sets up, and compiles
                first_step[name] = config.batch_size / loop.run(1)
            speed = loop.run(args.steps)
            if number:  # the first round warms up
                speeds[name].append(speed)
        pipeline.append(pipeline_speed(config, images))
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    pairs = zip(speeds["fixed batch"], speeds["ours"], strict=True)
    result = {
        "network": f"{config.architecture}, {config.input_size} px, batches of {config.batch_size}",
        "images_per_second": {name: round(value) for name, value in medians.items()},
        "seconds_of_the_first_step": {name: round(value, 1) for name, value in first_step.items()},
        "extra_time_over_fixed_batch": round(statistics.median(fixed / ours - 1 for fixed, ours in pairs), 3),
        "times_the_common_recipe": round(medians["ours"] / medians["common recipe"], 2),
        "pipeline_one_thread": round(statistics.median(pipeline[1:])),
        "machine": describe_environment(torch.device("cpu"), precision, compiled=args.compile),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
