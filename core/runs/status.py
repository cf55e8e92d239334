"""The status of a training: one small file in the run's folder, which the training replaces about once a second.

Knows files and processes; knows nothing of configs, networks or the queue's order. The process that a status names is
the only one that may train the run: `claim` makes it so, under the one lock of the folder of runs.

Several machines may share that folder. Not all shared disks hand on the locks of an operating system, so the lock, and
the claim that a training keeps as long as it lasts, are files that only one process can make (`filelock.SoftFileLease`)
and that it touches again and again. A training whose machine is silent for long may be resumed elsewhere; should it
wake up after all, it finds that its claim is another's, and ends.
"""

import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from filelock import SoftFileLease, Timeout

from core.errors import DivergedError, LabError, TrainingError, plain_reason
from core.files import patiently, remove_leftovers, write_json
from core.runs.file_names import RESULT_FILE, STATE_FILE
from core.runs.workers import HEARTBEAT_TIMEOUT, Worker, seconds_since_touched
from core.settings.setting import require_types

FILE, LOG_FILE = "status.json", "train.log"
LOCK_FILE, CLAIM_FILE = ".lock", ".claim"  # of the folder of runs; of a run that is in training
KILLED = "Its process ended without a word (killed, or switched off)."
UNREACHABLE = "It was in training on {machine}, from where nothing was heard for {minutes:.0f} minutes; resume it here."
LARGEST = 1_000_000  # bytes; a status has about 500
STATES = ("queued", "training", "stopped", "failed")
PATIENCE = 20.0  # seconds for the lock, which is held for moments only
PATIENCE_TO_TRAIN = 60.0  # seconds for it where a run would else count as failed
LOCK_SECONDS = 15.0  # after which the lock of a machine that is silent no longer counts
READ_PATIENCE = 0.3  # seconds; a page waits for it
CLAIM_PATIENCE = 1.0  # seconds; to see that the claim of a process that was killed no longer counts takes less
_claims: dict[Path, SoftFileLease] = {}  # of this process


@dataclass(frozen=True)
class Status(Worker):
    """`state`: one of STATES; `reason` says why it failed. A finished run has no status. The process that is meant is
    the one that trains the run, or wrote this."""

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


def finished(folder: Path) -> bool:
    return (folder / RESULT_FILE).is_file()


@contextmanager
def lock(root: Path, patience: float | None = None) -> Iterator[None]:
    """Only one thread of one process at a time may change which runs `root` holds, and which of them are trained.
    Raises TrainingError where it can't be had for so many seconds (PATIENCE), caused by an OSError if nothing can be
    written there."""
    lease = SoftFileLease(root / LOCK_FILE, lease_duration=LOCK_SECONDS)
    try:
        root.mkdir(parents=True, exist_ok=True)
        lease.acquire(timeout=PATIENCE if patience is None else patience)
    except Timeout:
        raise TrainingError("Somebody else is changing the queue right now; try again in a few seconds.") from None
    except OSError as error:
        raise TrainingError(plain_reason(error) or f"{root} cannot be written ({error.strerror}).") from error
    try:
        yield
    finally:
        lease.release()


def claim(folder: Path) -> None:
    """From now on, until `release`, this process trains the run in `folder`. Raises TrainingError if another does, or
    has finished it.

    Half-written files of a process that was killed are removed."""
    with lock(folder.parent, PATIENCE_TO_TRAIN):
        status = read(folder)
        if status and status.state == "training" and not status.is_me:
            raise TrainingError(in_training(folder.name, status))
        lease = SoftFileLease(folder / CLAIM_FILE, lease_duration=HEARTBEAT_TIMEOUT, thread_local=False)
        if status and status.here and status.process is None:
            lease.break_lock()  # filelock takes a process that has ended for a running one until its parent asks for it
        try:
            lease.acquire(timeout=CLAIM_PATIENCE)
        except Timeout:
            where = f" on {lease.owner.hostname}" if lease.owner else ""
            raise TrainingError(f"{folder.name} is in training already{where}.") from None
        if finished(folder):  # while this process waited
            lease.release()
            raise TrainingError(f"{folder.name} is finished already.")
        _claims[folder] = lease
        remove_leftovers(folder)
        mine = {"state": "training", "reason": "", "diverged": False, **asdict(Worker())}
        write(folder, replace(status or Status("training"), **mine))


