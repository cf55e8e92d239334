"""The registry of network families: for each, how to build it, what its input looks like, where Grad-CAM may look."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from core.config import TrainConfig
from core.errors import ModelError
from core.models import cifar


@dataclass(frozen=True)
class Preprocessing:
    """uint8 pixels (n, 3, h, w) -> what the network takes: float32, scaled to [0, 1], then (x - mean) / std."""

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __call__(self, pixels: Tensor) -> Tensor:
        mean = torch.tensor(self.mean, device=pixels.device).view(1, 3, 1, 1) * 255
        std = torch.tensor(self.std, device=pixels.device).view(1, 3, 1, 1) * 255
        return pixels.to(torch.float32, memory_format=torch.channels_last).sub_(mean).div_(std)


@dataclass(frozen=True)
class Family:
    build: Callable[[TrainConfig], nn.Module]  # with the initial weights of config.seed
    preprocessing: Preprocessing
    cam_layers: Callable[[nn.Module], dict[str, nn.Module]]  # after whose output a heatmap may look; the last: default


FAMILIES: dict[str, Family] = {
    "cifar": Family(
        build=lambda config: cifar.untrained(config.depth, config.skip, config.norm, config.seed),
        preprocessing=Preprocessing(size=32, mean=(0.4914, 0.4822, 0.4465), std=(0.2470, 0.2435, 0.2616)),
        cam_layers=lambda model: {f"layer{i}": model.get_submodule(f"layer{i}")[-1] for i in (1, 2, 3)},
    ),
}


def family(config: TrainConfig) -> Family:
    """The registry's entry for a config. Raises ModelError that lists the known names."""
    try:
        return FAMILIES[config.family]
    except KeyError:
        raise ModelError(f"Unknown network family {config.family!r}; known: {', '.join(FAMILIES)}.") from None


def build(config: TrainConfig) -> nn.Module:
    """The untrained network of a config, with the initial weights that its seed gives."""
    return family(config).build(config)


def parse_architecture(name: str) -> dict:
    """ "resnet20" -> the config fields that it stands for. Raises ModelError that says which names there are."""
    match = re.fullmatch(r"(plain|resnet)(\d{1,4})", name)
    if not match or int(match[2]) < 8 or int(match[2]) % 6 != 2:
        depths = "8, 14, 20, 32, 44, 56, 110, or any other 6n+2"
        raise ModelError(f"Unknown network {name!r}. Known: plainN (without short cuts) and resnetN, N = {depths}.")
    return {"family": "cifar", "depth": int(match[2]), "skip": match[1] == "resnet"}


def initial_weights(config: TrainConfig) -> dict[str, Tensor] | None:
    """The state dict that config.init names, checked against the network; None for "scratch". Raises ModelError."""
    if config.init == "scratch":
        return None
    if config.init == "imagenet":
        raise ModelError(f"There are no ImageNet weights for {config.architecture}: it is made for 32x32 images.")
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        weights = {name: v.float() if v.is_floating_point() else v for name, v in load_file(Path(config.init)).items()}
        build(config).load_state_dict(weights, strict=True)
        return weights
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{config.init} cannot be read as safetensors weights ({error}).") from None
    except RuntimeError as error:
        raise ModelError(
            f"The weights in {config.init} do not fit {config.architecture}: {' '.join(str(error).split())[:300]}"
        ) from None


def describe_initial_weights(config: TrainConfig) -> str:
    if config.init == "scratch":
        return f"drawn from seed {config.seed} (normal distribution of He et al. 2015, Delving deep into rectifiers)"
    return f"{config.init}, sha256 {hashlib.sha256(Path(config.init).read_bytes()).hexdigest()}"


def count_parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def count_multiply_adds(model: nn.Module, size: int) -> int:
    """Multiply-adds of one forward pass on one `size` x `size` image, convolutions and linear layers."""
    from torch.utils.flop_counter import FlopCounterMode

    was_training = model.training
    model.eval()  # which leaves BatchNorm's running statistics as they are, and asks no other process for its own
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, 3, size, size, device=next(model.parameters()).device))
    model.train(was_training)
    return counter.get_total_flops() // 2
