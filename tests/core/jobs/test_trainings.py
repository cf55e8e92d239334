"""The queue with real processes. Most of the trainings are stand-ins without a network (`benchmarks.stand_in_trainer`),
which start in an instant; one test at the end is about real ones."""

import errno
import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from benchmarks import job_queue, stand_in_trainer
from core import paths
from core.errors import LabError, RunError, TrainingError
from core.files import ABANDONED, write_json
from core.jobs import keeper, limits, processes, trainings
from core.runs import library, status, store
from core.runs.file_names import STATE_FILE
from core.runs.status import Status
from core.runs.workers import HEARTBEAT_TIMEOUT, Worker, start_time
from core.settings.train_config import TrainConfig
from core.sharing import shipping, zip_archive
from core.sharing.files import ADDING, SHIPPING

LONG = TrainConfig(depth=8, data="shipped", epochs=500)  # some minutes, even of a stand-in
SHORT = TrainConfig(depth=8, data="shipped", epochs=1)
SECONDS = 180  # at most, for what should take one: trainings give way to all else on a busy machine


def wait_until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def state(name: str) -> str | None:
    said = trainings.states().get(name)
    return said.state if said else None


def begun(name: str) -> bool:
    said = trainings.states().get(name)
    return said is not None and said.state == "training" and said.share > 0


def others(count: int, config: TrainConfig = LONG) -> list[TrainConfig]:
    return [replace(config, seed=seed) for seed in range(count)]


@pytest.fixture(autouse=True)
def no_orphans(own_runs, monkeypatch):
    """After each test its trainings are stopped; then the keeper must go by itself, and nothing may stay."""
    for name in ("JOBS", "MAX_EPOCHS", "MAX_RUNS", "TRAINING"):
        monkeypatch.delenv(f"RESNET_LAB_{name}", raising=False)
    yield
    monkeypatch.delenv("RESNET_LAB_TRAINING", raising=False)
    for name in reversed(trainings.states()):
        trainings.stop(name)
    wait_until(lambda: job_queue.processes_of(own_runs) == [])


@pytest.fixture
def stand_ins(monkeypatch):
    monkeypatch.setattr(trainings, "TRAINER", job_queue.TRAINER)


