"""The usual values of a training's settings, by family, and whole recipes by name."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.settings.train_config import TrainConfig

# What the command line takes for each family where nothing else is said; AdamW's rate is a hundredth of SGD's.
RECIPES: dict[str, dict[str, Any]] = {
    "cifar": {"input_size": 32, "normalization": "cifar", "batch_size": 128, "lr": 0.3},
    "torchvision": {"input_size": 64, "normalization": "imagenet", "batch_size": 64, "lr": 0.01},
}
CIFAR_STEM_SIZE = 32  # pixels, usual for torchvision's networks with a first layer for small pictures
ADAMW_LR_FACTOR = 0.01
MUON_LR = 0.2  # docs/trials.md
MUON_LR_FACTOR = 0.1  # of the weights that Muon itself trains, over that of the rest
# By name, for the small twins: "published" reaches what He et al. 2015 report for ResNet-20 (docs/results.md).
NAMED_RECIPES: dict[str, dict] = {
    "quick": {"epochs": 12, "schedule": "onecycle", "optimizer": "sgd", "lr": 0.4, "label_smoothing": 0.1},
    "published": {
        "epochs": 40,
        "schedule": "cosine",
        "warmup": 0.05,
        "optimizer": "sgd",
        "lr": 0.2,
        "label_smoothing": 0.1,
    },
}
USUAL_WARM_UP = {"onecycle": 0.2, "cosine": 0.0, "multistep": 0.0, "constant": 0.0}  # share of the steps, by schedule
SCHEDULES = tuple(USUAL_WARM_UP)


def recipe(family: str, optimizer: str, stem: str = "imagenet") -> dict:
    """The fields whose usual value hangs on the network's family, its first layer or the optimizer: {field: usual}."""
    size = {"input_size": CIFAR_STEM_SIZE} if stem == "cifar" else {}
    usual = RECIPES[family]
    lr = MUON_LR if optimizer == "muon" else usual["lr"] * (ADAMW_LR_FACTOR if optimizer == "adamw" else 1)
    return usual | size | {"lr": lr}


def is_limited(config: "TrainConfig") -> bool:
    """Whether a network could not learn all it could: layers were frozen, or it got a share of the photos."""
    return bool(config.freeze) or config.train_fraction < 1
