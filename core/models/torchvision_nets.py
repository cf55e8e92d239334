"""Any classifier of torchvision, by its name there, for ten classes; its ImageNet weights; where a heatmap may look.

Knows no runs and no training. The last layer is replaced; VGG's and AlexNet's heads, wide enough to hold most of the
parameters, are replaced whole by global pooling and one linear layer (as in Lin et al. 2014, "Network in network").
"""

import re
from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn

from core.data.cifar10 import CLASSES
from core.errors import ModelError
from core.models.modes import evaluating, seeded
from core.settings.train_config import TrainConfig

SMALLEST_MAP = 4  # cells a side: a heatmap of fewer says nothing
WEIGHTS = "IMAGENET1K_V1"  # pinned: "DEFAULT" would be other weights one day
# What torchvision's own files, older than its present code, call some layers: pattern -> present name.
OLD_NAMES = {
    r"(denselayer\d+\.(?:norm|conv))\.([12]\.)": r"\1\2",  # DenseNet
    r"\.mlp\.linear_1\.": ".mlp.0.",  # ViT
    r"\.mlp\.linear_2\.": ".mlp.3.",
}


def names() -> list[str]:
    return torchvision.models.list_models(module=torchvision.models)


def _require_known(name: str) -> None:
    if name not in names():
        raise ModelError(f"torchvision has no classifier {name!r}; it has {', '.join(names())}.")


def untrained(config: TrainConfig) -> nn.Module:
    """(n, 3, s, s) float, normalized, s = config.input_size -> (n, 10) logits; with the initial weights of its seed.

    Raises ModelError if torchvision has no such classifier, or it can't take so small an image.
    """
    name, size = config.network, config.input_size
    _require_known(name)
    smallest = _weights_of(name).meta["min_size"][0]
    if size < smallest:
        raise ModelError(f"{name} needs images of {smallest} pixels or more a side, not {size}; see --input-size.")
    try:
        with seeded(config.seed):
            model = _without_wide_head(name) if name.startswith(("vgg", "alexnet")) else _build(name, size)
    except (ValueError, AssertionError) as error:  # e.g. an image that a transformer can't cut into its patches
        raise ModelError(f"{name} can't take images of {size} pixels ({error}); see --input-size.") from None
    if config.strides == "v1":
        _move_strides(model)
    if config.stem == "cifar":
        with seeded(config.seed):
            _keep_small_pictures(model)
    return model


def _build(name: str, size: int) -> nn.Module:
    options: dict[str, object] = {}
    if name in ("googlenet", "inception_v3"):
        options = {"aux_logits": False, "init_weights": False, "transform_input": True}
    elif name.startswith("vit"):
        options = {"image_size": size}
    elif name.startswith("maxvit"):
        options = {"input_size": (size, size)}
    return torchvision.models.get_model(name, weights=None, num_classes=len(CLASSES), **options)


def _without_wide_head(name: str) -> nn.Module:
    """Convolutions as torchvision draws them for VGG. Made without memory first: its head alone would take seconds."""
    with torch.device("meta"):
        model = torchvision.models.get_model(name, weights=None)
        channels = [layer.out_channels for layer in model.features if isinstance(layer, nn.Conv2d)]
        model.avgpool, model.classifier = nn.AdaptiveAvgPool2d(1), nn.Linear(channels[-1], len(CLASSES))
    model.to_empty(device="cpu")
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.BatchNorm2d | nn.Linear):
            layer.reset_parameters()
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model


def _move_strides(model: nn.Module) -> None:
    """ResNet v1 (He et al. 2015): a bottleneck halves the image in its first convolution, not in its 3x3 one."""
    for block in model.modules():
        if isinstance(block, torchvision.models.resnet.Bottleneck):
            block.conv1.stride, block.conv2.stride = block.conv2.stride, (1, 1)


def _keep_small_pictures(model: torchvision.models.ResNet) -> None:
    """A first layer for 32 x 32 pixels: 3x3 in steps of one, and no pooling (He et al. 2015, section 4.2), where
    torchvision's would leave 8 x 8. Drawn as torchvision draws its own."""
    model.conv1 = nn.Conv2d(3, model.conv1.out_channels, kernel_size=3, stride=1, padding=1, bias=False)
    nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")
    model.maxpool = nn.Identity()


def pretrained(config: TrainConfig) -> dict[str, Tensor]:
    """torchvision's ImageNet weights, with the head for 1000 classes. Raises ModelError if they can't be had."""
    if config.strides == "v1":
        raise ModelError(f"torchvision's weights of {config.network} are for strides v1.5; use --strides v1.5.")
    if config.stem == "cifar":
        raise ModelError(f"torchvision's weights of {config.network} are for its own first layer; use --stem imagenet.")
    weights = _weights_of(config.network)
    try:
        return weights.get_state_dict(check_hash=True, weights_only=True)
    except Exception as error:  # urllib, zipfile and torch each raise their own
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        raise ModelError(
            f"The ImageNet weights of {config.network} cannot be downloaded ({error}): fetch {weights.url} where there "
            f"is a network, and put {Path(weights.url).name} into {folder}."
        ) from None


def with_present_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of an old file under the names that torchvision now has; of a new one, as it is."""
    for old, new in OLD_NAMES.items():
        weights = {re.sub(old, new, name): value for name, value in weights.items()}
    return weights


def describe_pretrained(config: TrainConfig) -> str:
    return f"torchvision's {_weights_of(config.network)}, {_weights_of(config.network).url}"


def _weights_of(name: str) -> torchvision.models.WeightsEnum:
    known = torchvision.models.get_model_weights(name)
    return known.__members__.get(WEIGHTS) or next(iter(known))


def published_parameters(name: str) -> int:
    """How many the network has as published, for ImageNet; nothing is built. Raises ModelError."""
    _require_known(name)
    return _weights_of(name).meta["num_params"]


@torch.no_grad()
def cam_layers(model: nn.Module, size: int) -> dict[str, nn.Module]:
    """Where a heatmap may look: for each size of feature map the last part of the network that has it, first to last.

    Found by a look at one forward pass at `size` pixels. Maps of less than SMALLEST_MAP cells a side are left out.
    """
    found: dict[int, str] = {}  # by side of the map

    def note(name: str, out: object) -> None:
        if isinstance(out, Tensor) and out.dim() == 4 and out.shape[-1] == out.shape[-2] >= SMALLEST_MAP:
            before = found.get(out.shape[-1])
            if before is None or name.count(".") <= before.count("."):  # a whole stage rather than a layer in it
                found[out.shape[-1]] = name

    hooks = [
        module.register_forward_hook(lambda module, inputs, out, name=name: note(name, out))
        for name, module in model.named_modules()
        if name
    ]
    try:
        with evaluating(model):
            model(torch.zeros(1, 3, size, size, device=next(model.parameters()).device))
    finally:
        for hook in hooks:
            hook.remove()
    return {found[side]: model.get_submodule(found[side]) for side in sorted(found, reverse=True)}
