"""What a run was asked to do, as one frozen value.

Knows no files, no torch. Every field is a plain JSON value, so a config is saved beside the weights as it is.
A field's row is all that is written of it: the checks, the command line, the form, the words and a run's name follow.
"""

import hashlib
from dataclasses import dataclass, fields

from core.errors import LabError
from core.settings.constraints import STEMS, STRIDES, incompatibility
from core.settings.recipes import RECIPES, SCHEDULES, USUAL_WARM_UP, recipe
from core.settings.setting import require_types, setting, settings_of, slug

OPTIMIZERS = ("sgd", "adamw", "muon")
PRECISIONS = ("float32", "bfloat16")  # that one can choose; older GPUs have float16 besides, by themselves
OF_NETWORK = ("family", "network", "depth", "skip", "strides", "stem", "input_size", "normalization", "norm")
TORCHVISION_DEPTHS = (50, 152)  # "resnet50" is torchvision's network, not the CIFAR one of that depth
LARGEST_SEED = 2**31 - 1
LONGEST_NAME = 64
MOST_KEPT = 40  # times that the weights are kept in training: each takes a file as large as the network


@dataclass(frozen=True)
class TrainConfig:
    """One training run. Two runs with equal configs have, on the same CPU, with as many threads and in the same
    precision, equal histories. The labels of unusual values stand in a run's name in the order of the fields."""

    family: str = setting(
        "cifar",
        "family of networks",
        "The small networks made for these photos, or torchvision's.",
        values=tuple(RECIPES),
        costs=True,
        option=False,
    )
    network: str = setting("", "network", "By torchvision's name, e.g. resnet50.", costs=True, option=False)
    depth: int = setting(
        20,
        "number of layers",
        "Of the small networks: 8, 14, 20, 26 and so on (6n + 2). More layers are slower; 20 is a good start.",
        costs=True,
        option=False,
        offered=(8, 14, 20, 32, 44, 56, 110),
    )
    skip: bool = setting(
        True,
        "shortcuts",
        "With shortcuts it is a ResNet; without, its plain twin.",
        words={True: "with", False: "without"},
        costs=True,
        option=False,
    )
    strides: str = setting(
        "v1.5",
        "place of the strides",
        "Of torchvision's ResNet-50, 101, 152: v1 has them in the 1x1 convolutions (He et al. 2015).",
        values=STRIDES,
        label=str,
        costs=True,
    )
    stem: str = setting(
        "imagenet",
        "first layer",
        "Of torchvision's ResNets. imagenet: 7x7 in steps of two, then pooling; cifar: 3x3, no pooling.",
        values=STEMS,
        words={"imagenet": "for large pictures", "cifar": "for small pictures"},
        label=lambda value: f"{value}-stem",
        costs=True,
    )
    input_size: int = setting(
        32,
        "picture size",
        "To how many pixels a side the pictures are enlarged: more is slower.",
        label=lambda value: f"{value}px",
        costs=True,
        offered=(32, 224),
        step=32,
    )
    normalization: str = setting(
        None,  # as usual for the family, which takes its place
        "scale of the colors",
        "What is taken off red, green and blue, and by what they are divided, before the network sees them: "
        "cifar's or imagenet's mean and standard deviation, none, or three means and three deviations, "
        "e.g. 0.5,0.5,0.5,0.25,0.25,0.25.",
        words={"cifar": "CIFAR-10's", "imagenet": "ImageNet's", "none": "0 to 1"},
        label=lambda value: f"colors-{slug(value)}",
    )
    init: str = setting(
        "scratch",
        "initial weights",
        "scratch: random numbers; imagenet: learned on a million other photos; or a file of weights.",
        words={"scratch": "random numbers", "imagenet": "learned on ImageNet"},
        label=slug,
        offered=("scratch", "imagenet"),
    )
    norm: str = setting(
        "batch",
        "normalization",
        "BatchNorm keeps the numbers inside the network in range. Of the small networks.",
        values=("batch", "none"),
        words={"batch": "BatchNorm", "none": "none"},
        label=lambda value: "no-norm",
        costs=True,
    )
    data: str = setting(
        "full",
        "training photos",
        "All 50,000 are downloaded once (170 MB), if they aren't here. A tenth is set aside for validation.",
        values=("full", "shipped"),
        words={"full": "all 50,000", "shipped": "the first 10,000"},
        label=str,
        option=False,
    )
    train_fraction: float = setting(
        1.0,
        "share of the training photos",
        "How much does a network learn from fewer labeled photos?",
        above=0,
        most=1,
        percent=True,
        label=lambda value: f"{100 * value:g}pct",
    )
    freeze: str = setting(
        "",
        "what is frozen",
        "The stage up to which initial weights stay as they are, e.g. layer2; backbone: all but the last layer.",
        words={"": "nothing", "backbone": "all but the last layer"},
        label=lambda value: f"frozen-{slug(value)}",
        costs=True,
    )
    optimizer: str = setting(
        "sgd",
        "optimizer",
        "How a step follows from the errors. sgd: Nesterov momentum. muon: orthogonal steps (Jordan 2024).",
        values=OPTIMIZERS,
        offered=OPTIMIZERS[:2],
        words={"sgd": "SGD", "adamw": "AdamW", "muon": "Muon"},
        label=str,
        costs=True,
    )
    schedule: str = setting(
        "onecycle", "learning-rate schedule", "How big the learning steps are over time.", values=SCHEDULES, label=str
    )
    warmup: float = setting(
        None,  # as usual for the schedule, which takes its place
        "warm-up",
        "Share of the steps in which the learning rate rises, before it falls. Usual: 0.2 for onecycle, else 0.",
        least=0,
        below=1,
        percent=True,
        label=lambda value: f"warmup{value}",
        offered=(0.0, 0.9),
        step=0.05,
    )
    lr: float = setting(
        0.3,
        "learning rate",
        "The biggest step (the schedule's peak).",
        above=0,
        below=1e3,
        label=lambda value: f"lr{value:g}",
        offered=(1e-6, 10.0),
        step=0.001,
    )
    head_lr: float = setting(
        1.0,
        "learning rate of the last layer, times",
        "How many times as high the last layer's learning rate is.",
        above=0,
        below=1e3,
        label=lambda value: f"head{value:g}",
    )
    batch_size: int = setting(
        128,
        "batch size",
        "Photos looked at before each step, by all processes together.",
        least=1,
        most=9_000,
        label=lambda value: f"batch{value}",
        costs=True,
        offered=(16, 32, 64, 128, 256, 512),
    )
    momentum: float = setting(
        0.9,
        "momentum",
        "How much of the previous step carries over. AdamW: beta1.",
        least=0,
        below=1,
        label=lambda value: f"momentum{value:g}",
        costs=True,
    )
    weight_decay: float = setting(
        5e-4,
        "weight decay",
        "Pulls the weights of convolutions and linear layers toward zero; not BatchNorm and biases.",
        least=0,
        below=1,
        label=lambda value: f"decay{value:g}",
        offered=(0.0, 0.1),
        step=1e-4,
    )
    label_smoothing: float = setting(
        0.0,
        "label smoothing",
        "Teaches it not to be too sure.",
        least=0,
        below=1,
        label=lambda value: f"smooth{value:g}",
        offered=(0.0, 0.5),
        step=0.05,
    )
    clip_norm: float | None = setting(
        None,
        "gradient clipping",
        "If the gradient of all layers together is longer than this, it is cut to this length. A deep ResNet without "
        "BatchNorm needs it.",
        above=0,
        below=1e6,
        words={None: "none"},
        label=lambda value: f"clip{value:g}",
        offered=(1e-3, 1e3),
        step=0.5,
    )
    clip_layer: float | None = setting(
        None,
        "gradient clipping by layer",
        "If the gradient of one layer's weights, or of its bias, ..., is longer than this, it is cut to this length.",
        above=0,
        below=1e6,
        words={None: "none"},
        label=lambda value: f"cliplayer{value:g}",
    )
    augment: bool = setting(
        True,
        "augmentation",
        "Mirrored and shifted photos are new ones, so memorizing gets harder.",
        words={True: "mirrored and shifted", False: "off"},
        label=lambda value: "no-augment",
        costs=True,
    )
    split_seed: int = setting(
        0,
        "validation split",
        "Which tenth of the training images is validation, and which share of the rest is used.",
        least=0,
        most=LARGEST_SEED,
        label=lambda value: f"split{value}",
    )
    epochs: int = setting(
        24, "epochs", "Passes over the photos. More: usually better.", least=1, most=10_000, offered=(1, 1_000)
    )
    seed: int = setting(
        0,
        "random seed",
        "Another seed: other random numbers to begin with, and another order of the photos.",
        least=0,
        most=LARGEST_SEED,
        offered=(0, 9_999),
    )
    keep_weights: int = setting(
        0,
        "weights kept during training",
        "How many times the weights are kept in the training, beside those of its start: after evenly spread epochs, "
        "the last one too. `landscape` then draws the path of the training.",
        least=0,
        most=MOST_KEPT,
        words={0: "none"},
        learns=False,
    )

    def __post_init__(self):
        problems = (known.problem(name.replace("_", " "), getattr(self, name)) for name, known in SETTINGS.items())
        if problem := next(filter(None, problems), None) or incompatibility(self):
            raise LabError(problem)
        if self.warmup is None:
            object.__setattr__(self, "warmup", USUAL_WARM_UP[self.schedule])
        if self.normalization is None:
            object.__setattr__(self, "normalization", RECIPES[self.family]["normalization"])

    @property
    def architecture(self) -> str:
        """The name that the command line takes, e.g. "plain20" or "vgg11_bn"."""
        if not self.is_twin:
            return self.network
        name = f"{'resnet' if self.skip else 'plain'}{self.depth}"
        return f"cifar_{name}" if self.skip and self.depth in TORCHVISION_DEPTHS else name

    @property
    def is_twin(self) -> bool:
        """Whether it is one of the small networks for these photos: a ResNet or its plain twin."""
        return self.family == "cifar"

    @property
    def pretrained(self) -> bool:
        """Whether it starts from weights that were learned before."""
        return self.init != "scratch"

    @property
    def unusual(self) -> dict:
        """{field: value} of what is not as usual for its family, optimizer and schedule."""
        usual = {each.name: each.default for each in fields(self)} | recipe(self.family, self.optimizer, self.stem)
        usual["warmup"] = USUAL_WARM_UP[self.schedule]
        return {name: value for name, value in self.to_dict().items() if value != usual[name]}

    @property
    def of_learning(self) -> dict:
        """{field: value} of the settings that decide what is learned: all but how many weights are kept."""
        return {name: value for name, value in self.to_dict().items() if SETTINGS[name].learns}

    @property
    def default_run_name(self) -> str:
        """Says what is not as usual, so that nearly all other configs have other names: "resnet20-shipped-8ep-s0"."""
        labels = [label(value) for name, value in self.unusual.items() if (label := SETTINGS[name].label)]
        name = "-".join([self.architecture, *labels, f"{self.epochs}ep", f"s{self.seed}"])
        short = f"{name[: LONGEST_NAME - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        return name if len(name) <= LONGEST_NAME else short

    def to_dict(self) -> dict:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, values: dict) -> "TrainConfig":
        """Inverse of `to_dict`; a field that is missing (it is younger than the file) has its default. Raises LabError
        that names unknown or mistyped fields."""
        require_types(cls, values)
        return cls(**values)


SETTINGS = settings_of(TrainConfig)
