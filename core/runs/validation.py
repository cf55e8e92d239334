"""What a run answered to the photos that were kept apart from its training: after each epoch, and in the end.

The training writes it. Networks that were trained elsewhere, and older runs, have none.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.data.cifar10 import CLASSES, TRAINING_IMAGES
from core.files import write_atomically
from core.runs.file_names import VALIDATION_FILE
from core.runs.run import Run
from core.runs.tables import Array, load_npz

MOST_EPOCHS = 1_000  # of a longer training nothing is kept: its file would be larger than what is read


@dataclass(frozen=True)
class Validation:
    """The validation `photos` int (n,), as numbers among the 50,000 training photos; their `labels` uint8 (n,); the
    `answers` uint8 (epochs, n), classes from 0 to 9, after each epoch; and of the weights that were kept, the `logits`
    float32 (n, 10): None while it is in training. They are stored as float16, or as float32 where one is beyond what
    float16 holds (65,504)."""

    photos: np.ndarray
    labels: np.ndarray
    answers: np.ndarray
    logits: np.ndarray | None = None


def save(folder: Path, known: Validation) -> None:
    """validation.npz in the run's `folder`."""
    arrays: dict[str, Any] = {
        "photos": known.photos.astype(np.int32),
        "labels": known.labels.astype(np.uint8),
        "answers": np.asfortranarray(known.answers),  # a photo's answers side by side: they are much alike
    }
    if known.logits is not None:
        arrays["logits"] = _rounded(known.logits)
    write_atomically(folder / VALIDATION_FILE, lambda file: np.savez_compressed(file, **arrays))


def _rounded(logits: np.ndarray) -> np.ndarray:
    """To float16, where that can hold them, as `store` does with weights."""
    with np.errstate(over="ignore"):
        rounded = logits.astype(np.float16)
    return rounded if np.isfinite(rounded).all() else logits.astype(np.float32)


def load(run: Run) -> Validation | None:
    """What `save` wrote; None where there is none. Raises RunError if it is damaged."""
    path = run.path / VALIDATION_FILE
    if not path.exists():
        return None
    arrays = load_npz(
        path,
        {
            "photos": Array("int32", ("photos",), low=0, high=TRAINING_IMAGES - 1),
            "labels": Array("uint8", ("photos",), high=len(CLASSES) - 1),
            "answers": Array("uint8", ("epochs", "photos"), high=len(CLASSES) - 1),
            "logits": Array("f", ("photos", len(CLASSES)), optional=True),
        },
    )
    logits = arrays.pop("logits", None)
    return Validation(**arrays, logits=None if logits is None else logits.astype(np.float32))
