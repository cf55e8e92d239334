"""Writing a run's files, each whole or not at all. What they hold is said in `run`. What can't be written raises
OSError, unless it is said otherwise."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import RunError
from core.files import sha256_of, write_atomically, write_json, write_text, writing
from core.runs.file_names import (
    CHANGE_FILE,
    CONFIG_FILE,
    GRADIENTS_FILE,
    HISTORY_FILE,
    MODEL_FILE,
    RESULT_FILE,
    STATE_FILE,
)
from core.runs.library import require_free_name
from core.runs.run import HISTORY_COLUMNS, Run
from core.settings.train_config import OF_NETWORK, TrainConfig

LARGEST_MODEL = 1_500_000  # bytes; more is stored as float16: all that ships is below 210 MB (test_shipped_runs)


def new_folder(root: Path, name: str) -> Path:
    """Make the folder of a new run. Raises RunError if it can't have this name, or can't be made."""
    require_free_name(root, name)
    try:
        (root / name).mkdir(parents=True)
    except OSError as error:
        raise RunError(f"{root / name} cannot be made ({error.strerror}).") from None
    return root / name


def new_run(root: Path, name: str, config: TrainConfig, facts: dict) -> Path:
    """Make the folder of a new run with its config.json, or nothing. Raises RunError."""
    folder = new_folder(root, name)
    try:
        with writing(folder):
            save_facts(folder, config, facts)
    except BaseException:  # what has no config.json could not be trained
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def save_facts(folder: Path, config: TrainConfig, facts: dict) -> None:
    """config.json; of a network that was trained elsewhere, without the settings of a training."""
    write_json(folder / CONFIG_FILE, facts_of(config, facts))


def facts_of(config: TrainConfig, facts: dict) -> dict:
    """What config.json holds."""
    known = {name: value for name, value in config.to_dict().items() if "imported" not in facts or name in OF_NETWORK}
    return {"config": known, **facts}


def note_data_folder(run: Run, folder: Path | None) -> None:
    """Where its training images are now, for whoever goes on; None: in the place known by name."""
    facts = {name: value for name, value in run.facts.items() if name != "data_folder"}
    facts |= {"data_folder": str(folder.resolve())} if folder else {}
    if facts != run.facts:
        save_facts(run.path, run.config, facts)


def save_progress(
    folder: Path,
    history: list[dict],
    layers: list[str],
    gradient_norms: list[list[float]],
    relative_steps: list[list[float]] | None = None,
) -> None:
    """history.csv and gradients.npz, as of the last epoch that ended; the last two by epoch and layer."""
    write_text(folder / HISTORY_FILE, pd.DataFrame(history, columns=[*HISTORY_COLUMNS]).to_csv(index=False))
    arrays: dict[str, Any] = {"layers": np.array(layers), "norms": np.array(gradient_norms, dtype=np.float32)}
    if relative_steps is not None:
        arrays["steps"] = np.array(relative_steps, dtype=np.float32)
    write_atomically(folder / GRADIENTS_FILE, lambda file: np.savez_compressed(file, **arrays))


def save_state(folder: Path, tensors: dict, values: dict) -> None:
    """What `Trainer.state()` gave, as one file: both parts are of the same moment."""
    from safetensors.torch import save

    write_atomically(folder / STATE_FILE, lambda file: file.write(save(tensors, {"state": json.dumps(values)})))


def load_state(folder: Path) -> tuple[dict, dict]:
    """What `save_state` wrote. Raises RunError."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder / STATE_FILE, framework="pt") as file:
            # Copies: Windows can't replace a file of which something is still in use.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 (not a dict)
            return tensors, json.loads(file.metadata()["state"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{folder / STATE_FILE} cannot be read ({error}); the training can't be resumed.") from None


def as_stored(weights: dict) -> dict:
    """A state dict as model.safetensors will hold it: rounded to float16 where it would be larger than LARGEST_MODEL.

    BatchNorm's running statistics stay float32: a small variance would become 0. So does what float16 can't hold: in a
    deep plain network, one step may throw the first layer's weights beyond 65,504.
    """
    size = sum(value.numel() * value.element_size() for value in weights.values())
    if size <= LARGEST_MODEL:
        return weights
    return {
        name: value if name.endswith(("running_mean", "running_var")) else _rounded(value)
        for name, value in weights.items()
    }


def _rounded(value):
    """To float16, where that can hold it: it ends at 65,504."""
    return value.half() if value.is_floating_point() and value.half().isfinite().all() else value


def save_weights(folder: Path, weights: dict) -> str:
    """model.safetensors from a state dict (see `as_stored`); gives the file's sha256, which belongs in the facts."""
    from safetensors.torch import save

    weights = {name: value.cpu().contiguous() for name, value in as_stored(weights).items()}
    write_atomically(folder / MODEL_FILE, lambda file: file.write(save(weights)))
    return sha256_of(folder / MODEL_FILE)


def save_weight_change(folder: Path, before: dict, after: dict) -> None:
    """weight_change.npz from two state dicts: small, so that it can be shown where the weights themselves aren't."""
    from core.models.layers import is_layer_weight

    layers = [name for name, value in before.items() if is_layer_weight(name, value)]
    first = next(name for name in layers if before[name].dim() == 4)
    arrays = {
        "layers": np.array(layers),
        "relative_change": np.array([_relative_change(before[n], after[n].cpu()) for n in layers], dtype=np.float32),
        "filters_before": _rounded(before[first]).numpy(),
        "filters_after": _rounded(after[first].cpu()).numpy(),
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
