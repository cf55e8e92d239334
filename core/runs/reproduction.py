"""How a run is made again: the commands, as one types them."""

from dataclasses import replace
from typing import TYPE_CHECKING

from core.models.weights.known_weights import IMAGENET_FILES
from core.paths import file_name
from core.runs.command import continue_command, import_command, train_command
from core.settings.train_config import LONGEST_NAME

if TYPE_CHECKING:
    from core.runs.run import Run

AGAIN = "-again"  # how the name of a run that is made anew ends


def preparation(run: "Run") -> list[str]:
    """The commands that make the file of weights with which it began; none where it began with no known file."""
    return IMAGENET_FILES.get(file_name(run.config.init), [])


def command(run: "Run") -> str:
    """The one that makes it anew, after `preparation`, among the user's own runs, under another name."""
    name = f"{run.name[: LONGEST_NAME - len(AGAIN)]}{AGAIN}"
    if run.imported:
        return import_command(run.config, str(run.facts["imported"].get("file")), name)
    return command_with(run, name)


def command_with(run: "Run", name: str | None = None, **changes) -> str:
    """The command that makes a run like this, of another `name` (None: made from the settings), but for `changes`
    of its config. Raises LabError if they don't fit together."""
    folder = run.facts.get("data_folder")
    known = folder if isinstance(folder, str) else None
    return train_command(replace(run.config, **changes), run.environment, known, name)


def commands(run: "Run") -> str:
    """Those of `preparation` and the last one, a line each."""
    return "\n".join([*preparation(run), command(run)])


def advice(run: "Run") -> str:
    """How to come by the weights that it lacks, in a sentence."""
    if not run.finished:
        return f"It is not finished; this goes on with it: {continue_command(run.path, run.environment)}"
    first = f"; once before it: {' && '.join(preparation(run))}" if preparation(run) else ""
    return f"This command makes them, in a new run: {command(run)}{first}"
