"""A finished run among those that come with the lab."""

import shutil
import tempfile
from pathlib import Path

from core.errors import RunError
from core.files import patiently, remove_abandoned, writing
from core.runs import library
from core.runs.run import MODEL_FILE, Run, open_run
from core.runs.store import save_facts
from core.sharing.files import CARD, SHIPPING, files_of, without_folders
from core.sharing.model_card import write_card


def ship(run: Run, to: Path, weights: bool = True, replace: bool = False) -> Run:
    """Copy a finished run's files into the folder `to`, without its weights if so asked, and write its card anew.

    The copy appears whole or not at all. Raises RunError if the run is not finished, if there is another of its name
    (unless it is to be replaced), or if it cannot be written.
    """
    target = to / run.name
    if not library.NAME.fullmatch(run.name):
        raise RunError(f"{run.path} has a name that no run can have; rename the folder.")
    if target.exists() and not replace:
        raise RunError(f"{target} exists already; --replace puts the run in its place.")
    left_out = {CARD} | (set() if weights else {MODEL_FILE})
    files = [path for path in files_of(run) if path.name not in left_out]
    remove_abandoned(to, SHIPPING)
    with writing(to), tempfile.TemporaryDirectory(dir=to, prefix=SHIPPING) as hidden:
        folder = Path(hidden, run.name)
        folder.mkdir()
        for path in files:
            shutil.copyfile(path, folder / path.name)
        shared = without_folders(run)
        if shared != run:
            save_facts(folder, shared.config, shared.facts)
        write_card(open_run(folder))
        replaced = Path(hidden, "replaced")
        try:
            if target.exists():
                patiently(target.rename, replaced)
            patiently(folder.rename, target)
        except BaseException:
            if replaced.exists():
                replaced.rename(target)
            raise
    return open_run(target)
