"""A run is a folder: find it, read it, write it. Reads only JSON, CSV, NumPy without pickle, and safetensors.

Whatever is wrong with a folder raises RunError, and the other runs still open.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd

from core import paths
from core.config import IMAGENET_FILES, LONGEST_NAME, PRECISIONS, TrainConfig
from core.data.cifar10 import CLASSES, TEST_IMAGES
from core.errors import LabError, RunError
from core.files import write_atomically, write_json, write_text
from core.paths import own_runs_dir
from core.status import RESULT_FILE, finished

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
AGAIN = "-again"  # how the name of a run that is made anew ends
PLACE_OPTIONS = ("--out", "--name")
HISTORY_COLUMNS = (
    "epoch",
    "lr",  # at the epoch's end
    "train_loss",  # what training makes smaller: with label smoothing, where the config has any; val_loss is without
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "seconds",  # of training in this epoch, validation included
    "images_seen",  # since the start
)
LARGEST_MODEL = 1_500_000  # bytes; more is stored as float16, so that all that ships stays below 200 MB in git
LARGEST_NPZ = 10_000_000  # bytes, unpacked
LARGEST_COUNT = 2**53  # of parameters, multiply-adds or images: what a table's column and a float can hold
LARGEST_FILTER = 32  # pixels a side: torchvision's largest, of ViT-B/32
LARGEST_JSON = 1_000_000  # bytes; a config.json has about 2,000
CHANGE_FILE = "weight_change.npz"  # how far each layer moved, and the first filters before and after; may be missing
MODEL_FILE, STATE_FILE = "model.safetensors", "resume.safetensors"


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

    @property
    def parameters(self) -> int:
        return self.facts["architecture"]["parameters"]

    @property
    def multiply_adds(self) -> int:
        """Of one forward pass on one image."""
        return self.facts["architecture"]["multiply_adds"]

    @property
    def training_images(self) -> int | None:
        """How many it learnt from, validation apart; None where that is not recorded."""
        known = self.facts.get("training_images")
        return known if _is_count(known) else None

    @property
    def best_epoch(self) -> int | None:
        """From 1: the one that was best on validation, whose weights were kept; None where that is not recorded."""
        known = self.facts.get("best_epoch")
        return known if type(known) is int else None

    @property
    def last_change(self) -> float:
        """Seconds since 1970; changes whenever something in the folder was replaced, so it can key a cache. Raises
        RunError if the folder is gone."""
        try:
            return self.path.stat().st_mtime
        except OSError as error:
            raise RunError(f"{self.name} can't be read any more ({error.strerror}).") from None

    def history(self) -> pd.DataFrame:
        """A row an epoch, HISTORY_COLUMNS; accuracies 0 to 1."""
        path = self.path / "history.csv"
        table = read_csv(path, HISTORY_COLUMNS)
        if not all(kind.kind in "if" for kind in table.dtypes) or not np.isfinite(table.to_numpy()).all():
            raise RunError(f"{path} does not hold a training history: numbers in the columns {HISTORY_COLUMNS}.")
        return table

    def gradients(self) -> tuple[list[str], np.ndarray]:
        """Layer names, first to last, and the mean gradient norm of each by epoch, float (epochs, layers).

        A norm that is not finite is no damage: it says where a training broke down."""
        arrays = _load_npz(self.path / "gradients.npz", "layers", "norms")
        layers, norms = arrays["layers"], arrays["norms"]
        if (
            layers.dtype.kind != "U"
            or norms.dtype.kind != "f"
            or norms.ndim != 2
            or norms.shape[1:] != layers.shape
            or norms.size == 0
        ):
            raise RunError(f"{self.path / 'gradients.npz'} does not hold gradient norms by epoch and layer.")
        return layers.tolist(), norms

    def weight_change(self) -> "WeightChange":
        """How far training moved the weights. Raises RunError where that was not recorded (runs of before it was)."""
        path = self.path / CHANGE_FILE
        arrays = _load_npz(path, "layers", "relative_change", "filters_before", "filters_after")
        layers, change, before, after = arrays.values()
        if (
            layers.dtype.kind != "U"
            or layers.ndim != 1
            or len(layers) < 2
            or change.shape != layers.shape
            or before.ndim != 4
            or before.shape[1] != 3
            or before.size == 0
            or max(before.shape[2:]) > LARGEST_FILTER
            or before.shape != after.shape
            or not all(values.dtype.kind == "f" and np.isfinite(values).all() for values in (change, before, after))
        ):
            raise RunError(f"{path} does not hold the change of a network's weights.")
        return WeightChange(layers.tolist(), change, before, after)

    def test_logits(self) -> np.ndarray:
        """float32 (10000, 10): the kept weights' logits on the test images, in the dataset's own order."""
        logits = _load_npz(self.path / RESULT_FILE, "logits")["logits"]
        shape = TEST_IMAGES, len(CLASSES)
        if logits.shape != shape or logits.dtype.kind != "f" or not (np.abs(logits) < 1e30).all():
            raise RunError(f"{self.path / RESULT_FILE} does not hold {shape} finite logits.")
        return logits.astype(np.float32)

    def load_model(self):
        """The trained network (`torch.nn.Module`, eval mode, on the CPU). Raises RunError if the weights do not fit."""
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        from core.models.registry import build, load_weights

        path = self.path / MODEL_FILE
        if not path.is_file():
            raise RunError(f"{self.name} has no weights ({path} is missing). {self.how_to_repeat()}")
        if _sha256(path) != self.facts.get("sha256"):
            raise RunError(f"{path} is not the file that {self.name} was saved with: its sha256 differs.")
        try:
            model = build(self.config)
            weights = {
                name: value.float() if value.is_floating_point() else value for name, value in load_file(path).items()
            }
            load_weights(model, weights)
        except (SafetensorError, RuntimeError, OSError, LabError) as error:
            raise RunError(
                f"The weights in {path} do not fit {self.config.architecture}: {' '.join(str(error).split())[:300]}"
            ) from None
        if not all(torch.isfinite(value).all() for value in weights.values()):
            raise RunError(f"{path} holds numbers that are not finite.")
        return model.eval().requires_grad_(False)

    @property
    def command_to_repeat(self) -> str:
        """The command that makes it anew, among the user's own runs; its name is taken, so under another.

        Raises RunError if it is not recorded."""
        return self.command_with(*self.name_again)

    @property
    def name_again(self) -> tuple[str, str]:
        """The option that gives a new run like this one a name of its own."""
        return "--name", f"{self.name[: LONGEST_NAME - len(AGAIN)]}{AGAIN}"

    def command_with(self, *options: str) -> str:
        """The command that made it, with `options` instead of its own, and without its place and name; with its
        precision, which else the machine would choose. Raises RunError if it is not recorded."""
        command = self.facts.get("command")
        try:
            words = shlex.split(command) if isinstance(command, str) else []
        except ValueError:  # an open quote: it was written by hand
            words = []
        if not words:
            raise RunError("How it was trained is not recorded.")
        choosable = self.precision in PRECISIONS and "--precision" not in words
        same = ["--precision", self.precision] if choosable else []
        instead = {*PLACE_OPTIONS, *(word for word in options if word.startswith("--"))}
        return shlex.join([*_without(words, instead), *same, *options])

    @property
    def environment(self) -> dict:
        """What it was trained on, as `core.hardware.describe` says it; empty where that is not known."""
        known = self.facts.get("environment")
        return known if isinstance(known, dict) else {}

    @property
    def precision(self) -> str | None:
        """Of the numbers in which it was trained, see `core.hardware`; None where that is not known."""
        known = self.environment.get("precision")
        return known if isinstance(known, str) else None

    @property
    def preparation(self) -> list[str]:
        """The commands that make the file of weights with which it began; none where it began with no known file."""
        return IMAGENET_FILES.get(PureWindowsPath(self.config.init).name, [])

    def how_to_repeat(self) -> str:
        first = f"; once before it: {' && '.join(self.preparation)}" if self.preparation else ""
        try:
            return f"This command makes them, in a new run: {self.command_to_repeat}{first}"
        except RunError as error:
            return str(error)


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
    file = path / "config.json"
    try:
        if file.stat().st_size > LARGEST_JSON:
            raise RunError(f"{file} is too large for a config.")
        facts = json.loads(file.read_text(encoding="utf-8"))
        config = TrainConfig.from_dict(facts.pop("config"))
        waits = not facts and not (path / RESULT_FILE).exists()  # for its turn to be trained; nothing known yet
        if not waits and not all(_is_count(facts["architecture"][key]) for key in ("parameters", "multiply_adds")):
            raise RunError(f"{file}: parameters and multiply_adds must be whole numbers, from 1 to {LARGEST_COUNT:,}.")
    except FileNotFoundError:
        raise RunError(f"{path} is not a run: it has no config.json.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RunError(f"{file} cannot be read as a run's config ({type(error).__name__}: {error}).") from None
    except LabError as error:
        raise RunError(f"{file}: {error}") from None
    return Run(path, config, facts)


def _is_count(known: object) -> bool:
    return type(known) is int and 0 < known <= LARGEST_COUNT


def list_runs() -> tuple[list[Run], list[str]]:
    """All runs, shipped ones first, and a sentence for each folder that can't be opened or has a shipped run's name."""
    shipped, problems = list_in(paths.SHIPPED)
    own, problems_of_own = list_in(own_runs_dir())
    taken = {run.name for run in shipped}
    hidden = [run for run in own if run.name in taken]
    problems += [f"{run.path} has the name of a shipped run; rename the folder to see it." for run in hidden]
    return shipped + [run for run in own if run not in hidden], problems + problems_of_own


def list_in(root: Path) -> tuple[list[Run], list[str]]:
    """The runs in one folder, by name, and a sentence for each of its folders that can't be opened."""
    runs, problems = [], []
    for path in sorted(root.iterdir()) if root.is_dir() else []:
        if not path.is_dir() or path.name.startswith("."):  # hidden: an import that is not complete
            continue
        try:
            if path.resolve().parent != root.resolve():
                raise RunError(f"{path} is a link that leads out of {root}.")
            if not NAME.fullmatch(path.name):
                raise RunError(f"{path} has a name that no run can have; rename the folder.")
            runs.append(open_run(path))
        except RunError as error:
            problems.append(str(error))
    return runs, problems