def require_claim(folder: Path) -> None:
    """Raises TrainingError if another process has taken over the run that this one claimed, be it done with it by now.
    If the claim can't be read, or somebody removed it by hand, this process goes on."""
    lease = _claims[folder]
    if owner := lease.owner:
        taken_over = owner.token != lease.token
    else:
        last = read(folder)
        taken_over = finished(folder) or (last is not None and not last.is_me)
    if taken_over:
        by = f" by process {owner.pid} on {owner.hostname}" if owner else ""
        raise TrainingError(
            f"{folder.name} was taken over{by}, since nothing was heard from here for minutes; so this training ends."
        )


def release(folder: Path) -> None:
    """Give up the claim, if this process has it."""
    if lease := _claims.pop(folder, None):
        with suppress(OSError):
            lease.release()


def is_claimed(folder: Path) -> bool:
    return (folder / CLAIM_FILE).exists()


def clear(folder: Path) -> None:
    """Remove what only the training of a finished run needed, by the process that trained it, or, where that was
    killed in the middle of this, by another under the `lock`. The status goes last, and so tells that something may be
    left."""
    release(folder)
    remove_leftovers(folder)
    for needed_no_more in (STATE_FILE, LOG_FILE, CLAIM_FILE, FILE):
        with suppress(OSError):  # Windows keeps a log that is open
            (folder / needed_no_more).unlink(missing_ok=True)


def in_training(name: str, status: Status) -> str:
    """A sentence that says who trains the run."""
    where = f"by process {status.pid}" if status.here else f"on {status.machine}"
    return f"{name} is in training already, {where}."


def note_end(folder: Path, state: str, reason: str = "", diverged: bool = False) -> None:
    """Write down, if it can be, how the training by this very process ended; others' statuses stay as they are."""
    status = read(folder)
    if status and status.state == "training" and status.is_me:
        with suppress(OSError):
            write(folder, replace(status, state=state, reason=reason, diverged=diverged))


@contextmanager
def end_noted(folder: Path) -> Iterator[None]:
    """Whatever ends a training of `folder` by this process goes into its status; what can be mended, in plain words.
    Then another process may claim it."""
    try:
        yield
    except KeyboardInterrupt:
        note_end(folder, "stopped")
        raise
    except Exception as error:
        reason = plain_reason(error)
        if not reason and isinstance(error, OSError) and error.filename:
            reason = f"{error.filename} cannot be read or written ({error.strerror})."
        said = reason or f"{type(error).__name__}: {error}"
        note_end(folder, "failed", said, diverged=isinstance(error, DivergedError))
        if reason and not isinstance(error, LabError):
            raise TrainingError(reason) from error
        raise
    finally:
        release(folder)


def write(folder: Path, status: Status) -> None:
    """Raises OSError."""
    write_json(folder / FILE, {"folder": folder.absolute().name, **asdict(status)})


def read(folder: Path) -> Status | None:
    """The last status in a run's folder, None where there is none. A training whose process is gone has failed; that of
    which the folder is a copy is another's."""
    try:
        at = (folder / FILE).lstat()
        if not stat.S_ISREG(at.st_mode) or at.st_size > LARGEST:  # a pipe would never end
            return None
        values = json.loads(patiently((folder / FILE).read_text, "utf-8", seconds=READ_PATIENCE))
        name = values.pop("folder", "")
        require_types(Status, values)
        status = Status(**values)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, LabError):
        return None
    if not {"pid", "pid_created"} <= values.keys() or status.pid <= 0 or status.state not in STATES:
        return None
    if status.state in ("training", "queued") and name not in ("", folder.absolute().name):
        return replace(status, state="stopped")
    heartbeat_files = folder / FILE, folder / CLAIM_FILE
    if status.state == "training" and not status.is_alive(*heartbeat_files):
        silent = UNREACHABLE.format(machine=status.machine, minutes=seconds_since_touched(*heartbeat_files) / 60)
        return replace(status, state="failed", reason=KILLED if status.here else silent)
    return status