@pytest.fixture
def shipped(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(paths, "SHIPPED", tmp_path / "checkpoints")
    (tmp_path / "checkpoints" / "theirs").mkdir(parents=True)
    return tmp_path / "checkpoints" / "theirs"


@pytest.fixture
def idle(own_runs) -> Callable[..., Path]:
    """idle(name, state): the folder of a run that is neither waiting nor in training."""

    def make(name: str, state: str = "stopped") -> Path:
        folder = store.new_folder(own_runs, name)
        store.save_facts(folder, LONG, {})
        status.write(folder, Status(state, "why" if state == "failed" else "", epoch=3, epochs=500))
        return folder

    return make


# The queue


def test_nothing_was_started(own_runs):
    assert trainings.states() == {}
    assert not own_runs.exists()


@pytest.mark.slow
def test_trainings_run_one_after_the_other_unattended(own_runs, stand_ins):
    """Started by a process that ends at once, and then nobody looks."""
    script = (
        "from core.jobs import trainings; from core.settings.train_config import TrainConfig;"
        "from benchmarks import job_queue;"
        "trainings.TRAINER = job_queue.TRAINER;"
        "trainings.start([TrainConfig(depth=8, data='shipped', epochs=1, seed=seed) for seed in range(3)])"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=paths.ROOT)
    folders = [own_runs / config.default_run_name for config in others(3, SHORT)]
    at_once = set()

    def finished() -> bool:
        at_once.add(sum((said := status.read(folder)) is not None and said.process is not None for folder in folders))
        return all(status.finished(folder) for folder in folders)

    wait_until(finished)
    assert max(at_once) <= 1
    ends = [(folder / "test_logits.npz").stat().st_mtime for folder in folders]
    assert ends == sorted(ends)
    assert all(job_queue.is_right(folder, config) for folder, config in zip(folders, others(3, SHORT), strict=True))
    assert trainings.states() == {}


def test_as_many_at_once_as_the_environment_says(stand_ins, monkeypatch):
    monkeypatch.setenv("RESNET_LAB_JOBS", "2")
    names = trainings.start(others(3))
    wait_until(lambda: [said.state for said in trainings.states().values()] == ["training", "training", "queued"])
    assert list(trainings.states()) == names
    trainings.stop(names[0])
    wait_until(lambda: state(names[2]) == "training")
    assert state(names[1]) == "training"


def test_waiting_runs_are_listed_and_open(own_runs, stand_ins):
    first, second = trainings.start(others(2))
    said = trainings.states()[second]
    assert (said.state, said.epochs, said.share) == ("queued", 500, 0)
    assert abs(said.queued - time.time()) < SECONDS
    found, problems = library.list_runs()
    assert {run.name for run in found} >= {first, second}
    assert problems == []
    assert not any(run.finished for run in found if run.path.parent == own_runs)


def test_two_visitors_who_press_at_once_start_one(stand_ins, own_runs):
    outcomes = []

    def press() -> None:
        try:
            outcomes.append(trainings.start([SHORT]))
        except TrainingError as error:
            outcomes.append(str(error))

    visitors = [threading.Thread(target=press) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    name = SHORT.default_run_name
    assert [name] in outcomes  # who was late is led to the same training, or told that it is done
    assert all(outcome == [name] or f"{name} exists already" in outcome for outcome in outcomes)
    assert [folder.name for folder in own_runs.glob("[!.]*")] == [name]
    wait_until(lambda: status.finished(own_runs / name))


def test_all_are_started_or_none(stand_ins, own_runs):
    (own_runs / LONG.default_run_name).mkdir(parents=True)
    for configs in ([replace(LONG, seed=1), LONG], [replace(LONG, seed=1)] * 2):
        with pytest.raises(TrainingError, match="exists already"):
            trainings.start(configs)
    assert [path.name for path in own_runs.iterdir() if path.is_dir()] == [LONG.default_run_name]


def test_a_killed_keeper_is_replaced_and_the_training_goes_on(own_runs, stand_ins):
    first, second = trainings.start(others(2))
    wait_until(lambda: begun(first))
    before = trainings.states()[first].pid
    keeper.running(own_runs).process.kill()
    wait_until(lambda: keeper.running(own_runs) is None)
    assert trainings.states()[first].process  # looking starts another
    wait_until(lambda: keeper.running(own_runs) is not None)
    trainings.stop(first)
    wait_until(lambda: begun(second))
    assert trainings.states()[second].pid != before


@pytest.mark.slow
def test_many_jobs_survive_stops_kills_and_resumes(own_runs, stand_ins, monkeypatch):
    monkeypatch.setenv("RESNET_LAB_JOBS", "3")
    configs = [replace(SHORT, epochs=1 + seed % 2, seed=seed) for seed in range(12)]
    result = job_queue.disturb(configs, visitors=3, at_once=3, seed=0, patience=300)
    assert job_queue.is_well(result), str(result)  # whole
    assert result["kill"] + result["stop"] > 0


# One job


def test_stopped_and_resumed_it_goes_on_where_it_was(stand_ins):
    (name,) = trainings.start([LONG])
    wait_until(lambda: begun(name))
    trainings.stop(name)
    stopped = trainings.states()[name]
    assert stopped.state == "stopped"
    assert stopped.process is None
    share, saved = stopped.share, stand_in_trainer.load_state(paths.own_runs_dir() / name / STATE_FILE)[0]
    assert saved / (LONG.epochs * stand_in_trainer.STEPS) >= share  # its last step too
    with pytest.raises(TrainingError, match="exists already"):
        trainings.start([LONG])
    trainings.resume(name)
    with pytest.raises(TrainingError, match="already"):
        trainings.resume(name)
    assert trainings.states()[name].share >= share > 0
    wait_until(lambda: begun(name))


def test_killed_training_has_failed_at_once_and_can_be_resumed(stand_ins):
    (name,) = trainings.start([LONG])
    wait_until(lambda: begun(name))
    os.kill(trainings.states()[name].pid, signal.SIGKILL)
    wait_until(lambda: state(name) == "failed", seconds=5)
    assert trainings.states()[name].reason == status.KILLED
    trainings.resume(name)
    wait_until(lambda: begun(name))


SLOW_END = """
import runpy, time
from core.runs import status, store
save, release = store.save_test_logits, status.release
def save_late(folder, logits):
    (folder / "finishing").touch()
    time.sleep(0.5)
    save(folder, logits)
def release_late(folder):
    time.sleep(0.5)
    release(folder)
store.save_test_logits, status.release = save_late, release_late
runpy.run_module("benchmarks.stand_in_trainer", run_name="__main__")
"""


@pytest.fixture
def finishing(own_runs, monkeypatch) -> Path:
    """The folder of a run in whose training it is too late for a stop, and which takes a second to end."""
    monkeypatch.setattr(trainings, "TRAINER", [sys.executable, "-c", SLOW_END])
    (name,) = trainings.start([SHORT])
    wait_until((own_runs / name / "finishing").exists)
    return own_runs / name


def test_who_is_just_finishing_puts_all_away_before_it_is_ended_by_force(finishing):
    trainings.stop(finishing.name, patience=10)
    assert status.finished(finishing)
    assert job_queue.leftovers(finishing.parent) == []


def test_what_is_left_of_a_training_that_was_killed_after_its_result_goes_with_the_next_change(finishing):
    process = status.read(finishing).process
    wait_until(lambda: status.finished(finishing))
    process.kill()
    wait_until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    assert {path.name for path in job_queue.leftovers(finishing.parent)} >= {status.CLAIM_FILE, STATE_FILE, status.FILE}
    with pytest.raises(TrainingError, match="finished"):
        trainings.resume(finishing.name)
    assert job_queue.leftovers(finishing.parent) == []
    assert status.finished(finishing)


def test_training_that_does_not_listen_is_ended_by_force(stand_ins):
    (name,) = trainings.start([LONG])
    wait_until(lambda: begun(name))
    process = psutil.Process(trainings.states()[name].pid)
    process.suspend()
    trainings.stop(name, patience=0.2)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert state(name) == "stopped"


def test_another_users_training_is_left_to_them(stand_ins, monkeypatch):
    (name,) = trainings.start([LONG])
    wait_until(lambda: begun(name))

    def denied(process):
        raise psutil.AccessDenied(process.pid)

    with monkeypatch.context() as patched:
        patched.setattr(psutil.Process, "terminate", denied)
        with pytest.raises(TrainingError, match=f"{name} is trained by another user"):
            trainings.stop(name)
    assert state(name) == "training"
    trainings.stop(name)


def test_waiting_run_leaves_the_queue_and_joins_its_end(stand_ins):
    first, second, third = trainings.start(others(3))
    wait_until(lambda: begun(first))
    trainings.stop(second)
    assert state(second) == "stopped"
    trainings.resume(second)
    assert list(trainings.states()) == [first, third, second]


def test_trainer_that_cannot_start_fails_and_the_next_has_its_turn(own_runs, stand_ins, monkeypatch):
    monkeypatch.setattr(trainings, "TRAINER", ["/no/such/program"])
    (name,) = trainings.start([LONG])
    wait_until(lambda: state(name) == "failed")
    assert "No such file" in trainings.states()[name].reason
    wait_until(lambda: keeper.running(own_runs) is None)


def test_what_became_of_a_run_with_a_damaged_status_is_not_known(idle):
    (idle("x") / status.FILE).write_text('{"state": ')
    assert state("x") == "failed"
    assert "not known" in trainings.states()["x"].reason


def test_deleted_run_is_gone_even_from_training(own_runs, stand_ins):
    first, second = trainings.start(others(2))
    wait_until(lambda: begun(first))
    process = psutil.Process(trainings.states()[first].pid)
    for name in (second, first):
        trainings.delete(name)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert [path for path in own_runs.iterdir() if path.is_dir()] == []


def test_renamed_run_is_the_same_under_its_new_name(make_run, own_runs, idle, shipped):
    before = {path.name: path.read_bytes() for path in make_run("old").path.iterdir()}
    trainings.rename("old", "new")
    after = {path.name: path.read_bytes() for path in (own_runs / "new").iterdir()}
    assert not (own_runs / "old").exists()
    assert after.pop("README.md").decode().startswith("# new\n")
    assert before.pop("README.md")
    assert after == before
    idle("taken")
    for name, reason in {"taken": "exists already", "theirs": "is the name of a run that ships"}.items():
        with pytest.raises(LabError, match=f"^{name} {reason}"):
            trainings.rename("new", name)


@pytest.mark.parametrize("where", ["queue", "training"])
def test_busy_run_keeps_its_name(stand_ins, where):
    first, second = trainings.start(others(2))
    wait_until(lambda: begun(first))
    with pytest.raises(TrainingError, match="stop it first"):
        trainings.rename(second if where == "queue" else first, "new")


# Another machine that shares the folder


@pytest.fixture
def elsewhere(idle) -> Callable[..., Path]:
    """elsewhere(name, state): a run that another machine trains, or has left to the queue."""

    def make(name: str, state: str = "training") -> Path:
        folder = idle(name)
        status.write(folder, Status(state, epoch=3, epochs=500, machine="other", boot="another kernel"))
        return folder

    return make


def fall_silent(path: Path) -> None:
    os.utime(path, (time.time() - HEARTBEAT_TIMEOUT - 1,) * 2)


def test_a_training_elsewhere_is_left_alone(elsewhere):
    folder = elsewhere("x")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for act in (trainings.stop, trainings.delete, trainings.resume, lambda name: trainings.rename(name, "y")):
        with pytest.raises(TrainingError, match="in training"):
            act("x")
    with pytest.raises(TrainingError, match="x is in training on other; stop it there"):
        trainings.stop("x")
    assert state("x") == "training"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    fall_silent(folder / status.FILE)


def test_a_training_elsewhere_that_fell_silent_is_resumed_here(elsewhere, stand_ins):
    folder = elsewhere("x")
    fall_silent(folder / status.FILE)
    assert state("x") == "failed"
    trainings.resume("x")
    wait_until(lambda: begun("x"))
    assert trainings.states()["x"].here


def test_the_queue_has_one_keeper_for_all_machines(elsewhere, own_runs, stand_ins):
    elsewhere("x", "queued")
    keeper_file = own_runs / keeper.KEEPER_FILE
    write_json(keeper_file, asdict(Worker(machine="other", boot="another kernel")))
    trainings.states()
    trainings.start([LONG])
    assert keeper.running(own_runs).machine == "other"
    assert job_queue.processes_of(own_runs) == []
    fall_silent(keeper_file)
    wait_until(lambda: state("x") == "training")
    assert keeper.running(own_runs).here
    assert state(LONG.default_run_name) == "queued"


# What is refused


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc", ".lock", "x" * 65, "a\0b", "ä"])
def test_no_name_leads_out_of_the_folder(own_runs, idle, name):
    folder = idle("mine")
    for act in (trainings.stop, trainings.resume, trainings.delete, lambda name: trainings.rename(name, "x")):
        with pytest.raises(LabError, match="cannot be a run's name"):
            act(name)
    with pytest.raises(LabError, match="cannot be a run's name"):
        trainings.rename("mine", name)
    assert folder.is_dir()


def test_link_out_of_the_folder_is_no_run(own_runs, idle, tmp_path):
    outside = shutil.move(idle("x"), tmp_path / "outside")
    (own_runs / "link").symlink_to(outside)
    for act in (trainings.stop, trainings.resume, trainings.delete, lambda name: trainings.rename(name, "y")):
        for name in ("link", "gone"):
            with pytest.raises(TrainingError, match="no run"):
                act(name)
    assert Path(outside).is_dir()
    assert trainings.states() == {}


def test_shipped_runs_are_read_only(shipped, own_runs, make_run):
    shutil.copytree(make_run("mine").path, own_runs / "theirs")  # of the same name
    for act in (trainings.stop, trainings.resume, trainings.delete, lambda name: trainings.rename(name, "yours")):
        with pytest.raises(TrainingError, match="ships with the lab"):
            act("theirs")
    assert shipped.is_dir()


def test_finished_run_is_not_resumed(make_run):
    make_run("good")
    assert trainings.states() == {}
    with pytest.raises(TrainingError, match="finished already"):
        trainings.resume("good")
    trainings.stop("good")


def test_training_can_be_switched_off(idle, monkeypatch):
    folder = idle("x")
    assert limits.training_allowed()
    monkeypatch.setenv("RESNET_LAB_TRAINING", "off")
    assert not limits.training_allowed()
    actions = (
        lambda: trainings.start([LONG]),
        lambda: trainings.resume("x"),
        lambda: trainings.delete("x"),
        lambda: trainings.rename("x", "y"),
        lambda: trainings.stop("x"),
    )
    for act in actions:
        with pytest.raises(TrainingError, match="switched off"):
            act()
    assert state("x") == "stopped"
    assert [path for path in folder.parent.iterdir() if path.is_dir()] == [folder]


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("MAX_EPOCHS", "499", "At most 499 epochs"),
        ("MAX_RUNS", "1", "At most 1 run can be kept here, and there is 1; delete one first."),
        ("MAX_EPOCHS", "1", "At most 1 epoch can be trained here."),
        ("MAX_RUNS", "many", "RESNET_LAB_MAX_RUNS must be a whole number of at least 0, not 'many'"),
        ("JOBS", "0", "RESNET_LAB_JOBS must be a whole number of at least 1, not '0'"),
    ],
)
def test_limits(idle, monkeypatch, setting, value, words):
    folder = idle("x")
    monkeypatch.setenv(f"RESNET_LAB_{setting}", value)
    with pytest.raises(LabError) as caught:
        trainings.start([LONG])
    assert words in str(caught.value)
    assert [path for path in folder.parent.iterdir() if path.is_dir()] == [folder]


