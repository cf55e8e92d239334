"""Two real processes under torchrun, of one machine or two (which are both this one), against one, on the CPU."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from core.errors import TrainingError
from core.paths import ROOT
from core.runs import status, store
from core.runs.run import open_run
from core.runs.status import Status
from core.training import distributed
from tests.core.training import distributed_worker

TORCHRUN = [sys.executable, "-m", "torch.distributed.run"]
ONE_MACHINE = ["--standalone", "--nproc-per-node", "2"]


def torchrun(*words: str, places: list[str] = ONE_MACHINE) -> subprocess.Popen:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [*TORCHRUN, *places, *words]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def two_torchruns(*words: str) -> list[subprocess.Popen]:
    """One of each of two machines, which are both this one; they meet at a port of it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    meet = ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{port}", "--rdzv-id", "test"]
    return [torchrun(*words, places=["--nnodes", "2", "--nproc-per-node", "1", *meet]) for _ in range(2)]


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> tuple[dict, Path]:
    """(what came of the trainings by two machines' processes, the folder with the state of one that was stopped)."""
    folder = tmp_path_factory.mktemp("together")
    processes = two_torchruns("tests/core/training/distributed_worker.py", str(folder))
    try:
        out = [process.communicate(timeout=400)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert not any(process.returncode for process in processes), out
    return json.loads((folder / "results.json").read_text()), folder


@pytest.fixture(scope="module")
def alone():
    """What comes of the same by this process."""
    trained = distributed_worker.trainer()
    trained.fit()
    return distributed_worker.outcome(trained)


def without_seconds(history: list[dict]) -> list[dict]:
    return [pytest.approx({k: v for k, v in row.items() if k != "seconds"}, rel=1e-4, abs=1e-6) for row in history]


def assert_like(outcome: dict, expected: dict) -> None:
    assert [{k: v for k, v in row.items() if k != "seconds"} for row in outcome["history"]] == without_seconds(
        expected["history"]
    )
    for norms, expected_norms in zip(outcome["gradients"], expected["gradients"], strict=True):
        assert norms == pytest.approx(expected_norms, rel=1e-3)
    assert outcome["weights"] == pytest.approx(expected["weights"], rel=1e-6)


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(together, alone):
    results, _ = together
    assert_like(results["none"], alone)
    assert results["none"]["apart"] == 0


@pytest.mark.slow
def test_batch_norm_differs_since_each_process_has_its_own(together):
    """The first step's forward pass differs already, since 16 images have another mean than 32; by little."""
    one = distributed_worker.trainer(norm="batch")
    one.fit()
    (two, *_), (same, *_) = together[0]["batch"]["history"], one.history
    assert two["train_loss"] != pytest.approx(same["train_loss"], rel=1e-4)
    assert two["train_loss"] == pytest.approx(same["train_loss"], rel=0.2)


@pytest.mark.slow
def test_one_process_goes_on_where_two_stopped(together, alone):
    _, folder = together
    tensors, values = store.load_state(folder)
    assert values["processes"] == 2
    assert (values["position"]["epoch"], values["position"]["sums"]["steps"]) == (1, 2)
    resumed = distributed_worker.trainer()
    resumed.load_state(tensors, values)
    resumed.fit()
    assert_like(distributed_worker.outcome(resumed), alone)


@pytest.mark.slow
def test_batch_that_cannot_be_shared_is_refused(together):
    expected = "A batch of 31 images can't be shared equally by 2 processes; try --batch-size 32."
    assert together[0]["unequal shares"] == expected


@pytest.mark.parametrize(("count", "processes"), [(32, 1), (32, 2), (21, 2), (10, 4), (5000, 3)])
def test_shares_are_of_one_size_and_leave_nothing_out(monkeypatch, count, processes):
    monkeypatch.setattr(distributed, "world_size", lambda: processes)
    shares = [range(count)[distributed.shard(count, of)] for of in range(processes)]
    assert {len(share) for share in shares} == {-(-count // processes)}
    assert {i for share in shares for i in share} == set(range(count))


def test_without_torchrun_there_is_one_process(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")  # as some clusters set it for a job of one process
    assert (distributed.rank(), distributed.layout()) == (0, {"processes": 1, "machines": 1})
    assert (distributed.all_sum(1.5, 2), distributed.any_rank(True), distributed.shard(8)) == (
        [1.5, 2],
        True,
        slice(0, 8),
    )


@pytest.mark.parametrize(
    ("fail", "said"),
    [
        (lambda: raise_from(MemoryError()), "process 1: There is not enough memory.\n"),
        (lambda: raise_from(None), ""),  # which the first process says, too
        (lambda: lose_the_others(), ""),
    ],
    ids=["alone", "all", "the others"],
)
def test_what_went_wrong_in_one_process_alone_is_told(monkeypatch, capsys, fail, said):
    places = {"RANK": 1, "WORLD_SIZE": 2, "LOCAL_RANK": 1, "LOCAL_WORLD_SIZE": 2}
    monkeypatch.setattr(distributed, "_place", places.__getitem__)
    monkeypatch.setattr(distributed, "_join", lambda: None)
    with pytest.raises(SystemExit, match="1"), distributed.processes():
        fail()
    assert capsys.readouterr().err == said


def raise_from(cause: BaseException | None) -> None:
    raise TrainingError("There is not enough memory.") from cause


def lose_the_others() -> None:
    raise RuntimeError("Connection closed by peer")


# The command line


def wait_for_share(process: subprocess.Popen, folder: Path, seen: float) -> Status:
    """The status, once it tells of more than the share `seen`."""
    deadline = time.monotonic() + 300
    while not ((said := status.read(folder)) and said.state == "training" and said.share > seen):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return said


def wait_for_steps(process: subprocess.Popen, folder: Path, seen: float) -> list[psutil.Process]:
    """The two trainers, once the status tells of more than the share `seen`."""
    said = wait_for_share(process, folder, seen)
    trainers = psutil.Process(process.pid).children()
    assert len(trainers) == 2
    return sorted(trainers, key=lambda trainer: trainer.pid != said.pid)  # the one that writes first


@pytest.mark.slow
def test_all_stop_together_and_go_on_together_and_end_when_one_is_killed(own_runs):
    command = ["-m", "core", "train", "resnet8", "--data", "shipped", "--batch-size", "16", "--name", "both"]
    folder = own_runs / "both"
    process = torchrun(*command)
    try:
        trainers = wait_for_steps(process, folder, seen=0)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        assert not any(trainer.is_running() for trainer in trainers)
        assert (
            out.count("Stopped. Nothing is lost; continue with: torchrun --nproc-per-node 2 -m core train --run ") == 1
        )
        said = status.read(folder)
        assert said.state == "stopped"
        steps = store.load_state(folder)[1]["position"]["sums"]["steps"]
        assert steps > 0
        assert open_run(folder).facts["environment"]["processes"] == 2

        process = torchrun(*command, "--resume")
        first, second = wait_for_steps(process, folder, seen=said.share)
        second.kill()
        out, _ = process.communicate(timeout=60)
        assert process.returncode != 0
        assert not first.is_running()
        assert "Another process of this training ended" in out
        assert status.read(folder).state == "failed"
        assert status.read(folder).reason.startswith("Another process of this training ended")
        assert store.load_state(folder)[1]["position"]["sums"]["steps"] >= steps
    finally:
        for left in psutil.Process(process.pid).children() if process.poll() is None else []:
            left.kill()
        process.kill()


@pytest.mark.slow
def test_both_machines_end_when_ones_torchrun_is_killed(own_runs):
    folder = own_runs / "both"
    processes = two_torchruns("-m", "core", "train", "resnet8", "--data", "shipped", "--name", "both")
    try:
        wait_for_share(processes[0], folder, seen=0)
        trainers = [psutil.Process(process.pid).children()[0] for process in processes]
        processes[1].kill()
        out = "".join(process.communicate(timeout=60)[0] for process in processes)
        psutil.wait_procs(trainers, timeout=60)
        assert not any(trainer.is_running() for trainer in trainers)
        again = "continue with: torchrun --nnodes 2 --nproc-per-node 1 -m core train --run "
        assert f"Stopped. Nothing is lost; {again}" in out
        assert status.read(folder).state == "stopped"
        assert store.load_state(folder)[1]["position"]["sums"]["steps"] > 0
    finally:
        for process in processes:
            for left in psutil.Process(process.pid).children() if process.poll() is None else []:
                left.kill()
            process.kill()
