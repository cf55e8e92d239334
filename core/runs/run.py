"""A run is a folder: what its files hold, checked as they are read. Only JSON, CSV, NumPy without pickle, safetensors.

Whatever is wrong with a folder raises RunError, and the other runs still open. Writes nothing: that is `store`.
"""

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from core.data.cifar10 import CLASSES, TEST_IMAGES, Images
from core.errors import LabError, RunError
from core.files import sha256_of
from core.runs import reproduction
from core.runs.file_names import (
    CHANGE_FILE,
    CONFIG_FILE,
    GRADIENTS_FILE,
    HISTORY_FILE,
    MODEL_FILE,
    RESULT_FILE,
    STATE_FILE,
)
from core.runs.status import FILE as STATUS_FILE
from core.runs.status import LOG_FILE, finished
from core.runs.tables import LARGEST_NUMBER, Array, load_npz, read_csv
from core.settings import environment
from core.settings.train_config import TrainConfig

ACCURACY, NOT_NEGATIVE = (0, 1), (0, LARGEST_NUMBER)  # from, to
HISTORY_COLUMNS = {
    "epoch": (1, LARGEST_NUMBER),
    "lr": NOT_NEGATIVE,  # at the epoch's end
    "train_loss": NOT_NEGATIVE,  # what training makes smaller: with label smoothing, if any; val_loss is without
    "train_accuracy": ACCURACY,
    "val_loss": NOT_NEGATIVE,
    "val_accuracy": ACCURACY,
    "seconds": NOT_NEGATIVE,  # of training in this epoch, validation included
    "images_seen": NOT_NEGATIVE,  # since the start
}
LARGEST_COUNT = 2**53  # of parameters, multiply-adds or images: what a table's column and a float can hold
LARGEST_FILTER = 32  # pixels a side: torchvision's largest, of ViT-B/32
LARGEST_JSON = 1_000_000  # bytes; a config.json has about 2,000
# What is written again and again while the run is trained or studied, and is not shown from the file.
IN_THE_MAKING = re.compile(
    rf"\..*|{re.escape(STATE_FILE)}|{re.escape(STATUS_FILE)}|{re.escape(LOG_FILE)}|kept-.*|.*-unfinished\..*"
)


