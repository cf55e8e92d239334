"""The user's trainings: start, watch, stop, resume, delete, rename. Each is a process of its own, in the background.

It outlives the page, the browser and the server, for all that is known of it lies in its run's folder. One is trained
at a time, or as many as RESNET_LAB_JOBS says; the others wait in a queue (`core.jobs.keeper`). What a public demo
forbids is in `core.jobs.limits`. Shipped runs are never touched. Whatever is refused raises LabError. Several servers
and threads may do all this at once.
"""

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from core import paths
from core.errors import LabError, RunError, TrainingError
from core.files import entries, is_being_written, patiently, remove_abandoned, writing
from core.jobs import keeper, limits
from core.jobs.processes import TRAINER, reap_in_background
from core.runs import library, status, store
from core.runs.file_names import STATE_FILE
from core.runs.run import Run, open_run
from core.runs.status import Status
from core.settings.train_config import TrainConfig
from core.sharing.files import ADDING

if TYPE_CHECKING:  # it brings PyTorch, which takes a second
    from core.training.imported_network import NetworkFile

POLL, PATIENCE, SAVING = 0.05, 2.0, 30.0  # seconds; the last for a state that is just being saved
DELETED = ".deleted-"  # how the hidden folder begins in which a run is while it is removed


def states() -> dict[str, Status]:
    """The status of each of the user's runs that is not finished: in training, waiting (in order), stopped, failed.

    Where runs wait but no keeper runs (the machine was switched off), one is started.
    """
    root = paths.own_runs_dir()
    try:
        statuses = keeper.states(root)
    except RunError:  # which `list_runs` tells
        return {}
    if keeper.names_in("queued", statuses) and not keeper.running(root) and limits.training_allowed():
        with suppress(LabError, OSError), status.lock(root):
            _wake(root)
    return statuses


def start(configs: list[TrainConfig]) -> list[str]:
    """Queue these trainings, in order, under their default names, which are given back. All of them or none. Those that
    wait or are in training already stay as they are: Start may be pressed twice, before the page has changed."""
    names = [config.default_run_name for config in configs]
    made: list[Path] = []
    with _changing() as root:
        known = keeper.states(root)
        if all(name in known and known[name].state in ("queued", "training") for name in names):
            return names
        limits.require_allowed_length(configs)
        limits.require_room(len(configs))
        taken = {name: None for name in names if library.is_taken(root, name) or names.count(name) > 1}
        if taken:
            exist = "exists" if len(taken) == 1 else "exist"
            raise TrainingError(
                f"{' and '.join(taken)} {exist} already. Change an option, e.g. the seed, to train another."
            )
        try:
            for config, name in zip(configs, names, strict=True):
                made.append(store.new_run(root, name, config, {}))
                keeper.join(made[-1], Status("queued", epochs=config.epochs))
            _wake(root)
        except BaseException:
            for folder in made:
                shutil.rmtree(folder, ignore_errors=True)
            raise
    return names


def add(data: bytes, name: str | None = None) -> Run:
    """The run in a zip file, by `zip_archive.add_run`, if there is room for it."""
    from core.sharing.zip_archive import add_run

    with _changing():
        limits.require_room(1)  # before it is unpacked, and again as it is put there: others may be adding theirs
    return add_run(data, name, before=lambda: limits.require_room(1))


def import_network(file: "NetworkFile", config: TrainConfig, normalization: str | None, name: str) -> Run:
    """Add a network that was trained elsewhere, with this `normalization`, or the likeliest where that is None. It is
    scored at once by a process of its own, which takes seconds or minutes: in the queue, it could wait for hours."""
    from core.sharing.zip_archive import require_moderate_size
    from core.training import imported_network

    with _changing() as root:
        library.require_free_name(root, name)
    require_moderate_size(config, name)
    config, chosen = imported_network.normalized(config, file, normalization)
    with _changing() as root:
        limits.require_room(1)
        run = imported_network.add(root, name, config, file, chosen)
        process = keeper.begin(run.path, Status("training"), TRAINER)
    reap_in_background(process)
    return run


def resume(name: str) -> None:
    """Queue a run that was stopped or has failed: it goes on from its last saved state, or begins anew without one."""
    with _changing() as root:
        folder = _own_folder(name)
        run_status = status.read(folder)
        if status.finished(folder):
            raise TrainingError(f"{name} is finished already.")
        if run_status and run_status.state in ("queued", "training"):
            busy = run_status.state == "training"
            raise TrainingError(status.in_training(name, run_status) if busy else f"{name} is in the queue already.")
        config = open_run(folder).config
        keeper.join(folder, run_status or Status("queued", epochs=config.epochs))
        _wake(root)


def stop(name: str, patience: float = PATIENCE) -> None:
    """Take a run out of the queue, or have its training save its state and end; returns when it has ended.

    A training that takes longer than `patience` seconds is ended by force, unless it is just saving; it then resumes,
    up to a minute back, from the state that it saved before. Does nothing to a run that is neither waiting nor in
    training."""
    with _changing():
        folder = _own_folder(name)
        run_status = status.read(folder)
        if run_status is None or run_status.state not in ("queued", "training"):
            return
        if run_status.state == "queued":
            _write_stopped(folder, run_status)
            return
    _require_here(name, run_status)
    _end(folder, run_status, patience)
    with _changing():
        run_status = status.read(folder)
        if run_status and run_status.reason == status.KILLED:  # it had not begun, or was ended by force
            _write_stopped(folder, run_status)


