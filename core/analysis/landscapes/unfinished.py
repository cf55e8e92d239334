"""A file in a run's folder that takes long to make: until it is finished, what is known already lies beside it."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from core.errors import RunError
from core.files import write_atomically, writing
from core.runs.run import Run

Known = TypeVar("Known")


def beside(path: Path) -> Path:
    """Where it lies until then."""
    return path.with_stem(f"{path.stem}-unfinished")


def save(run: Run, file: str, arrays: dict, finished: bool) -> None:
    """Raises RunError where it can't be written."""
    path = run.path / file
    with writing(run.path):
        write_atomically(path if finished else beside(path), lambda npz: np.savez_compressed(npz, **arrays))
        if finished:
            beside(path).unlink(missing_ok=True)


def values(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """What was given to `save`: of an array without dimensions, its number or text."""
    return {name: array if array.ndim else array.item() for name, array in arrays.items()}


def known(run: Run, file: str, read: Callable[[Path], Known], fits: Callable[[Known], bool]) -> Known | None:
    """What was saved at last, if it `fits`; None where nothing was, or the file is damaged."""
    for path in (run.path / file, beside(run.path / file)):
        with suppress(RunError):
            if fits(found := read(path)):
                return found
    return None
