"""CIFAR-10's training images in the forms in which people have them, in a folder of any name or in an archive:

- the binary version: data_batch_1.bin, ..., a label and 3,072 bytes an image
- the Python version: data_batch_1, ..., pickles, of which only those with the official MD5 sums are opened
- pictures: PNG files in a folder for each class, such as train/airplane/0001.png
- tables: Parquet files such as train-00000-of-00001.parquet, as the Hugging Face Hub has them

Whatever the form, what comes out is the official set in the official order: each image, with its label, is known by its
digest. Nothing is unpacked under a name that an archive chose.
"""

import hashlib
import re
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np
import pandas as pd
from PIL import Image

from core.data.cifar10_facts import CLASSES, SIZE
from core.errors import DataError
from core.paths import ROOT

DIGESTS = ROOT / "data" / "cifar10" / "train_digests.npy"
BATCHES = 5
RECORD = 1 + 3 * SIZE * SIZE  # bytes of an image in the binary version: its label, then its red, green and blue
LARGEST_FILE = 200_000_000  # bytes; the Hugging Face Hub's table of all training images has 120 million
MOST_FILES = 200_000  # what is larger is no data set, but somebody's disk
ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip")
NOT_FOR_TRAINING = {"test", "val", "valid", "validation"}  # folders of pictures
SHOWN = 4  # names of what was found

Files = dict[str, Callable[[], bytes]]  # {path within the folder or archive: its content, when called}


def read(place: Path) -> tuple[np.ndarray, np.ndarray]:
    """(uint8 (n, 32, 32, 3), uint8 (n,)): the training images in `place`, a folder or an archive, or an archive in that
    folder, and their labels. Raises DataError that says what is there instead."""
    # A Mac puts a file beside each on some disks: "._" before its name.
    inside = sorted(place.glob("[!.]*")) if place.is_dir() else []
    packed = [path for path in inside if path.name.endswith(ARCHIVES)]
    for each in (place, *packed):
        with _files(each) as files:
            for form in (_binary, _pickled, _pictures, _tables):
                if found := form(each, files):
                    return _official(each, *found)
            if each == place:
                names = list(files)
    raise DataError(f"{place} holds {_listed(names)}: CIFAR-10 in no form that is known.")


def digest(record: bytes) -> int:
    """64 bits that stand for an image and its label, as the binary version has them."""
    return int.from_bytes(hashlib.blake2b(record, digest_size=8).digest(), "little")


@cache
def _official_digests() -> np.ndarray:
    """uint64 (50000,): `digest` of each image in the official order."""
    return np.load(DIGESTS, allow_pickle=False)


def records(pixels: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """uint8 (n, RECORD), as the binary version has them."""
    return np.concatenate([labels[:, None], pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1)], axis=1)


@contextmanager
def _files(place: Path) -> Iterator[Files]:
    try:
        if place.is_dir():
            paths = (path for path in place.rglob("*") if path.is_file())
            yield _limited(place, ((path.relative_to(place).as_posix(), path.read_bytes) for path in paths))
        elif zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as archive:
                members = (member for member in archive.infolist() if member.file_size <= LARGEST_FILE)
                yield _limited(place, ((each.filename, partial(archive.read, each)) for each in members))
        else:
            with tarfile.open(place) as tar:
                inside = (member for member in tar if member.isfile() and member.size <= LARGEST_FILE)
                yield _limited(place, ((each.name, partial(_content, tar, each)) for each in inside))
    except FileNotFoundError:
        raise DataError(f"{place} is missing.") from None
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        # RuntimeError: a zip with a password, or packed in an unusual way
        reason = " ".join(str(error).split())
        raise DataError(f"{place} cannot be read as a folder or an archive of CIFAR-10 ({reason}).") from None


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file else b""


def _limited(place: Path, found: Iterator[tuple[str, Callable[[], bytes]]]) -> Files:
    files: Files = {}
    for name, content in found:
        files[name] = content
        if len(files) > MOST_FILES:
            raise DataError(f"{place} holds more than {MOST_FILES:,} files; name the folder of CIFAR-10 itself.")
    return files


def _listed(names: list[str]) -> str:
    if not names:
        return "nothing"
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(sorted(names)[:SHOWN]) + more


Found = tuple[np.ndarray, np.ndarray, Sequence[str]]  # pixels, labels, and in which file each of the images was


def _named(place: Path, files: Files, names: Sequence[str]) -> Files | None:
    """Those of the files that are called so, in whatever folder; None if there is none. Raises DataError if some are
    missing."""
    found = {PurePosixPath(path).name: content for path, content in files.items()}
    missing = [name for name in names if name not in found]
    if len(missing) == len(names):
        return None
    if missing:
        raise DataError(f"{place} lacks {', '.join(missing)}.")
    return {name: found[name] for name in names}


