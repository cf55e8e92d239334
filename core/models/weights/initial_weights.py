"""The weights with which a training begins: drawn from its seed, from ImageNet, or from a file."""

from collections.abc import Callable

import torch

from core.errors import ModelError
from core.files import sha256_of
from core.models import recognition
from core.models.layers import StateDict, head_name, is_within
from core.models.registry import build
from core.models.weights.weight_files import WeightFile, read_weights
from core.settings.environment import expanded
from core.settings.train_config import TrainConfig

NAMED = 5  # of the tensors that don't fit
AUXILIARY = ("AuxLogits.", "aux1.", "aux2.")  # heads of Inception and GoogLeNet that only help their own training


def initial_weights(config: TrainConfig, say: Callable[[str], object] = lambda words: None) -> StateDict | None:
    """The whole state dict that config.init names, in the network's number formats; None for "scratch".

    A last layer for other classes is left out, and is new. `say` is told where in a file they were found, if that
    needs words. Raises ModelError that names what is missing, unexpected or of another shape.
    """
    if not config.pretrained:
        return None
    if config.init == "imagenet":
        if config.family != "torchvision":
            raise ModelError(f"There are no ImageNet weights for {config.architecture}: it is made for 32x32 images.")
        from core.models import torchvision_nets

        file = WeightFile(torchvision_nets.pretrained(config))
    else:
        file = read_weights(expanded(config.init))
    if file.found:
        say(f"The weights in {config.init}: {file.found}.")
    return fitted(file.tensors, config, f"The weights in {config.init}", new_head=True)


def answers_were_learned(config: TrainConfig, start: StateDict | None) -> bool:
    """Whether `initial_weights` came with a last layer for ten classes, and so with answers of their own: they may have
    learned from the very photos that this training keeps apart for validation."""
    if start is None:
        return False
    model = build(config)
    drawn, head = model.state_dict(), head_name(model)
    return any(not torch.equal(start[name], drawn[name]) for name in drawn if is_within(name, head))


def starting_weights(config: TrainConfig) -> StateDict:
    """The state dict with which a training of this config begins. Raises ModelError as `initial_weights` does."""
    return initial_weights(config) or build(config).state_dict()


def fitted(given: StateDict, config: TrainConfig, called: str, new_head: bool = False) -> StateDict:
    """The tensors of a file as the state dict of a config's network, in its number formats. Names of older files and
    of known repositories are understood. `called`: how sentences begin, e.g. "The weights in a.pt". `new_head`: whether
    a last layer for other classes becomes a new one. Raises ModelError."""
    model = build(config)
    own, head = model.state_dict(), head_name(model)
    described = recognition.describe(given)
    given = _with_names_of(own, given, config.family)
    of_head = [name for name in own if is_within(name, head)]
    if new_head and any(name not in given or given[name].shape != own[name].shape for name in of_head):
        given = {name: value for name, value in given.items() if not is_within(name, head)}
        given |= {name: own[name] for name in of_head}
    counters = {name: own[name] for name in own if name.endswith("num_batches_tracked")}  # old files lack them
    given = counters | {name: value for name, value in given.items() if not name.startswith(AUXILIARY)}
    _require_fit(own, given, f"{called} do not fit {config.architecture}. They are {described}")
    found = {name: given[name].to(value.dtype, copy=True) for name, value in own.items()}  # a file may name one twice
    if not all(torch.isfinite(value).all() for value in found.values()):
        raise ModelError(f"{called} are damaged: some of their numbers are not finite.")
    return found


def _with_names_of(own: StateDict, given: StateDict, family: str) -> StateDict:
    """The tensors under the names that a file has, or those that they stand for, whichever more of `own` have."""
    readings = [given, recognition.with_usual_names(given)]
    if family == "torchvision":
        from core.models.torchvision_nets import with_present_names

        readings.append(with_present_names(given))
    return max(readings, key=lambda weights: len(weights.keys() & own.keys()))


def _require_fit(own: StateDict, given: StateDict, complaint: str) -> None:
    both = {name: (own[name], given[name]) for name in own.keys() & given.keys()}
    problems = {
        "missing": own.keys() - given.keys(),
        "unexpected": given.keys() - own.keys(),
        "of another shape": {name for name, (ours, theirs) in both.items() if ours.shape != theirs.shape},
        "whole or complex numbers": {
            name for name, (ours, theirs) in both.items() if ours.is_floating_point() > theirs.is_floating_point()
        },
    }
    if any(problems.values()):
        listed = [f"{what}: {_first_few(names)}" for what, names in problems.items() if names]
        raise ModelError(f"{complaint}. {'; '.join(listed)}.")


def _first_few(names: set[str]) -> str:
    first = [name[:80] for name in sorted(names)[:NAMED]]
    return ", ".join(first) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def describe_initial_weights(config: TrainConfig) -> str:
    """Where the weights come from with which a training of this config begins; with the sha256 of a file as it is now.

    Raises ModelError for a network without ImageNet weights, where the config asks for them."""
    if config.init == "imagenet":
        from core.models import torchvision_nets

        return f"{torchvision_nets.describe_pretrained(config)}; the last layer is new, from seed {config.seed}"
    if config.pretrained:
        try:
            digest = sha256_of(expanded(config.init))
        except OSError:  # a training may outlive the file from which it began
            digest = "not known: the file is gone"
        return f"{config.init}, sha256 {digest}; a last layer for other classes is new, from seed {config.seed}"
    how = {
        "cifar": " (normal distribution of He et al. 2015, Delving deep into rectifiers)",
        "torchvision": " as torchvision does",
    }
    return f"drawn from seed {config.seed}{how.get(config.family, '')}"
