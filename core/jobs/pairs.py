"""The named pairs: each differs in one field, so that what comes of it has one cause."""

from dataclasses import dataclass, replace

from core.config import TrainConfig, recipe


@dataclass(frozen=True)
class FairPair:
    """Two trainings that differ in one field. The words are for people who know no ML; `names`: of A and of B."""

    question: str
    expectation: str
    names: tuple[str, str]
    a: TrainConfig
    b: TrainConfig

    @property
    def configs(self) -> dict[str, TrainConfig]:
        return {"A": self.a, "B": self.b}


def _twins(question: str, expectation: str, **settings) -> FairPair:
    plain = TrainConfig(skip=False, data="shipped", **settings)
    return FairPair(question, expectation, ("Plain network", "ResNet"), plain, replace(plain, skip=True))


def _from_scratch_or_not(question: str, expectation: str, **settings) -> FairPair:
    usual = recipe("torchvision", "sgd")
    scratch = TrainConfig(**usual | {"family": "torchvision", "data": "shipped"} | settings)
    names = ("Network from scratch", "Pretrained network")
    return FairPair(question, expectation, names, scratch, replace(scratch, init="imagenet"))


# To be watched, in some two minutes: `core.jobs.race.paced` gives more epochs than these, the fewest that show the
# difference, to a fast machine.
RACES = {
    "20": _twins(
        "20 layers: with or without shortcuts?",
        "Both learn. The one with shortcuts is ahead from the first minute on.",
        depth=20,
        epochs=2,
        batch_size=32,
        lr=0.1,
    ),
    "56": _twins(
        "56 layers: with or without shortcuts?",
        "Without shortcuts, a network this deep hardly starts to learn.",
        depth=56,
        epochs=1,
        batch_size=32,
        lr=0.1,
    ),
    "pretrained": _from_scratch_or_not(
        "From nothing, or having learned before?",
        "The pretrained network has learned from a million other photos (ImageNet), and is ahead from the first steps "
        "on. Its weights are downloaded the first time (45 MB).",
        network="resnet18",
        epochs=1,
        batch_size=32,
    ),
}
