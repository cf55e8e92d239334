"""What a training says of itself while it runs: one small file in the run's folder, replaced about once a second."""

import json
import os
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import psutil

from core.files import write_json

FILE = "status.json"


@dataclass(frozen=True)
class Status:
    """`state`: "training", "finished", "stopped" or "failed" (then `reason` says why)."""

    state: str
    reason: str = ""
    epoch: int = 0  # 1-based, of `epochs`; 0: not begun
    epochs: int = 0
    share: float = 0.0  # of the whole training, 0 to 1
    loss: float | None = None  # mean over the present epoch so far
    accuracy: float | None = None
    images_per_second: float = 0.0
    seconds_left: float | None = None
    pid: int = field(default_factory=os.getpid)
    pid_created: float = field(default_factory=lambda: psutil.Process().create_time())
    heartbeat: float = field(default_factory=time.time)

    @property
    def alive(self) -> bool:
        """Whether the process that wrote this still runs."""
        return running_process(self.pid, self.pid_created) is not None


def running_process(pid: int, created: float) -> psutil.Process | None:
    """The process with this number, if it still runs; a later one with the same number does not count."""
    try:
        process = psutil.Process(pid)
        if process.create_time() == created and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except psutil.Error:
        pass
    return None


def write(folder: Path, status: Status) -> None:
    write_json(folder / FILE, asdict(status))


def read(folder: Path) -> Status | None:
    """The last status in a run's folder, None where there is none. A training whose process is gone has failed."""
    try:
        values = json.loads((folder / FILE).read_text(encoding="utf-8"))
        status = Status(**values)
    except (OSError, ValueError, TypeError):
        return None
    numbers = ("epoch", "epochs", "share", "images_per_second", "pid_created", "heartbeat")
    if not {"pid", "pid_created"} <= values.keys() or type(status.pid) is not int or status.pid <= 0:
        return None
    if not all(isinstance(getattr(status, name), (int, float)) for name in numbers):
        return None
    if status.state == "training" and not status.alive:
        return replace(status, state="failed", reason="Its process ended without a word (killed, or switched off).")
    return status
