"""What a file's tensors tell of their network, by their names and shapes alone. Builds nothing larger than the file.

Two repositories taught most of those who bring a network: kuangliu/pytorch-cifar and akamaster/pytorch_resnet_cifar10.
Their names for some layers are read as torchvision's.
"""

import re
from collections import Counter

from torch import Tensor

from core.errors import ModelError
from core.models.layers import StateDict, head_name, is_within
from core.models.registry import build
from core.models.resnets import BASIC, RESNETS
from core.settings.constraints import STEMMED
from core.settings.recipes import CIFAR_STEM_SIZE, RECIPES
from core.settings.train_config import TrainConfig

OTHER_NAMES = {r"^linear\.": "fc.", r"\.shortcut\.": ".downsample."}  # theirs: torchvision's
HEAD_IN_SEQUENCE = re.compile(r"fc\.\d+\.")  # nn.Sequential(nn.Dropout(), nn.Linear(512, 10))
BLOCK = re.compile(r"layer(\d+)\.(\d+)\.conv1\.weight")
NAMES = {shape: name for name, shape in RESNETS.items()}
HEAD = re.compile(r"(fc|classifier(\.\d)?|head|heads\.head)\.weight")
BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
WIDEST_GUESS = 150_000_000  # parameters


def with_usual_names(weights: StateDict) -> StateDict:
    """The same tensors, under torchvision's names where they have those of OTHER_NAMES, or where the last layer stands
    behind a dropout."""
    for theirs, usual in OTHER_NAMES.items():
        weights = {re.sub(theirs, usual, name): value for name, value in weights.items()}
    if len({match[0] for match in map(HEAD_IN_SEQUENCE.match, weights) if match}) == 1:
        weights = {HEAD_IN_SEQUENCE.sub("fc.", name): value for name, value in weights.items()}
    return weights


def completed(architecture: dict, weights: StateDict) -> dict:
    """The config fields of an architecture, and those that follow from the tensors: BatchNorm, the first layer."""
    if architecture["family"] == "cifar":
        return architecture | {"norm": "batch" if "bn1.weight" in weights else "none"}
    if architecture["network"] in STEMMED and _has_small_stem(weights):
        return architecture | {"stem": "cifar", "input_size": CIFAR_STEM_SIZE}
    return architecture | {"input_size": RECIPES["torchvision"]["input_size"]}


def candidates(weights: StateDict) -> list[TrainConfig]:
    """The networks whose tensors have these names and shapes, the last layer's classes apart; of weights with
    torchvision's names (`with_usual_names`). A plain network and a ResNet have the same; strides are as usual."""
    found = [TrainConfig(**completed(architecture, weights)) for architecture in _by_shape(weights)]
    return [config for config in found if _fits(weights, config)]


def _by_shape(weights: StateDict) -> list[dict]:
    blocks, convolutions = _blocks(weights), _convolutions_of_a_block(weights)
    if len(blocks) == 3 and len(set(blocks)) == 1 and convolutions == BASIC:
        return [{"family": "cifar", "depth": 6 * blocks[0] + 2, "skip": skip} for skip in (True, False)]
    known = NAMES.get((convolutions, blocks))
    return [{"family": "torchvision", "network": name} for name in ([known] if known else _by_size(weights))]


def _by_size(weights: StateDict) -> list[str]:
    """torchvision's names for networks of as many parameters, without their last layers. VGG's, which the lab builds
    with one linear layer at the end, are told by their convolutions."""
    from core.models import torchvision_nets

    if (head := _head(weights)) is None:
        return []
    classes, features = head.shape
    total = sum(value.numel() for name, value in weights.items() if not name.endswith(BUFFERS))
    body, convolutions = total - classes * (features + 1), sum(value.dim() == 4 for value in weights.values())
    published = {name: torchvision_nets.published_parameters(name) for name in torchvision_nets.names()}
    return [
        name
        for name, count in published.items()
        if count == body + 1000 * (features + 1) <= WIDEST_GUESS
        or (name.startswith("vgg") and int(re.findall(r"\d+", name)[0]) == convolutions + 3)
    ]


def _fits(weights: StateDict, config: TrainConfig) -> bool:
    try:
        model = build(config)
    except ModelError:
        return False
    head = head_name(model)
    own, given = (
        {name: value.shape for name, value in each.items() if not (is_within(name, head) or name.endswith(BUFFERS))}
        for each in (model.state_dict(), weights)
    )
    return own == given


def classes(weights: StateDict) -> int | None:
    """How many the last layer tells apart; None without any."""
    head = _head(weights)
    return None if head is None else head.shape[0]


def describe(weights: StateDict) -> str:
    """E.g. "a network of 18 layers: 2, 2, 2, 2 blocks of 2 convolutions, 64 channels at first, 1x1 convolutions in its
    shortcuts (option B), a first layer of 3x3, 10 classes"; of any other network, its first tensors."""
    weights = with_usual_names(weights)
    blocks, first = _blocks(weights), weights.get("conv1.weight")
    if not blocks or first is None or first.dim() != 4:
        layers = [f"{name[:40]} {tuple(value.shape)}" for name, value in list(weights.items())[:3]]
        return f"{len(weights)} tensor{'s' * (len(weights) != 1)}, first {', '.join(layers)}"
    inside = _convolutions_of_a_block(weights)
    pre_activation = "bn1.weight" not in weights and any(".bn1." in name for name in weights)
    kind = "a pre-activation ResNet" if pre_activation else "a network"
    words = [
        f"{kind} of {inside * sum(blocks) + 2} layers: {', '.join(map(str, blocks))} blocks of {inside} convolutions",
        f"{first.shape[0]} channels at first",
        f"a first layer of {first.shape[-1]}x{first.shape[-1]}",
        f"{classes(weights)} classes",
    ]
    if any(".downsample." in name for name in weights):
        words.insert(2, "1x1 convolutions in its shortcuts (option B)")
    return ", ".join(words)


def _head(weights: StateDict) -> Tensor | None:
    """The last layer's weights, (classes, features)."""
    names = sorted(name for name, value in weights.items() if HEAD.fullmatch(name) and value.dim() == 2)
    return weights[names[-1]] if names else None


def _blocks(weights: StateDict) -> tuple[int, ...]:
    """How many each stage has."""
    stages = Counter(int(match[1]) for match in map(BLOCK.fullmatch, weights) if match)
    return tuple(stages[stage] for stage in sorted(stages))


def _convolutions_of_a_block(weights: StateDict) -> int:
    return sum(bool(re.fullmatch(r"layer1\.0\.conv\d\.weight", name)) for name in weights)


def _has_small_stem(weights: StateDict) -> bool:
    first = weights.get("conv1.weight")
    return first is not None and first.dim() == 4 and first.shape[-1] == 3
