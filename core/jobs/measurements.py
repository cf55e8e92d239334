"""How fast this machine is now, measured in processes of their own: the threads of whoever asks are left alone."""

import json
import subprocess
import sys

from core.errors import LabError, TrainingError
from core.paths import ROOT
from core.runs.run import Run
from core.settings.train_config import TrainConfig

PATIENCE = 180.0  # seconds: a machine under load takes long to load PyTorch
PATIENCE_OF_RUNS = 300.0  # the same for `milliseconds`: several networks are asked


def seconds_per_image(config: TrainConfig) -> float:
    """Of training. Raises TrainingError with the last words of the process."""
    try:
        child = _measuring("measure", said=json.dumps(config.to_dict()), patience=PATIENCE)
        return float(json.loads(child.stdout)["seconds_per_image"])
    except subprocess.TimeoutExpired:
        raise TrainingError("The machine is too busy to say how long this takes.") from None
    except (ValueError, KeyError, TypeError):
        lines = child.stderr.strip().splitlines() or ["no reason was given"]
        raise TrainingError(f"How long this takes can't be measured: {lines[-1]}") from None


def milliseconds(runs: list[Run]) -> dict[str, dict[int, float]]:
    """Of an answer: {run: {threads: milliseconds}}. Raises LabError if that fails.

    Runs of equal networks are measured once; those whose network can't be built are left out.
    """
    first = {_network(run.config): run for run in reversed(runs)}
    try:
        child = _measuring("speed", *(str(run.path) for run in first.values()), patience=PATIENCE_OF_RUNS)
    except subprocess.TimeoutExpired:
        raise LabError("Measuring took too long: the machine is busy. Try again later.") from None
    if child.returncode:
        raise LabError(f"Measuring failed: {''.join(child.stderr.strip().splitlines()[-1:])}")
    found = json.loads(child.stdout)
    of_run = {run.name: found.get(str(first[_network(run.config)].path)) for run in runs}
    return {name: {int(n): value for n, value in times.items()} for name, times in of_run.items() if times}


def _measuring(what: str, *arguments: str, patience: float, said: str | None = None) -> subprocess.CompletedProcess:
    """One of `core.jobs.background`, once it has ended. Raises subprocess.TimeoutExpired, and TrainingError where it
    can't be started."""
    command = [sys.executable, "-m", "core", "background", what, *arguments]
    try:
        return subprocess.run(
            command, input=said, capture_output=True, text=True, errors="replace", cwd=ROOT, timeout=patience
        )
    except OSError as error:
        raise TrainingError(f"This can't be measured now: {error.strerror}.") from error


def _network(config: TrainConfig) -> tuple:
    """What the time of an answer hangs on."""
    return config.architecture, config.input_size, config.strides, config.stem, config.norm
