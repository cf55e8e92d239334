"""Files that are whole or not there at all: written beside, flushed to disk, then renamed. What can't be written
raises OSError, unless it is said otherwise."""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from core.errors import RunError, plain_reason

ABANDONED = 3_600  # seconds; no folder is worked on for so long
PATIENCE, FIRST_PAUSE = 5.0, 0.01  # seconds in which what is denied is tried again; the pauses double
TEMPORARY = ".tmp"  # what the name of a file that is not whole yet ends in
Result = TypeVar("Result")


def patiently(act: Callable[..., Result], *arguments, seconds: float | None = None) -> Result:
    """What `act` gives, tried again where it is denied: on Windows for as long as another process, such as a virus
    scanner, has the file open. Raises PermissionError after so many `seconds` (PATIENCE)."""
    end, pause = time.monotonic() + (PATIENCE if seconds is None else seconds), FIRST_PAUSE
    while True:
        try:
            return act(*arguments)
        except PermissionError:
            if time.monotonic() + pause > end:
                raise
        time.sleep(pause)
        pause *= 2


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Raises RunError where what is inside can't write to `place`: no permission, a full disk."""
    try:
        yield
    except OSError as error:
        raise RunError(plain_reason(error) or f"{place} cannot be written ({error.strerror}).") from None


def entries(folder: Path) -> list[Path]:
    """What lies in `folder`, which may be missing. Raises RunError where nobody may look into it."""
    try:
        return list(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise RunError(f"{folder} can't be read: {error.strerror}.") from None


def require_writable(folder: Path) -> None:
    """Raises RunError where nothing can be written to `folder`, or, if it is not there, to the first above that is."""
    with writing(folder):
        there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
        with tempfile.TemporaryFile(dir=there):
            pass


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """`write` fills a temporary file, which then takes the place of `path`; a crash leaves the old file as it was."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=TEMPORARY)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        with suppress(OSError):  # a disk without modes (Windows's below Linux): others may read there anyway
            os.chmod(temporary, 0o644)  # mkstemp's files are for their maker alone
        patiently(os.replace, temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def is_being_written(path: Path) -> bool:
    """Whether `write_atomically` is at work on it, or was when its process was killed."""
    return any(path.parent.glob(f".{path.name}.*{TEMPORARY}"))


def remove_leftovers(folder: Path) -> None:
    """Remove what `write_atomically`, or a lock of `filelock`, has left in `folder` where its process was killed in the
    middle."""
    for pattern in (f".*{TEMPORARY}", ".*.break.*"):  # the second as filelock names them
        for path in folder.glob(pattern):
            if path.is_file():
                path.unlink(missing_ok=True)


def remove_abandoned(root: Path, *beginnings: str) -> None:
    """Remove the folders in `root` whose names begin so and in which nothing has changed for an hour: hidden ones, in
    which a process worked on a whole folder when it was killed. Raises RunError where nobody may look into `root`."""
    for path in entries(root):
        if path.name.startswith(beginnings):
            with suppress(OSError):  # gone already, or not ours to remove
                if path.stat().st_mtime < time.time() - ABANDONED:
                    shutil.rmtree(path)


def write_text(path: Path, text: str) -> None:
    write_atomically(path, lambda file: file.write(text.encode()))


def as_json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"


def write_json(path: Path, value: object) -> None:
    write_text(path, as_json(value))


def sha256_of(path: Path) -> str:
    """Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
