"""CSV, npz and JSON files that anybody may have made, read within limits. Knows nothing of what they are for."""

import json
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from core.errors import RunError

LARGEST_NPZ = 10_000_000  # bytes, unpacked
LARGEST_NUMBER = 1e30  # either way, of an array that says nothing else: a float32 holds it
Made = TypeVar("Made")


@dataclass(frozen=True)
class Array:
    """What an array in a file has to be.

    kind: a type of NumPy ("float32"), or the letter of a kind of types ("f": floats, "U": texts)
    shape: numbers, and names, each of which stands for the same number, 1 or more, in all arrays of the file
    low, high: the range of its numbers; with `nan`, some may be NaN
    among: the texts that it may hold; None for any
    optional: whether it may be missing
    """

    kind: str
    shape: tuple[int | str, ...] = ()
    low: float = -LARGEST_NUMBER
    high: float = LARGEST_NUMBER
    nan: bool = False
    among: Collection[str] | None = None
    optional: bool = False

    def problem(self, values: np.ndarray, sizes: dict[str, int]) -> str:
        """What is wrong with `values`; "" for nothing. `sizes`: what the names in shapes stand for, as far as known;
        those of this shape are added."""
        if values.dtype.kind != self.kind and values.dtype != self.kind:
            return f"is not of the type {self.kind}"
        if values.ndim != len(self.shape) or values.shape != tuple(
            part if isinstance(part, int) else sizes.setdefault(part, max(size, 1))
            for part, size in zip(self.shape, values.shape, strict=True)
        ):
            return f"is not of the shape ({', '.join(map(str, self.shape))})"
        if self.kind == "U":
            known = self.among is None or set(values.ravel().tolist()) <= set(self.among)
            return "" if known else f"is none of {', '.join(self.among or ())}"
        # As float64: in the array's own type a limit might be infinite.
        within = (values >= np.float64(self.low)) & (values <= np.float64(self.high))
        fits = within | np.isnan(values) if self.nan else within
        return "" if fits.all() else f"has numbers that are not from {self.low:g} to {self.high:g}"


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


def load_npz(path: Path, arrays: Mapping[str, Array]) -> dict[str, np.ndarray]:
    """The arrays of these names, as they have to be, in this order; of the optional ones, those that are there. Raises
    RunError."""
    found = _unpacked(path, arrays)
    missing = [name for name, array in arrays.items() if name not in found and not array.optional]
    if missing:
        raise RunError(f"{path} is damaged: {missing[0]} is missing.")
    sizes: dict[str, int] = {}
    for name, values in found.items():
        if problem := arrays[name].problem(values, sizes):
            raise RunError(f"{path} is damaged: {name} {problem}.")
    return found


def _unpacked(path: Path, names: Iterable[str]) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(path) as file:
            if sum(member.file_size for member in file.infolist()) > LARGEST_NPZ:
                raise ValueError("it unpacks to too much")
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in names if name in file}
        for name, array in found.items():
            if not isinstance(array, np.ndarray):  # NumPy gives what does not begin as its arrays do as bytes
                raise ValueError(f"{name} is no array")
            if array.size > LARGEST_NPZ:  # texts of no letters need no bytes
                raise ValueError("it unpacks to too much")
        return found
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