def full(*args, **kwargs):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("writable", [0, 1])
def test_on_a_full_disk_no_training_is_left_running(idle, monkeypatch, writable):
    """Neither where nothing can be written at all, nor where the disk is full once the process has been started."""
    folder, processes, writings = idle("x"), [], itertools.count()
    write, popen = status.write, subprocess.Popen
    with monkeypatch.context() as patch:
        patch.setattr(status, "write", lambda *args: write(*args) if next(writings) < writable else full())
        patch.setattr(subprocess, "Popen", lambda *a, **k: processes.append(popen(*a, **k)) or processes[-1])
        with pytest.raises(OSError, match="No space left"):
            keeper.begin(folder, Status("queued"), [sys.executable, "-c", "import time; time.sleep(60)"])
    assert len(processes) == writable
    assert all(process.poll() is not None for process in processes)
    trainings.delete("x")  # or the next look would begin it


def test_on_a_full_disk_a_run_that_waits_can_be_deleted_and_stopping_it_says_why_not(idle, monkeypatch):
    folder = idle("x", "queued")
    monkeypatch.setattr(status, "write", full)
    with pytest.raises(LabError, match="disk is full"):
        trainings.stop("x")
    trainings.delete("x")
    assert not folder.exists()


def test_room_is_looked_for_again_as_a_run_is_added(idle, monkeypatch):
    """Others may have added theirs while this one was unpacked."""
    monkeypatch.setenv("RESNET_LAB_MAX_RUNS", "1")

    def meanwhile(data, name, before):
        idle("theirs")
        before()

    monkeypatch.setattr("core.sharing.zip_archive.add_run", meanwhile)
    with pytest.raises(TrainingError, match="At most 1 run can"):
        trainings.add(b"")


