"""Which files of a run go with it to another machine, and how large each may be."""

from pathlib import Path

from core.analysis import calibration, probes, surgery_study
from core.errors import RunError
from core.runs import status, tables
from core.runs.run import CHANGE_FILE, LARGEST_JSON, MODEL_FILE, Run

CARD = "README.md"
IMPORTING, SHIPPING = ".import-", ".ship-"  # how the hidden folders begin in which a run is put together
LARGEST = {  # the files of a finished run, and how many bytes each may have, unpacked
    "config.json": LARGEST_JSON,
    "history.csv": 2_000_000,
    "gradients.npz": tables.LARGEST_NPZ,
    status.RESULT_FILE: tables.LARGEST_NPZ,
    MODEL_FILE: 200_000_000,
    CHANGE_FILE: tables.LARGEST_NPZ,
    surgery_study.FILE: 200_000,
    probes.FILE: probes.LARGEST,
    calibration.FILE: calibration.LARGEST,
    CARD: 100_000,
}
OPTIONAL = {"gradients.npz", MODEL_FILE, CHANGE_FILE, surgery_study.FILE, probes.FILE, calibration.FILE, CARD}


def files_of(run: Run) -> list[Path]:
    """Those of a finished run's files that it has. Raises RunError if it is not finished."""
    missing = [name for name in LARGEST if name not in OPTIONAL and not (run.path / name).is_file()]
    if missing:
        raise RunError(f"{run.name} is not finished: it has no {' and no '.join(missing)}.")
    return [path for path in (run.path / name for name in LARGEST) if path.is_file()]