def _binary(place: Path, files: Files) -> Found | None:
    batches = _named(place, files, [f"data_batch_{i}.bin" for i in range(1, BATCHES + 1)])
    if not batches:
        return None
    count = len(_official_digests()) // BATCHES
    parts = []
    for name, content in batches.items():
        part = np.frombuffer(content(), dtype=np.uint8)
        if part.size != count * RECORD:
            raise DataError(f"{name} in {place} is damaged: it has {part.size:,} bytes, not {count * RECORD:,}.")
        parts.append(part.reshape(count, RECORD))
    rows = np.concatenate(parts)
    pixels = rows[:, 1:].reshape(-1, 3, SIZE, SIZE).transpose(0, 2, 3, 1)
    return pixels, rows[:, 0], [name for name in batches for _ in range(count)]


def _pickled(place: Path, files: Files) -> Found | None:
    """By torchvision, which unpickles; so not before the MD5 sum of each file is the one that torchvision knows."""
    from torchvision.datasets import CIFAR10

    sums = dict([*CIFAR10.train_list, (CIFAR10.meta["filename"], CIFAR10.meta["md5"])])
    batches = _named(place, files, [name for name, _ in CIFAR10.train_list])
    if not batches:
        return None
    needed = _named(place, files, [*sums]) or {}
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, CIFAR10.base_folder)
        folder.mkdir()
        for name, content in needed.items():
            data = content()
            if hashlib.md5(data, usedforsecurity=False).hexdigest() != sums[name]:
                raise DataError(f"{name} in {place} is damaged, or not the official one: its MD5 sum differs.")
            (folder / name).write_bytes(data)

        class Training(CIFAR10):
            test_list: ClassVar[list] = []  # the test images come with the lab

        training = Training(root, train=True)
    return training.data, np.array(training.targets, dtype=np.uint8), ["the pickles"] * len(training.data)


def _pictures(place: Path, files: Files) -> Found | None:
    labels = {path: CLASSES.index(label) for path in files if (label := _class_of(path)) in CLASSES}
    if not labels:
        return None
    _require_all(place, len(labels), "PNG pictures for training in folders called like the classes")
    pixels = _decoded(place, len(labels), ((path, files[path]()) for path in labels))
    return pixels, np.array([*labels.values()], dtype=np.uint8), [*labels]


def _tables(place: Path, files: Files) -> Found | None:
    """A row an image: the bytes of a PNG and its label."""
    names = sorted(path for path in files if re.fullmatch(r"train\b.*\.parquet", PurePosixPath(path).name))
    if not names:
        return None
    where, contents, labels = [], [], []
    for name in names:
        try:
            table = pd.read_parquet(BytesIO(files[name]()))
            contents += [cell["bytes"] for cell in table["img"]]
            labels += table["label"].astype(np.uint8).tolist()
        except Exception as error:  # pyarrow has many kinds for a damaged file
            raise DataError(f"{name} in {place} is damaged, or no table of CIFAR-10 ({error}).") from None
        where += [f"row {row} of {name}" for row in range(len(table))]
    _require_all(place, len(labels), "rows in tables for training")
    return _decoded(place, len(where), zip(where, contents, strict=True)), np.array(labels, dtype=np.uint8), where


def _require_all(place: Path, found: int, what: str) -> None:
    count = len(_official_digests())
    if found != count:
        raise DataError(f"{place} holds {found:,} {what}; all {count:,} are needed.")


def _decoded(place: Path, count: int, contents: Iterable[tuple[str, bytes]]) -> np.ndarray:
    """uint8 (count, 32, 32, 3), of PNG files, each with where it was."""
    from tqdm import tqdm  # not before `predict` has switched off the bars of others, for which it looks at its import

    bar = tqdm(contents, "reading pictures", count, unit="", mininterval=1, file=sys.stderr)
    return np.stack([_picture(place, path, content) for path, content in bar])


def _class_of(path: str) -> str:
    """What the folder of a PNG file for training is called; "" for any other file."""
    *above, folder, name = ("", "", *path.lower().split("/"))
    fits = name.endswith(".png") and not name.startswith(".") and not NOT_FOR_TRAINING & {*above}
    return folder if fits else ""


def _picture(place: Path, path: str, content: bytes) -> np.ndarray:
    try:
        with Image.open(BytesIO(content), formats=["PNG"]) as picture:
            if picture.size != (SIZE, SIZE):
                raise ValueError(f"{picture.width}x{picture.height} pixels, not {SIZE}x{SIZE}")
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{path} in {place} is damaged, or no picture of CIFAR-10 ({error}).") from None


def _official(place: Path, pixels: np.ndarray, labels: np.ndarray, where: Sequence[str]) -> tuple:
    """The same images in the official order. Raises DataError if they are others."""
    official = _official_digests()
    found = np.array([digest(record.tobytes()) for record in records(pixels, labels)], dtype=np.uint64)
    order, wanted = np.argsort(found, kind="stable"), np.argsort(official, kind="stable")
    if not np.array_equal(found[order], official[wanted]):
        strange = np.flatnonzero(~np.isin(found, official))
        first = f", the first in {where[strange[0]]}" if len(strange) else ", some are there twice"
        raise DataError(
            f"{place} is not CIFAR-10 as it was published: {len(strange):,} of its {len(found):,} images have other "
            f"pixels or another label{first}."
        )
    places = np.empty_like(order)
    places[wanted] = order
    return np.ascontiguousarray(pixels[places]), labels[places]
