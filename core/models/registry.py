"""The registry of network families: for each, how to build it, what its input looks like, where Grad-CAM may look."""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from core.config import TORCHVISION_DEPTHS, TrainConfig
from core.errors import ModelError
from core.models import cifar
from core.models.modes import evaluating
from core.models.weight_files import read_weights

BACKBONE = "backbone"  # as a stage: all but the last layer
AUXILIARY = ("AuxLogits.", "aux1.", "aux2.")  # heads of Inception and GoogLeNet that only help their own training


@dataclass(frozen=True)
class Preprocessing:
    """uint8 pixels (n, 3, h, w) -> what the network takes: float32 (n, 3, size, size), (x / 255 - mean) / std."""

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __call__(self, pixels: Tensor) -> Tensor:
        rows = pixels.permute(0, 2, 3, 1).flatten(2).to(torch.float32)  # (n, h, w * 3): loops of a row, not of a pixel
        mean, std = (torch.tensor(v, device=rows.device).repeat(pixels.shape[-1]) * 255 for v in (self.mean, self.std))
        return self.resize(rows.sub(mean).div_(std).unflatten(2, (-1, 3)).permute(0, 3, 1, 2))

    def resize(self, normalized: Tensor) -> Tensor:
        """Float32 (n, 3, h, w) -> (n, 3, size, size)."""
        if normalized.shape[-2:] == (self.size, self.size):
            return normalized
        shrinks = normalized.shape[-1] > self.size
        return F.interpolate(normalized, (self.size, self.size), mode="bilinear", antialias=shrinks)


@dataclass(frozen=True)
class Family:
    build: Callable[[], nn.Module]  # with the initial weights of the config's seed
    preprocessing: Preprocessing
    cam_layers: Callable[[nn.Module], dict[str, nn.Module]]  # after whose output a heatmap may look; the last: default


def _cifar(config: TrainConfig) -> Family:
    return Family(
        build=lambda: cifar.untrained(config.depth, config.skip, config.norm, config.seed),
        preprocessing=Preprocessing(size=32, mean=(0.4914, 0.4822, 0.4465), std=(0.2470, 0.2435, 0.2616)),
        cam_layers=lambda model: {f"layer{i}": model.get_submodule(f"layer{i}")[-1] for i in (1, 2, 3)},
    )


def _torchvision(config: TrainConfig) -> Family:
    from core.models import torchvision_nets  # brings torchvision, which takes a second

    return Family(
        build=lambda: torchvision_nets.untrained(config),
        preprocessing=Preprocessing(config.input_size, torchvision_nets.MEAN, torchvision_nets.STD),
        cam_layers=lambda model: torchvision_nets.cam_layers(model, config.input_size),
    )


FAMILIES: dict[str, Callable[[TrainConfig], Family]] = {"cifar": _cifar, "torchvision": _torchvision}


def family(config: TrainConfig) -> Family:
    """What is known of a config's network without building it."""
    return FAMILIES[config.family](config)


def build(config: TrainConfig) -> nn.Module:
    """The untrained network of a config, with the initial weights that its seed gives."""
    return family(config).build()


def parse_architecture(name: str) -> dict:
    """ "resnet20" -> the config fields that it stands for. Raises ModelError that says which names there are."""
    match = re.fullmatch(r"(cifar_)?(plain|resnet)(\d{1,4})", name)
    depth = int(match[3]) if match else 0
    if depth >= 8 and depth % 6 == 2 and (match[1] or match[2] == "plain" or depth not in TORCHVISION_DEPTHS):
        return {"family": "cifar", "depth": depth, "skip": match[2] == "resnet"}
    from core.models import torchvision_nets

    if name in torchvision_nets.names():
        return {"family": "torchvision", "network": name}
    depths = "8, 14, 20, 32, 44, 56, 110, or any other 6n+2"
    raise ModelError(
        f"Unknown network {name!r}. Known: plainN (without shortcuts) and resnetN, N = {depths}; and torchvision's: "
        f"{', '.join(torchvision_nets.names())}."
    )


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
    given = torchvision_nets.pretrained(config) if config.init == "imagenet" else read_weights(Path(config.init))
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


