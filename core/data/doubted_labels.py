"""Test photos whose label people doubted: Northcutt, Athalye and Mueller 2021, "Pervasive Label Errors in Test Sets
Destabilize Machine Learning Benchmarks" (arXiv 2103.14749, section 4).

A program found 275 of the 10,000 suspicious and proposed another class. Five people then judged each: the label, the
proposal, both or neither. Their votes are at https://github.com/cleanlab/label-errors; here are those of the 54 photos
where fewer than three of the five were for the label, which the authors count as errors.
"""

import csv
from collections import Counter
from dataclasses import dataclass
from functools import cache

from core.data.cifar10 import SHIPPED_DIR

FILE = SHIPPED_DIR / "doubted_labels.csv"
JUDGED, JUDGES = 275, 5  # photos, and people for each
MAJORITY = 3


@dataclass(frozen=True)
class Doubt:
    """What five people said of a test photo."""

    label: str  # the class that CIFAR-10 calls it
    proposed: str  # the class that a program found likelier
    votes: Counter  # for "label", "proposed", "both" and "neither"

    @property
    def preferred(self) -> str | None:
        """What most of the five would rather call it: "proposed" or "neither"; None where they did not agree."""
        said, votes = self.votes.most_common(1)[0]
        return said if votes >= MAJORITY else None


@cache
def load() -> dict[int, Doubt]:
    """{test photo: what people said of it}, in the order of the test photos."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {
            int(row["image"]): Doubt(
                row["label"],
                row["proposed"],
                Counter({said: int(row[f"for_{said}"]) for said in ("label", "proposed", "both", "neither")}),
            )
            for row in csv.DictReader(file)
        }
