"""Many trainings through the queue, with stops, kills and resumes at random: is one lost, stuck, damaged or orphaned?

    python -m benchmarks.job_queue [--jobs 200] [--seed 0] [--at-once 4] [--visitors 4]

Several visitors, each a thread, queue their runs in a folder of runs of this script's own, and then disturb what they
find in it, whoever's it is: they stop runs, kill trainings (SIGKILL) and the queue's keeper, and resume, while other
visitors do the same. In the end they only resume, until nothing is left. The queue, the processes and the files are
the real ones; the trainings are those of `benchmarks.stand_in_trainer`, which take a second instead of minutes.
Prints one line of JSON; the exit status is 0 if all is well.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil

from benchmarks import stand_in_trainer
from core import paths
from core.errors import LabError, RunError
from core.jobs import keeper, trainings
from core.runs import library, status
from core.runs.file_names import STATE_FILE
from core.runs.run import open_run
from core.settings.train_config import TrainConfig

TRAINER = [sys.executable, "-m", "benchmarks.stand_in_trainer"]
PAUSE = 0.3  # seconds between two actions of a visitor


def disturb(configs: list[TrainConfig], visitors: int, at_once: int, seed: int, patience: float) -> dict:
    """Do it all in the folder of the user's own runs (RESNET_LAB_RUNS), which must be empty. What came of it, counted
    or named.

    `patience`: seconds after which what is not finished counts as stuck."""
    os.environ["RESNET_LAB_JOBS"], trainings.TRAINER = str(at_once), TRAINER
    actions: Counter = Counter(refused_as_taken=0, stop=0, kill=0, resume=0, kill_keeper=0)
    begin = time.monotonic()
    threads = [
        threading.Thread(target=_visit, args=(configs, number, visitors, random.Random(f"{seed} {number}"), actions))
        for number in range(visitors)
    ]
    root = paths.own_runs_dir()
    most = _most_at_once(threads, root)
    left = _resumed_until_none_is_left(begin + patience)
    orphans = _still_there(root)
    with status.lock(root):
        trainings.clear_finished(root)
    return {
        "jobs": len(configs),
        "stuck": len(left),
        "lost_or_wrong": sum(not is_right(root / config.default_run_name, config) for config in configs),
        "unreadable": len(library.list_runs()[1]),
        "leftovers": [str(path.relative_to(root)) for path in leftovers(root)],
        "orphans": [" ".join(process.info["cmdline"]) for process in orphans],
        "most_at_once": most,
        "allowed_at_once": at_once,
        "seconds": round(time.monotonic() - begin),
        **dict(sorted(actions.items())),
    }


def _most_at_once(threads: list[threading.Thread], root: Path) -> int:
    """Of trainings, while these visitors disturb them."""
    most = 0
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        trainings.states()  # as a page does that somebody looks at
        with status.lock(root):  # so that none starts while they are counted
            most = max(most, len(keeper.names_in("training", keeper.states(root))))
        time.sleep(0.1)
    return most


def _resumed_until_none_is_left(deadline: float) -> dict[str, status.Status]:
    """What is left all the same, at the `deadline`."""
    while (left := trainings.states()) and time.monotonic() < deadline:
        for name, said in left.items():
            if said.state in ("stopped", "failed"):
                with suppress(LabError):
                    trainings.resume(name)
        time.sleep(PAUSE)
    return left


def _still_there(root: Path) -> list[psutil.Process]:
    """The processes that don't end by themselves."""
    deadline = time.monotonic() + 10
    while (orphans := processes_of(root)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return orphans


def is_well(result: dict) -> bool:
    bad = ("stuck", "lost_or_wrong", "unreadable", "leftovers", "orphans")
    return not any(result[key] for key in bad) and result["most_at_once"] <= result["allowed_at_once"]


def _visit(configs: list[TrainConfig], number: int, visitors: int, chance: random.Random, actions: Counter) -> None:
    """Every second config is also wanted by the next visitor, so that two press at once."""
    for place, config in enumerate(configs):
        if place % visitors == number or (place % 2 and (place + 1) % visitors == number):
            try:
                trainings.start([config])
            except LabError:
                actions["refused_as_taken"] += 1
            if chance.random() < 0.3:
                time.sleep(PAUSE)
    for _ in range(2 * len(configs) // visitors):
        action = chance.choice((_stop, _stop, _kill, _kill, _resume, _resume, _resume, _kill_keeper))
        found = trainings.states()
        if not found:
            return
        with suppress(LabError):  # another visitor was quicker
            actions[action.__name__.strip("_")] += action(chance, found)
        time.sleep(chance.random() * 2 * PAUSE)


def _stop(chance: random.Random, found: dict[str, status.Status]) -> bool:
    names = [name for name, said in found.items() if said.state in ("queued", "training")]
    if names:
        trainings.stop(chance.choice(names[:8]))
    return bool(names)


def _kill(chance: random.Random, found: dict[str, status.Status]) -> bool:
    running = [said for said in found.values() if said.state == "training"]
    process = running and chance.choice(running).process
    return bool(process) and _kill_process(process)


def _kill_keeper(chance: random.Random, found: dict[str, status.Status]) -> bool:
    keepers = [process for process in processes_of(paths.own_runs_dir()) if "keep" in process.info["cmdline"]]
    return bool(keepers) and _kill_process(chance.choice(keepers))


def _resume(chance: random.Random, found: dict[str, status.Status]) -> bool:
    names = [name for name, said in found.items() if said.state in ("stopped", "failed")]
    if names:
        trainings.resume(chance.choice(names))
    return bool(names)


def _kill_process(process: psutil.Process) -> bool:
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return False
    return True


def processes_of(root: Path) -> list[psutil.Process]:
    """The keepers and the trainings of this folder of runs that are there, zombies not counted."""
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if any(str(root) in word for word in process.info["cmdline"] or [])]


def is_right(folder: Path, config: TrainConfig) -> bool:
    """Whether the run is finished, with the very result of an undisturbed one."""
    try:
        run = open_run(folder)
        epochs, answers = run.history()["epoch"].tolist(), run.test_logits()
    except RunError:
        return False
    expected = stand_in_trainer.logits(config.seed, config.epochs)
    return epochs == [*range(1, config.epochs + 1)] and np.array_equal(answers, expected)


def leftovers(root: Path) -> list[Path]:
    """Files over which a process was killed: half-written ones, and of finished runs what only a training needs."""
    needed_no_more = (STATE_FILE, status.LOG_FILE, status.FILE)
    return [path for path in root.glob("*/*") if path.name.startswith(".") or path.name in needed_no_more]


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--jobs", type=int, default=200)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--at-once", type=int, default=4)
    p.add_argument("--visitors", type=int, default=4)
    args = p.parse_args()
    configs = [TrainConfig(data="shipped", epochs=1 + seed % 3, seed=seed) for seed in range(args.jobs)]
    with tempfile.TemporaryDirectory(prefix="job-queue-") as folder:
        os.environ["RESNET_LAB_RUNS"] = folder
        result = disturb(configs, args.visitors, args.at_once, args.seed, patience=60 + 15 * args.jobs)
    print(json.dumps(result))
    return 0 if is_well(result) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(str(error))
