"""The named pairs: each differs in one field, so that what comes of it has one cause."""

from dataclasses import dataclass, replace

from core.settings.recipes import recipe
from core.settings.train_config import TrainConfig


@dataclass(frozen=True)
class FairPair:
    """Two trainings that differ in one field. The words are for people who know no ML; `names`: of A and of B; `hint`:
    what one should know before one bets; `download`: how much is downloaded the first time, if anything."""

    question: str
    names: tuple[str, str]
    a: TrainConfig
    b: TrainConfig
    hint: str = ""
    download: str = ""

    @property
    def configs(self) -> dict[str, TrainConfig]:
        return {"A": self.a, "B": self.b}


def _twins(question: str, hint: str, **settings) -> FairPair:
    plain = TrainConfig(skip=False, data="shipped", **settings)
    return FairPair(question, ("Plain network", "ResNet"), plain, replace(plain, skip=True), hint)


def _from_scratch_or_not(question: str, hint: str, download: str, **settings) -> FairPair:
    usual = recipe("torchvision", "sgd")
    scratch = TrainConfig(**usual | {"family": "torchvision", "data": "shipped"} | settings)
    names = ("Network from scratch", "Pretrained network")
    return FairPair(question, names, scratch, replace(scratch, init="imagenet"), hint, download)


# To be watched, in some two minutes: `core.jobs.races.race.paced` gives more epochs than these, the fewest that show
# the difference, to a fast machine.
RACES = {
    "20": _twins(
        "20 layers: with or without shortcuts?",
        "The ResNet has shortcuts: what goes into a block is also added to what comes out. The plain network has none.",
        depth=20,
        epochs=2,
        batch_size=32,
        lr=0.1,
    ),
    "56": _twins(
        "56 layers: with or without shortcuts?",
        "The ResNet has shortcuts: what goes into a block is also added to what comes out. The plain network has "
        "none. Both are nearly three times as deep as in the race of 20 layers.",
        depth=56,
        epochs=1,
        batch_size=32,
        lr=0.1,
    ),
    "pretrained": _from_scratch_or_not(
        "From scratch or pretrained?",
        "Both are built alike: ResNet-50 in the recording, the smaller ResNet-18 live. The pretrained network has "
        "already learned from a million other photos (ImageNet).",
        "45 MB",
        network="resnet18",
        epochs=1,
        batch_size=32,
    ),
}