@pytest.mark.parametrize(
    "add", [lambda: trainings.add(b""), lambda: trainings.import_network(None, LONG, None, "x")], ids=["zip", "network"]
)
def test_where_nobody_may_look_into_the_folder_nothing_is_added_and_that_is_told(own_runs, monkeypatch, add):
    def denied(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    own_runs.mkdir()
    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(RunError, match="Permission denied"):
        add()


def test_full_disk_is_told_and_leaves_nothing(own_runs, monkeypatch):
    monkeypatch.setattr(store, "save_facts", full)
    with pytest.raises(LabError, match="disk is full"):
        trainings.start([LONG])
    assert [path for path in own_runs.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("damage", [lambda folder: (folder / "config.json").write_text("{"), lambda folder: None])
def test_a_damaged_run_takes_room_and_can_be_deleted(idle, own_runs, monkeypatch, damage):
    monkeypatch.setenv("RESNET_LAB_MAX_RUNS", "1")
    damage(idle("x"))
    with pytest.raises(TrainingError, match="At most 1 run can be kept here, and there is 1; delete one first"):
        trainings.start([LONG])
    trainings.delete("x")
    limits.require_room(1)
    assert list(own_runs.glob("[!.]*")) == []


def test_a_folder_that_no_run_can_be_called_like_is_deleted_too(own_runs):
    (own_runs / "x (copy)").mkdir(parents=True)
    (own_runs / "x (copy)" / "config.json").touch()
    assert [*library.damaged_runs()] == ["x (copy)"]
    trainings.delete("x (copy)")
    assert list(own_runs.glob("[!.]*")) == []


def test_while_a_run_is_removed_others_may_change_the_queue(make_run, own_runs, monkeypatch):
    """On a network disk that takes long; a training that gets no lock meanwhile would count as failed."""
    make_run("mine")
    (own_runs / f"{trainings.DELETED}left").mkdir()
    os.utime(own_runs / f"{trainings.DELETED}left", (1, 1))
    rmtree, removed = shutil.rmtree, []

    def remove(path: Path) -> None:
        with status.lock(own_runs, patience=0):
            rmtree(path)
        removed.append(path)

    monkeypatch.setattr(shutil, "rmtree", remove)
    trainings.delete("mine")
    assert len(removed) == 2
    assert [path for path in own_runs.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT], ids=["full", "quota"])
def test_where_the_disk_is_too_full_for_a_lock_a_run_can_be_deleted(make_run, own_runs, monkeypatch, number):
    def full(*_, **__):
        raise OSError(number, "No space left on device")

    make_run("mine")
    monkeypatch.setattr(status.SoftFileLease, "acquire", full)
    with pytest.raises(TrainingError, match="disk is full"):
        trainings.rename("mine", "other")
    trainings.delete("mine")
    assert list(own_runs.glob("[!.]*")) == []


def test_who_is_just_saving_is_not_ended_by_force(own_runs, monkeypatch):
    """A stand-in that takes two seconds over its state."""
    code = (
        "import pathlib, signal, sys, time; from core.files import write_atomically\n"
        "signal.signal(signal.SIGTERM, lambda *_: None)\n"
        "def write(file): print('ready', flush=True); time.sleep(1.5)\n"
        "write_atomically(pathlib.Path(sys.argv[1]) / 'resume.safetensors', write); time.sleep(60)"
    )
    folder = own_runs / "mine"
    folder.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE) as saving:
        assert saving.stdout.readline() == b"ready\n"
        status.write(folder, Status("training", pid=saving.pid, pid_created=start_time(saving.pid)))
        trainings._end(folder, status.read(folder), patience=0.1)
        assert saving.wait(10) == -signal.SIGKILL
    assert (folder / STATE_FILE).exists()


