"""A sweep's runs as jobs: several at a time on this machine, or in the queue of a cluster (SLURM).

Jobs are made by submitit (https://github.com/facebookincubator/submitit), which is optional. What became of a run, its
own folder says: its status and its claim hold wherever the job ran, and where a cluster keeps no accounts of its jobs.
Only whether a job still waits is known to its launcher; which job is whose, a record says in a hidden folder beside the
runs, with the jobs' logs.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import psutil

from core.errors import LabError
from core.files import write_json, writing
from core.jobs.processes import TRAINER, on_stop, share_cores
from core.jobs.sweep import Child, SweepState, state_of
from core.paths import ROOT
from core.runs import status, store
from core.runs.workers import HEARTBEAT, Worker, seconds_since_touched
from core.settings.train_config import TrainConfig

JOBS_FOLDER, RECORD_FILE = ".jobs", "jobs.json"
MINUTES = 60  # of a job on a cluster, unless told: short ones begin sooner, and what is not finished is queued again
MOST_TIMEOUTS = 1_000  # times that a job is queued again
A_YEAR = 365 * 24 * 60  # minutes
POLL = 1.0  # seconds between two looks at the jobs
QUEUE, PATIENCE = ["squeue", "--me", "--array", "--noheader", "--format=%i"], 60.0  # seconds


class SilentQueueError(LabError):
    """SLURM does not answer; it may, if it is asked again."""


@dataclass(frozen=True)
class TrainingJob:
    """What a job does: it trains the run in `folder` by the command `trainer`. `gpu`: as in CUDA_VISIBLE_DEVICES, None
    where the cluster sets it.

    Before time is up, and where the cluster needs the machine for others, submitit hears SIGUSR2, calls `checkpoint`
    and has the job queued again."""

    folder: Path
    trainer: list[str]
    gpu: str | None = None
    clustered: bool = False

    def __call__(self) -> None:
        if self.gpu is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = self.gpu
        child = _children[self.folder] = Child(self.trainer)
        on_stop(child.stop)
        with _unheard(signal.SIGUSR2):  # a cluster sends it to all processes of a job, and it would end the training
            child.begin(self.folder)
        reason = child.wait(self.folder)
        while child.stopped and self.clustered:  # it may be queued again, unless it has ended by itself before
            signal.pause()
        if reason:
            sys.exit(f"{self.folder.name} ended: {reason}")

    def checkpoint(self):
        """Have the training save its state, and wait until it has ended; the job goes on from there."""
        from submitit.helpers import DelayedSubmission

        if pid := _children[self.folder].pid:
            with suppress(psutil.NoSuchProcess):
                training = psutil.Process(pid)
                training.terminate()
                training.wait()
        return DelayedSubmission(self)


_children: dict[Path, Child] = {}  # of the job's process: one


@contextmanager
def _unheard(number: int) -> Iterator[None]:
    """Processes that are started meanwhile do not hear this signal."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Launcher(ABC):
    """The runs of `grid` as jobs, in the folder of runs `root`, at most `parallel` at a time."""

    def __init__(self, grid: dict[str, TrainConfig], root: Path, parallel: int | None):
        self.grid, self.root, self.parallel = grid, root.absolute(), parallel
        self.folder = self.root / JOBS_FOLDER / f"{datetime.now():%Y-%m-%d-%H%M%S}-{os.getpid()}"

    def states(self) -> dict[str, SweepState]:
        """How each run stands now: {name: state}. Raises SilentQueueError, or RunError for a damaged run."""
        return self._states(_jobs(self.root))

    def _states(self, jobs: dict[str, str]) -> dict[str, SweepState]:
        stand = {name: state_of(self.root / name, config) for name, config in self.grid.items()}
        return {name: SweepState("waiting", jobs[name]) if s.due and name in jobs else s for name, s in stand.items()}

    def submit(self) -> None:
        """Have all runs trained that are due, those that failed too. Raises LabError.

        Under the lock, this process takes those that no other is about to train; SLURM, which may take a minute to
        answer, is asked after it. What a job of SLURM's is to train is then left to that job."""
        with status.lock(self.root), writing(self.folder):
            records = [*_records(self.root)]
            stand = self._states(_jobs_of_processes(records))
            due = [name for name, s in stand.items() if s.due]
            if not due:
                return
            for name in due:
                if stand[name].state == "new":
                    store.new_run(self.root, name, self.grid[name], {})
            self.folder.mkdir(parents=True)
            self._record(dict.fromkeys(due))
        queued = _jobs_in_slurm(records)
        left = [name for name in due if name not in queued]
        if not left:
            shutil.rmtree(self.folder)
            return
        self._record(dict.fromkeys(left))
        self._submit(left)

    def changes(self, before: dict[str, SweepState]) -> Iterator[tuple[str, SweepState]]:
        """Each change of a run's state, until no job waits or runs; `before` is kept up to date. What SLURM does not
        answer is asked again. Raises RunError for a damaged run."""
        while True:
            self.tend()
            with suppress(SilentQueueError):
                now = self.states()
                for name in [name for name in now if now[name] != before[name]]:
                    before[name] = now[name]
                    yield name, now[name]
                if not any(s.state in ("waiting", "training") for s in now.values()):
                    return
            time.sleep(POLL)

    @abstractmethod
    def _submit(self, names: list[str]) -> None: ...

    @abstractmethod
    def tend(self) -> None:
        """To be called again and again while jobs wait or run."""

    @abstractmethod
    def leave(self) -> str:
        """After Ctrl-C: what becomes of the jobs, in a sentence."""

    def _record(self, jobs: dict[str, str | None]) -> None:
        """Write down which runs this sweep has jobs for; None: this process has it, which is then lost if that ends."""
        write_json(self.folder / RECORD_FILE, {"jobs": jobs, "worker": asdict(Worker())})

    @contextmanager
    def _submitting(self) -> Iterator[None]:
        """What is started meanwhile finds `core`, and does not hear Ctrl-C at the terminal."""
        with chdir(ROOT), _unheard(signal.SIGINT):
            yield


