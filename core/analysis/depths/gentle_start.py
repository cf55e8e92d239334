"""What a gentle start did for the deepest plain network: the trainings of one recipe beside those in which each layer's
gradient was clipped. The trials of the first steps are in docs/trials.md, the sentences in `core.words.depth`."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from core.analysis.depths.depth import NETWORKS
from core.settings.recipes import NAMED_RECIPES
from core.settings.setting import differences
from core.settings.train_config import TrainConfig

TRIED = TrainConfig(depth=56, skip=False, **NAMED_RECIPES["published"])


@dataclass(frozen=True)
class GentleStart:
    """At the depth of the trials, by network, the percent right on test photos (means over seeds): as `usual`, and with
    `clipped` gradients. `precisions`: of the numbers of all these trainings, as far as known."""

    usual: dict[str, float]
    clipped: dict[str, float]
    precisions: list[str]

    @property
    def complete(self) -> bool:
        """Whether a clipped plain network can be compared with a pair of the usual ones; only then the others mean
        anything."""
        return "plain" in self.clipped and self.usual.keys() == set(NETWORKS)

    @property
    def gap(self) -> float:
        """By how many points the ResNet is usually ahead."""
        return self.usual["ResNet"] - self.usual["plain"]

    @property
    def remaining(self) -> float:
        """By how many it still is, with clipped gradients; where no such ResNet was trained, the usual one."""
        return self.clipped.get("ResNet", self.usual["ResNet"]) - self.clipped["plain"]


def was_tried(configs: Iterable[TrainConfig]) -> bool:
    """Whether the deepest plain network is among these, trained by the recipe of the trials."""
    return any(differences(config, TRIED).keys() <= {"seed", "keep_weights"} for config in configs)


def gentle_start(rows: pd.DataFrame, clipped: pd.DataFrame) -> GentleStart:
    """`rows`: `depth.table` of the recipe of the trials; `clipped`: of the same with each layer's gradient clipped,
    empty where there is none."""
    deepest, gentle = (table[table["depth"] == TRIED.depth] if len(table) else table for table in (rows, clipped))
    precisions = pd.concat([deepest, gentle])["precision"].dropna().unique()
    return GentleStart(_right(deepest), _right(gentle), sorted(precisions))


def _right(rows: pd.DataFrame) -> dict[str, float]:
    return dict(rows.groupby("network")["test_right"].mean()) if len(rows) else {}
