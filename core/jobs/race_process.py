"""A race to watch, in a process of its own: start it, follow it, stop it. There is one at a time, for all who look.

    python -m core.jobs.race_process PAIR FOLDER

What is known of it lies in two files in the folder of the user's runs: RACE_FILE says which pair it is and which
process runs it, FRAMES_FILE has a line for each frame. So it outlives a page, a browser and the server.
"""

import json
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from core import paths
from core.errors import LabError, TrainingError, plain_reason
from core.files import write_json, writing
from core.jobs import processes
from core.jobs.pairs import RACES, FairPair
from core.jobs.trainings import require_training_allowed, training_allowed
from core.runs import status

RACE_FILE, FRAMES_FILE, LOG_FILE = ".race.json", ".race.jsonl", ".race.log"
PHOTOS = (1, 6, 13, 4)  # test images, clear ones of four classes, that both networks are asked about again and again
SECONDS = 110.0  # of training; with all that is shown meanwhile a race takes two to three minutes
PATIENCE = 5.0  # seconds that a race gets to end when asked


@dataclass(frozen=True)
class StartedRace:
    """The race that was started last, whatever became of it."""

    name: str  # of RACES
    pid: int
    pid_created: float

    @property
    def pair(self) -> FairPair:
        return RACES[self.name]

    @property
    def alive(self) -> bool:
        return status.running_process(self.pid, self.pid_created) is not None


def start(name: str) -> StartedRace:
    """Begin a race of RACES. Raises LabError if one is on, training is switched off, or nothing can be written."""
    require_training_allowed()
    root = paths.own_runs_dir()
    with writing(root), status.lock(root):
        before = current()
        if before and before.alive:
            raise TrainingError("A race is on already; watch it, or stop it.")
        (root / FRAMES_FILE).unlink(missing_ok=True)
        process = processes.detached(
            [sys.executable, "-m", "core", "background", "race", name, str(root)], root / LOG_FILE
        )
        threading.Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie
        race = StartedRace(name, process.pid, psutil.Process(process.pid).create_time())
        write_json(root / RACE_FILE, asdict(race))
    return race


def current() -> StartedRace | None:
    """The race that was started last; None if there was none."""
    try:
        race = StartedRace(**json.loads((paths.own_runs_dir() / RACE_FILE).read_text(encoding="utf-8")))
        return race if race.name in RACES and type(race.pid) is int else None
    except (OSError, ValueError, TypeError):
        return None


def stop() -> None:
    """End the race that is on; what it has shown so far stays to be seen. Does nothing where training is off."""
    if not training_allowed():
        return
    race = current()
    process = race and status.running_process(race.pid, race.pid_created)
    if process:
        with suppress(psutil.Error):
            process.terminate()
            _, left = psutil.wait_procs([process], PATIENCE)
            for stubborn in left:
                stubborn.kill()


def frames() -> tuple[list[dict], str]:
    """All frames of the race so far, each a `core.jobs.race.Frame` as a dict, and why it failed ("" if it has not)."""
    try:
        lines = (paths.own_runs_dir() / FRAMES_FILE).read_text(encoding="utf-8").split("\n")
        shown = [json.loads(line) for line in lines[:-1]]  # the last one may still be being written
    except (OSError, ValueError):
        return [], ""
    failures = [frame["failure"] for frame in shown if "failure" in frame]
    return [frame for frame in shown if "step" in frame], next(iter(failures), "")


def run(pair: FairPair, file: Path) -> None:
    import torch

    from core.data import cifar10
    from core.data.batches import to_tensors
    from core.jobs.race import Race, paced

    torch.set_num_threads(processes.usable_cores())
    with file.open("w", encoding="utf-8", buffering=1) as out:
        try:
            photos = to_tensors(cifar10.load_test())[0][list(PHOTOS)]
            images = cifar10.load_training("shipped")
            for frame in Race(paced(pair, images, SECONDS), images, photos).frames():
                out.write(json.dumps(asdict(frame)) + "\n")
        except (LabError, OSError, MemoryError, RuntimeError) as error:
            out.write(json.dumps({"failure": plain_reason(error) or str(error)}) + "\n")
