"""A finished run among those that come with the lab."""

import shutil
import tempfile
from pathlib import Path

from core.errors import RunError
from core.files import patiently, remove_abandoned, writing
from core.runs import library
from core.runs.file_names import MODEL_FILE
from core.runs.run import Run, open_run
from core.sharing.files import SHIPPING, shared_contents, write_contents
from core.sharing.model_card import write_card

REPLACED = ".replaced-"  # how the hidden folder begins, with the run's name behind it, of which another takes the place


def ship(run: Run, to: Path, weights: bool = True, replace: bool = False) -> Run:
    """Copy a finished run's files into the folder `to`, without its weights if so asked, and write its card anew.

    The copy appears whole or not at all. Raises RunError if the run is not finished, if there is another of its name
    (unless it is to be replaced), or if it cannot be written.
    """
    target, replaced = to / run.name, to / f"{REPLACED}{run.name}"
    if not library.NAME.fullmatch(run.name):
        raise RunError(f"{run.path} has a name that no run can have; rename the folder.")
    if replaced.exists() and not target.exists():  # this was killed in between
        with writing(to):
            patiently(replaced.rename, target)
    if target.exists() and not replace:
        raise RunError(f"{target} exists already; --replace puts the run in its place.")
    contents = shared_contents(run)
    if not weights:
        contents.pop(MODEL_FILE, None)
    remove_abandoned(to, SHIPPING)
    if target.exists():
        _remove(replaced)  # of a process that was killed at its end
    with writing(to), tempfile.TemporaryDirectory(dir=to, prefix=SHIPPING) as hidden:
        folder = Path(hidden, run.name)
        folder.mkdir()
        write_contents(contents, folder)
        write_card(open_run(folder))
        if target.exists():
            patiently(target.rename, replaced)
        try:
            patiently(folder.rename, target)
        except BaseException:
            if replaced.exists():
                replaced.rename(target)
            raise
        _remove(replaced)
    return open_run(target)


def _remove(run: Path) -> None:
    """A folder, or a link to one, if it is there."""
    if run.is_symlink():
        run.unlink()
    else:
        shutil.rmtree(run, ignore_errors=True)
