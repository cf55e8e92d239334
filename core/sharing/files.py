"""Which files of a run go with it to another machine, and how large each may be."""

import re
from dataclasses import replace
from pathlib import Path

from core.analysis import calibration, probes, robustness, surgery
from core.analysis.landscapes import landscape, walk
from core.errors import RunError
from core.paths import file_name
from core.runs import status, tables
from core.runs.run import CHANGE_FILE, LARGEST_JSON, MODEL_FILE, VALIDATION_FILE, Run, require_regular_files

CARD, HISTORY, CONFIG_FILE = "README.md", "history.csv", "config.json"
IMPORTING, SHIPPING = ".import-", ".ship-"  # how the hidden folders begin in which a run is put together
LARGEST = {  # the files of a finished run, and how many bytes each may have, unpacked
    CONFIG_FILE: LARGEST_JSON,
    HISTORY: 2_000_000,
    "gradients.npz": tables.LARGEST_NPZ,
    status.RESULT_FILE: tables.LARGEST_NPZ,
    MODEL_FILE: 200_000_000,
    CHANGE_FILE: tables.LARGEST_NPZ,
    VALIDATION_FILE: tables.LARGEST_NPZ,
    surgery.FILE: 200_000,
    probes.FILE: probes.LARGEST,
    landscape.FILE: landscape.LARGEST,
    walk.FILE: walk.LARGEST,
    calibration.FILE: calibration.LARGEST,
    robustness.FILE: robustness.LARGEST,
    CARD: 100_000,
}
# Of a network that was trained elsewhere the history is missing, too.
OPTIONAL = {HISTORY, "gradients.npz", MODEL_FILE, CHANGE_FILE, VALIDATION_FILE, CARD}
OPTIONAL |= {surgery.FILE, probes.FILE, landscape.FILE, walk.FILE, calibration.FILE, robustness.FILE}


def without_folders(run: Run) -> Run:
    """The run as others may see it: of files and folders of this machine, their names alone, in plain text. Where
    weights lay can tell who somebody is, or works for."""
    init, data = run.config.init, run.facts.get("data_folder")
    names = {path: _plain(file_name(path)) for path in (init, data) if isinstance(path, str)}

    def named(value: object) -> object:
        for path, name in names.items():
            value = value.replace(path, name) if isinstance(value, str) else value
        return value

    facts = {key: named(value) for key, value in run.facts.items()}
    if run.imported:
        facts["imported"] = run.facts["imported"] | {"file": _plain(run.facts["imported"]["file"])}
    return replace(run, config=replace(run.config, init=names[init]), facts=facts)


def _plain(name: str) -> str:
    """Without what would make it markup where it is shown."""
    return re.sub(r"[<>`|*@:$]|(?<=\bwww)\.", "-", name, flags=re.IGNORECASE)


def files_of(run: Run) -> list[Path]:
    """Those of a finished run's files that it has. Raises RunError if it is not finished, or one is a link."""
    require_regular_files(run.path)
    needed = LARGEST.keys() - OPTIONAL | (set() if run.imported else {HISTORY})
    missing = [name for name in LARGEST if name in needed and not (run.path / name).is_file()]
    if missing:
        raise RunError(f"{run.name} is not finished: it has no {' and no '.join(missing)}.")
    return [path for path in (run.path / name for name in LARGEST) if path.is_file()]
