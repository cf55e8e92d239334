"""Every combination of the settings in a small JSON file, as runs to be trained one after the other.

Each training is a process of its own, so that none can end the others.
"""

import itertools
import json
import math
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from string import Formatter

from core import paths
from core.errors import LabError, RunError
from core.runs import library, status
from core.runs.run import open_run
from core.settings.recipes import recipe
from core.settings.setting import differences
from core.settings.train_config import TrainConfig

LARGEST_FILE, MOST_RUNS = 1_000_000, 1_000
CHOSEN_BY_ARCHITECTURE = {"family", "network", "depth", "skip"}
SETTINGS = {field.name for field in fields(TrainConfig)} - CHOSEN_BY_ARCHITECTURE


def read_grid(path: Path) -> dict[str, TrainConfig]:
    """The runs that a file asks for, in its order: {name: config}. Raises LabError that says what is wrong with it."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise LabError(f"{path} is too large for a sweep.")
        grid = json.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        raise LabError(f"{path} cannot be read as JSON ({error}).") from None
    if not isinstance(grid, dict) or not grid.get("architectures"):
        raise LabError(f'{path} must hold an object with "architectures", such as {{"architectures": ["resnet20"]}}.')
    pattern = grid.pop("name", None)
    if unknown := grid.keys() - SETTINGS - {"architectures"}:
        raise LabError(
            f"{path} has keys that are not known: {', '.join(sorted(unknown))}. "
            f"Known: architectures, name, {', '.join(sorted(SETTINGS))}."
        )
    return _named(path, _combinations(path, grid), pattern)


def _combinations(path: Path, grid: dict) -> list[TrainConfig]:
    axes = {key: values if isinstance(values, list) else [values] for key, values in grid.items()}
    count = math.prod(map(len, axes.values()))
    if not 1 <= count <= MOST_RUNS:
        raise LabError(f"{path} asks for {count:,} runs; it may be from 1 to {MOST_RUNS:,}.")
    return [_config(dict(zip(axes, values, strict=True))) for values in itertools.product(*axes.values())]


def _config(settings: dict) -> TrainConfig:
    from core.models.registry import parse_architecture

    network = parse_architecture(str(settings.pop("architectures")))
    given = {name: str(settings.get(name, getattr(TrainConfig, name))) for name in ("optimizer", "stem")}
    usual = recipe(network["family"], **given)
    return TrainConfig.from_dict(usual | network | settings)


def _named(path: Path, configs: list[TrainConfig], pattern: str | None) -> dict[str, TrainConfig]:
    named: dict[str, TrainConfig] = {}
    for config in configs:
        name = _filled(path, pattern, config) if pattern else config.default_run_name
        try:
            library.require_name(name)
        except RunError as error:
            raise LabError(f"{path}: {error}") from None
        if name in named:
            reason = "is asked for twice" if named[name] == config else "would be the name of two runs that differ"
            raise LabError(f"{path}: {name} {reason}.")
        named[name] = config
    return named


def _filled(path: Path, pattern: str, config: TrainConfig) -> str:
    """The name that a pattern such as "mine-{architecture}-{seed}" makes: names of settings in braces, nothing else
    there (a width could ask for gigabytes)."""
    known = config.to_dict() | {"architecture": config.architecture}
    try:
        fields = [part[1:] for part in Formatter().parse(pattern) if part[1] is not None]
    except (ValueError, TypeError):
        fields = [("", "", "")]
    if any(name not in known or spec or conversion for name, spec, conversion in fields):
        raise LabError(
            f"{path}: the name {pattern!r} is no pattern of settings, such as 'mine-{{architecture}}-{{seed}}'."
        )
    return pattern.format(**known)


def state(folder: Path, config: TrainConfig) -> str:
    """How a run of the sweep stands: "new", "to resume" or "finished". Raises RunError if another has its name."""
    if not folder.exists():
        library.require_free_name(folder.parent, folder.name)
        return "new"
    run = open_run(folder)
    if run.config != config:
        changed = ", ".join(
            f"{field} {there}, not {here}" for field, (there, here) in differences(run.config, config).items()
        )
        raise RunError(f"{folder} is another run ({changed}); move it, or give the sweep names of its own.")
    return "finished" if run.finished else "to resume"


class Child:
    """The training that runs now. A signal to the sweep is passed on, once, and the sweep then ends."""

    def __init__(self):
        self.stopped = False
        self._process: subprocess.Popen | None = None
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, number, frame) -> None:
        self.stopped = True
        if self._process:
            self._end(self._process)

    def _end(self, process: subprocess.Popen) -> None:
        """Politely: SIGTERM has a training save its state. Windows knows no such thing; there it loses some seconds."""
        process.terminate()

    def train(self, folder: Path) -> str | None:
        """Train the run in `folder` as far as it goes; the reason if it failed."""
        command = [sys.executable, "-m", "core", "train", "--run", str(folder.resolve())]
        # In a session of its own: Ctrl-C at the terminal would else reach it twice, and twice means at once.
        self._process = subprocess.Popen(command, cwd=paths.ROOT, start_new_session=True)
        if self.stopped:  # at this very moment
            self._end(self._process)
        code = self._process.wait()
        self._process = None
        if code == 0:
            return None
        run_status = status.read(folder)
        return (run_status and run_status.reason) or f"it ended with exit status {code}"
