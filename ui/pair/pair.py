"""The pair of networks that a page compares, A and B, and those that pages begin with."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.analysis.questions import Question
from core.charts import palette
from core.runs.run import Run
from core.words.settings import names

Names = tuple[str, str]  # of A and of B
DEEP: Names = ("plain56-s0", "resnet56-s0")
SHALLOW: Names = ("plain20-s0", "resnet20-s0")
TRANSFER: Names = ("resnet50-scratch", "resnet50-imagenet")
OBSERVED: Names = ("plain20-quick", "resnet20-quick")  # their answers and weights were kept after every epoch
WITHOUT_BATCH_NORM: Names = ("plain56-none", "resnet56-none")


@dataclass(frozen=True)
class Pair:
    a: Run
    b: Run
    question: Question | None = None  # where they differ in more than one thing, in none, or it is not asked

    def __iter__(self) -> Iterator[tuple[str, Run]]:
        """("A", run), ("B", run)."""
        return iter((("A", self.a), ("B", self.b)))

    def __getitem__(self, side: str) -> Run:
        """That of side "A" or "B"."""
        return {"A": self.a, "B": self.b}[side]

    @property
    def colors(self) -> dict[str, str]:
        """{side: color}."""
        return palette.colors(self.a.config, self.b.config)

    @property
    def names(self) -> dict[str, str]:
        """{side: what to call it in a sentence}, e.g. "the plain network"."""
        return names(self.a, self.b)

    @property
    def link(self) -> dict[str, str]:
        return {"a": self.a.name, "b": self.b.name}
