"""Every combination of the settings in a small JSON file, as runs; how each of them stands; and one's training.

Each training is a process of its own, so that none can end the others. Several at once, or on a cluster:
`core.jobs.launcher`.
"""

import itertools
import json
import math
import subprocess
from dataclasses import fields
from pathlib import Path
from string import Formatter
from typing import NamedTuple

from core import paths
from core.errors import LabError, RunError
from core.runs import library, status
from core.runs.run import open_run
from core.settings.recipes import recipe
from core.settings.setting import differences
from core.settings.train_config import TrainConfig

LARGEST_FILE, MOST_RUNS = 1_000_000, 1_000
CHOSEN_BY_ARCHITECTURE = {"family", "network", "depth", "skip"}
SETTING_NAMES = {field.name for field in fields(TrainConfig)} - CHOSEN_BY_ARCHITECTURE


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
    if unknown := grid.keys() - SETTING_NAMES - {"architectures"}:
        raise LabError(
            f"{path} has keys that are not known: {', '.join(sorted(unknown))}. "
            f"Known: architectures, name, {', '.join(sorted(SETTING_NAMES))}."
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
            f"{path}: the name {pattern!r} is not a pattern of settings, such as 'mine-{{architecture}}-{{seed}}'."
        )
    return pattern.format(**known)


class SweepState(NamedTuple):
    """How a run of the sweep stands. `state`: "new", "to resume", "failed", "waiting", "training" or "finished"."""

    state: str
    detail: str = ""

    @property
    def due(self) -> bool:
        """Whether the sweep has to train it: it is not finished, and nobody else is about to."""
        return self.state in ("new", "to resume", "failed")

    def __str__(self) -> str:
        return f"{self.state} ({self.detail})" if self.detail else self.state


def state_of(folder: Path, config: TrainConfig) -> SweepState:
    """As the run's own folder says. Raises RunError if another run has its name."""
    if not folder.exists():
        library.require_free_name(folder.parent, folder.name)
        return SweepState("new")
    run = open_run(folder)
    if run.config != config:
        changed = ", ".join(
            f"{field} {there}, not {here}" for field, (there, here) in differences(run.config, config).items()
        )
        raise RunError(f"{folder} is another run ({changed}); move it, or give the sweep names of its own.")
    if run.finished:
        return SweepState("finished")
    said = status.read(folder)
    if said and said.state == "training":
        return SweepState("training", f"on {said.machine}")
    if said and said.state == "queued":
        return SweepState("waiting", "in the app's queue")
    return SweepState("failed", said.reason) if said and said.state == "failed" else SweepState("to resume")


class Child:
    """The training that runs now. A signal to this process that `stop` handles (`on_stop`) is passed on, and the
    training then ends."""

    def __init__(self, trainer: list[str]):
        self.stopped = False
        self._trainer = trainer
        self._process: subprocess.Popen | None = None
        self._before: status.Status | None = None  # the last word of the run that is trained, from before

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def stop(self, number, frame) -> None:
        self.stopped = True
        if self._process:
            self._end(self._process)

    def _end(self, process: subprocess.Popen) -> None:
        """Politely: SIGTERM has a training save its state. Windows knows no such thing; there it loses some seconds."""
        process.terminate()

    def begin(self, folder: Path) -> None:
        """Start to train the run in `folder`, as far as it goes."""
        command = [*self._trainer, str(folder.resolve())]
        self._before = status.read(folder)
        # In a session of its own: Ctrl-C at the terminal would else reach it twice, and twice means at once.
        self._process = subprocess.Popen(command, cwd=paths.ROOT, start_new_session=True)
        if self.stopped:  # at this very moment
            self._end(self._process)

    def wait(self, folder: Path) -> str | None:
        """Until the training has ended; the reason if it failed."""
        assert self._process
        code = self._process.wait()
        self._process = None
        if code == 0:
            return None
        run_status = status.read(folder)
        said = run_status.reason if run_status and run_status != self._before else ""
        return said or f"it ended with exit status {code}"