def test_what_begins_in_another_folder_finds_relative_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CIFAR10_DIR", "cifar")
    code = "import os; print(os.environ['CIFAR10_DIR'])"
    processes.detached([sys.executable, "-c", code], tmp_path / "log").wait()
    assert (tmp_path / "log").read_text().strip() == str(tmp_path / "cifar")


@pytest.mark.parametrize(("limit", "cores"), [("200000 100000", 2), ("50000 100000", 1), ("max 100000", 8), (None, 8)])
def test_a_containers_share_of_the_processor_is_known(tmp_path, monkeypatch, limit, cores):
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(8), raising=False)
    monkeypatch.setattr(processes, "CGROUP_LIMIT", tmp_path / "cpu.max")
    if limit:
        (tmp_path / "cpu.max").write_text(limit)
    assert processes.usable_cores() == cores


def test_a_folder_in_which_nobody_may_look_is_no_training(own_runs, monkeypatch):
    """Root may look everywhere: so the answer that others get is given here."""
    (own_runs / "lost+found").mkdir(parents=True)
    is_file = Path.is_file

    def denied(path: Path) -> bool:
        if "lost+found" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", denied)
    assert trainings.states() == {}
    trainings.clear_finished(own_runs)


def test_a_link_takes_no_room(own_runs, tmp_path, monkeypatch):
    monkeypatch.setenv("RESNET_LAB_MAX_RUNS", "1")
    own_runs.mkdir()
    (own_runs / "link").symlink_to(tmp_path)
    limits.require_room(1)
    assert library.damaged_runs() == {}


