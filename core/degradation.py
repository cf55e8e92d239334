"""Does depth help? Runs of one recipe, plain and residual, by depth: tables and the finding in words. No torch.

"Degradation" is He et al.'s word (2015, section 1) for plain networks that get worse as they get deeper, on the
training images too.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from core.cifar10 import TEST_IMAGES
from core.comparison import FIELD_WORDS, in_words
from core.config import TrainConfig
from core.metrics import GUESSING
from core.runs import Run

NETWORKS = ("plain", "ResNet")
FREE_FIELDS = ("depth", "skip", "seed")  # what may differ among the runs of one recipe
ALWAYS_NAMED = ("data", "epochs", "norm")
ERRORS = ("test_error", "train_error")

# Test errors in percent (He et al. 2015, arXiv 1512.03385). ResNets: Table 6 (110: the mean of five runs, the best is
# 6.43). The plain networks are in no table: read off Figure 6, left, good to about a point; 110 is not even drawn.
PUBLISHED = pd.DataFrame(
    [
        *(("ResNet", *row, "Table 6") for row in ((20, 8.75), (32, 7.51), (44, 7.17), (56, 6.97), (110, 6.61))),
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
    return {_name(setting, named): group for setting, group in zip(settings, ordered, strict=True)}


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


def finding(rows: pd.DataFrame) -> str:
    """What the errors say, as means over seeds: from the depth beyond which the plain network gets no better, to the
    deepest. A change is one from twice its standard error on."""
    means = {error: _means(rows, error) for error in ERRORS}
    depths = [{depth for name, depth in means["test_error"].index if name == one} for one in NETWORKS]
    both = sorted(set.intersection(*depths))
    if len(both) > 1:
        plain = means["test_error"].loc["plain"].loc[both]
        best = plain.loc[plain["mean"].idxmin()]
        enough = next(depth for depth in both if not _differ(plain.loc[depth], best))
        shallow, deepest = enough if enough < both[-1] else both[0], both[-1]
        lead = f"Beyond {shallow} layers the plain network gets no better. " if shallow > both[0] else ""
        plainly, residually = (_changes(means, name, shallow, deepest) for name in NETWORKS)
        words = f"{lead}From {shallow} to {deepest} layers the plain network {plainly}; the ResNet {residually}."
        return words + _guessing(means["test_error"], deepest) + _luck(rows)
    if both:
        plain, residual = (means["test_error"].loc[(name, both[0]), "mean"] for name in NETWORKS)
        words = f"At {both[0]} layers the plain network errs on {plain:.1f}% of photos, the ResNet on {residual:.1f}%."
        return words + _guessing(means["test_error"], both[0]) + _luck(rows)
    return "There is no depth yet at which both a plain network and a ResNet of this recipe were trained."


def _means(rows: pd.DataFrame, error: str) -> pd.DataFrame:
    """By network and depth: `mean` over seeds in percent, and the `variance` of that mean. It has two parts: that of
    the photos (binomial), which all runs share, so that more runs make it no smaller; and that of the seeds, pooled
    over all depths that have several, which is the larger one for training errors."""
    groups = rows.groupby(["network", "depth"])[error]
    table = groups.agg(mean="mean", runs="size")
    freedom = table["runs"] - 1
    seeds = (groups.var().fillna(0) * freedom).sum() / max(freedom.sum(), 1)
    images = TEST_IMAGES if error == "test_error" else rows.groupby(["network", "depth"])["images"].min()
    photos = table["mean"] * (100 - table["mean"]) / images
    return table.assign(variance=photos + seeds / table["runs"])


def _differ(a: pd.Series, b: pd.Series) -> bool:
    return abs(a["mean"] - b["mean"]) > 2 * (a["variance"] + b["variance"]) ** 0.5


def _guessing(test: pd.DataFrame, depth: int) -> str:
    """Which networks of this depth are right no more often than by luck."""
    worst = pd.Series({"mean": 100 * (1 - GUESSING), "variance": 0.0})
    names = [name for name in NETWORKS if not _differ(test.loc[(name, depth)], worst)]
    return "".join(
        f" At {depth} layers the {_called(name)} does no better than guessing: it has learnt nothing." for name in names
    )


def _called(name: str) -> str:
    return "plain network" if name == "plain" else name


def _luck(rows: pd.DataFrame) -> str:
    if rows.groupby(["network", "depth"]).size().max() > 1:
        return ""
    return " Each was trained once: how much of this is luck with the first random numbers, other seeds would show."


def _changes(means: dict[str, pd.DataFrame], network: str, shallow: int, deepest: int) -> str:
    ends = {error: (table.loc[(network, shallow)], table.loc[(network, deepest)]) for error, table in means.items()}
    test, training = _change(*ends["test_error"]), _change(*ends["train_error"])
    return f"{test} on photos it has never seen, and {training} on those it practises on"


def _change(before: pd.Series, after: pd.Series) -> str:
    gain = before["mean"] - after["mean"]
    if not _differ(before, after):
        return "stays about as it is"
    return f"{'gains' if gain > 0 else 'loses'} {abs(gain):.1f} points"


def precisions(rows: pd.DataFrame) -> str:
    """In which numbers the runs were trained, where not all in the same: "float32 at 20 layers, ..."; else ""."""
    known = rows.dropna(subset="precision").groupby("precision")["depth"].unique()
    if len(known) < 2:
        return ""
    return "; ".join(f"{name} at {', '.join(map(str, sorted(depths)))} layers" for name, depths in known.items())


def spread(rows: pd.DataFrame, error: str) -> pd.DataFrame:
    """Mean, lowest and highest of the column `error` over seeds: network, depth, mean, low, high, runs."""
    grouped = rows.groupby(["network", "depth"])[error]
    return grouped.agg(mean="mean", low="min", high="max", runs="size").reset_index()
