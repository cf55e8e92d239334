"""`python -m core sweep`: what a file asks for, and a queue of real trainings that skips, fails, goes on and stops."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import paths
from core.commands import run_command
from core.commands import sweep as command
from core.errors import LabError, RunError
from core.jobs import sweep
from core.paths import ROOT
from core.runs import status, store

TINY = {"epochs": 1, "batch_size": 8, "lr": 0.05, "data": "shipped"}  # as make_run's
TINY_NAME = "shipped-lr0.05-batch8-1ep-s0"


@pytest.fixture
def grid_file(tmp_path):
    def write(grid: object) -> Path:
        path = tmp_path / "grid.json"
        path.write_text(grid if isinstance(grid, str) else json.dumps(grid))
        return path

    return write


@pytest.fixture
def signals():
    """`main` takes them over in this process."""
    numbers = (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_grid_is_every_combination_in_order(grid_file):
    grid = sweep.read_grid(grid_file({"architectures": ["plain8", "resnet8"], "seed": [0, 1], "epochs": 3}))
    assert list(grid) == ["plain8-3ep-s0", "plain8-3ep-s1", "resnet8-3ep-s0", "resnet8-3ep-s1"]
    assert [config.skip for config in grid.values()] == [False, False, True, True]
    assert {(config.depth, config.epochs, config.batch_size) for config in grid.values()} == {(8, 3, 128)}


def test_rate_hangs_on_the_optimizer_as_everywhere(grid_file):
    sgd, adamw = sweep.read_grid(grid_file({"architectures": ["resnet8"], "optimizer": ["sgd", "adamw"]})).values()
    assert adamw.lr == pytest.approx(sgd.lr / 100)


def test_names_follow_the_pattern(grid_file):
    grid = {"architectures": "resnet8", "lr": [0.1, 0.2], "name": "try-{architecture}-{lr}"}
    assert list(sweep.read_grid(grid_file(grid))) == ["try-resnet8-0.1", "try-resnet8-0.2"]


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ("{", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
        ("[]", 'must hold an object with "architectures"'),
        ({"seed": [0]}, 'must hold an object with "architectures"'),
        ({"architectures": ["vgg999"]}, "Unknown network 'vgg999'"),
        (
            {"architectures": ["resnet8"], "learning_rate": [1]},
            "not known: learning_rate. Known: architectures, name, au",
        ),
        ({"architectures": ["resnet8"], "depth": [8]}, "not known: depth"),
        ({"architectures": ["resnet8"], "epochs": ["ten"]}, "epochs must be of type int"),
        ({"architectures": ["resnet8"], "epochs": [0]}, "epochs must be from 1"),
        ({"architectures": ["resnet8"], "seed": []}, "asks for 0 runs"),
        ({"architectures": ["resnet8"], "seed": [*range(1001)]}, "asks for 1,001 runs"),
        ({"architectures": ["resnet8"], "seed": [1, 1]}, "resnet8-24ep-s1 is asked for twice"),
        ({"architectures": ["resnet8"], "seed": [1, 2], "name": "x"}, "x would be the name of two runs that differ"),
        ({"architectures": ["resnet8"], "name": "{color}"}, "is not a pattern of settings"),
        ({"architectures": ["resnet8"], "name": "{seed"}, "is not a pattern of settings"),
        ({"architectures": ["resnet8"], "name": 5}, "is not a pattern of settings"),
        ({"architectures": ["resnet8"], "name": "{seed:>99999999999}"}, "is not a pattern of settings"),
        ({"architectures": ["resnet8"], "name": "{seed.__class__}"}, "is not a pattern of settings"),
        ({"architectures": ["resnet8"], "name": "../{seed}"}, "cannot be a run's name"),
    ],
)
def test_bad_file_is_refused_before_anything_starts(grid_file, own_runs, grid, words):
    with pytest.raises(LabError) as caught:
        command.main([str(grid_file(grid))])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not own_runs.exists()


def test_a_file_too_large_for_a_sweep_is_not_parsed(grid_file, monkeypatch):
    monkeypatch.setattr(sweep, "LARGEST_FILE", 10)
    with pytest.raises(LabError, match="too large for a sweep"):
        sweep.read_grid(grid_file({"architectures": ["resnet8"]}))


def test_dry_run_says_how_the_runs_stand(make_run, grid_file, capsys):
    make_run("resnet8-shipped-lr0.05-batch8-1ep-s0")
    (make_run("resnet8-shipped-lr0.05-batch8-1ep-s1", seed=1).path / "test_logits.npz").unlink()
    path = grid_file({"architectures": ["resnet8"], "seed": [0, 1, 2], **TINY})
    assert command.main([str(path), "--dry-run"]) == 0
    assert [line.split("  ")[1] for line in capsys.readouterr().out.splitlines()] == ["finished", "to resume", "new"]
    assert len(list(paths.own_runs_dir().iterdir())) == 2


def test_run_of_the_same_name_with_other_settings_is_left_alone(make_run, grid_file):
    make_run("mine")
    with pytest.raises(RunError, match=r"mine is another run \(seed 0, not 7\)"):
        command.main([str(grid_file({"architectures": ["resnet8"], "seed": 7, **TINY, "name": "mine"}))])


def test_name_of_a_shipped_run_is_refused_before_the_first_training(grid_file, own_runs):
    grid = {"architectures": ["resnet20"], "seed": [100, 0], "name": "{architecture}-s{seed}", **TINY}
    with pytest.raises(RunError, match="resnet20-s0 is the name of a run that ships"):
        command.main([str(grid_file(grid))])
    assert not own_runs.exists()


def test_finished_run_is_skipped_and_a_failed_one_is_told_at_the_end(make_run, grid_file, signals, capfd):
    run = make_run(f"resnet8-{TINY_NAME}")
    before = run.last_change
    grid = {"architectures": ["resnet8"], "init": ["/gone.safetensors", "scratch"], **TINY}
    with pytest.raises(SystemExit) as caught:
        run_command(lambda: command.main([str(grid_file(grid))]))
    assert caught.value.code == 1
    lines = capfd.readouterr().err.splitlines()
    assert lines[-2] == "1 of 2 runs are finished."
    assert lines[-1].startswith(f"resnet8-gone-{TINY_NAME} failed: There is no file /gone.safetensors.")
    assert run.last_change == before


def test_what_another_process_does_meanwhile_does_not_end_a_sweep(grid_file, own_runs, monkeypatch, capsys):
    """While the first run is trained, it finishes the second, begins the third, gives the fourth's name away, and puts
    the fifth into the app's queue."""
    path = grid_file({"architectures": ["resnet8"], "seed": [0, 1, 2, 3, 4, 5], **TINY})
    grid, trained, heard = sweep.read_grid(path), [], []
    first, second, third, fourth, fifth, sixth = grid

    class Child:
        stop, stopped = "its own", False

        def __init__(self, trainer):
            pass

        def begin(self, folder):
            trained.append(folder.name)
            if folder.name == first:
                facts = {"architecture": {"parameters": 1, "multiply_adds": 1}, "training_images": 1}
                (store.new_run(own_runs, second, grid[second], facts) / status.RESULT_FILE).touch()
                status.write(store.new_run(own_runs, third, grid[third], {}), status.Status("training"))
                store.new_run(own_runs, fourth, grid[first], {})
                status.write(store.new_run(own_runs, fifth, grid[fifth], {}), status.Status("queued"))

        def wait(self, folder):
            (folder / status.RESULT_FILE).touch()

    monkeypatch.setattr(command, "Child", Child)
    monkeypatch.setattr(command, "on_stop", heard.append)
    assert command.main([str(path)]) == 1
    assert heard == ["its own"]
    assert trained == [first, sixth]
    lines = capsys.readouterr().err.splitlines()
    assert f"{fifth} is left as it is: waiting (in the app's queue)." in lines
    assert lines[-4] == "3 of 6 runs are finished."
    assert lines[-3].startswith(f"{fourth} failed: {own_runs / fourth} is another run (seed 0, not 3)")
    assert lines[-2:] == [f"{name} was left as it was, and is not finished yet." for name in (third, fifth)]


