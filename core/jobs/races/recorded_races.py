"""Races that were recorded, to be watched where there is no time, no internet or no permission to train.
Needs no PyTorch.

A recording is one file, gzipped JSON: the fields of RecordedRace, the numbers of its frames rounded to DIGITS.
"""

import gzip
import json
import zlib
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import DataError
from core.files import write_atomically
from core.jobs.races.frames import Frame
from core.paths import ROOT

FOLDER = ROOT / "data" / "races"
MOST_FRAMES, DIGITS = 120, 3
LARGEST = 100_000  # bytes of a file
LARGEST_UNPACKED = 10_000_000


@dataclass(frozen=True)
class Facts:
    """Where the recording comes from."""

    recorded: str  # the day, "2026-11-28"
    command: str
    epochs: int
    environment: dict[str, Any]  # of `core.training.device.describe_environment`: CPU, threads, versions


@dataclass(frozen=True)
class RecordedRace:
    """A race of core.jobs.races.pairs.RACES that has been run, with names of its own: its networks may be others."""

    name: str
    names: tuple[str, str]  # of A and of B
    facts: Facts
    frames: list[Frame]

    @property
    def seconds(self) -> float:
        """How long it took where it was recorded."""
        return self.frames[-1].seconds

    def until(self, share: float) -> list[Frame]:
        """The frames that had been there when this share of the time was over; at least the first, at 1 all."""
        there = [frame for frame in self.frames if frame.seconds <= share * self.seconds]
        return self.frames if share >= 1 else there or self.frames[:1]


def path(name: str) -> Path:
    return FOLDER / f"{name}.json.gz"


def load(file: Path) -> RecordedRace:
    """Raises DataError in a sentence for a file that is missing or damaged."""
    try:
        with gzip.open(file) as packed:
            values = json.loads(packed.read(LARGEST_UNPACKED))
        parts = {
            "facts": Facts(**values["facts"]),
            "names": tuple(values["names"]),
            "frames": [Frame.from_json(frame) for frame in values["frames"]],
        }
        race = RecordedRace(**values | parts)
        problem = _problem(race)
    except FileNotFoundError:
        raise DataError(f"The recording {file.name} is missing.") from None
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        problem = f"{type(error).__name__}: {error}"[:200]
    if problem:
        raise DataError(f"The recording {file.name} is damaged ({problem}); restore it, e.g. from git.")
    return race


def save(file: Path, race: RecordedRace) -> None:
    """With as many frames, evenly spread, as fit. The bytes follow from the race alone."""
    for most in range(MOST_FRAMES, 1, -10):
        packed = _packed(race, most)
        if len(packed) <= LARGEST:
            break
    write_atomically(file, lambda out: out.write(packed))


def _packed(race: RecordedRace, most: int) -> bytes:
    kept = np.unique(np.linspace(0, len(race.frames) - 1, most).astype(int))
    values = asdict(replace(race, frames=[race.frames[i] for i in kept]))
    values["frames"] = _rounded(values["frames"])
    return gzip.compress(json.dumps(values, separators=(",", ":")).encode(), mtime=0)


def _rounded(value: Any) -> Any:
    """Counts stay whole."""
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _problem(race: RecordedRace) -> str | None:
    """What keeps it from being shown."""
    date.fromisoformat(race.facts.recorded)  # raises ValueError
    steps = [frame.step for frame in race.frames]
    checks = (
        (race.frames, "it has no frames"),
        ({"cpu", "threads"} <= race.facts.environment.keys(), "it does not say where it was recorded"),
        (len(race.names) == 2 and all(isinstance(name, str) for name in race.names), "it does not name two networks"),
        (
            steps == sorted(set(steps)) and all(last.finished for last in race.frames[-1:]),
            "its steps do not lead to the end",
        ),
    )
    return next((problem for fits, problem in checks if not fits), None)
