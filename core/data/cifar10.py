"""CIFAR-10 (Krizhevsky 2009) as NumPy arrays: where the images are found, and whether they are whole.

Knows files and downloads; knows neither tensors nor splits (that is `batches.py`), so that pages that only
show pictures need no torch.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.data import cifar10_forms
from core.data.cifar10_facts import CLASSES, SIZE, TEST_IMAGES, TRAINING_IMAGES
from core.errors import DataError
from core.paths import ROOT
from core.settings import environment

if TYPE_CHECKING:  # it brings PyTorch
    from torchvision.datasets import CIFAR10

SHIPPED_DIR = ROOT / "data" / "cifar10"
DOWNLOAD_DIR = SHIPPED_DIR.parent
TILES = 100  # a side of a contact sheet; each has SIZE pixels a side
IMAGES_PER_SHEET = TILES * TILES
PHOTOS = {"full": TRAINING_IMAGES, "shipped": IMAGES_PER_SHEET}  # to learn from, with those of validation
VALIDATION_SHARE = 0.1  # of the training images


@dataclass(frozen=True)
class Images:
    """`pixels`: uint8 (n, 32, 32, 3), RGB, in the dataset's own order; `labels`: uint8 (n,), 0 to 9."""

    pixels: np.ndarray
    labels: np.ndarray

    def __getitem__(self, chosen: slice | np.ndarray) -> "Images":
        """Those with these indices; of a slice, as views of these arrays."""
        return Images(self.pixels[chosen], self.labels[chosen])


def load_test(folder: Path = SHIPPED_DIR) -> Images:
    """The 10,000 test images, which ship with the app. Raises DataError."""
    return Images(read_sheet(folder / "test_batch.webp"), load_test_labels(folder))


def load_test_labels(folder: Path = SHIPPED_DIR) -> np.ndarray:
    """The test images' labels, uint8 (10000,). Raises DataError."""
    return read_labels(folder / "test_labels.npy", TEST_IMAGES)


def load_training(source: str = "full") -> Images:
    """The training images of `source`.

    "shipped": the first 10,000, which come with the app. "full": all 50,000, from the folder in CIFAR10_DIR, from
    an earlier download, or downloaded now (progress on stderr). Anything else: a folder with all 50,000, as contact
    sheets or in one of the forms of `cifar10_forms`, or an archive of it. Never returns fewer images than were asked
    for: raises DataError.
    """
    if source == "shipped":
        labels = read_labels(SHIPPED_DIR / "train_labels.npy", IMAGES_PER_SHEET)
        return Images(read_sheet(SHIPPED_DIR / "data_batch_1.webp"), labels)
    if source != "full":
        return _load_folder(environment.expanded(source))
    if folder := environment.path("CIFAR10_DIR"):
        return _load_folder(folder)
    return _download()


def read_sheet(path: Path) -> np.ndarray:
    """One contact sheet as uint8 (10000, 32, 32, 3). Raises DataError with the file's name."""
    side = TILES * SIZE
    try:
        with Image.open(path, formats=["WEBP", "PNG"]) as sheet:
            if sheet.size != (side, side):
                raise DataError(f"{path} is {sheet.width}x{sheet.height} pixels; a contact sheet is {side}x{side}.")
            pixels = np.asarray(sheet.convert("RGB"))
    except FileNotFoundError:
        raise DataError(f"{path} is missing.") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} is damaged and cannot be read ({error}); restore it, e.g. from git.") from None
    tiles = pixels.reshape(TILES, SIZE, TILES, SIZE, 3).swapaxes(1, 2)
    return np.ascontiguousarray(tiles).reshape(IMAGES_PER_SHEET, SIZE, SIZE, 3)


def read_labels(path: Path, count: int) -> np.ndarray:
    """`count` labels as uint8 (count,), each 0 to 9. Raises DataError with the file's name."""
    try:
        labels = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise DataError(f"{path} is missing.") from None
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} is damaged and cannot be read ({error}); restore it, e.g. from git.") from None
    if not isinstance(labels, np.ndarray):
        raise DataError(f"{path} is no single array; {count} labels from 0 to 9 are needed.")
    fits = labels.shape == (count,) and labels.dtype.kind in "ui"
    if not fits or labels.min() < 0 or labels.max() >= len(CLASSES):
        raise DataError(f"{path} holds {labels.dtype} {labels.shape}; {count} labels from 0 to 9 are needed.")
    return labels.astype(np.uint8)


def _load_folder(folder: Path) -> Images:
    names = [f"data_batch_{i}.webp" for i in range(1, 6)]
    missing = [name for name in [*names, "train_labels.npy"] if not (folder / name).is_file()]
    if len(missing) > len(names):
        try:
            return Images(*cifar10_forms.read(folder))
        except DataError as error:
            raise DataError(_how_to_get_it(str(error))) from None
    if missing:
        raise DataError(_how_to_get_it(f"{folder} lacks {', '.join(missing)}."))
    labels = read_labels(folder / "train_labels.npy", TRAINING_IMAGES)
    return Images(np.concatenate([read_sheet(folder / name) for name in names]), labels)


def _download() -> Images:
    from filelock import FileLock
    from torchvision.datasets import CIFAR10

    # It checks the files' MD5 sums before it opens them.
    with suppress(RuntimeError, OSError, EOFError):  # what is there already is read, where nothing can be written, too
        return _images(CIFAR10(DOWNLOAD_DIR, train=True, download=False))
    try:
        DOWNLOAD_DIR.mkdir(parents=True, exist_ok=True)
        with FileLock(DOWNLOAD_DIR / ".lock"):  # of two trainings that begin at once, the second waits
            return _images(CIFAR10(DOWNLOAD_DIR, train=True, download=True))
    except (RuntimeError, OSError, EOFError) as error:
        raise DataError(_how_to_get_it(f"CIFAR-10 could not be loaded ({error}).")) from None


def _images(dataset: "CIFAR10") -> Images:
    return Images(dataset.data, np.asarray(dataset.targets, dtype=np.uint8))


def _how_to_get_it(problem: str) -> str:
    return (
        f"{problem} There are three ways to get the 50,000 training images: set CIFAR10_DIR (or --data) to a folder or "
        "an archive that holds them (the Python or the binary version, PNG files in a folder for each class, Parquet "
        f"tables); put an earlier download of cifar-10-batches-py into {DOWNLOAD_DIR}; or let torchvision download it "
        "(170 MB) with a network. "
        "To train on the 10,000 images that come with the app instead, ask for them: --data shipped."
    )
