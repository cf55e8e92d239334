"""What the tensors of a file tell of their network, with weights made here; also as other repositories name them."""

import re

import pytest
import torch

from core.errors import ModelError
from core.models import recognition
from core.models.recognition import describe
from core.models.registry import build
from core.models.weights.initial_weights import fitted
from core.settings.train_config import TrainConfig


def weights_of(**fields) -> dict[str, torch.Tensor]:
    return build(TrainConfig(**fields)).state_dict()


def torchvisions(network: str, **fields) -> dict[str, torch.Tensor]:
    return weights_of(family="torchvision", network=network, **{"input_size": 64} | fields)


def as_kuangliu(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same network, under the names of github.com/kuangliu/pytorch-cifar."""
    renamed = {name.replace(".downsample.", ".shortcut."): value for name, value in weights.items()}
    return {re.sub(r"^fc\.", "linear.", name): value for name, value in renamed.items()}


def found_in(weights: dict[str, torch.Tensor]) -> list[tuple[str, str, int]]:
    usual = recognition.with_usual_names(weights)
    return [(config.architecture, config.stem, config.input_size) for config in recognition.candidates(usual)]


def behind_dropout(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """As of a network whose last layer is nn.Sequential(nn.Dropout(), nn.Linear(512, 10))."""
    return {name.replace("fc.", "fc.1."): value for name, value in weights.items()}


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (lambda: weights_of(depth=20), [("resnet20", "imagenet", 32), ("plain20", "imagenet", 32)]),
        (lambda: weights_of(depth=8, norm="none"), [("resnet8", "imagenet", 32), ("plain8", "imagenet", 32)]),
        (lambda: torchvisions("resnet18"), [("resnet18", "imagenet", 64)]),
        (lambda: torchvisions("resnet18", stem="cifar"), [("resnet18", "cifar", 32)]),
        (lambda: as_kuangliu(torchvisions("resnet18", stem="cifar")), [("resnet18", "cifar", 32)]),
        (lambda: torchvisions("mobilenet_v3_small"), [("mobilenet_v3_small", "imagenet", 64)]),
        (lambda: torchvisions("vgg11_bn"), [("vgg11_bn", "imagenet", 64)]),
        *(
            pytest.param(lambda name=name: as_kuangliu(torchvisions(name, stem="cifar")), [(name, "cifar", 32)])
            for name in ("resnet34", "resnet50")
        ),
        (lambda: behind_dropout(torchvisions("resnet18")), [("resnet18", "imagenet", 64)]),
        (lambda: {"a.weight": torch.ones(2, 2)}, []),
    ],
)
def test_a_network_is_told_by_its_tensors(weights, expected):
    assert found_in(weights()) == expected


def test_a_last_layer_behind_a_dropout_is_the_last_layer():
    weights = weights_of(depth=20)
    found = fitted(behind_dropout(weights), TrainConfig(depth=20), "The weights in a.pt")
    assert all(torch.equal(found[name], value) for name, value in weights.items())


def option_b(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return weights | {"layer2.0.shortcut.0.weight": torch.zeros(32, 16, 1, 1)}


def pre_activation(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value for name, value in weights.items() if not name.startswith("bn1.")}


def test_a_network_without_batchnorm_is_no_pre_activation_resnet():
    assert describe(weights_of(depth=20, norm="none")).startswith("a network of 20 layers")


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (lambda: option_b(weights_of(depth=20)), r"of 20 layers.*1x1 convolutions in its shortcuts \(option B\)"),
        (lambda: pre_activation(torchvisions("resnet18")), "a pre-activation ResNet of 18 layers: 2, 2, 2, 2 blocks"),
        (lambda: weights_of(depth=20) | {"fc.weight": torch.zeros(100, 64)}, "100 classes"),
        (
            lambda: behind_dropout(weights_of(depth=20)) | {"fc.4.weight": torch.ones(10, 64)},
            r"unexpected: fc\.1\.bias",
        ),
        (lambda: {"encoder.0.weight": torch.zeros(3, 4)}, r"1 tensor, first encoder\.0\.weight \(3, 4\)"),
    ],
)
def test_what_is_not_supported_is_refused_and_it_is_said_what_was_recognized(weights, words):
    with pytest.raises(ModelError, match=words):
        fitted(weights(), TrainConfig(depth=20), "The weights in a.pt")


def test_kuanglius_names_mean_torchvisions_layers():
    weights = torchvisions("resnet18", stem="cifar", seed=3)
    config = TrainConfig(family="torchvision", network="resnet18", stem="cifar")
    loaded = fitted(as_kuangliu(weights), config, "They")
    assert all(torch.equal(loaded[name], value) for name, value in weights.items())


def test_branches_that_only_training_uses_are_left_out():
    """GoogLeNet's and Inception's, in ImageNet's files."""
    config = TrainConfig(family="torchvision", network="googlenet", input_size=64)
    weights = build(config).state_dict()
    assert fitted(weights | {"aux1.fc2.weight": torch.zeros(3, 3)}, config, "They").keys() == weights.keys()


def test_whole_numbers_are_no_weights():
    weights = weights_of(depth=8)
    with pytest.raises(ModelError, match=r"whole or complex numbers: fc\.weight"):
        fitted(weights | {"fc.weight": weights["fc.weight"].to(torch.int64)}, TrainConfig(depth=8), "They")
