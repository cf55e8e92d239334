"""Which settings of a training fit together: what no row of the table can say by itself."""

import re
from typing import TYPE_CHECKING

from core.errors import LabError

if TYPE_CHECKING:
    from core.settings.train_config import TrainConfig

STRIDES = ("v1.5", "v1")
STRIDED = ("resnet50", "resnet101", "resnet152")  # the networks of torchvision whose strides can be chosen
STEMS = ("imagenet", "cifar")
STEMMED = ("resnet18", "resnet34", *STRIDED)  # those whose first layer can be chosen
Colors = tuple[float, float, float]  # of red, green, blue
# What a config may name: (mean, standard deviation) of pixels from 0 to 1. CIFAR-10's own; ImageNet's, as all weights
# of torchvision expect.
NORMALIZATIONS: dict[str, tuple[Colors, Colors]] = {
    "cifar": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}


def incompatibility(c: "TrainConfig") -> str | None:
    """What fits its own row but not the other fields, as a sentence; None if all fits."""
    twin = c.is_twin
    size = "32 for family cifar" if twin else "from 32 to 512"
    network = "empty for family cifar" if twin else "a name of torchvision"
    strides = f"v1.5, or v1 for torchvision's {', '.join(STRIDED)}"
    checks = (
        (
            re.fullmatch("" if twin else "[a-z][a-z0-9_]{0,40}", c.network),
            f"network must be {network}, not {c.network!r}",
        ),
        (c.input_size == 32 if twin else 32 <= c.input_size <= 512, f"input size must be {size}, not {c.input_size}"),
        (c.strides == STRIDES[0] or c.network in STRIDED, f"strides must be {strides}, not {c.strides!r}"),
        (c.stem == STEMS[0] or c.network in STEMMED, f"stem must be imagenet, or cifar for {', '.join(STEMMED)}"),
        (
            c.normalization in (None, *NORMALIZATIONS) or six_numbers(c.normalization),
            f"normalization must be one of {', '.join(NORMALIZATIONS)}, or three means from 0 to 1 and three standard "
            f"deviations above 0, separated by commas, not {c.normalization!r:.80}",
        ),
        (
            8 <= c.depth <= 1202 and c.depth % 6 == 2,
            f"depth must be 6n+2 (8, 14, 20, 32, 44, 56, ..., at most 1202), not {c.depth}",
        ),
        (
            twin or (c.depth, c.skip, c.norm) == (20, True, "batch"),
            "depth, shortcuts and norm of a network of torchvision cannot be chosen",
        ),
        (
            c.optimizer != "muon" or (twin and c.norm == "batch"),
            "optimizer muon is for the small networks with BatchNorm: it sets how long their weights are",
        ),
        (c.init, "initial weights must be scratch, imagenet or the path of a file, not nothing"),
        (
            c.keep_weights == 0 or 2 <= c.keep_weights <= c.epochs,
            f"number of times to keep weights must be 0, or from 2 to {c.epochs}, the epochs, not {c.keep_weights}",
        ),
    )
    return next((f"The {problem}." for fits, problem in checks if not fits), None)


def require_twin(config: "TrainConfig", to: str) -> None:
    """Raises LabError for a network that is none of the CIFAR twins. `to`: what others can't do, e.g. "lose blocks"."""
    if not config.is_twin:
        raise LabError(f"Only the plain networks and ResNets for CIFAR-10 can {to}.")


def six_numbers(normalization: str) -> tuple[float, ...]:
    """Means of red, green, blue, then standard deviations, from a text with commas; none where it holds no such."""
    try:
        numbers = tuple(float(word) for word in normalization.split(","))
    except ValueError:
        return ()
    fits = len(numbers) == 6 and all(0 <= mean <= 1 for mean in numbers[:3]) and all(0 < s <= 10 for s in numbers[3:])
    return numbers if fits else ()