def delete(name: str) -> None:
    """Remove a run for good, be it damaged; a training of it is ended first. It also makes room on a full disk: the
    lock is all that it writes, and it does without where that can't be written."""
    limits.require_training_allowed()
    folder = paths.own_runs_dir() / name if name in library.damaged_runs() else _own_folder(name)
    run_status = status.read(folder)
    if run_status and run_status.state == "training":
        _require_here(name, run_status)
        _end(folder, run_status, PATIENCE)
    try:
        with _changing():
            rubbish = _put_away(folder)
    except TrainingError as error:
        if getattr(error.__cause__, "errno", None) not in (errno.ENOSPC, errno.EDQUOT):
            raise
        with writing(folder.parent):
            rubbish = _put_away(folder)  # no lock can be written, by nobody
    with writing(folder.parent):
        patiently(shutil.rmtree, rubbish)  # without the lock: on a network disk it takes long


def _put_away(folder: Path) -> Path:
    """Hide a run, so that nobody sees half of it while it is removed; its folder from now on."""
    _require_not_in(folder, "training")
    rubbish = folder.parent / f"{DELETED}{time.time_ns()}"
    patiently(os.utime, folder)  # or to others it could seem abandoned: to be renamed does not count as a change
    patiently(folder.rename, rubbish)
    return rubbish


def rename(name: str, new: str) -> None:
    """Give a run that is neither waiting nor in training another name."""
    with _changing() as root:
        folder = _own_folder(name)
        _require_not_in(folder, "queued", "training")
        library.require_free_name(root, new)
        patiently(folder.rename, root / new)
        if status.finished(root / new):
            from core.sharing.model_card import write_card

            with suppress(LabError):  # of a damaged run; the name has changed all the same
                write_card(open_run(root / new))


@contextmanager
def _changing() -> Iterator[Path]:
    """The folder of the user's runs, which nobody else changes meanwhile. Raises LabError, where nothing can be written
    too."""
    limits.require_training_allowed()
    root = paths.own_runs_dir()
    remove_abandoned(root, DELETED, ADDING)  # before the lock is held
    with writing(root), status.lock(root):
        clear_finished(root)
        yield root


def clear_finished(root: Path) -> None:
    """Remove what is left of trainings that were killed just after their result was there. To be called under
    `status.lock`."""
    for folder in entries(root):
        stated = os.path.isfile(folder / status.FILE)  # false, too, where one may not look: in lost+found
        if stated and not folder.is_symlink() and status.finished(folder):
            last = status.read(folder)
            if last is None or last.state != "training":
                status.clear(folder)


def _wake(root: Path) -> None:
    keeper.wake(root, limits.jobs_at_once(), TRAINER)


def _is_shipped(name: str) -> bool:
    return (paths.SHIPPED / name).exists()


def _own_folder(name: str) -> Path:
    """The folder of one of the user's runs. Raises LabError for anything else."""
    library.require_name(name)
    if _is_shipped(name):
        raise TrainingError(f"{name} ships with the lab and can't be changed.")
    folder = paths.own_runs_dir() / name
    if not folder.is_dir() or folder.is_symlink():
        raise TrainingError(f"There is no run {name} of your own.")
    return folder


def _require_here(name: str, run_status: Status) -> None:
    """Raises TrainingError for a training on another machine, whose process can't be reached from this one."""
    if not run_status.here:
        raise TrainingError(f"{name} is in training on {run_status.machine}; stop it there.")


def _require_not_in(folder: Path, *states: str) -> None:
    run_status = status.read(folder)
    if run_status and run_status.state in states:
        if run_status.state == "training":
            _require_here(folder.name, run_status)
        raise TrainingError(f"{folder.name} is being trained, or will be; stop it first.")


def _write_stopped(folder: Path, run_status: Status) -> None:
    status.write(folder, replace(run_status, state="stopped", reason=""))


def _end(folder: Path, run_status: Status, patience: float) -> None:
    """Ask a training to save its state and end. Once it says that it has, and has released its claim, or else after
    `patience` seconds, insist: what it would still do is free its memory, which can take seconds on a busy machine."""
    process = run_status.process
    if process is None:
        return
    try:
        process.terminate()
        _wait_until(lambda: run_status.process is None or not _trains(folder), patience)
        _wait_until(lambda: run_status.process is None or not is_being_written(folder / STATE_FILE), SAVING)
        process.kill()
    except psutil.NoSuchProcess:
        pass
    except psutil.AccessDenied:
        raise TrainingError(f"{folder.name} is trained by another user of this computer, who must stop it.") from None
    _wait_until(lambda: run_status.process is None, patience)


def _trains(folder: Path) -> bool:
    now = status.read(folder)
    return (now is not None and now.state == "training") or status.is_claimed(folder)


def _wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(POLL)
