"""`sweep --launcher`: jobs by submitit, here and in the queue of a real SLURM of one node; stand-ins for trainings."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks import stand_in_trainer
from core.commands import sweep as command
from core.errors import DataError, LabError
from core.jobs import launcher, sweep
from core.runs import library, status
from core.runs.file_names import RESULT_FILE
from core.runs.status import Status
from tests.core.jobs import slurm
from tests.required import skip_unless_required

EPOCHS = 2  # of a stand-in: two seconds


@pytest.fixture
def grid_file(tmp_path):
    def write(**changes) -> Path:
        path = tmp_path / "grid.json"
        grid = {"architectures": ["resnet8"], "seed": [0, 1, 2], "epochs": EPOCHS, "data": "shipped"}
        path.write_text(json.dumps(grid | {"name": "s{seed}"} | changes))
        return path

    return write


@pytest.fixture
def stand_ins(monkeypatch):
    """Jobs start stand-ins. Signals are heard as in a process of one's own (pytest's workers ignore Ctrl-C), until the
    test has ended."""
    monkeypatch.setattr(launcher, "TRAINER", [sys.executable, "-m", "benchmarks.stand_in_trainer"])
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def ctrl_c_once(happens: Callable[[], object]) -> threading.Thread:
    """Ctrl-C for this process, whose main thread watches a sweep, once something happens."""

    def press() -> None:
        deadline = time.monotonic() + 60
        while not happens() and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press, daemon=True)
    thread.start()
    return thread


def in_training(runs: Path) -> set[str]:
    return {path.parent.name for path in runs.glob(f"*/{status.FILE}") if status.read(path.parent).share > 0}


def assert_undisturbed(runs: Path, *seeds: int) -> None:
    """No step of these runs was lost, or done twice."""
    for seed in seeds:
        expected = stand_in_trainer.logits(seed, EPOCHS)
        assert np.array_equal(np.load(runs / f"s{seed}" / "test_logits.npz")["logits"], expected)


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["--parallel", "2"], "--parallel is a number of at least 1, and goes with --launcher"),
        (["--launcher", "local", "--parallel", "0"], "--parallel is a number of at least 1"),
        (["--launcher", "local", "--slurm", "gpus=1"], "--slurm goes with --launcher slurm"),
        (["--launcher", "slurm"], "there is no sbatch here"),
    ],
)
def test_what_does_not_go_together_is_refused(grid_file, own_runs, monkeypatch, words, refusal):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LabError) as caught:
        command.main([str(grid_file()), *words])
    assert refusal in str(caught.value)
    assert not own_runs.exists()


def test_without_submitit_a_sentence_says_what_to_install(grid_file, monkeypatch):
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(LabError, match=r"needs submitit, which is not installed: pip install 'submitit>=1.5,<2'$"):
        command.main([str(grid_file()), "--launcher", "local"])


def test_images_are_looked_for_before_any_job_is_made(grid_file, own_runs, monkeypatch, tmp_path):
    monkeypatch.setenv("CIFAR10_DIR", str(tmp_path))
    with pytest.raises(DataError, match="three ways to get the 50,000 training images"):
        command.main([str(grid_file(data="full")), "--launcher", "local"])
    assert not own_runs.exists()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Status("training"), ("training", f"on {Status('training').machine}")),
        (Status("queued"), ("waiting", "in the app's queue")),
        (Status("failed", reason="The disk is full."), ("failed", "The disk is full.")),
        (Status("stopped"), ("to resume", "")),
    ],
    ids=lambda part: getattr(part, "state", ""),
)
def test_standing_is_what_the_run_says(make_run, said, expected):
    run = make_run("mine")
    assert sweep.state_of(run.path, run.config) == ("finished", "")
    (run.path / RESULT_FILE).unlink()
    status.write(run.path, said)
    assert sweep.state_of(run.path, run.config) == expected


@pytest.mark.slow
def test_local_jobs_run_side_by_side_stop_and_go_on(grid_file, own_runs, stand_ins, capsys):
    """Three runs, two at a time; meanwhile, no other sweep may take the third; Ctrl-C; and the rest, to the end."""
    path = grid_file()
    other = launcher.launcher("local", sweep.read_grid(path), own_runs, None, {})
    seen: dict[str, sweep.SweepState] = {}
    ctrl_c_once(lambda: in_training(own_runs) == {"s0", "s1"} and seen.update(other.states()) is None)
    words = [str(path), "--launcher", "local", "--parallel", "2"]
    assert command.main(words) == 130
    assert [now.state for now in seen.values()] == ["training", "training", "waiting"]
    assert f"process {os.getpid()} on" in seen["s2"].detail
    assert capsys.readouterr().err == "Stopped. Nothing is lost; the same command resumes.\n"
    assert [status.read(own_runs / name).state for name in ("s0", "s1")] == ["stopped", "stopped"]
    assert not status.read(own_runs / "s2")

    assert command.main(words) == 0
    table, err = capsys.readouterr()
    assert err == "3 of 3 runs are finished.\n"
    assert [line.split(maxsplit=1)[1] for line in table.splitlines()[:3]] == ["to resume"] * 3
    assert sorted(line.split()[0] for line in table.splitlines() if line.endswith("finished")) == ["s0", "s1", "s2"]
    assert_undisturbed(own_runs, 0, 1, 2)
    assert [run.name for run in library.list_in(own_runs)[0]] == ["s0", "s1", "s2"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if reason := slurm.missing():
        skip_unless_required(f"--launcher slurm is not tried: {reason}")
    with slurm.running(tmp_path_factory.mktemp("slurm")) as environment:
        yield environment


@pytest.mark.slow
def test_slurm_queues_each_run_once_and_goes_on_with_a_preempted_one(
    cluster, grid_file, own_runs, stand_ins, monkeypatch, capsys
):
    for name, value in cluster.items():
        monkeypatch.setenv(name, value)
    words = [str(grid_file(seed=[0, 1])), "--launcher", "slurm", "--parallel", "1", "--slurm", "time=10"]
    ctrl_c_once(lambda: in_training(own_runs))
    assert command.main(words) == 130
    *_, ending, first, second = capsys.readouterr().err.split()
    number = first.removesuffix("_0")
    assert (ending, second) == ("scancel", f"{number}_1")
    assert command.main([*words, "--dry-run"]) == 0
    table = capsys.readouterr().out
    assert [line.split()[1] for line in table.splitlines()] == ["training", "waiting"]
    assert table.endswith(f"(job {number}_1)\n")

    preemption = subprocess.Popen(["scancel", "--signal=USR2", f"{number}_0"])
    deadline = time.monotonic() + 15
    while status.read(own_runs / "s0").state != "stopped":  # politely, with its state saved
        assert time.monotonic() < deadline
        time.sleep(0.02)
    preemption.kill()  # it would signal the job again, until that has ended
    preemption.wait()
    assert command.main(words) == 0
    assert capsys.readouterr().err == "2 of 2 runs are finished.\n"
    assert_undisturbed(own_runs, 0, 1)
    logs = [path.read_text() for path in own_runs.glob(f"{launcher.JOBS_FOLDER}/*/*.out")]
    assert (len(logs), "".join(logs).count("Requeued job")) == (2, 1)


def test_who_watches_a_damaged_run_is_told(make_run, own_runs, monkeypatch):
    """Unlike of a queue that does not answer, nothing comes of asking again."""
    run = make_run("mine")
    (run.path / RESULT_FILE).unlink()
    sweep_of_one = launcher.Local({"mine": run.config}, own_runs, 1)
    monkeypatch.setattr(sweep_of_one, "tend", lambda: None)
    (run.path / "config.json").write_text("{")
    with pytest.raises(LabError, match=r"config\.json"):
        next(sweep_of_one.changes({}))


def test_a_queue_that_does_not_answer_is_asked_again(make_run, own_runs, monkeypatch):
    run, answers = make_run("mine"), iter([launcher.SilentQueueError("silent"), {}])

    def jobs(root):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    sweeping = launcher.Local({"mine": run.config}, own_runs, 1)
    monkeypatch.setattr(launcher, "_jobs", jobs)
    monkeypatch.setattr(launcher, "POLL", 0)
    monkeypatch.setattr(sweeping, "tend", lambda: None)
    assert [now.state for _, now in sweeping.changes({"mine": sweep.SweepState("training")})] == ["finished"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            subprocess.CalledProcessError(1, "squeue", stderr="slurm_load_jobs error\nUnable to contact\n"),
            "SLURM does not answer: Unable to contact$",
        ),
        (subprocess.TimeoutExpired("squeue", launcher.PATIENCE), r"SLURM has not answered for 60 seconds\.$"),
    ],
    ids=["error", "silence"],
)
def test_what_slurm_says_instead_of_an_answer_is_told(squeue, error, told):
    squeue(error)
    with pytest.raises(launcher.SilentQueueError, match=told):
        launcher._slurm_jobs()


@pytest.fixture
def squeue(monkeypatch):
    """squeue(answer): what SLURM's queue says, or raises; there is a cluster."""

    def say(answer: str | Exception) -> None:
        def run(*_, **__):
            if isinstance(answer, Exception):
                raise answer
            return subprocess.CompletedProcess("squeue", 0, stdout=answer)

        monkeypatch.setattr(subprocess, "run", run)
        monkeypatch.setattr(launcher.shutil, "which", lambda name: name)

    return say