def find_run(name_or_path: str) -> Run:
    """A run by its name, or by the path of its folder. Raises RunError that lists the known names."""
    runs, _ = list_runs()
    for run in runs:
        if run.name == name_or_path:
            return run
    if NAME.fullmatch(name_or_path) and (own_runs_dir() / name_or_path / "config.json").is_file():
        return open_run(own_runs_dir() / name_or_path)  # which says what is wrong with it
    if os.path.isfile(os.path.join(name_or_path, "config.json")):
        return open_run(Path(name_or_path))
    raise RunError(f"There is no run {name_or_path!r}. Known: {', '.join(run.name for run in runs) or 'none'}.")


def require_name(name: str) -> None:
    """Raises RunError if no run can be called so. A name that passes leads out of no folder."""
    if not NAME.fullmatch(name):
        raise RunError(
            f"{name[:80]!r} cannot be a run's name: letters, digits, dot, dash and underscore, at most 64, none of the "
            "last three first."
        )


def is_taken(root: Path, name: str) -> bool:
    """Whether a run in `root`, or one that ships, has this name."""
    return any((folder / name).exists() for folder in (root, paths.SHIPPED))


def require_free_name(root: Path, name: str) -> None:
    """Raises RunError if a new run in `root` can't have this name: it is bad, or taken, here or by a shipped run."""
    require_name(name)
    if (paths.SHIPPED / name).exists() and root.resolve() != paths.SHIPPED:
        raise RunError(f"{name} is the name of a run that ships with the app; choose another with --name.")
    if (root / name).exists():
        raise RunError(f"{root / name} exists. Go on with it: --resume. Or choose another name: --name.")


