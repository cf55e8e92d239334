"""The queue of trainings in a folder of runs, and its keeper: a small process that starts the next one when one ends.

The queue is nothing but the status files in the runs' folders; the keeper holds no state of its own. Whatever adds to
the queue, or shows it, starts a keeper if none runs (`wake`). The keeper ends when nothing is left to do; if it is
killed, the trainings go on. Machines that share the folder share the queue, and its one keeper. Knows neither configs
nor networks: `trainer` is a command that trains the run whose folder it is given as its last argument. Imports next to
nothing, so that the keeper stays small.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import psutil

from core.errors import LabError, plain_reason
from core.files import entries, write_json
from core.jobs.processes import detached, reap_in_background
from core.runs import status
from core.runs.file_names import CONFIG_FILE
from core.runs.status import Status
from core.runs.workers import HEARTBEAT, Worker, seconds_since_touched, start_time
from core.settings import environment

KEEPER_FILE, KEEPER_LOG = ".keeper.json", ".keeper.log"


def states(root: Path) -> dict[str, Status]:
    """The status of each run in `root` that is not finished: those in training, those that wait, in order, the others.

    A run whose status can't be read is there too, as failed. Raises RunError where `root` can't be read."""
    statuses = {}
    for folder in entries(root):
        configured = os.path.isfile(folder / CONFIG_FILE)  # false, too, where one may not look: in lost+found
        if (
            folder.name.startswith(".")
            or os.path.islink(folder)
            or not (configured or os.path.isfile(folder / status.FILE))
        ):
            continue
        if status.finished(folder):
            continue
        run_status = status.read(folder)
        if run_status is None and configured and not status.finished(folder):
            run_status = Status("failed", reason="What became of it is not known.")
        if run_status:
            statuses[folder.name] = run_status
    order = ("training", "queued", "stopped", "failed")
    return dict(sorted(statuses.items(), key=lambda item: (order.index(item[1].state), item[1].queued, item[0])))


def names_in(state: str, statuses: dict[str, Status]) -> list[str]:
    return [name for name, run_status in statuses.items() if run_status.state == state]


def join(folder: Path, run_status: Status) -> None:
    """Put a run at the queue's end, with its status so far. To be called under `status.lock`. Raises OSError, and
    RunError as `states` does."""
    places = [other.queued for other in states(folder.parent).values() if other.state == "queued"]
    place = max([time.time(), *(taken + 1e-3 for taken in places)])  # last even if the clock was set back
    status.write(folder, replace(run_status, state="queued", reason="", queued=place))


def running(root: Path) -> Worker | None:
    """The keeper of this folder's queue, if one runs, here or on another machine."""
    try:
        keeper = Worker(**json.loads((root / KEEPER_FILE).read_text(encoding="utf-8")))
        return keeper if keeper.is_alive(root / KEEPER_FILE) else None
    except (OSError, ValueError, TypeError):
        return None


def wake(root: Path, jobs: int, trainer: list[str]) -> None:
    """Start a keeper, unless there is one. To be called under `status.lock`. Raises OSError."""
    if running(root):
        return
    command = [sys.executable, "-m", "core", "background", "keep", str(root.resolve()), str(jobs), *trainer]
    process = detached(command, root / KEEPER_LOG)
    reap_in_background(process)
    with suppress(psutil.Error):
        _register(root, _worker(process))


def keep(root: Path, jobs: int, trainer: list[str]) -> None:
    """Start the runs that wait, in order, at most `jobs` at a time, until none waits and none is in training."""
    children: list[subprocess.Popen] = []
    while True:
        children = [child for child in children if child.poll() is None]  # poll() also frees ended processes (zombies)
        with suppress(LabError, OSError), status.lock(root):  # a lock or a disk that is busy: look again
            other = running(root)
            if other and not other.is_me:
                return
            statuses = states(root)
            waiting, training = names_in("queued", statuses), names_in("training", statuses)
            if not (waiting or training or children):
                (root / KEEPER_FILE).unlink(missing_ok=True)
                return
            if not other or seconds_since_touched(root / KEEPER_FILE) > HEARTBEAT:
                _register(root, Worker())
            for name in waiting[: max(0, jobs - len(training))]:
                children.append(begin(root / name, statuses[name], trainer))
        time.sleep(environment.seconds("RESNET_LAB_KEEPER_TICK"))  # between two looks


def begin(folder: Path, run_status: Status, trainer: list[str]) -> subprocess.Popen:
    """Start the training of a run that waited. If that fails, OSError is raised, no process is left, and the run's
    status says "failed" (where that can be written)."""
    process = None
    try:
        status.write(folder, run_status)  # first: on a full disk, it would else be started again and again
        process = detached([*trainer, str(folder)], folder / status.LOG_FILE)
        status.write(folder, replace(run_status, state="training", **asdict(_worker(process))))
        return process
    except OSError as error:
        if process:
            process.kill()
            process.wait()
        with suppress(OSError):
            status.write(folder, replace(run_status, state="failed", reason=plain_reason(error) or str(error)))
        raise


def _worker(process: subprocess.Popen) -> Worker:
    """A process that was just started; one that has ended by now is still there, as a zombie."""
    return Worker(pid=process.pid, pid_created=start_time(process.pid))


def _register(root: Path, keeper: Worker) -> None:
    write_json(root / KEEPER_FILE, asdict(keeper))