@pytest.fixture
def watched(make_run, own_runs, squeue) -> launcher.Slurm:
    """A sweep of one run, whose job is one of the three of an array."""
    squeue("")
    sweeping = launcher.Slurm({"s1": make_run("s1").config}, own_runs, None, {})
    sweeping.folder.mkdir(parents=True)
    sweeping._record({f"s{seed}": f"7_{seed}" for seed in range(3)})
    return sweeping


@pytest.fixture
def two(make_run, own_runs, squeue) -> launcher.Slurm:
    """A sweep of two runs that are due."""
    squeue("")
    grid = {f"s{seed}": make_run(f"s{seed}", seed=seed).config for seed in (0, 1)}
    for name in grid:
        (own_runs / name / RESULT_FILE).unlink()
    return launcher.Slurm(grid, own_runs, None, {})


def earlier(own_runs: Path, jobs: dict[str, str]) -> None:
    """An earlier sweep has put these runs into SLURM's queue."""
    sweeping = launcher.Slurm({}, own_runs, None, {})
    sweeping.folder = sweeping.folder.with_name("earlier")
    sweeping.folder.mkdir(parents=True)
    sweeping._record(jobs)


def test_while_slurm_is_asked_others_may_change_the_queue_but_take_none_of_these_runs(two, own_runs, monkeypatch):
    """It may take a minute to answer; a training that gets no lock meanwhile would count as failed."""
    earlier(own_runs, {"s0": "7_0"})
    other, asked = launcher.Slurm(two.grid, own_runs, None, {}), []
    monkeypatch.setattr(status, "PATIENCE", 0)

    def ask(sweeping: launcher.Slurm, names: list[str]) -> None:
        asked.append((sweeping, names))
        other.submit()

    monkeypatch.setattr(launcher, "_slurm_jobs", lambda: ask(two, ["squeue"]) or set())
    monkeypatch.setattr(launcher.Slurm, "_submit", ask)
    two.submit()
    assert asked == [(two, ["squeue"]), (two, ["s0", "s1"])]


