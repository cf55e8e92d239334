"""Who works on something: a process of a machine, and whether it is still there.

Machines and containers may share a folder of runs. A process's number means something on its own machine alone; of a
process elsewhere one knows no more than when it last touched the file that shows that it lives.
"""

import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psutil

HEARTBEAT_TIMEOUT = 120.0  # seconds, after which a process elsewhere that gave no sign of life counts as gone
HEARTBEAT = HEARTBEAT_TIMEOUT / 3  # seconds between two signs of life
CLOCK_SLACK = 2.0  # seconds: outside Linux, `start_time` may drift when the clock is adjusted (NTP)
STAT_START_TIME = 19  # where /proc/PID/stat has it, counted from 0 after the program's name; see proc(5)


@cache
def boot() -> str:
    """The same for all processes that see each other: this start of this machine's kernel, and this container. Empty
    where the system tells neither (macOS, Windows)."""
    try:
        kernel = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{kernel} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def start_time(pid: int) -> float:
    """When a process began: on Linux in seconds since the system did, which stays what it is when the clock is set;
    elsewhere since 1970. Raises psutil.Error."""
    with suppress(OSError):
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        return int(told.split()[STAT_START_TIME]) / os.sysconf("SC_CLK_TCK")
    return psutil.Process(pid).create_time()


def running_process(pid: int, created: float) -> psutil.Process | None:
    """The process with this pid, if it still runs; a later one that got the same pid does not count. `created`: by
    `start_time`, or, as processes of before have noted it, in seconds since 1970."""
    try:
        process = psutil.Process(pid)
        same = any(abs(known - created) < CLOCK_SLACK for known in (start_time(pid), process.create_time()))
        if same and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except psutil.Error:
        pass
    return None


@dataclass(frozen=True, kw_only=True)
class Worker:
    """This very process, unless said otherwise. What was written before machines were recorded is taken to be of this
    one."""

    pid: int = field(default_factory=os.getpid)
    pid_created: float = field(default_factory=lambda: start_time(os.getpid()))
    machine: str = field(default_factory=lambda: socket.gethostname())  # on a Mac, the network may change its domain
    boot: str = field(default_factory=boot)

    @property
    def here(self) -> bool:
        """Whether this machine can see the process, and end it."""
        names = (name.partition(".")[0] for name in (self.machine, socket.gethostname()))
        return len({*names}) == 1 and self.boot == boot()

    @property
    def is_me(self) -> bool:
        return self.here and self.pid == os.getpid()

    @property
    def process(self) -> psutil.Process | None:
        """None if it is gone, or elsewhere."""
        return running_process(self.pid, self.pid_created) if self.here else None

    def is_alive(self, *heartbeat_files: Path) -> bool:
        """Whether it is still there. `heartbeat_files`: one of them it touches at least every HEARTBEAT seconds, by
        which alone a process elsewhere is known to live."""
        return self.process is not None if self.here else seconds_since_touched(*heartbeat_files) < HEARTBEAT_TIMEOUT


def seconds_since_touched(*heartbeat_files: Path) -> float:
    """Seconds since the last of these files was touched; infinite if none is there."""
    return time.time() - max(map(_touched, heartbeat_files))


def _touched(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return float("-inf")
