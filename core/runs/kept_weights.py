"""The weights that a run kept during training (`keep_weights`): a file of all of them for each moment.

They stay on the machine where they were made: neither a zip nor what ships has them, for each is as large as the
network.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import RunError
from core.files import write_atomically
from core.runs.run import Run
from core.runs.store import as_stored
from core.settings.train_config import TrainConfig

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


def file_of(folder: Path, epoch: int) -> Path:
    """Where the weights lie that a training in this `folder` had after so many epochs."""
    return folder / f"kept-{epoch:05}.safetensors"


def epochs_kept(config: TrainConfig) -> list[int]:
    """After how many epochs weights are kept, ascending: at the start (0), then evenly spread up to the last; none
    where the config does not ask for any."""
    times = config.keep_weights
    return [0, *(config.epochs * time // times for time in range(1, times + 1))] if times else []


def there(run: Run) -> bool:
    """Whether it kept weights during training, and still has all of them."""
    kept = epochs_kept(run.config)
    return bool(kept) and all(file_of(run.path, epoch).is_file() for epoch in kept)


def keep(folder: Path, config: TrainConfig, epoch: int, model: "Module") -> None:
    """The weights of `model` after so many epochs, if they are kept then; rounded as model.safetensors is."""
    from safetensors.torch import save

    if epoch in epochs_kept(config):
        weights = {name: value.cpu().contiguous() for name, value in as_stored(model.state_dict()).items()}
        write_atomically(file_of(folder, epoch), lambda file: file.write(save(weights)))


def load(run: Run, epoch: int, like: dict[str, "Tensor"]) -> dict[str, "Tensor"]:
    """The state dict that was kept after so many epochs, in float32. Raises RunError where it is missing or damaged, or
    doesn't have the names and shapes of `like`, a state dict of the run's network."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = file_of(run.path, epoch)
    try:
        weights = load_file(path)
    except (SafetensorError, OSError) as error:
        raise RunError(f"{path} cannot be read ({error}).") from None
    if {name: value.shape for name, value in weights.items()} != {name: value.shape for name, value in like.items()}:
        raise RunError(f"The weights in {path} do not fit {run.config.architecture}.")
    if not all(torch.isfinite(value).all() for value in weights.values()):
        raise RunError(f"{path} holds numbers that are not finite.")
    return {name: value.to(like[name].dtype) for name, value in weights.items()}
