"""Switches, numbers and paths as people write them; each is understood, or refused before anything starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from core import paths
from core.commands import train
from core.data import cifar10
from core.errors import LabError
from core.models.weights.initial_weights import describe_initial_weights
from core.runs import library
from core.settings import environment
from core.settings.train_config import TrainConfig


@pytest.mark.parametrize("name", environment.SWITCHES)
@pytest.mark.parametrize(
    ("value", "on"),
    [
        *(
            (word, False)
            for word in ("off", "false", "0", "no", "disabled", "Off ", "OFF", "'off'", '"False"', " No\t")
        ),
        *((word, True) for word in ("on", "true", "1", "yes", "enabled", "On ", "TRUE", "'on'")),
        *((word, None) for word in ("", " ", "''")),
        *((word, LabError) for word in ("offf", "2", "-1", "None", "off on", "tru", "aus", "\N{HEAVY CHECK MARK}")),
    ],
)
def test_a_switch_is_on_or_off_or_refused(monkeypatch, name, value, on):
    monkeypatch.setenv(name, value)
    if on is LabError:
        with pytest.raises(LabError, match=f"{name} must be on or off, not "):
            environment.check()
    else:
        environment.check()
        assert environment.switch(name) == (environment.SWITCHES[name] if on is None else on)


@pytest.mark.parametrize("name", environment.NUMBERS)
def test_a_number_is_a_whole_one_or_refused(monkeypatch, name):
    for value in ("many", "-1", "1.5", "1e3"):
        monkeypatch.setenv(name, value)
        with pytest.raises(LabError, match=f"{name} must be a whole number of at least "):
            environment.check()
    monkeypatch.setenv(name, " 7 ")
    assert environment.number(name) == 7


@pytest.mark.parametrize("name", environment.SECONDS)
def test_seconds_are_a_number_above_0_or_refused(monkeypatch, name):
    for value in ("soon", "0", "-1", "inf", "nan"):
        monkeypatch.setenv(name, value)
        with pytest.raises(LabError, match=f"{name} must be a number of seconds above 0, not "):
            environment.check()
    monkeypatch.setenv(name, " 0.2 ")
    environment.check()
    assert environment.seconds(name) == 0.2


@pytest.mark.parametrize("name", environment.SECRETS)
def test_a_secret_that_could_be_guessed_is_refused(monkeypatch, name):
    for value in ("teacher", "two words and a half", "x" * 65):
        monkeypatch.setenv(name, value)
        with pytest.raises(LabError, match=f"{name} must be 16 to 64 letters"):
            environment.check()
    monkeypatch.setenv(name, "'correct-horse-battery'")
    environment.check()
    assert environment.secret(name) == "correct-horse-battery"


@pytest.mark.parametrize("program", [["-m", "core"], ["streamlit_app.py"]])
def test_nothing_starts_where_a_variable_is_not_understood(monkeypatch, program):
    monkeypatch.setenv("RESNET_LAB_TRAINING", "perhaps")
    done = subprocess.run([sys.executable, *program], cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.strip().splitlines()[-1] == "RESNET_LAB_TRAINING must be on or off, not 'perhaps'."
    assert "Traceback" not in done.stderr


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    (tmp_path / "home").mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("name", "read"), [("RESNET_LAB_RUNS", paths.own_runs_dir), ("RESNET_LAB_LESSONS", paths.lessons_dir)]
)
def test_a_path_of_the_environment_may_begin_at_home(monkeypatch, home, name, read):
    monkeypatch.setenv(name, "~/lab")
    assert read() == home / "lab"
    monkeypatch.setenv(name, "")
    assert read().parent == paths.ROOT


@pytest.mark.parametrize("load", [lambda: cifar10.load_training("full"), lambda: cifar10.load_training("~/data")])
def test_images_may_lie_at_home(monkeypatch, home, load):
    monkeypatch.setenv("CIFAR10_DIR", "~/data")
    with pytest.raises(LabError, match=f"{home / 'data'} is missing"):
        load()


def test_options_that_name_a_path_may_begin_at_home(home, make_run):
    args = train.parser().parse_args(["resnet8", "--out=~/lab", "--run=~/lab/x"])
    assert (args.out, args.run) == (home / "lab", home / "lab" / "x")
    make_run("x").path.rename(home / "x")
    assert library.find_run("~/x").path == home / "x"
    assert "sha256 not known" not in describe_initial_weights(TrainConfig(init="~/x/model.safetensors"))
    assert not Path("~").exists()
