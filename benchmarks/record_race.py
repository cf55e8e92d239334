"""Hold a race and keep its recording, to be shown where there is no time for a live one: data/races/NAME.json.gz.

    python -m benchmarks.record_race 20
    python -m benchmarks.record_race 56 --seconds 600
    python -m benchmarks.record_race pretrained --init weights/resnet50_v1_imagenet.safetensors

The live race of the pretrained pair downloads weights of ResNet-18; with --init, a file of He et al.'s weights (see
docs/command-line.md), it is held with ResNet-50 instead, and needs no download.
"""

import argparse
import shlex
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from core.data import cifar10
from core.data.batches import to_tensors
from core.jobs.races import race_process, recorded_races
from core.jobs.races.pairs import RACES, FairPair
from core.jobs.races.race import Race, halve_threads, paced
from core.settings.train_config import TrainConfig
from core.training.device import describe_environment

RESNET50 = {"network": "resnet50", "strides": "v1", "input_size": 64}


def pair_of(name: str, init: str | None) -> FairPair:
    pair = RACES[name]
    if not init:
        return pair
    scratch = TrainConfig(**pair.a.to_dict() | RESNET50)
    return replace(
        pair,
        names=("ResNet-50 from scratch", "Pretrained ResNet-50"),
        a=scratch,
        b=replace(scratch, init=init),
    )


def record(name: str, pair: FairPair, seconds: float) -> recorded_races.RecordedRace:
    halve_threads()
    photos = to_tensors(cifar10.load_test())[0][list(race_process.PHOTOS)]
    images = cifar10.load_training("shipped")
    pair = paced(pair, images, seconds)
    race, frames = Race(pair, images, photos), []
    for frame in race.frames():
        frames.append(frame)
        print(f"\rstep {frame.step} of {frame.steps}, {frame.seconds:.0f} s", end="", file=sys.stderr)
    trainer = race.runners["B"].trainer
    facts = recorded_races.Facts(
        recorded=datetime.now(UTC).date().isoformat(),
        command=f"python -m benchmarks.record_race {shlex.join(sys.argv[1:])}",
        epochs=pair.a.epochs,
        environment=describe_environment(trainer.device, trainer.precision, trainer.compiled),
    )
    return recorded_races.RecordedRace(name, pair.names, facts, frames)


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("name", choices=list(RACES))
    p.add_argument("--seconds", type=float, default=race_process.SECONDS, help="of training, about: %(default)s")
    p.add_argument("--init", help="pretrained: a file with weights of ResNet-50")
    p.add_argument("--out", type=Path, help="the file to write; default: data/races/NAME.json.gz")
    return p


def main() -> None:
    args = parser().parse_args()
    if args.init and args.name != "pretrained":
        raise SystemExit("--init is for the race called pretrained.")
    out = args.out or recorded_races.path(args.name)
    out.parent.mkdir(parents=True, exist_ok=True)
    recorded_races.save(out, record(args.name, pair_of(args.name, args.init), args.seconds))


if __name__ == "__main__":
    main()