class Local(Launcher):
    """Several trainings at a time on this machine; each GPU has its own."""

    def __init__(self, grid: dict[str, TrainConfig], root: Path, parallel: int | None):
        self._gpus = _gpus()
        self._limit = parallel or len(self._gpus) or 1
        self._waiting: list[str] = []
        self._running: dict[str, tuple] = {}  # {name: (job, the number of its place)}
        super().__init__(grid, root, parallel)

    def _submit(self, names: list[str]) -> None:
        share_cores(self._limit)
        self._waiting = names

    def tend(self) -> None:
        ended = [name for name, (job, _) in self._running.items() if job.done()]
        for name in ended:
            del self._running[name]
        while self._waiting and len(self._running) < self._limit:
            self._start(self._waiting.pop(0))
        left = [*self._running, *self._waiting]
        if not left:
            (self.folder / RECORD_FILE).unlink(missing_ok=True)
        elif ended or seconds_since_touched(self.folder / RECORD_FILE) > HEARTBEAT:
            self._record(dict.fromkeys(left))

    def _start(self, name: str) -> None:
        from submitit import LocalExecutor

        place = min(set(range(self._limit)) - {place for _, place in self._running.values()})
        gpu = self._gpus[place % len(self._gpus)] if self._gpus else ""
        executor = LocalExecutor(self.folder / name)  # its own folder: a job's files are named by a process's number
        executor.update_parameters(timeout_min=A_YEAR, stderr_to_stdout=True)
        with self._submitting():
            self._running[name] = executor.submit(TrainingJob(self.root / name, TRAINER, gpu)), place

    def leave(self) -> str:
        self._waiting = []
        for job, _ in self._running.values():
            with suppress(ProcessLookupError):
                os.kill(int(job.job_id), signal.SIGTERM)  # job.cancel() leaves a training no time to save its state
        while self._running:
            self.tend()
            time.sleep(0.1)
        return "Stopped. Nothing is lost; the same command resumes."


