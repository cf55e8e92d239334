"""The lab's processes in the background: how they are started, and how much of the machine they may use. Imports next
to nothing, so that the queue's keeper stays small."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from core.paths import ROOT
from core.settings.environment import absolute_paths

try:
    import resource
except ImportError:
    resource = None  # type: ignore[assignment]

TRAINER = [sys.executable, "-m", "core", "train", "--run"]  # and the run's folder
# Neither Ctrl-C at the console nor its end, where its window is closed.
DETACHED_ON_WINDOWS = sum(getattr(subprocess, f"CREATE_{what}", 0) for what in ("NEW_PROCESS_GROUP", "NO_WINDOW"))
CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")  # of a container: microseconds of processor in so many, or "max"
MOST_FILES = 4_096
M_ARENA_MAX = -8  # of malloc.h
NICENESS = 10  # of the keeper and the trainings it starts: a click on a page goes before a training step


def detached(command: list[str], log: Path) -> subprocess.Popen:
    """A process that neither the end of this one nor Ctrl-C at its terminal touches, and that goes after others.

    `command` begins with `sys.executable`."""
    environment = os.environ | absolute_paths() | {"PYTHONUNBUFFERED": "1"}
    if os.name == "nt":
        # The python.exe of a virtual environment starts another process, the real one, and Popen would tell the pid of
        # the first. So the real one is started at once, as multiprocessing.popen_spawn_win32 does.
        environment["__PYVENV_LAUNCHER__"] = command[0]
        command = [sys._base_executable, *command[1:]]  # type: ignore[attr-defined]  # not in typeshed
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=DETACHED_ON_WINDOWS,
        )
    with suppress(OSError):  # Linux may weigh sessions first (man 7 sched, "autogroup"), and niceness only within one
        Path(f"/proc/{process.pid}/autogroup").write_text(str(NICENESS), encoding="ascii")
    return process


def reap_in_background(process: subprocess.Popen) -> None:
    """Ask for the process's end, whenever that is, so that it does not stay as a zombie; this does not wait for it."""
    threading.Thread(target=process.wait, daemon=True).start()


def on_stop(handler: Callable[..., object]) -> None:
    """Have `handler` called where this process is to end: by Ctrl-C, by a polite kill, or as its terminal is closed,
    unless it was started to go on then (nohup)."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # Windows has none
        signal.signal(signal.SIGHUP, handler)


def allow_open_files() -> None:
    """Let this process open MOST_FILES files, or as many as the system lets it: a visitor needs several, and some
    systems (macOS) start with 256 for all."""
    if resource is None:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def share_arenas() -> None:
    """Have the threads of this process share two of glibc's arenas, instead of eight for each core: what is free then
    lies together, and can be given back. To be called before there are many threads."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library than glibc
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def give_back_memory() -> None:
    """To the system, what this process has freed: glibc, the C library of most Linuxes, keeps it for threads to come.
    Other systems' give it back by themselves, or can't be asked."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library than glibc
            ctypes.CDLL(None).malloc_trim(0)


def usable_cores() -> int:
    """How many physical cores this process may use: in a container, they can be fewer than the machine has."""
    known = [psutil.cpu_count(logical=False) or 1]
    if hasattr(os, "sched_getaffinity"):
        known.append(len(os.sched_getaffinity(0)))
    with suppress(OSError, ValueError):
        quota, period = map(int, CGROUP_LIMIT.read_text(encoding="ascii").split())
        known.append(max(1, quota // period))
    return min(known)


def share_cores(jobs: int) -> None:
    """What this process starts, `jobs` at a time, shares the cores: more threads than cores would make all crawl."""
    if jobs > 1:
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, usable_cores() // jobs)))


def let_others_first() -> None:
    """This process, and those that it starts, run where the others leave the processor free."""
    with suppress(psutil.Error, OSError):
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if os.name == "nt" else NICENESS)
