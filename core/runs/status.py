"""The status of a training: one small file in the run's folder, which the training replaces about once a second.

Knows files and processes; knows nothing of configs, networks or the queue's order. The process that a status names is
the only one that may train the run: `claim` makes it so, under the one lock of the folder of runs.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from core.errors import TrainingError
from core.files import remove_leftovers, write_json

FILE, LOG_FILE, LOCK_FILE = "status.json", "train.log", ".lock"
RESULT_FILE = "test_logits.npz"  # is written last: a run that has it is finished
WORDLESS = "Its process ended without a word (killed, or switched off)."
STATES = ("queued", "training", "stopped", "failed")
PATIENCE = 20.0  # seconds for the lock, which is held for moments only
CLOCK_SLACK = 2.0  # seconds: psutil's create_time() drifts when the clock is adjusted (NTP)


@dataclass(frozen=True)
class Status:
    """`state`: one of STATES; `reason` says why it failed. A finished run has no status."""

    state: str
    reason: str = ""
    diverged: bool = False  # failed, as its numbers were no longer finite: resuming would fail again
    queued: float = 0.0  # when it joined the queue, seconds since 1970; the queue's order. 0: never
    epoch: int = 0  # 1-based, of `epochs`; 0: not begun
    epochs: int = 0
    share: float = 0.0  # of the whole training, 0 to 1
    accuracy: float | None = None  # mean over the present epoch so far, 0 to 1
    images_per_second: float = 0.0
    seconds_left: float | None = None
    pid: int = field(default_factory=os.getpid)
    pid_created: float = field(default_factory=lambda: psutil.Process().create_time())

    @property
    def alive(self) -> bool:
        """Whether the process that the status names still runs."""
        return running_process(self.pid, self.pid_created) is not None


def finished(folder: Path) -> bool:
    return (folder / RESULT_FILE).is_file()


def running_process(pid: int, created: float) -> psutil.Process | None:
    """The process with this pid, if it still runs; a later one that got the same pid does not count."""
    try:
        process = psutil.Process(pid)
        if abs(process.create_time() - created) < CLOCK_SLACK and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except psutil.Error:
        pass
    return None


@contextmanager
def lock(root: Path) -> Iterator[None]:
    """Only one thread of one process at a time may change which runs `root` holds, and which of them are trained."""
    root.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(root / LOCK_FILE, timeout=PATIENCE):
            yield
    except Timeout:
        raise TrainingError("Somebody else is changing the queue right now; try again in a few seconds.") from None


def claim(folder: Path) -> None:
    """From now on this process trains the run in `folder`. Raises TrainingError if another process does.

    Half-written files of a process that was killed are removed."""
    with lock(folder.parent):
        status = read(folder)
        if status and status.state == "training" and status.pid != os.getpid():
            raise TrainingError(f"{folder.name} is being trained already, by process {status.pid}.")
        remove_leftovers(folder)
        me = Status("training")
        write(
            folder,
            replace(status, state="training", reason="", diverged=False, pid=me.pid, pid_created=me.pid_created)
            if status
            else me,
        )


def note_end(folder: Path, state: str, reason: str = "", diverged: bool = False) -> None:
    """Write down, if it can be, how the training by this very process ended; others' statuses stay as they are."""
    status = read(folder)
    if status and status.state == "training" and status.pid == os.getpid():
        with suppress(OSError):
            write(folder, replace(status, state=state, reason=reason, diverged=diverged))


def write(folder: Path, status: Status) -> None:
    write_json(folder / FILE, asdict(status))


def read(folder: Path) -> Status | None:
    """The last status in a run's folder, None where there is none. A training whose process is gone has failed."""
    try:
        values = json.loads((folder / FILE).read_text(encoding="utf-8"))
        status = Status(**values)
    except (OSError, ValueError, TypeError):
        return None
    numbers = ("queued", "epoch", "epochs", "share", "images_per_second", "pid_created")
    if not {"pid", "pid_created"} <= values.keys() or type(status.pid) is not int or status.pid <= 0:
        return None
    if type(status.diverged) is not bool:
        return None
    if status.state not in STATES or not all(isinstance(getattr(status, name), (int, float)) for name in numbers):
        return None
    if status.state == "training" and not status.alive:
        return replace(status, state="failed", reason=WORDLESS)
    return status