def load_weights(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Give `model` the tensors of a state dict that was saved or copied. Raises RuntimeError if names or shapes differ.

    Only the dict that `state_dict()` itself gives says of what version its parts are; MNASNet will not load any other.
    Ours are of the version that torchvision now has.
    """
    state = OrderedDict(weights)
    state._metadata = model.state_dict()._metadata
    model.load_state_dict(state, strict=True)


def describe_initial_weights(config: TrainConfig) -> str:
    """Where the weights come from with which a training of this config begins; with the sha256 of a file as it is now.

    Raises ModelError for a network without ImageNet weights, where the config asks for them."""
    if config.init == "imagenet":
        from core.models import torchvision_nets

        return f"{torchvision_nets.describe_pretrained(config)}; the last layer is new, from seed {config.seed}"
    if config.pretrained:
        try:
            digest = hashlib.sha256(Path(config.init).read_bytes()).hexdigest()
        except OSError:  # a training may outlive the file from which it began
            digest = "not known: the file is gone"
        return f"{config.init}, sha256 {digest}; a last layer for other classes is new, from seed {config.seed}"
    if config.family == "torchvision":
        return f"drawn from seed {config.seed} as torchvision does"
    return f"drawn from seed {config.seed} (normal distribution of He et al. 2015, Delving deep into rectifiers)"


def is_layer_weight(name: str, tensor: Tensor) -> bool:
    """Whether a tensor of a state dict is a convolution's or linear layer's weight; not a norm's, a bias or a token."""
    return name.endswith("weight") and tensor.dim() > 1


def head_name(model: nn.Module) -> str:
    """The name of the last layer, which gives the logits, e.g. "fc" or "classifier.3"."""
    return list(model.named_parameters())[-1][0].rpartition(".")[0]


def freeze(model: nn.Module, stage: str) -> list[nn.Module]:
    """Freeze all parameters up to the end of `stage` (BACKBONE: all but the last layer; "": none).

    Gives the layers that are therefore to stay in eval mode (BatchNorm would go on changing what follows). Raises
    ModelError that lists the stages.
    """
    if not stage:
        return []
    head = head_name(model)

    def inside(name: str) -> bool:
        return not is_within(name, head) if stage == BACKBONE else is_within(name, stage)

    parameters = list(model.named_parameters())
    layers = [(name, layer) for name, layer in model.named_modules() if not list(layer.children())]
    ends = [max((i for i, (name, _) in enumerate(named) if inside(name)), default=-1) for named in (parameters, layers)]
    if ends[0] < 0 or is_within(head, stage):
        raise ModelError(f"There is no stage {stage!r} to freeze. Known: {', '.join([BACKBONE, *stages(model)])}.")
    for _, parameter in parameters[: ends[0] + 1]:
        parameter.requires_grad_(False)
    return [layer for _, layer in layers[: ends[1] + 1]]


def stages(model: nn.Module) -> list[str]:
    """The parts in which one would freeze `model`, from the first to the last, without the last layer."""
    found = []
    for name, part in model.named_children():
        inner = [f"{name}.{i}" for i, p in part.named_children() if any(True for _ in p.parameters())]
        found += inner if name == "features" else [name] * any(True for _ in part.parameters())
    return [name for name in found if not is_within(head_name(model), name)]


def is_within(name: str, part: str) -> bool:
    """Whether a tensor or module of this name belongs to the module `part`, e.g. "layer1.0.conv1" to "layer1"."""
    return f"{name}.".startswith(f"{part}.")


def count_parameters(model: nn.Module) -> int:
    """Numbers that are learned, frozen ones too; BatchNorm's statistics are none."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_multiply_adds(model: nn.Module, size: int) -> int:
    """Multiply-adds of one forward pass on one `size` x `size` image: convolutions, linear layers and attention."""
    from torch.utils.flop_counter import FlopCounterMode

    # In eval mode BatchNorm's running statistics stay as they are, and no other process is asked for its own.
    with evaluating(model), torch.no_grad(), _attention_by_products(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 3, size, size, device=next(model.parameters()).device))
    return counter.get_total_flops() // 2


@contextmanager
def _attention_by_products() -> Iterator[None]:
    """Attention as matrix products, which PyTorch's counter sees; it overlooks the fused kernels of CPUs."""
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
