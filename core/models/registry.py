"""The registry of network families: for each, how to build it, what its input looks like, where Grad-CAM may look."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from core.errors import ModelError
from core.models import cifar
from core.models.preprocessing import Preprocessing
from core.settings.train_config import TORCHVISION_DEPTHS, TrainConfig


@dataclass(frozen=True)
class Family:
    build: Callable[[], nn.Module]  # with the initial weights of the config's seed
    preprocessing: Preprocessing
    cam_layers: Callable[[nn.Module], dict[str, nn.Module]]  # after whose output a heatmap may look; the last: default


def _cifar(config: TrainConfig) -> Family:
    return Family(
        build=lambda: cifar.untrained(config.depth, config.skip, config.norm, config.seed),
        preprocessing=Preprocessing.of(config),
        cam_layers=lambda model: {f"layer{i}": getattr(model, f"layer{i}")[-1] for i in (1, 2, 3)},
    )


def _torchvision(config: TrainConfig) -> Family:
    from core.models import torchvision_nets  # brings torchvision, which takes a second

    return Family(
        build=lambda: torchvision_nets.untrained(config),
        preprocessing=Preprocessing.of(config),
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
    if match and depth >= 8 and depth % 6 == 2 and (match[1] or match[2] == "plain" or depth not in TORCHVISION_DEPTHS):
        return {"family": "cifar", "depth": depth, "skip": match[2] == "resnet"}
    from core.models import torchvision_nets

    if name in torchvision_nets.names():
        return {"family": "torchvision", "network": name}
    depths = "8, 14, 20, 32, 44, 56, 110, or any other 6n+2"
    raise ModelError(
        f"Unknown network {name!r}. Known: plainN (without shortcuts) and resnetN, N = {depths}; and torchvision's: "
        f"{', '.join(torchvision_nets.names())}."
    )