def test_a_run_that_a_job_of_an_earlier_sweep_is_to_train_gets_no_second_one(two, own_runs, squeue, monkeypatch):
    submitted = []
    monkeypatch.setattr(two, "_submit", submitted.extend)
    earlier(own_runs, {"s0": "7_0", "s1": "7_1"})
    squeue("7_1\n")  # the other one has ended
    two.submit()
    assert submitted == ["s0"]
    squeue("")
    assert [now.state for now in two.states().values()] == ["waiting", "to resume"]


def test_to_watch_again_what_waits_in_slurms_queue_leaves_nothing_behind(two, own_runs, squeue, monkeypatch):
    monkeypatch.setattr(two, "_submit", lambda names: pytest.fail("each has a job already"))
    earlier(own_runs, {"s0": "7_0", "s1": "7_1"})
    squeue("7_0\n7_1\n")
    two.submit()
    assert not two.folder.exists()


def test_who_leaves_is_told_how_to_end_the_runs_of_this_grid_alone(watched, squeue):
    squeue("7_0\n7_1\n7_2\n")
    assert watched.leave().endswith("with their state saved: scancel 7_1")


def test_who_leaves_while_slurm_is_silent_is_told_that_the_jobs_go_on(watched, squeue):
    squeue(subprocess.CalledProcessError(1, "squeue", stderr="Unable to contact\n"))
    assert watched.leave() == "The jobs go on, and the same command watches them again."


def test_who_leaves_where_there_is_no_squeue_is_told_the_same(watched, squeue, monkeypatch):
    squeue(FileNotFoundError(2, "No such file or directory", "squeue"))
    monkeypatch.setattr(launcher.shutil, "which", lambda name: None)
    assert watched.leave() == "The jobs go on, and the same command watches them again."
