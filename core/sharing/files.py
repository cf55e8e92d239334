"""Which files of a run go with it to another machine, and how large each may be."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

from core.analysis import calibration, probes, robustness, surgery
from core.analysis.landscapes import landscape, walk
from core.errors import RunError
from core.files import as_json
from core.paths import file_name
from core.runs import tables
from core.runs.file_names import (
    CARD_FILE,
    CHANGE_FILE,
    CONFIG_FILE,
    GRADIENTS_FILE,
    HISTORY_FILE,
    MODEL_FILE,
    RESULT_FILE,
    VALIDATION_FILE,
)
from core.runs.run import LARGEST_JSON, Run, require_regular_files
from core.runs.store import facts_of

# What was found out about a run and stored with it; each has a FILE, of at most LARGEST bytes, and `load(run)`.
STUDIES = (surgery, probes, landscape, walk, calibration, robustness)
ADDING, SHIPPING = ".add-", ".ship-"  # how the hidden folders begin in which a run is put together
LARGEST = {  # the files of a finished run, and how many bytes each may have, unpacked
    CONFIG_FILE: LARGEST_JSON,
    HISTORY_FILE: 2_000_000,
    GRADIENTS_FILE: tables.LARGEST_NPZ,
    RESULT_FILE: tables.LARGEST_NPZ,
    MODEL_FILE: 200_000_000,
    CHANGE_FILE: tables.LARGEST_NPZ,
    VALIDATION_FILE: tables.LARGEST_NPZ,
    **{study.FILE: study.LARGEST for study in STUDIES},
    CARD_FILE: 100_000,
}
NEEDED = {CONFIG_FILE, RESULT_FILE}  # and, unless it was trained elsewhere, the history


def without_folders(run: Run) -> Run:
    """The run as others may see it: of files and folders of this machine, their names alone, in plain text. Where
    weights lay can tell who somebody is, or works for."""
    facts = {key: hide_folders(run, value) if isinstance(value, str) else value for key, value in run.facts.items()}
    if run.imported:
        facts["imported"] = {
            key: _plain(value) if isinstance(value, str) else value for key, value in run.facts["imported"].items()
        }
    return replace(run, config=replace(run.config, init=hide_folders(run, run.config.init)), facts=facts)


def hide_folders(run: Run, text: str) -> str:
    """`text` with the names alone of files and folders that the run was trained from."""
    for path in (run.config.init, run.facts.get("data_folder")):
        if isinstance(path, str):
            text = text.replace(path, _plain(file_name(path)))
    return text


def _plain(name: str) -> str:
    """Without what would make it markup where it is shown, or can't be seen there."""
    visible = "".join(letter if letter.isprintable() else "-" for letter in name)
    return re.sub(r"[<>`|*@:$]|(?<=\bwww)\.", "-", visible, flags=re.IGNORECASE)


def shared_contents(run: Run) -> dict[str, Path | bytes]:
    """What a finished run hands on, as others may see it, without its card, which says where the run is: by file name,
    the file that is handed on as it is, or what stands in its place. Raises RunError if the run is not complete, or a
    file of it is a link."""
    contents: dict[str, Path | bytes] = {path.name: path for path in _files_of(run) if path.name != CARD_FILE}
    shared = without_folders(run)
    if shared != run:
        contents[CONFIG_FILE] = as_json(facts_of(shared.config, shared.facts)).encode()
    return contents


def write_contents(contents: dict[str, Path | bytes], folder: Path) -> None:
    """Put what `shared_contents` gave into `folder`. Raises OSError."""
    for name, content in contents.items():
        if isinstance(content, Path):
            shutil.copyfile(content, folder / name)
        else:
            (folder / name).write_bytes(content)


def _files_of(run: Run) -> list[Path]:
    """Those of a finished run's files that it has. Raises RunError if it is not complete, or one is a link."""
    require_regular_files(run.path)
    needed = NEEDED | (set() if run.imported else {HISTORY_FILE})
    missing = [name for name in LARGEST if name in needed and not (run.path / name).is_file()]
    if missing:
        raise RunError(f"{run.name} is not complete: it has no {' and no '.join(missing)}.")
    return [path for path in (run.path / name for name in LARGEST) if path.is_file()]