def test_a_run_that_cannot_be_written_is_told_at_the_end_and_the_others_have_their_turn(
    grid_file, own_runs, monkeypatch, signals, capsys
):
    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    names = [f"{network}-{TINY_NAME}" for network in ("plain8", "resnet8")]
    path = grid_file({"architectures": ["plain8", "resnet8"], **TINY})
    with pytest.raises(SystemExit, match="1"):
        run_command(lambda: command.main([str(path)]))
    assert capsys.readouterr().err.splitlines() == [
        "0 of 2 runs are finished.",
        *(f"{name} failed: The disk is full. Make room, then try again." for name in names),
    ]
    assert [*own_runs.iterdir()] == []


@pytest.mark.slow
def test_sweep_goes_on_after_a_failure_and_stops_cleanly(grid_file, own_runs):
    grid = {"architectures": ["resnet8"], "init": ["/gone.safetensors", "scratch"], **TINY}
    path = grid_file(grid)
    names = list(sweep.read_grid(path))
    process = subprocess.Popen(
        [sys.executable, "-m", "core", "sweep", str(path)], cwd=ROOT, env=os.environ, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 300
        while not ((said := status.read(own_runs / names[1])) and said.share > 0):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert err.endswith("Stopped. Nothing is lost; the same command resumes.\n")
    assert "Traceback" not in err
    assert status.read(own_runs / names[0]).state == "failed"
    stopped = status.read(own_runs / names[1])
    assert (stopped.state, stopped.process) == ("stopped", None)
    assert store.load_state(own_runs / names[1])[1]["position"]["sums"]["steps"] > 0
    assert sweep.state_of(own_runs / names[1], sweep.read_grid(path)[names[1]]).state == "to resume"