class Slurm(Launcher):
    """Jobs in SLURM's queue, which this process needs not outlive. `options`: of sbatch, {name: value}."""

    def __init__(self, grid: dict[str, TrainConfig], root: Path, parallel: int | None, options: dict[str, str]):
        if not shutil.which("sbatch"):
            raise LabError("--launcher slurm is for a machine from which SLURM takes jobs; there is no sbatch here.")
        self._options = options
        super().__init__(grid, root, parallel)

    def _submit(self, names: list[str]) -> None:
        from submitit import SlurmExecutor
        from submitit.core.utils import FailedJobError

        executor = SlurmExecutor(self.folder, max_num_timeout=MOST_TIMEOUTS)
        executor.update_parameters(
            job_name="resnet-lab",
            time=MINUTES,
            stderr_to_stdout=True,
            # srun would else give the job's step one CPU, as of SLURM 22.05.
            setup=["export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1}"],
            additional_parameters={"requeue": True, **{name: value or True for name, value in self._options.items()}},
            **{"array_parallelism": self.parallel} if self.parallel else {},
        )
        try:
            with self._submitting():
                work = [TrainingJob(self.root / name, TRAINER, clustered=True) for name in names]
                jobs = executor.submit_array(work)
                self._record({name: job.job_id for name, job in zip(names, jobs, strict=True)})
        except FailedJobError as error:
            raise LabError(f"SLURM does not take the jobs: {_last_line(str(error))}") from None

    def tend(self) -> None:
        """SLURM does."""

    def leave(self) -> str:
        queue: set[str] = set()
        with suppress(SilentQueueError):  # they go on all the same
            queue = _slurm_jobs()
        mine = {job for _, record in _records(self.root) for name, job in record["jobs"].items() if name in self.grid}
        # One by one: of the same array may be runs that are no longer in this grid.
        jobs = sorted(mine & queue, key=lambda job: (len(job), job))
        ending = f" This ends them, with their state saved: scancel {' '.join(jobs)}" if jobs else ""
        return f"The jobs go on, and the same command watches them again.{ending}"


def launcher(
    name: str, grid: dict[str, TrainConfig], root: Path, parallel: int | None, options: dict[str, str]
) -> Launcher:
    """The one called "local" or "slurm", if this machine has what it needs. Raises LabError."""
    if not hasattr(signal, "pthread_sigmask"):
        raise LabError("--launcher is for Linux and macOS.")
    try:
        import submitit  # noqa: F401
    except ImportError:
        raise LabError("--launcher needs submitit, which is not installed: pip install 'submitit>=1.5,<2'") from None
    return Slurm(grid, root, parallel, options) if name == "slurm" else Local(grid, root, parallel)


def _jobs(root: Path) -> dict[str, str]:
    """The jobs of all sweeps that wait or run: {run: its job, in words}. Raises SilentQueueError."""
    records = [*_records(root)]
    return _jobs_of_processes(records) | _jobs_in_slurm(records)


def _jobs_of_processes(records: list[tuple[Path, dict]]) -> dict[str, str]:
    """Those that a sweep trains on its own machine, or is just handing to SLURM."""
    jobs: dict[str, str] = {}
    for path, record in records:
        sweep = Worker(**record["worker"])
        if sweep.is_alive(path):
            mine = [name for name, job in record["jobs"].items() if job is None]
            jobs |= dict.fromkeys(mine, f"for process {sweep.pid} on {sweep.machine}")
    return jobs


def _jobs_in_slurm(records: list[tuple[Path, dict]]) -> dict[str, str]:
    """Those in its queue, which is asked after the records were read: so none is missed. Raises SilentQueueError."""
    known = [(name, job) for _, record in records for name, job in record["jobs"].items() if job]
    queue = _slurm_jobs() if known else set()
    return {name: f"job {job}" for name, job in known if job in queue}


def _records(root: Path) -> Iterator[tuple[Path, dict]]:
    for path in (root / JOBS_FOLDER).glob(f"*/{RECORD_FILE}"):
        with suppress(FileNotFoundError):  # its sweep has just ended
            yield path, json.loads(path.read_text(encoding="utf-8"))


def _slurm_jobs() -> set[str]:
    """This user's jobs in SLURM's queue that have not ended; none where there is no SLURM. (sacct knows more, but not
    on every cluster.) Raises SilentQueueError."""
    if not shutil.which(QUEUE[0]):
        return set()
    try:
        return set(subprocess.run(QUEUE, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout.split())
    except subprocess.TimeoutExpired:
        raise SilentQueueError(f"SLURM has not answered for {PATIENCE:.0f} seconds.") from None
    except subprocess.CalledProcessError as error:
        raise SilentQueueError(f"SLURM does not answer: {_last_line(error.stderr)}") from None


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def _gpus() -> list[str]:
    """The GPUs that this process may use, as in CUDA_VISIBLE_DEVICES."""
    import torch

    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [gpu for gpu in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if gpu]
    return [str(number) for number in range(torch.cuda.device_count())]