@dataclass(frozen=True)
class Run:
    """A run's folder whose config.json has been read; the rest is read, and checked, when asked for."""

    path: Path
    config: TrainConfig
    facts: dict  # what config.json says beside the config: architecture, environment, sha256, ...

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def finished(self) -> bool:
        return finished(self.path)

    @property
    def has_weights(self) -> bool:
        return (self.path / MODEL_FILE).is_file()

    def require_weights(self) -> None:
        """Raises RunError where it has none."""
        if not self.has_weights:
            raise RunError(
                f"{self.name} has no weights ({self.path / MODEL_FILE} is missing). {reproduction.advice(self)}"
            )

    @property
    def parameters(self) -> int:
        return self.facts["architecture"]["parameters"]

    @property
    def multiply_adds(self) -> int:
        """Of one forward pass on one image."""
        return self.facts["architecture"]["multiply_adds"]

    @property
    def validation_was_seen(self) -> bool:
        """Whether its initial weights may have learned from the photos that were kept apart for validation: they came
        with answers of their own."""
        return self.facts.get("answers_learned_before") is True

    @property
    def imported(self) -> bool:
        """Whether it was trained elsewhere: of its config, only what is OF_NETWORK is known."""
        return isinstance(self.facts.get("imported"), dict)

    @property
    def training_images(self) -> int | None:
        """How many it learned from, validation apart; None where it was trained elsewhere, or not yet."""
        return None if self.imported else self.facts.get("training_images")

    @property
    def best_epoch(self) -> int | None:
        """From 1: the one that was best on validation, whose weights were kept; None where that is not recorded."""
        known = self.facts.get("best_epoch")
        return known if type(known) is int else None

    @property
    def version(self) -> tuple:
        """Another whenever a file of the run is another, replaced or written over in place, so it can key a cache; not
        for those that are IN_THE_MAKING. Raises RunError if the folder is gone."""
        try:
            files = [
                (file.name, file.stat())
                for file in os.scandir(self.path)
                if file.is_file() and not IN_THE_MAKING.fullmatch(file.name)
            ]
        except OSError as error:
            raise RunError(f"{self.name} can't be read any more ({error.strerror}).") from None
        return tuple(sorted((name, at.st_size, at.st_mtime_ns, at.st_ino) for name, at in files))

    @property
    def last_change(self) -> float:
        """Seconds since 1970, of a file that was made or replaced. Raises RunError if the folder is gone."""
        try:
            return self.path.stat().st_mtime
        except OSError as error:
            raise RunError(f"{self.name} can't be read any more ({error.strerror}).") from None

    def history(self) -> pd.DataFrame:
        """A row an epoch, HISTORY_COLUMNS. Raises RunError, also where it was trained elsewhere."""
        self._require_trained_here()
        path = self.path / HISTORY_FILE
        table = read_csv(path, [*HISTORY_COLUMNS])
        for column, (low, high) in HISTORY_COLUMNS.items():
            if table[column].dtype.kind not in "if" or not table[column].between(low, high).all():
                raise RunError(f"{path} holds no training history: {column} must be numbers from {low} to {high:g}.")
        return table

    def gradients(self) -> tuple[list[str], np.ndarray]:
        """Layer names, first to last, and the mean gradient norm of each by epoch, float (epochs, layers).

        A norm that is not finite is no damage: it says where a training broke down."""
        layers, norms, _ = self._gradients()
        return layers, norms

    def relative_steps(self) -> np.ndarray | None:
        """How far a step moved each layer, by the mean of an epoch, in sizes of its weights: float (epochs, layers), of
        the layers of `gradients`. None where that was not recorded (older runs)."""
        return self._gradients()[2]

    def _gradients(self) -> tuple[list[str], np.ndarray, np.ndarray | None]:
        self._require_trained_here()
        by_epoch = Array("f", ("epochs", "layers"), low=-np.inf, high=np.inf, nan=True)
        arrays = load_npz(
            self.path / GRADIENTS_FILE,
            {"layers": Array("U", ("layers",)), "norms": by_epoch, "steps": replace(by_epoch, optional=True)},
        )
        return arrays["layers"].tolist(), arrays["norms"], arrays.get("steps")

    def weight_change(self) -> "WeightChange":
        """How far training moved the weights. Raises RunError where that was not recorded (older runs)."""
        self._require_trained_here()
        path, filters = self.path / CHANGE_FILE, Array("f", ("filters", 3, "height", "width"))
        layers, change, before, after = load_npz(
            path,
            {
                "layers": Array("U", ("layers",)),
                "relative_change": Array("f", ("layers",)),
                "filters_before": filters,
                "filters_after": filters,
            },
        ).values()
        if len(layers) < 2 or max(before.shape[2:]) > LARGEST_FILTER:
            raise RunError(f"{path} does not hold the change of a network's weights.")
        return WeightChange(layers.tolist(), change, before, after)

    def _require_trained_here(self) -> None:
        if self.imported:
            raise RunError(f"{self.name} was trained elsewhere; how it learned is not known here.")

    def test_logits(self) -> np.ndarray:
        """float32 (10000, 10): the kept weights' logits on the test images, in the dataset's own order."""
        shape = TEST_IMAGES, len(CLASSES)
        return load_npz(self.path / RESULT_FILE, {"logits": Array("f", shape)})["logits"].astype(np.float32)

    def load_model(self):
        """The trained network (`torch.nn.Module`, eval mode, on the CPU). Raises RunError if the weights do not fit."""
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        from core.models.layers import load_weights
        from core.models.registry import build

        self.require_weights()
        path = self.path / MODEL_FILE
        try:
            if sha256_of(path) != self.facts.get("sha256"):
                raise RunError(f"{path} is not the file that {self.name} was saved with: its sha256 differs.")
            model = build(self.config)
            weights = {
                name: value.float() if value.is_floating_point() else value for name, value in load_file(path).items()
            }
            load_weights(model, weights)
        except RunError:
            raise
        except OSError as error:
            raise RunError(f"{path} cannot be read ({error.strerror}).") from None
        except (SafetensorError, RuntimeError, LabError) as error:
            raise RunError(
                f"The weights in {path} do not fit {self.config.architecture}: {' '.join(str(error).split())[:300]}"
            ) from None
        if not all(torch.isfinite(value).all() for value in weights.values()):
            raise RunError(f"{path} holds numbers that are not finite.")
        return model.eval().requires_grad_(False)

    def logits_on(self, images: Images) -> np.ndarray:
        """Float32 (n, 10), computed now from its weights. Raises RunError as `load_model` does."""
        from core.models.inference import logits_of

        return logits_of(self.load_model(), self.config, images)

    @property
    def image_source(self) -> str:
        """Where its training images are, as `cifar10.load_training` takes it: in the folder that was given (of a run
        from a zip its name alone is known), or in the place known by name. Raises RunError where the folder is gone,
        and CIFAR10_DIR names no other: all of CIFAR-10 would be downloaded."""
        folder = self.facts.get("data_folder")
        if not isinstance(folder, str) or not os.path.isabs(folder):
            return self.config.data
        if os.path.exists(folder):
            return folder
        if environment.given("CIFAR10_DIR") or self.config.data != "full":
            return self.config.data
        raise RunError(
            f"{self.name} learned from photos in {folder}, which is not there. Say where they are now: CIFAR10_DIR, or "
            "--data where it is trained."
        )

    @property
    def environment(self) -> dict:
        """What it was trained on, as `training.device.describe_environment` says it; empty where that is not known."""
        known = self.facts.get("environment")
        return known if isinstance(known, dict) else {}

    @property
    def precision(self) -> str | None:
        """Of the numbers in which it was trained, see `core.training.device`; None where that is not known."""
        known = self.environment.get("precision")
        return known if isinstance(known, str) else None


