"""The command that is shown for a run makes that run: the parser of `train` reads its config out of it."""

import json
import shlex
from types import SimpleNamespace

import pytest

from core.commands import train
from core.errors import LabError
from core.paths import SHIPPED
from core.runs import command, reproduction
from core.runs.command import shell_line, train_command
from core.runs.run import Run, open_run
from core.settings.recipes import NAMED_RECIPES
from core.settings.train_config import TrainConfig

ODD = [
    TrainConfig(init="weights [final]/best[1] $(reboot) '.safetensors", augment=False, skip=False),
    TrainConfig(init="-x.pt", clip_norm=2.5, clip_layer=1.0, warmup=0.0, seed=5, split_seed=2, depth=14),
    TrainConfig(depth=50, norm="none", optimizer="adamw", lr=1e-5, weight_decay=0.0, label_smoothing=0.1),
    TrainConfig(
        family="torchvision", network="vgg11_bn", input_size=96, batch_size=16, head_lr=10.0, freeze="backbone"
    ),
    TrainConfig(schedule="cosine", data="shipped", train_fraction=0.1, momentum=0.5, epochs=3, keep_weights=2),
    TrainConfig(schedule="constant", warmup=0.3),
]
SHIPPED_CONFIGS = [open_run(path.parent).config for path in sorted(SHIPPED.glob("*/config.json"))]


def test_windows_is_told_words_in_its_own_quotes(monkeypatch):
    words = ["python", "--run", r"C:\Users\Anna Lee\runs\x"]
    assert shell_line(words) == r"python --run 'C:\Users\Anna Lee\runs\x'"
    monkeypatch.setattr(command, "os", SimpleNamespace(name="nt"))
    assert shell_line(words) == r'python --run "C:\Users\Anna Lee\runs\x"'


@pytest.mark.parametrize("config", [*ODD, *SHIPPED_CONFIGS], ids=lambda config: config.default_run_name)
def test_the_command_gives_the_config_back(config):
    words = shlex.split(train_command(config, {}))
    assert words[:4] == ["python", "-m", "core", "train"]
    assert train.configs_of(train.parser().parse_args(words[4:])) == [config]


@pytest.mark.parametrize("name", NAMED_RECIPES)
def test_a_named_recipe_gives_way_to_other_options(name):
    (config,) = train.configs_of(train.parser().parse_args(["plain20", "--lr", "0.07", "--recipe", name]))
    assert config == TrainConfig(skip=False, **NAMED_RECIPES[name] | {"lr": 0.07})
    with pytest.raises(LabError, match="small twins"):
        train.configs_of(train.parser().parse_args(["vgg11", "--recipe", name]))


def test_how_it_was_trained_is_part_of_it():
    how = {"precision": "bfloat16", "threads": 2, "compiled": True, "processes": 1}
    command = train_command(TrainConfig(), how, data_folder="/my data", name="x")
    assert command == (
        "python -m core train resnet20 --data '/my data' --precision bfloat16 --threads 2 --compile --name x"
    )
    assert train_command(TrainConfig(), {"compiled": False}) == "python -m core train resnet20 --no-compile"


@pytest.mark.parametrize(
    ("how", "program"),
    [
        ({"processes": 4}, "torchrun --nproc-per-node 4 -m core train resnet20"),
        ({"processes": 4, "machines": 2}, "torchrun --nnodes 2 --nproc-per-node 2 -m core train resnet20"),
        ({"processes": "; rm"}, "python -m core train resnet20"),
        (
            {"threads": "; rm", "precision": ["; rm"], "compiled": "; rm", "machines": "; rm"},
            "python -m core train resnet20",
        ),
        ({"precision": "float16"}, "python -m core train resnet20"),  # no one can choose it
    ],
)
def test_only_what_is_known_is_said(how, program):
    assert train_command(TrainConfig(), how) == program


def test_a_recorded_command_is_not_read(tmp_path):
    """Runs of before kept one; whatever stands there."""
    run = Run(tmp_path, TrainConfig(), {"command": "rm -rf ~", "environment": {"threads": 1}})
    assert reproduction.command_with(run) == "python -m core train resnet20 --threads 1"
    assert reproduction.command_with(run, seed=3) == "python -m core train resnet20 --seed 3 --threads 1"


def test_new_runs_record_facts_alone(make_run):
    recorded = json.loads((make_run("x").path / "config.json").read_text())
    assert "command" not in recorded
    assert {"precision", "threads", "compiled", "processes"} <= recorded["environment"].keys()
