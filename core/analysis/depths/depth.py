"""Does depth help? Runs of one recipe, plain and residual, by depth: tables and what they tell, as numbers. No torch.

"Degradation" is He et al.'s word (2015, section 1) for plain networks that get worse as they get deeper, on the
training images too. The sentences are in `core.words.depth`.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from core.analysis import comparison, metrics
from core.analysis.comparison import held_back
from core.analysis.depths.errors_by_depth import Change, Errors, once_a_seed
from core.analysis.metrics import proportion
from core.analysis.training_summary import figures
from core.data.cifar10 import TEST_IMAGES, load_test_labels
from core.errors import RunError
from core.runs.run import Run
from core.settings.recipes import NAMED_RECIPES
from core.settings.train_config import TrainConfig

NETWORKS = ("plain", "ResNet")
FREE_FIELDS = ("depth", "skip", "seed")  # what may differ among the runs of one recipe
ALWAYS_NAMED = ("data", "epochs", "norm")
TUNED = TrainConfig(depth=20, skip=True, **NAMED_RECIPES["published"])
A_POINT = 1.0  # less is a little, even where it is more than luck

# Test errors in percent (He et al. 2015, arXiv 1512.03385). ResNets: Table 6 (110: the mean of five runs, the best is
# 6.43). The plain networks are in no table: read off Figure 6, left, good to about a point; 110 is not even drawn.
EXACT = "Table 6"
PUBLISHED = pd.DataFrame(
    [
        *(("ResNet", *row, EXACT) for row in ((20, 8.75), (32, 7.51), (44, 7.17), (56, 6.97), (110, 6.61))),
        *(("plain", *row, "about, read off Figure 6") for row in ((20, 9.0), (56, 13.0))),
    ],
    columns=["network", "depth", "error", "source"],
).assign(right=lambda table: 100 - table["error"])


@dataclass(frozen=True)
class Recipe:
    """Runs whose settings differ in FREE_FIELDS alone; their precision may differ, too. `settings`: by field, those
    that tell it from the other recipes found with it, and ALWAYS_NAMED."""

    settings: dict[str, object]
    runs: list[Run]

    @property
    def mixes_precisions(self) -> bool:
        """Whether runs of one depth calculated in different numbers, as far as that is known."""
        known = {(run.config.depth, run.precision) for run in self.runs if run.precision}
        return len(known) > len({depth for depth, _ in known})


def recipes(runs: list[Run]) -> list[Recipe]:
    """The finished CIFAR twins among `runs` by recipe, where that is known; the one with most runs first."""
    groups: dict[tuple, list[Run]] = {}
    for run in runs:
        if run.finished and run.config.is_twin and not run.imported:
            groups.setdefault(tuple(_settings(run.config).items()), []).append(run)
    ordered = sorted(groups.values(), key=lambda group: (-len(group), group[0].config.data != "full"))
    settings = [_settings(group[0].config) for group in ordered]
    fields = settings[0] if settings else {}
    telling = [
        *ALWAYS_NAMED,
        *(f for f in fields if f not in ALWAYS_NAMED and _vary(setting[f] for setting in settings)),
    ]
    return [
        Recipe({field: setting[field] for field in telling}, group)
        for setting, group in zip(settings, ordered, strict=True)
    ]


def clipped(recipe: Recipe, among: list[Recipe]) -> Recipe | None:
    """The recipe that differs from this one in nothing but that it clips the gradient of each layer."""
    usual = _settings(recipe.runs[0].config)
    for other in among:
        theirs = _settings(other.runs[0].config)
        if [name for name in usual if usual[name] != theirs[name]] == ["clip_layer"] and usual["clip_layer"] is None:
            return other
    return None


def as_he_et_al(recipe: Recipe) -> bool:
    """Whether their published results can stand beside these: of networks with BatchNorm that learned from all."""
    return not held_back(recipe.runs[0])


def was_tuned(recipe: Recipe) -> bool:
    """Whether it is the one that was tuned, on the ResNet of 20 layers (checkpoints/README.md)."""
    return _settings(recipe.runs[0].config) == _settings(TUNED)


def comparable(one: Recipe, other: Recipe) -> bool:
    """Whether they are worth naming beside each other: of the same photos and normalization."""
    return all(one.settings[name] == other.settings[name] for name in ("data", "norm"))


def deeper(recipe: Recipe, among: list[Recipe]) -> Recipe | None:
    """The `comparable` one with the deepest pair, if that has more layers than any network of this recipe."""
    deepest = max((other for other in among if comparable(other, recipe)), key=_deepest_pair)
    return deepest if _deepest_pair(deepest) > max(run.config.depth for run in recipe.runs) else None


def _deepest_pair(recipe: Recipe) -> int:
    plain, residual = ({run.config.depth for run in recipe.runs if run.config.skip == skip} for skip in (False, True))
    return max(plain & residual, default=0)


def _vary(values: Iterable) -> bool:
    return len(set(map(str, values))) > 1


def _settings(config: TrainConfig) -> dict:
    return {field: value for field, value in config.of_learning.items() if field not in FREE_FIELDS}


def table(figures: list[dict]) -> pd.DataFrame:
    """A row a run from `training_summary`, with its `network`; the errors and right answers in percent, on how many
    training `images`."""
    rows = pd.DataFrame(figures)
    rows = rows.assign(network=rows["skip"].map(lambda skip: NETWORKS[skip])).sort_values(["depth", "seed", "skip"])
    return rows.assign(test_right=100 - rows["test_error"], train_right=100 - rows["train_error"])


def pair_of(rows: pd.DataFrame, run: str) -> dict[str, str]:
    """{network: run}: a run of `table` and its twin of the same depth, of the same seed if there is one. The twin may
    be missing."""
    chosen = rows[rows["run"] == run].iloc[0]
    twins = rows[(rows["depth"] == chosen["depth"]) & (rows["network"] != chosen["network"])]
    nearest = twins.sort_values("seed", key=lambda seeds: seeds != chosen["seed"], kind="stable")[:1]
    return dict(zip(nearest["network"], nearest["run"], strict=True)) | {chosen["network"]: run}


@dataclass(frozen=True)
class Changes:
    """Of one network, on new photos and on those that it learned from."""

    test: Change
    training: Change


@dataclass(frozen=True)
class Guessing:
    """A network that is right no more often than by guessing, in `guessing` of its `runs` at this depth."""

    network: str
    depth: int
    guessing: int
    runs: int

    @property
    def always(self) -> bool:
        return self.guessing == self.runs


@dataclass(frozen=True)
class Finding:
    """What the errors of one recipe say. Errors are means over seeds; `by network`: with the keys NETWORKS.

    depths: at which both networks were trained, ascending; where there are none, the next five are empty
    enough: the least depth at which the ResNet is as good as at its best, up to luck
    changes: by network, from depth `first` to the deepest; empty where there is one depth
    errors: by network, the test error at the deepest, in percent
    trained_once: of `depths`, those at which a network has one run, and which networks have
    seeds_known: whether both networks have several seeds somewhere. If not, nobody knows how much seeds do, and the
        changes are of these very trainings, not of depth: as a test of depth it would be wrong far too often
    guessing: plain networks first, then by depth
    alone: by network, the depths at which the other was not trained
    """

    depths: list[int]
    first: int | None
    enough: int | None
    changes: dict[str, Changes]
    errors: dict[str, float]
    trained_once: dict[int, list[str]]
    seeds_known: bool
    guessing: list[Guessing]
    alone: dict[str, list[int]]

    @property
    def stalls(self) -> bool:
        """Whether the plain network first gets better with depth, and from `first` on no more."""
        return bool(self.depths) and self.first != self.depths[0]


def finding(rows: pd.DataFrame, wrong: Mapping[str, np.ndarray]) -> Finding:
    """What the errors say: from the depth beyond which the plain network gains nothing, to the deepest. `rows`: from
    `table`; `wrong`: {run: bool (photos,), whether it errs on each test photo}."""
    rows = once_a_seed(rows)
    test, training = Errors(rows, "test_error", wrong), Errors(rows, "train_error")
    depths = sorted(test.depths("plain") & test.depths("ResNet"))
    first, enough, changes, errors, once = None, None, {}, {}, {}
    if depths:
        deepest = depths[-1]
        first, enough = _from_where_it_stalls(test, depths), _enough(test, "ResNet", depths)
        if first < deepest:
            changes = {
                name: Changes(test.change(name, first, deepest), training.change(name, first, deepest))
                for name in NETWORKS
            }
        errors = {name: test.mean(name, deepest) for name in NETWORKS}
        with_one = {d: [name for name in NETWORKS if test.runs(name, d) == 1] for d in depths}
        once = {d: networks for d, networks in with_one.items() if networks}
    alone = {name: sorted(test.depths(name) - set(depths)) for name in NETWORKS}
    seeds_known = all(map(test.seeds, NETWORKS))
    return Finding(depths, first, enough, changes, errors, once, seeds_known, _guessing(rows), alone)


def _from_where_it_stalls(test: Errors, depths: list[int]) -> int:
    """The depth that is enough for the plain network; the least of all, where it is best at the deepest alone."""
    enough = _enough(test, "plain", depths)
    return enough if enough < depths[-1] else depths[0]


def _enough(test: Errors, network: str, depths: list[int]) -> int:
    """The least depth at which the network is as good as at its best, up to luck."""
    best = min(depths, key=lambda depth: test.mean(network, depth))
    return next(d for d in depths if d == best or test.change(network, d, best).could_be_luck)


def _guessing(rows: pd.DataFrame) -> list[Guessing]:
    guesses = rows["test_error"].map(_is_guessing).groupby([rows["network"], rows["depth"]]).agg(["sum", "size"])
    rows = guesses.reset_index()
    found = [
        Guessing(network, depth, guessing, runs)
        for network, depth, guessing, runs in rows.astype({"sum": int}).itertuples(index=False)
        if guessing
    ]
    return sorted(found, key=lambda one: (NETWORKS.index(one.network), one.depth))


def _is_guessing(error: float) -> bool:
    """Of a test error in percent."""
    return proportion(round((1 - error / 100) * TEST_IMAGES), TEST_IMAGES).by_guessing


def precisions(rows: pd.DataFrame) -> dict[str, list[int]]:
    """In which numbers the runs were trained, as far as that is known, and at which depths: {"float32": [8, 20]}."""
    known = rows.dropna(subset="precision").groupby("precision")["depth"].unique()
    return {str(name): sorted(map(int, depths)) for name, depths in known.items()}


def spread(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Mean, lowest and highest of the `column` over seeds: network, depth, mean, low, high, runs."""
    grouped = once_a_seed(rows).groupby(["network", "depth"])[column]
    return grouped.agg(mean="mean", low="min", high="max", runs="size").reset_index()


