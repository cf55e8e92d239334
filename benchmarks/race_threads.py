"""A step of both networks of a race: side by side, a thread each, as they are raced; and in turn, two threads for each.

    python -m benchmarks.race_threads [--race 20] [--rounds 4] [--steps 1]

Both ways take turns too, so that what else the machine does disturbs them alike; the ratio is the median over the
rounds. Needs two cores, busy or not: how busy is part of what it prints.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as a race is held; read as PyTorch is loaded

import torch

from core.data import cifar10
from core.jobs.races.pairs import RACES
from core.training.device import best_precision, describe_environment
from core.training.trainer import Trainer


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--race", choices=list(RACES), default="20")
    p.add_argument("--rounds", type=int, default=4)
    p.add_argument("--steps", type=int, default=1)
    args = p.parse_args()
    images = cifar10.load_training("shipped")
    both = [Trainer(config, images).train_steps() for config in RACES[args.race].configs.values()]
    ways = {
        "in turn": (2, lambda pool: [next(steps) for steps in both]),
        "side by side": (1, lambda pool: list(pool.map(next, both))),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(args.rounds + 1):
        for way, (threads, step) in ways.items():
            spent = timed(threads, step, args.steps)
            if number:  # the first round warms up
                seconds[way].append(spent)
    ratios = [beside / turn for turn, beside in zip(*seconds.values(), strict=True)]
    result = {
        "seconds_for_a_step_of_both": {way: round(statistics.median(values), 2) for way, values in seconds.items()},
        "side_by_side_over_in_turn": [
            round(ratio, 2) for ratio in (statistics.median(ratios), min(ratios), max(ratios))
        ],
        "rounds": args.rounds,
        "load": round(os.getloadavg()[0], 1),
        "machine": describe_environment(torch.device("cpu"), best_precision("cpu"), compiled=False),
    }
    print(json.dumps(result, indent=2))


def timed(threads: int, step: Callable, steps: int) -> float:
    """Seconds a step, by a pool that is new: a thread keeps to the count of threads with which it began."""
    torch.set_num_threads(threads)
    with ThreadPoolExecutor(2) as pool:
        start = time.perf_counter()
        for _ in range(steps):
            step(pool)
        return (time.perf_counter() - start) / steps


if __name__ == "__main__":
    main()