# What a killed process leaves behind

HANGS = """
import shutil, sys, time
from core.jobs import trainings
from core.sharing import zip_archive
def hang(*args, **kwargs):
    print("begun", flush=True)
    time.sleep(600)
"""
KILLED = {
    trainings.DELETED: HANGS + "shutil.rmtree = hang; trainings.delete('x')",
    ADDING: HANGS + "zip_archive._check = hang; trainings.add(open(sys.argv[1], 'rb').read(), 'copy')",
}


@pytest.mark.parametrize("beginning", KILLED)
def test_what_a_killed_process_leaves_is_gone_an_hour_later(own_runs, tmp_path, make_run, beginning):
    (tmp_path / "x.zip").write_bytes(zip_archive.zip_run(make_run("x")))
    os.utime(own_runs / "x", (1, 1))  # nothing has changed in it for long
    command = [sys.executable, "-c", KILLED[beginning], str(tmp_path / "x.zip")]
    process = subprocess.Popen(command, cwd=paths.ROOT, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"begun\n"
    process.kill()
    process.communicate()
    (left,) = own_runs.glob(f"{beginning}*")
    make_run("y")
    trainings.delete("y")
    assert left.is_dir()  # it may still be in use
    an_hour_ago = time.time() - ABANDONED - 1
    os.utime(left, (an_hour_ago, an_hour_ago))
    make_run("y")
    trainings.delete("y")
    assert list(own_runs.glob("[!.]*")) == ([own_runs / "x"] if beginning == ADDING else [])
    assert list(own_runs.glob(f"{beginning}*")) == []


@pytest.mark.parametrize("beginning", [ADDING, SHIPPING])
def test_each_kind_of_work_removes_what_was_left_of_it(own_runs, tmp_path, make_run, beginning):
    run, place = make_run("x"), {ADDING: own_runs, SHIPPING: tmp_path / "ships"}[beginning]
    data, left = zip_archive.zip_run(run), place / f"{beginning}left"
    left.mkdir(parents=True)
    os.utime(left, (1, 1))
    zip_archive.add_run(data, "copy") if beginning == ADDING else shipping.ship(run, place)
    assert not left.exists()


# A real training


@pytest.mark.slow
def test_life_of_a_real_training(own_runs):
    """One test, since each start costs seconds: it runs, at low priority, and stops in time."""
    config = replace(LONG, epochs=30, lr=0.0625, weight_decay=1e-4, augment=False)
    (name,) = trainings.start([config])
    wait_until(lambda: begun(name), seconds=240)
    said = trainings.states()[name]
    assert said.images_per_second > 0
    if os.name != "nt":
        assert psutil.Process(said.pid).nice() == processes.NICENESS
    start = time.monotonic()
    trainings.stop(name)
    assert time.monotonic() - start < 2 * trainings.PATIENCE + 1  # patience, and the end by force
    assert state(name) == "stopped"
    assert said.process is None
