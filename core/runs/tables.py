"""CSV, npz and JSON files that anybody may have made, read within limits. Knows nothing of what they are for."""

import json
import zipfile
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from core.errors import RunError

LARGEST_NPZ = 10_000_000  # bytes, unpacked
Made = TypeVar("Made")


def read_csv(path: Path, columns: Sequence[str], **options) -> pd.DataFrame:
    """A table with exactly these columns; `options` are those of `pandas.read_csv`. Raises RunError."""
    try:
        text = path.read_text(encoding="utf-8")
        # Before pandas reads it: a row of 200,000 cells would keep it busy for minutes.
        if any(line.count(",") != len(columns) - 1 for line in text.splitlines()):
            raise ValueError("a row with another number of cells")
        table = pd.read_csv(StringIO(text), **options)
        if list(table.columns) != list(columns):
            raise ValueError(f"its columns are not {', '.join(columns)}")
    except FileNotFoundError:
        raise RunError(f"{path} is missing.") from None
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read ({error}).") from None
    return table


def load_npz(path: Path, *names: str, optional: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """The arrays of these names, and of the `optional` ones those that are there. Raises RunError."""
    try:
        with zipfile.ZipFile(path) as file:
            if sum(member.file_size for member in file.infolist()) > LARGEST_NPZ:
                raise ValueError("it unpacks to too much")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in (*names, *(name for name in optional if name in file))}
        for name, array in arrays.items():
            if not isinstance(array, np.ndarray):  # NumPy gives what does not begin as its arrays do as bytes
                raise ValueError(f"{name} is no array")
            if array.size > LARGEST_NPZ:  # texts of no letters need no bytes
                raise ValueError("it unpacks to too much")
        return arrays
    except FileNotFoundError:
        raise RunError(f"{path} is missing.") from None
    except Exception as error:  # zipfile, zlib, struct and numpy each raise their own on a damaged file
        raise RunError(f"{path} is damaged ({type(error).__name__}: {error}).") from None


def read_json(path: Path, largest: int, make: Callable[..., Made]) -> Made | None:
    """What `make` makes of the values of a JSON object, by their names; None where there is no file. Raises RunError
    where the file has more than `largest` bytes or is damaged, or where `make` raises ValueError or TypeError."""
    try:
        if path.stat().st_size > largest:
            raise ValueError("it is too large")
        return make(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise RunError(f"{path} is damaged: {str(error)[:200]}.") from None
