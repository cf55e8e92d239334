"""Training in a child process that outlives the page, the browser and the server: start, watch, stop, go on.

All that is known of a job lies in the folder of the user's runs: what was asked for in `job.json`, what comes of it
in the runs' own folders. One job at a time; two visitors who press at once start one.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from core import runs, status
from core.config import TrainConfig
from core.errors import TrainingError
from core.files import write_json

JOB_FILE, LOG_FILE, LOCK_FILE = "job.json", "job.log", ".job.lock"
NICENESS = 10  # a click on the page goes before a training step


@dataclass(frozen=True)
class Job:
    """One or more trainings in turn: `arguments` of `core.train`, and the `names` of the runs that come of it."""

    arguments: list[str]
    names: list[str]
    pid: int
    pid_created: float
    started: float  # seconds since 1970

    @property
    def alive(self) -> bool:
        return status.running_process(self.pid, self.pid_created) is not None

    @property
    def finished(self) -> bool:
        return all((runs.own_runs_dir() / name / "test_logits.npz").is_file() for name in self.names)

    def statuses(self) -> dict[str, status.Status | None]:
        """For each run of the job what its training said last; None: not begun, or finished and tidied up."""
        return {name: status.read(runs.own_runs_dir() / name) for name in self.names}

    def last_words(self) -> str:
        """The last line of the job's log: why it ended, if it failed."""
        try:
            log = (runs.own_runs_dir() / LOG_FILE).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        lines = [line.split("\r")[-1].strip() for line in log.splitlines()]
        return next((line for line in reversed(lines) if line), "")


def start(configs: list[TrainConfig]) -> Job:
    """Train these, one after the other, each with its default name. Raises TrainingError if it can't be."""
    names = [config.default_run_name for config in configs]
    taken = [name for name in names if (runs.own_runs_dir() / name).exists()]
    if taken:
        raise TrainingError(f"{' and '.join(taken)} exists already. Change an option, e.g. the seed, to train another.")
    first = configs[0]
    architectures = [config.architecture for config in configs]
    options = {
        "data": first.data,
        "epochs": first.epochs,
        "schedule": first.schedule,
        "lr": first.lr,
        "batch-size": first.batch_size,
        "norm": first.norm,
        "seed": first.seed,
    }
    flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return _launch([*architectures, *flags], names)


def resume(job: Job) -> Job:
    """Go on with a job that was stopped or killed. Raises TrainingError if another one is running."""
    return _launch(job.arguments if "--resume" in job.arguments else [*job.arguments, "--resume"], job.names)


def current() -> Job | None:
    """The job that was started last, whatever became of it; None if there is none."""
    try:
        return Job(**json.loads((runs.own_runs_dir() / JOB_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def stop(job: Job, patience: float = 10.0) -> None:
    """Ask the job to save its state and end; after `patience` seconds end it by force (it can then be resumed too)."""
    process = status.running_process(job.pid, job.pid_created)
    if process is None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience)
    except psutil.TimeoutExpired:
        process.kill()


def _launch(arguments: list[str], names: list[str]) -> Job:
    folder = runs.own_runs_dir()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / LOCK_FILE, timeout=5):
            before = current()
            if before and before.alive:
                raise TrainingError("A training is running already; wait for it, or stop it.")
            job = _spawn(arguments, names, folder)
            write_json(folder / JOB_FILE, asdict(job))
            return job
    except Timeout:
        raise TrainingError(
            "Somebody else is starting a training at this moment; look again in a few seconds."
        ) from None


def _spawn(arguments: list[str], names: list[str], folder: Path) -> Job:
    command = [sys.executable, "-m", "core.train", *arguments, "--out", str(folder)]
    with (folder / LOG_FILE).open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=runs.ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that Ctrl-C at the server does not reach it
        )
    child = psutil.Process(process.pid)
    child.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if os.name == "nt" else NICENESS)
    return Job(arguments, names, process.pid, child.create_time(), time.time())