@dataclass(frozen=True)
class WeightChange:
    """From the initial weights to those that were kept, of each layer with weights, first to last.

    `relative_change` (layers,): norm of the difference over the norm of the initial weights; of a layer that began as
    zeros (ViT's last one) 1, or 0 if it still is. `filters_before` and `filters_after`: the first convolution's,
    (filters, channels, height, width).
    """

    layers: list[str]
    relative_change: np.ndarray
    filters_before: np.ndarray
    filters_after: np.ndarray


def open_run(path: Path) -> Run:
    """The run in the folder `path`. Raises RunError."""
    file = path / CONFIG_FILE
    try:
        at = file.stat()
        if at.st_size > LARGEST_JSON:
            raise RunError("It is too large for a config.")
        config, facts = _read_config(file, (at.st_size, at.st_mtime_ns, at.st_ino))
        waits = not facts and not (path / RESULT_FILE).exists()  # for its turn to be trained; nothing known yet
        run = Run(path, config, dict(facts))
        if not waits and not all(map(_is_count, _counts(run))):
            names = "parameters, multiply_adds and training_images"
            raise RunError(f"{names} must be whole numbers, from 1 to {LARGEST_COUNT:,}.")
        if run.imported and not all(isinstance(told, str) for told in _told_of_import(run)):
            raise RunError("What it tells of the file that was imported must be text.")
    except FileNotFoundError:
        raise RunError(f"{path} is not a run: it has no config.json.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RunError(f"{file} cannot be read as a run's config ({type(error).__name__}: {error}).") from None
    except LabError as error:
        raise RunError(f"{file}: {error}") from None
    return run


def require_regular_files(folder: Path) -> None:
    """Raises RunError if a file of a run is a link, by which a folder that came from elsewhere could hand out any file
    of this computer, or a device or a pipe, which never end."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            plain = entry.is_file(follow_symlinks=False) or entry.is_dir() or not os.path.lexists(entry)  # gone by now
            if not plain:
                raise RunError(f"{entry.path} is a link, a device or a pipe; a run's folder holds plain files alone.")


@lru_cache(maxsize=1_000)
def _read_config(file: Path, version: tuple[int, ...]) -> tuple[TrainConfig, dict]:
    """What config.json holds: the config, and all else. `version`: another whenever the file is. Every page lists all
    runs."""
    facts = json.loads(file.read_text(encoding="utf-8"))
    return TrainConfig.from_dict(facts.pop("config")), facts


def _counts(run: Run) -> list:
    """All numbers that its facts must tell; raises KeyError or TypeError where they don't."""
    of_training = [] if run.imported else [run.facts["training_images"]]
    return [run.parameters, run.multiply_adds, *of_training]


def _told_of_import(run: Run) -> list:
    """Raises KeyError where the file is not named."""
    told = run.facts["imported"]
    return [told["file"], *told.values()]


def _is_count(known: object) -> bool:
    return type(known) is int and 0 < known <= LARGEST_COUNT
