"""Does depth help? Runs of one recipe, plain and residual, by depth: tables and the finding in words. No torch.

"Degradation" is He et al.'s word (2015, section 1) for plain networks that get worse as they get deeper, on the
training images too.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit  # not scipy.stats, whose import alone takes a second

from core.analysis.comparison import FIELD_WORDS, in_words
from core.analysis.metrics import share
from core.config import TrainConfig
from core.data.cifar10 import TEST_IMAGES
from core.runs.run import Run

NETWORKS = ("plain", "ResNet")
FREE_FIELDS = ("depth", "skip", "seed")  # what may differ among the runs of one recipe
ALWAYS_NAMED = ("data", "epochs", "norm")

# Test errors in percent (He et al. 2015, arXiv 1512.03385). ResNets: Table 6 (110: the mean of five runs, the best is
# 6.43). The plain networks are in no table: read off Figure 6, left, good to about a point; 110 is not even drawn.
EXACT = "Table 6"
PUBLISHED = pd.DataFrame(
    [
        *(("ResNet", *row, EXACT) for row in ((20, 8.75), (32, 7.51), (44, 7.17), (56, 6.97), (110, 6.61))),
        *(("plain", *row, "about, read off Figure 6") for row in ((20, 9.0), (56, 13.0))),
    ],
    columns=["network", "depth", "error", "source"],
)


def recipes(runs: list[Run]) -> dict[str, list[Run]]:
    """The finished CIFAR twins among `runs` by recipe, named in words; the recipe with most runs first."""
    groups: dict[tuple, list[Run]] = {}
    for run in runs:
        if run.finished and run.config.family == "cifar":
            groups.setdefault(tuple(_recipe(run.config).items()), []).append(run)
    ordered = sorted(groups.values(), key=lambda group: (-len(group), group[0].config.data != "full"))
    settings = [_recipe(group[0].config) for group in ordered]
    fields = settings[0] if settings else {}
    named = [*ALWAYS_NAMED, *(f for f in fields if f not in ALWAYS_NAMED and _vary(setting[f] for setting in settings))]
    found: dict[str, list[Run]] = {}
    for setting, group in zip(settings, ordered, strict=True):
        name = _name(setting, named)
        # Those that began with different files of one name read alike.
        alike = sum(other == name or other.startswith(f"{name} (") for other in found)
        found[f"{name} ({alike + 1})" if alike else name] = group
    return found


def _vary(values: Iterable) -> bool:
    return len(set(map(str, values))) > 1


def _recipe(config: TrainConfig) -> dict:
    return {field: value for field, value in config.to_dict().items() if field not in FREE_FIELDS}


def _name(setting: dict, fields: list[str]) -> str:
    return ", ".join(f"{FIELD_WORDS.get(field, field)}: {in_words(field, setting[field])}" for field in fields)


def table(figures: list[dict]) -> pd.DataFrame:
    """A row a run from `core.report.figures`, with its `network`; the errors in percent, on how many training `images`
    (as many as the runs of its recipe have, where that is not recorded)."""
    rows = pd.DataFrame(figures)
    images = rows["images"].astype(float)
    rows = rows.assign(images=images.fillna(images.max()).fillna(np.inf))
    return rows.assign(network=rows["skip"].map(lambda skip: NETWORKS[skip])).sort_values(["depth", "seed", "skip"])


def pair_of(rows: pd.DataFrame, run: str) -> dict[str, str]:
    """{network: run}: a run of `table` and its twin of the same depth, of the same seed if there is one. The twin may
    be missing."""
    chosen = rows[rows["run"] == run].iloc[0]
    twins = rows[(rows["depth"] == chosen["depth"]) & (rows["network"] != chosen["network"])]
    nearest = twins.sort_values("seed", key=lambda seeds: seeds != chosen["seed"], kind="stable")[:1]
    return dict(zip(nearest["network"], nearest["run"], strict=True)) | {chosen["network"]: run}


def networks_like(a: TrainConfig, b: TrainConfig) -> tuple[str, str]:
    """NETWORKS, first the one in A's color: what A and B are, where they are a plain network and a ResNet."""
    swapped = a.family == b.family == "cifar" and a.skip and not b.skip
    return NETWORKS[::-1] if swapped else NETWORKS


class _Errors:
    """One column of errors in `rows`, in percent: their means over seeds, and which changes are more than luck.

    Luck has two parts. That of the photos: all runs are tested on the same, so for test errors it is taken from the
    photos on which two depths differ (`wrong`: {run: bool (photos,)}, paired); training errors are known as shares
    alone (binomial, unpaired, which is the larger). That of the seeds: their variance, pooled over all depths at which
    the network has several; each network's own, as where one fails with some seeds, the other may not.
    """

    def __init__(self, rows: pd.DataFrame, column: str, wrong: Mapping[str, np.ndarray] | None = None):
        self._groups = dict(list(rows.groupby(["network", "depth"])))
        self._column, self._wrong = column, wrong

    def depths(self, network: str) -> set[int]:
        return {depth for name, depth in self._groups if name == network}

    def runs(self, network: str, depth: int) -> int:
        return len(self._groups[network, depth])

    def mean(self, network: str, depth: int) -> float:
        return float(self._groups[network, depth][self._column].mean())

    def gain(self, network: str, before: int, after: int) -> float:
        """In points from one depth to another; 0 for what luck explains in 19 of 20 cases."""
        gain = self.observed_gain(network, before, after)
        groups = [self._groups[network, depth] for depth in (before, after)]
        of_seeds, freedom = self._of_seeds(network)
        seeds = of_seeds * sum(1 / len(group) for group in groups)
        variance = self._of_photos(*groups) + seeds
        # Welch and Satterthwaite: few seeds tell little of how much seeds do.
        freedom = freedom * (variance / seeds) ** 2 if seeds else np.inf
        return gain if abs(gain) > _reach_of_luck(freedom) * variance**0.5 else 0.0

    def observed_gain(self, network: str, before: int, after: int) -> float:
        return self.mean(network, before) - self.mean(network, after)

    def change_in_words(self, network: str, before: int, after: int) -> str:
        """E.g. "gets 4.1 points worse"; what luck explains is said to be seen, not to be nothing."""
        seen = self.observed_gain(network, before, after)
        change = f"{abs(seen):.1f} points {'better' if seen > 0 else 'worse'}"
        by_luck = not self.gain(network, before, after)
        return f"changes by no more than luck explains ({change})" if by_luck else f"gets {change}"

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