def by_recipe(tables: Mapping[int, pd.DataFrame], own: int) -> pd.DataFrame:
    """What other recipes than `own` make of the two networks. `tables`: {number of a recipe: its `table`}. A row for
    each recipe and depth, but for depths that `own` alone has: `depth`, `recipe`, by network the percent right on test
    photos (mean over seeds, NaN where it was not trained), and `points`, by how many the ResNet is ahead."""
    rows = pd.concat([once_a_seed(table).assign(recipe=number) for number, table in tables.items()])
    means = rows.pivot_table(index=["depth", "recipe"], columns="network", values="test_right")
    means = means.reindex(columns=list(NETWORKS)).reset_index().rename_axis(columns=None)
    means = means.assign(points=means["ResNet"] - means["plain"])
    known_otherwise = means.loc[means["recipe"] != own, "depth"]
    return means[means["depth"].isin(known_otherwise)].reset_index(drop=True)


@dataclass(frozen=True)
class MoreLayers:
    """One network at two depths, the lesser first. `right`: percent on test photos, the means over so many
    `trainings`."""

    right: tuple[float, float]
    trainings: tuple[int, int]
    change: Change

    @property
    def little(self) -> bool:
        """Whether it makes no clear difference."""
        return self.change.could_be_luck or abs(self.change.points) < A_POINT


