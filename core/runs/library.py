"""The runs that there are, shipped and the user's own: list them, find one by name, and which names are free."""

import os
import re
from contextlib import suppress
from pathlib import Path

from core import paths
from core.errors import RunError
from core.files import entries
from core.paths import own_runs_dir
from core.runs.file_names import (
    CHANGE_FILE,
    CONFIG_FILE,
    GRADIENTS_FILE,
    HISTORY_FILE,
    MODEL_FILE,
    RESULT_FILE,
    STATE_FILE,
    VALIDATION_FILE,
)
from core.runs.run import Run, open_run, require_regular_files
from core.runs.status import FILE as STATUS_FILE
from core.settings.environment import expanded
from core.settings.setting import differences
from core.settings.train_config import TrainConfig

# Windows takes neither its devices' names for files, whatever follows their first dot, nor a dot at the end.
DEVICES = r"(?!(?i:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))"
RUN_FILES = {CONFIG_FILE, HISTORY_FILE, GRADIENTS_FILE, CHANGE_FILE, VALIDATION_FILE, RESULT_FILE, MODEL_FILE}
RUN_FILES |= {STATE_FILE, STATUS_FILE}
NAME = re.compile(rf"{DEVICES}[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}(?<!\.)")


def list_runs() -> tuple[list[Run], list[str]]:
    """All runs, shipped ones first, and a sentence for each folder that can't be opened or has a shipped run's name."""
    shipped, problems = list_in(paths.SHIPPED)
    own, problems_of_own = list_in(own_runs_dir())
    taken = {run.name for run in shipped}
    hidden = [run for run in own if run.name in taken]
    problems += [f"{run.path} has the name of a shipped run; rename the folder to see it." for run in hidden]
    return shipped + [run for run in own if run not in hidden], problems + problems_of_own


def list_in(root: Path) -> tuple[list[Run], list[str]]:
    """The runs in one folder, by name, and a sentence for each of its folders that can't be opened, or for itself."""
    try:
        runs, damaged = _opened(root)
    except RunError as error:
        return [], [str(error)]
    return runs, list(damaged.values())


def damaged_runs() -> dict[str, str]:
    """The user's own folders that can't be opened as runs, links apart: {folder's name: what is wrong with it}."""
    damaged: dict[Path, str] = {}
    with suppress(RunError):  # which `list_in` tells
        _, damaged = _opened(own_runs_dir())
    return {path.name: problem for path, problem in damaged.items() if not path.is_symlink()}


def _opened(root: Path) -> tuple[list[Run], dict[Path, str]]:
    """The runs in `root`, and what is wrong with each of its other folders. Raises RunError where nobody may look."""
    runs, damaged = [], {}
    for path in sorted(entries(root)):
        if not os.path.isdir(path) or path.name.startswith("."):
            continue  # hidden: a run that is still being added
        try:
            runs.append(_open_in(root, path))
        except RunError as error:
            if is_of_a_run(path):
                damaged[path] = str(error)
    return runs, damaged


def is_of_a_run(path: Path) -> bool:
    """Whether a folder among the runs holds anything that the lab wrote, or nothing yet: not one that somebody keeps
    there for other things, nor one that systems make on their disks, such as lost+found or @eaDir."""
    names: list[str] = []
    try:
        names = os.listdir(path)
    except FileNotFoundError:  # it was deleted meanwhile
        return False
    except OSError:  # nobody may look into it, or the disk is damaged
        pass
    return not RUN_FILES.isdisjoint(names) or (not names and bool(NAME.fullmatch(path.name)))


def _open_in(root: Path, path: Path) -> Run:
    """The run in this folder of `root`. Raises RunError."""
    if path.is_symlink() and path.resolve().parent != root.resolve():  # to resolve all would take most of a listing
        raise RunError(f"{path} is a link that leads out of {root}.")
    if not NAME.fullmatch(path.name):
        raise RunError(f"{path} has a name that no run can have; rename the folder.")
    require_regular_files(path)
    return open_run(path)


def find_run(name_or_path: str) -> Run:
    """A run by its name, or by the path of its folder. Raises RunError that lists the known names."""
    if NAME.fullmatch(name_or_path):  # without opening all the others, of which there may be hundreds
        for root in (paths.SHIPPED, own_runs_dir()):
            if os.path.isfile(root / name_or_path / CONFIG_FILE):  # false, too, where one may not look
                return _open_in(root, root / name_or_path)
    folder = expanded(name_or_path)
    if os.path.isfile(folder / CONFIG_FILE):
        return open_run(folder)
    runs, _ = list_runs()
    raise RunError(f"There is no run {name_or_path!r}. Known: {', '.join(run.name for run in runs) or 'none'}.")


def require_name(name: str) -> None:
    """Raises RunError if no run can be called so. A name that passes leads out of no folder."""
    if not NAME.fullmatch(name):
        raise RunError(
            f"{name[:80]!r} cannot be a run's name: letters, digits, dot, dash and underscore, at most 64, none of the "
            "last three first, no dot last, and no name that Windows keeps for itself, such as con."
        )


def is_taken(root: Path, name: str) -> bool:
    """Whether a run in `root`, or one that ships, has this name."""
    return any((folder / name).exists() for folder in (root, paths.SHIPPED))


def require_free_name(root: Path, name: str, advice: str = "Choose another name.") -> None:
    """Raises RunError if a new run in `root` can't have this name: it is bad, or taken, here (then with this `advice`)
    or by a shipped run."""
    require_name(name)
    if (paths.SHIPPED / name).exists() and root.resolve() != paths.SHIPPED:
        raise RunError(f"{name} is the name of a run that ships with the app; choose another name.")
    if (root / name).exists():
        raise RunError(f"{name} exists already. {advice}")


def require_same_config(folder: Path, config: TrainConfig) -> Run:
    """The run in `folder`. Raises RunError if it was begun with other settings."""
    saved = open_run(folder)
    if saved.config != config:
        told = (f"{field} {old} (now {new})" for field, (old, new) in differences(saved.config, config).items())
        raise RunError(f"{saved.name} was begun with other options: {', '.join(told)}.")
    return saved