def _reach_of_luck(freedom: float) -> float:
    """How many standard errors luck stays within in 19 of 20 cases: Student's t, or normal for endless `freedom`."""
    return float(stdtrit(freedom, 0.975) if np.isfinite(freedom) else ndtri(0.975))


def _once_a_seed(rows: pd.DataFrame) -> pd.DataFrame:
    """A repeat of a training tells nothing of luck, and counts as no other seed: the first one stands for both."""
    return rows.drop_duplicates(["network", "depth", "seed"])


def finding(rows: pd.DataFrame, wrong: Mapping[str, np.ndarray]) -> str:
    """What the errors say, as means over seeds: from the depth beyond which the plain network gains nothing, to the
    deepest. `wrong`: {run: bool (photos,), whether it errs on each test photo}."""
    rows = _once_a_seed(rows)
    test, training = _Errors(rows, "test_error", wrong), _Errors(rows, "train_error")
    both = sorted(test.depths("plain") & test.depths("ResNet"))
    if len(both) > 1:
        best = min(both, key=lambda depth: test.mean("plain", depth))
        enough = next(depth for depth in both if depth == best or not test.gain("plain", depth, best))
        shallow, deepest = enough if enough < both[-1] else both[0], both[-1]
        lead = f"Beyond {shallow} layers the plain network does not clearly get better. "
        plainly, residually = (
            f"{test.change_in_words(name, shallow, deepest)} on new photos, and "
            f"{training.change_in_words(name, shallow, deepest)} on its training photos"
            for name in NETWORKS
        )
        words = f"From {shallow} to {deepest} layers the plain network {plainly}; the ResNet {residually}."
        lead = lead if shallow > both[0] else ""
        return lead + words + _guessing(rows) + _trained_once(test, [shallow, deepest]) + _one_sided(test)
    if both:
        plain, residual = (test.mean(name, both[0]) for name in NETWORKS)
        words = f"At {both[0]} layers the plain network errs on {plain:.1f}% of photos, the ResNet on {residual:.1f}%."
        return words + _guessing(rows) + _trained_once(test, both) + _one_sided(test)
    return "There is no depth yet at which both a plain network and a ResNet of this recipe were trained."


def _one_sided(test: _Errors) -> str:
    """At which depths there is only one of the two."""
    words = ""
    for name, other in (NETWORKS, NETWORKS[::-1]):
        if alone := sorted(test.depths(name) - test.depths(other)):
            words += f" At {' and '.join(map(str, alone))} layers, only the {_called(name)} has been trained."
    return words


def _guessing(rows: pd.DataFrame) -> str:
    """Which networks are right no more often than by luck: with all their seeds, or with some."""
    words = ""
    for name in NETWORKS:
        network = rows[rows["network"] == name]
        guesses = network["test_error"].map(_is_guessing).groupby(network["depth"])
        always = [str(depth) for depth, of_seeds in guesses if of_seeds.all()]
        if always:
            words += f" At {' and '.join(always)} layers the {_called(name)} does no better than guessing: "
            words += "it has learned nothing."
        for depth, of_seeds in guesses:
            if of_seeds.any() and not of_seeds.all():
                words += f" At {depth} layers {of_seeds.sum()} of {len(of_seeds)} runs of the {_called(name)} "
                words += "ended no better than guessing."
    return words


def _is_guessing(error: float) -> bool:
    """Of a test error in percent."""
    return share(round((1 - error / 100) * TEST_IMAGES), TEST_IMAGES).by_guessing


def _called(name: str) -> str:
    return "plain network" if name == "plain" else name


def _trained_once(test: _Errors, depths: list[int]) -> str:
    once = [str(depth) for depth in depths if min(test.runs(name, depth) for name in NETWORKS) == 1]
    if not once:
        return ""
    luck = "other starting numbers (seeds) would show how much of this is luck"
    return f" At {' and '.join(once)} layers, some were trained only once: {luck}."


def precisions(rows: pd.DataFrame) -> str:
    """In which numbers the runs were trained, where not all in the same: "float32 at 20 layers, ..."; else ""."""
    known = rows.dropna(subset="precision").groupby("precision")["depth"].unique()
    if len(known) < 2:
        return ""
    return "; ".join(f"{name} at {', '.join(map(str, sorted(depths)))} layers" for name, depths in known.items())


def spread(rows: pd.DataFrame, error: str) -> pd.DataFrame:
    """Mean, lowest and highest of the column `error` over seeds: network, depth, mean, low, high, runs."""
    grouped = _once_a_seed(rows).groupby(["network", "depth"])[error]
    return grouped.agg(mean="mean", low="min", high="max", runs="size").reset_index()