def new_folder(root: Path, name: str) -> Path:
    """Make the folder of a new run. Raises RunError if it can't have this name, or can't be made."""
    require_free_name(root, name)
    try:
        (root / name).mkdir(parents=True)
    except OSError as error:
        raise RunError(f"{root / name} cannot be made ({error.strerror}).") from None
    return root / name


def new_run(root: Path, name: str, config: TrainConfig, facts: dict) -> Path:
    """Make the folder of a new run with its config.json, or nothing. Raises RunError as `new_folder` does."""
    folder = new_folder(root, name)
    try:
        save_facts(folder, config, facts)
    except BaseException:  # what has no config.json could be neither trained nor deleted in the app
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def save_facts(folder: Path, config: TrainConfig, facts: dict) -> None:
    write_json(folder / "config.json", {"config": config.to_dict(), **facts})


def save_progress(folder: Path, history: list[dict], layers: list[str], gradient_norms: list[list[float]]) -> None:
    """history.csv and gradients.npz, as of the last epoch that ended."""
    write_text(folder / "history.csv", pd.DataFrame(history, columns=HISTORY_COLUMNS).to_csv(index=False))
    arrays = {"layers": np.array(layers), "norms": np.array(gradient_norms, dtype=np.float32)}
    write_atomically(folder / "gradients.npz", lambda file: np.savez_compressed(file, **arrays))


