"""The command that makes a run, from what its config.json holds. Nothing reads commands: they are for people."""

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.settings.constraints import NORMALIZATIONS
from core.settings.train_config import PRECISIONS, SETTINGS, TrainConfig

PYTHON = "python"
MOST_THREADS = 1024


def train_command(
    config: TrainConfig, environment: Mapping, data_folder: str | None = None, name: str | None = None
) -> str:
    """What a shell runs to train `config` as it was trained in `environment` (`device.describe_environment`; what it
    lacks, the machine chooses), on the images in `data_folder` if not from a place known by name, as the run `name`."""
    words = [*program(environment), config.architecture]
    for field, value in config.unusual.items():
        if SETTINGS[field].option:
            option = field.replace("_", "-")
            words += [f"--no-{option}"] if value is False else _option(option, value)
    if data_folder or config.data != "full":
        words += _option("data", data_folder or config.data)
    precision, threads = environment.get("precision"), environment.get("threads")
    words += _option("precision", precision) if precision in PRECISIONS else []
    words += _option("threads", threads) if is_thread_count(threads) else []
    compiled = environment.get("compiled")
    words += ["--compile" if compiled else "--no-compile"] if isinstance(compiled, bool) else []
    return shell_line([*words, *(_option("name", name) if name else [])])


def import_command(config: TrainConfig, file: str, name: str) -> str:
    """What a shell runs to bring the network in a file of weights, as the run `name`."""
    words = [PYTHON, "-m", "core", "import", *([f"./{file}"] if file.startswith("-") else [file])]
    words += _option("architecture", config.architecture)
    words += _option("strides", config.strides) if "strides" in config.unusual else []
    words += _option("input-size", config.input_size) if config.family == "torchvision" else []
    if config.normalization in NORMALIZATIONS:
        words += _option("normalization", config.normalization)
    else:
        mean, std = config.normalization.split(",")[:3], config.normalization.split(",")[3:]
        words += [*_option("mean", ",".join(mean)), *_option("std", ",".join(std))]
    return shell_line([*words, *_option("name", name)])


def continue_command(folder: Path, environment: Mapping, python: str = PYTHON, log: str | None = None) -> str:
    """What a shell runs to go on with the run in `folder`, by as many processes as `environment` says; `python`: how
    Python is called there; `log`: as `train` takes it."""
    words = [*program(environment, python), "--run", str(folder)]
    return shell_line([*words, *(_option("log", log) if log else [])])


def shell_line(words: Sequence[str]) -> str:
    """Words as one types them on this machine: Windows keeps single quotes as part of a word."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def is_thread_count(value: object) -> bool:
    """Whether it is a number of threads that `train` takes."""
    return type(value) is int and 1 <= value <= MOST_THREADS


def program(environment: Mapping, python: str = PYTHON) -> list[str]:
    """The first words of a command that trains by as many processes, on as many machines, as `environment` says."""
    processes, machines = environment.get("processes", 1), environment.get("machines", 1)
    if type(processes) is not int or processes <= 1:
        return [python, "-m", "core", "train"]
    several = type(machines) is int and 1 < machines <= processes
    nodes = ["--nnodes", str(machines)] if several else []
    here = processes // machines if several else processes
    return ["torchrun", *nodes, "--nproc-per-node", str(here), "-m", "core", "train"]


def _option(name: str, value: object) -> list[str]:
    text = str(value)
    return [f"--{name}={text}"] if text.startswith("-") else [f"--{name}", text]
