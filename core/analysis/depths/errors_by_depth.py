"""Errors of networks by depth, as means over seeds, and which changes between two depths are more than luck. No torch.

Of what runs the rows are, and what is made of the changes, is known in `depth`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.analysis.metrics import reach_of_luck


@dataclass(frozen=True)
class Change:
    """Of a mean error between two depths, in points: above 0 is better. `could_be_luck`: whether luck alone would do
    as much in more than about 1 of 20 cases."""

    points: float
    could_be_luck: bool


class Errors:
    """One column of errors in `rows`, in percent: their means over seeds, and which changes are more than luck.

    Let D be the difference of two means, each over the seeds of one network at one depth. Its variance has two parts:

        var(D) = photos + seeds * (1 / n1 + 1 / n2)

    photos: all runs are tested on the same photos, so the test errors are paired. `wrong` ({run: bool (photos,)}) gives
    for each photo the share of runs that err on it, at either depth; D is the mean over photos of the difference of
    these shares, and the variance of that mean is the variance of the difference over photos, by their number. More
    runs do not make the photos more. Training errors are known as shares alone: binomial and unpaired, which is the
    larger.
    seeds: the variance of one run's error over seeds, pooled over all depths at which the network has several; each
    network's own, as where one fails with some seeds, the other may not. It has (runs - 1) degrees of freedom a depth.

    D is more than luck where |D| passes the 97.5% quantile of Student's t times its standard error. The first part is
    known from thousands of photos, the second from few runs; Welch and Satterthwaite give the degrees of freedom of a
    sum of variances, here that of the seeds times (var(D) / its part)^2. Without several seeds the second part is
    unknown, and counts as 0: see `depth.Finding.seeds_known`. The second part holds some of the luck with the photos
    once more, which is careful; but from few runs it may come out too small, which is not. Simulated, luck alone passes
    in 1 to 7% of cases: 4% with three seeds at both depths, 6 to 7% with three and one.
    """

    def __init__(self, rows: pd.DataFrame, column: str, wrong: Mapping[str, np.ndarray] | None = None):
        groups: Any = rows.groupby(["network", "depth"])
        self._groups: dict[tuple[str, int], pd.DataFrame] = dict(list(groups))
        self._column, self._wrong = column, wrong

    def depths(self, network: str) -> set[int]:
        return {depth for name, depth in self._groups if name == network}

    def runs(self, network: str, depth: int) -> int:
        return len(self._groups[network, depth])

    def mean(self, network: str, depth: int) -> float:
        return float(self._groups[network, depth][self._column].mean())

    def change(self, network: str, before: int, after: int) -> Change:
        points = self.mean(network, before) - self.mean(network, after)
        groups = [self._groups[network, depth] for depth in (before, after)]
        of_seeds, freedom = self._of_seeds(network)
        seeds = of_seeds * sum(1 / len(group) for group in groups)
        variance = self._of_photos(*groups) + seeds
        effective = freedom * (variance / seeds) ** 2 if seeds else np.inf
        return Change(points, could_be_luck=bool(abs(points) <= reach_of_luck(effective) * variance**0.5))

    def seeds(self, network: str) -> bool:
        """Whether a depth of it has several."""
        return self._of_seeds(network)[1] > 0

    def _of_seeds(self, network: str) -> tuple[float, int]:
        """Variance of a run over the choice of seeds, and its degrees of freedom: 0, 0 where no depth has several."""
        depths = [self._groups[network, depth][self._column] for depth in self.depths(network)]
        freedom = sum(len(errors) - 1 for errors in depths)
        return sum(errors.var(ddof=0) * len(errors) for errors in depths) / max(freedom, 1), freedom

    def _of_photos(self, before: pd.DataFrame, after: pd.DataFrame) -> float:
        """Variance of the difference of two means over the choice of photos."""
        if self._wrong is None:
            means = [(group[self._column].mean(), group["images"].min()) for group in (before, after)]
            return sum(mean * (100 - mean) / images for mean, images in means)
        shares = [np.mean([self._wrong[run] for run in group["run"]], axis=0) for group in (before, after)]
        return 100**2 * np.var(shares[1] - shares[0]) / len(shares[0])


def once_a_seed(rows: pd.DataFrame) -> pd.DataFrame:
    """A repeat of a training tells nothing of luck, and counts as no other seed: the first one stands for both."""
    return rows.drop_duplicates(["network", "depth", "seed"])