def more_layers(few: Run, many: Run, runs: list[Run]) -> MoreLayers:
    """By all trainings of the recipe, where both are of one, as on the page about depth; else by these two alone.
    `runs`: all that there are. Raises RunError where one of the two can't be read."""
    paths = {few.path, many.path}
    recipe = next((each for each in recipes(runs) if paths <= {run.path for run in each.runs}), None)
    if recipe is None or few.config.skip != many.config.skip:
        verdict = comparison.verdict(few.test_logits(), many.test_logits(), load_test_labels())
        change = Change(verdict.points, verdict.could_be_luck)
        return MoreLayers((100 * verdict.a.value, 100 * verdict.b.value), (1, 1), change)
    known = list(_readable((run for run in recipe.runs if run.config.skip == few.config.skip), needed=paths))
    labels = load_test_labels()
    rows = once_a_seed(table([row for _, row in known]))
    errors = Errors(rows, "test_error", {run.name: ~metrics.right(run.test_logits(), labels) for run, _ in known})
    network, depths = NETWORKS[few.config.skip], (few.config.depth, many.config.depth)
    before, after = (100 - errors.mean(network, depth) for depth in depths)
    of_few, of_many = (errors.runs(network, depth) for depth in depths)
    return MoreLayers((before, after), (of_few, of_many), errors.change(network, *depths))


def _readable(runs: Iterable[Run], needed: set[Path]) -> Iterator[tuple[Run, dict]]:
    """Each with its figures, but for those that can't be read; RunError where such a one is `needed`."""
    for run in runs:
        with nullcontext() if run.path in needed else suppress(RunError):
            yield run, figures(run)