def save_state(folder: Path, tensors: dict, values: dict) -> None:
    """What `Trainer.state()` gave, as one file: both parts are of the same moment."""
    from safetensors.torch import save

    write_atomically(folder / STATE_FILE, lambda file: file.write(save(tensors, {"state": json.dumps(values)})))


def load_state(folder: Path) -> tuple[dict, dict]:
    """What `save_state` wrote. Raises RunError."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder / STATE_FILE, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            return tensors, json.loads(file.metadata()["state"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{folder / STATE_FILE} cannot be read ({error}); the training can't be resumed.") from None


def as_stored(weights: dict) -> dict:
    """A state dict as model.safetensors will hold it: rounded to float16 where it would be larger than LARGEST_MODEL.

    BatchNorm's running statistics stay float32: a small variance would become 0.
    """
    size = sum(value.numel() * value.element_size() for value in weights.values())
    if size <= LARGEST_MODEL:
        return weights
    return {
        name: value.half()
        if value.is_floating_point() and not name.endswith(("running_mean", "running_var"))
        else value
        for name, value in weights.items()
    }


def save_weights(folder: Path, weights: dict) -> str:
    """model.safetensors from a state dict (see `as_stored`); gives the file's sha256, which belongs into the facts."""
    from safetensors.torch import save

    weights = {name: value.cpu().contiguous() for name, value in as_stored(weights).items()}
    write_atomically(folder / MODEL_FILE, lambda file: file.write(save(weights)))
    return _sha256(folder / MODEL_FILE)


def save_weight_change(folder: Path, before: dict, after: dict) -> None:
    """weight_change.npz from two state dicts: small, so that it can be shown where the weights themselves aren't."""
    from core.models.registry import is_layer_weight

    layers = [name for name, value in before.items() if is_layer_weight(name, value)]
    first = next(name for name in layers if before[name].dim() == 4)
    arrays = {
        "layers": np.array(layers),
        "relative_change": np.array([_relative_change(before[n], after[n].cpu()) for n in layers], dtype=np.float32),
        "filters_before": before[first].numpy().astype(np.float16),
        "filters_after": after[first].cpu().numpy().astype(np.float16),
    }
    write_atomically(folder / CHANGE_FILE, lambda file: np.savez_compressed(file, **arrays))


def _relative_change(before, after) -> float:
    """See `WeightChange`."""
    size = before.norm().item() or after.norm().item() or 1.0
    return (after - before).norm().item() / size


def save_test_logits(folder: Path, logits: np.ndarray) -> None:
    """float (10000, 10). To be written last: a run that has them is finished."""
    logits = logits.astype(np.float32)
    write_atomically(folder / RESULT_FILE, lambda file: np.savez_compressed(file, logits=logits))


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


def _without(words: list[str], options: set[str]) -> list[str]:
    """A command's words without these `options` that take a value, such as "--name", and without their values."""
    before = ["", *words]
    return [
        word
        for word, last in zip(words, before, strict=False)
        if word.partition("=")[0] not in options and last not in options
    ]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _load_npz(path: Path, *names: str) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(path) as file:
            if sum(member.file_size for member in file.infolist()) > LARGEST_NPZ:
                raise ValueError("it unpacks to too much")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in names}
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
