"""The queue of trainings in a folder of runs, and its keeper: a small process that starts the next one when one ends.

All that is known of the queue lies in the runs' own status files. The keeper only saves somebody the trouble of
looking: whoever adds to the queue, or looks at it, starts a keeper where there is none (`wake`); it goes when nothing
is left to do; and if it is killed, the trainings go on. Knows neither configs nor networks: TRAINER is a command that
trains the run whose folder it is given as its last argument. Imports next to nothing, so that the keeper stays small.
"""

import json
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil

from core.errors import TrainingError, plain_reason
from core.files import write_json
from core.jobs.processes import detached
from core.runs import status
from core.runs.status import Status

KEEPER_FILE, KEEPER_LOG = ".keeper.json", ".keeper.log"
TICK = 0.5  # seconds between two looks of the keeper


def states(root: Path) -> dict[str, Status]:
    """The status of each run in `root` that is not finished: those in training, those that wait, in order, the others.

    A run that was left with no readable status is there too, as failed."""
    found = {}
    for folder in root.iterdir() if root.is_dir() else []:
        if folder.name.startswith(".") or folder.is_symlink() or status.finished(folder):
            continue
        said = status.read(folder)
        if said is None and (folder / "config.json").is_file() and not status.finished(folder):
            said = Status("failed", reason="What became of it is not known.")
        if said:
            found[folder.name] = said
    order = ("training", "queued", "stopped", "failed")
    return dict(sorted(found.items(), key=lambda item: (order.index(item[1].state), item[1].queued, item[0])))


def names_in(state: str, found: dict[str, Status]) -> list[str]:
    return [name for name, said in found.items() if said.state == state]


def join(folder: Path, said: Status) -> None:
    """Put a run at the queue's end, with what is known of it so far. To be called under `status.lock`."""
    places = [other.queued for other in states(folder.parent).values() if other.state == "queued"]
    place = max([time.time(), *(taken + 1e-3 for taken in places)])  # also where the clock was put back
    status.write(folder, replace(said, state="queued", reason="", queued=place))


def running(root: Path) -> psutil.Process | None:
    """The process that minds the queue now, if there is one."""
    try:
        said = json.loads((root / KEEPER_FILE).read_text(encoding="utf-8"))
        return status.running_process(int(said["pid"]), float(said["pid_created"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def wake(root: Path, jobs: int, trainer: list[str]) -> None:
    """Start a keeper, unless there is one. To be called under `status.lock`."""
    if running(root):
        return
    command = [sys.executable, "-m", "core", "background", "keep", str(root.resolve()), str(jobs), *trainer]
    process = detached(command, root / KEEPER_LOG)
    threading.Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie
    with suppress(psutil.Error):
        _register(root, psutil.Process(process.pid))


def keep(root: Path, jobs: int, trainer: list[str]) -> None:
    """Start the runs that wait, in order, at most `jobs` at a time, until none waits and none is in training."""
    me = psutil.Process()
    children: list[subprocess.Popen] = []
    while True:
        children = [child for child in children if child.poll() is None]  # which leaves no zombies either
        with suppress(TrainingError, OSError), status.lock(root):  # a lock or a disk that is busy: look again
            other = running(root)
            if other and other != me:
                return
            found = states(root)
            waiting, training = names_in("queued", found), names_in("training", found)
            if not (waiting or training or children):
                (root / KEEPER_FILE).unlink(missing_ok=True)
                return
            if not other:
                _register(root, me)
            for name in waiting[: max(0, jobs - len(training))]:
                children.append(_begin(root / name, found[name], trainer))
        time.sleep(TICK)


def _begin(folder: Path, said: Status, trainer: list[str]) -> subprocess.Popen:
    """Start the training of a run that waited. Where that can't be done nothing runs, the run has failed (if even that
    can be written), and OSError is raised."""
    process = None
    try:
        status.write(folder, said)  # before anything is started: on a full disk, it would be started again and again
        process = detached([*trainer, str(folder)], folder / status.LOG_FILE)
        created = psutil.Process(process.pid).create_time()  # it is our child, so there, be it as a zombie
        status.write(folder, replace(said, state="training", pid=process.pid, pid_created=created))
        return process
    except OSError as error:
        if process:
            process.kill()
            process.wait()
        with suppress(OSError):
            status.write(folder, replace(said, state="failed", reason=plain_reason(error) or str(error)))
        raise


def _register(root: Path, process: psutil.Process) -> None:
    write_json(root / KEEPER_FILE, {"pid": process.pid, "pid_created": process.create_time()})
