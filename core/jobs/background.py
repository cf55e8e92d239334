"""The processes that the app starts for itself: `background keep`, `background race` and so on.

Each loads only what it needs: the keeper of the queue stays small.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from core.jobs.processes import let_others_first, share_cores


def keep(root: str, jobs: str, *trainer: str) -> None:
    """Start the runs that wait in the folder `root`, at most `jobs` at a time, by the command `trainer`."""
    from core.jobs import keeper

    let_others_first()
    share_cores(int(jobs))
    keeper.keep(Path(root), int(jobs), list(trainer))


def race(name: str, root: str) -> None:
    """Train a pair of RACES and write its frames into the folder `root`."""
    from core.jobs.races import race_process

    let_others_first()
    # PyTorch's threads sleep as they wait: quicker where a browser draws on the same cores all the time, though slower
    # alone. Read once, as PyTorch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    race_process.run(race_process.RACES[name], Path(root) / race_process.FRAMES_FILE)


def measure() -> None:
    """Print how long an image takes to train on, for the config on stdin."""
    from core.data.cifar10 import load_training
    from core.settings.train_config import TrainConfig
    from core.training import duration

    config = TrainConfig.from_dict(json.load(sys.stdin))
    print(json.dumps({"seconds_per_image": duration.measure(config, load_training("shipped"))}))


def speed(*folders: str) -> None:
    """Print how many milliseconds an answer of each of these runs takes, by folder and number of threads."""
    from core.runs.library import find_run
    from core.studies import latency

    found, _ = latency.of_runs({folder: find_run(folder) for folder in folders}, latency.THREADS)
    print(json.dumps(found))


PROCESSES: dict[str, Callable[..., None]] = {"keep": keep, "race": race, "measure": measure, "speed": speed}


def main(argv: list[str]) -> int:
    process, *arguments = argv
    PROCESSES[process](*arguments)
    return 0
