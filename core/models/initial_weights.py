"""The weights with which a training begins: drawn from its seed, from ImageNet, or from a file."""

import hashlib

import torch
from torch import Tensor, nn

from core.config import TrainConfig
from core.environment import expanded
from core.errors import ModelError
from core.models.layers import head_name, is_within
from core.models.registry import build
from core.models.weight_files import read_weights

AUXILIARY = ("AuxLogits.", "aux1.", "aux2.")  # heads of Inception and GoogLeNet that only help their own training


def initial_weights(config: TrainConfig) -> dict[str, Tensor] | None:
    """The whole state dict that config.init names, in the network's number formats; None for "scratch".

    A last layer for other classes is left out, and is new. Raises ModelError that names what is missing, unexpected or
    of another shape.
    """
    if not config.pretrained:
        return None
    torchvisions = config.family == "torchvision"
    if torchvisions:
        from core.models import torchvision_nets
    elif config.init == "imagenet":
        raise ModelError(f"There are no ImageNet weights for {config.architecture}: it is made for 32x32 images.")
    given = torchvision_nets.pretrained(config) if config.init == "imagenet" else read_weights(expanded(config.init))
    if torchvisions:
        given = torchvision_nets.with_present_names(given)
    return _fitted(given, build(config), f"The weights in {config.init} do not fit {config.architecture}")


def starting_weights(config: TrainConfig) -> dict[str, Tensor]:
    """The state dict with which a training of this config begins. Raises ModelError as `initial_weights` does."""
    return initial_weights(config) or build(config).state_dict()


def _fitted(given: dict[str, Tensor], model: nn.Module, complaint: str) -> dict[str, Tensor]:
    own, head = model.state_dict(), head_name(model)
    of_head = [name for name in own if is_within(name, head)]
    if any(name not in given or given[name].shape != own[name].shape for name in of_head):
        given = {name: value for name, value in given.items() if not is_within(name, head)}
        given |= {name: own[name] for name in of_head}
    counters = {name: own[name] for name in own if name.endswith("num_batches_tracked")}  # old files lack them
    given = counters | {name: value for name, value in given.items() if not name.startswith(AUXILIARY)}
    problems = {
        "missing": own.keys() - given.keys(),
        "unexpected": given.keys() - own.keys(),
        "of another shape": {name for name in own.keys() & given.keys() if own[name].shape != given[name].shape},
    }
    if any(problems.values()):
        listed = [f"{what}: {', '.join(sorted(names))}" for what, names in problems.items() if names]
        raise ModelError(f"{complaint}. {'; '.join(listed)}.")
    if not all(torch.isfinite(value).all() for value in given.values()):
        raise ModelError(f"{complaint}: some of their numbers are not finite.")
    return {name: given[name].to(value.dtype) for name, value in own.items()}


def describe_initial_weights(config: TrainConfig) -> str:
    """Where the weights come from with which a training of this config begins; with the sha256 of a file as it is now.

    Raises ModelError for a network without ImageNet weights, where the config asks for them."""
    if config.init == "imagenet":
        from core.models import torchvision_nets

        return f"{torchvision_nets.describe_pretrained(config)}; the last layer is new, from seed {config.seed}"
    if config.pretrained:
        try:
            digest = hashlib.sha256(expanded(config.init).read_bytes()).hexdigest()
        except OSError:  # a training may outlive the file from which it began
            digest = "not known: the file is gone"
        return f"{config.init}, sha256 {digest}; a last layer for other classes is new, from seed {config.seed}"
    if config.family == "torchvision":
        return f"drawn from seed {config.seed} as torchvision does"
    return f"drawn from seed {config.seed} (normal distribution of He et al. 2015, Delving deep into rectifiers)"
