"""Runs by recipe and depth, and what they tell, as numbers."""

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.analysis import training_summary
from core.analysis.depths import depth as depth_analysis
from core.analysis.depths.depth import Finding, Guessing
from core.analysis.depths.errors_by_depth import Change, Errors
from core.commands import report
from core.data.cifar10 import TEST_IMAGES
from core.runs.library import list_runs
from core.runs.run import Run
from core.settings.train_config import TrainConfig


def rows(images: int | None = 45_000, **errors: float) -> pd.DataFrame:
    """plain20_s0=9.0 -> a run of that name with that test error."""
    figures = []
    for name, error in errors.items():
        network, seed = name.split("_s")
        depth = int(network.removeprefix("plain").removeprefix("resnet"))
        skip = network.startswith("resnet")
        errors = {"test_error": error, "train_error": error - 2, "images": images}
        figures.append({"run": name, "depth": depth, "skip": skip, "seed": int(seed), **errors})
    return depth_analysis.table(figures)


def finding(table: pd.DataFrame) -> Finding:
    """Each run errs on photos of its own."""
    wrong = {}
    for run, error in zip(table["run"], table["test_error"], strict=True):
        order = np.random.default_rng(zlib.crc32(run.encode())).permutation(TEST_IMAGES)
        wrong[run] = order < error / 100 * TEST_IMAGES
    return depth_analysis.finding(table, wrong)


def points(change: Change, luck: bool) -> float:
    """Of a change that could be `luck`, or not."""
    assert change.could_be_luck == luck
    return pytest.approx(change.points)


def test_runs_of_one_recipe_differ_in_depth_skip_and_seed_alone(make_run):
    same = [make_run("a", skip=False), make_run("b", seed=1)]
    other = [make_run("c", lr=0.02)]
    found = depth_analysis.recipes([*other, *same])
    assert [recipe.runs for recipe in found] == [same, other]
    always = {"data": "shipped", "epochs": 1, "norm": "batch"}
    assert [recipe.settings for recipe in found] == [always | {"lr": 0.05}, always | {"lr": 0.02}]


def test_unfinished_runs_and_no_runs(make_run):
    run = make_run("a")
    (run.path / "test_logits.npz").unlink()
    assert depth_analysis.recipes([run]) == [] == depth_analysis.recipes([])


def test_the_finding_is_the_change_of_the_means_between_the_shared_ends():
    seeds = {"plain20_s0": 9.1, "plain20_s1": 9.2, "plain20_s2": 9.3}
    found = finding(rows(**seeds, plain56_s0=13.3, resnet20_s0=8.3, resnet56_s0=7.0, resnet110_s0=6.0))
    assert (found.depths, found.first, found.stalls) == ([20, 56], 20, False)
    for change in (found.changes["plain"].test, found.changes["plain"].training):
        assert points(change, luck=False) == -4.1
    for change in (found.changes["ResNet"].test, found.changes["ResNet"].training):
        assert points(change, luck=False) == 1.3
    assert found.errors == pytest.approx({"plain": 13.3, "ResNet": 7.0})


def test_degradation_begins_where_the_plain_network_is_best():
    errors = {"plain8_s0": 14.0, "plain20_s0": 9.5, "plain56_s0": 13.0}
    found = finding(rows(**errors, resnet8_s0=13.5, resnet20_s0=9.0, resnet56_s0=7.0))
    assert (found.depths, found.first, found.stalls) == ([8, 20, 56], 20, True)
    assert points(found.changes["plain"].test, luck=False) == -3.5
    assert found.enough == 56
    never = finding(rows(plain8_s0=14.0, plain20_s0=9.5, resnet8_s0=13.5, resnet20_s0=9.0))
    assert (never.first, never.stalls) == (8, False)
    assert points(never.changes["plain"].test, luck=False) == 4.5


def test_what_chance_explains_is_no_change():
    """A standard error of 0.4 points between two runs on 10,000 photos."""
    same = finding(rows(plain20_s0=10.3, plain56_s0=10.0, resnet20_s0=8.5, resnet56_s0=7.3))
    assert points(same.changes["plain"].test, luck=True) == 0.3
    assert points(same.changes["ResNet"].test, luck=False) == 1.2
    plain = {"plain8_s0": 13.0, "plain20_s0": 10.2, "plain32_s0": 10.1, "plain56_s0": 12.0}
    flat = finding(rows(**plain, resnet8_s0=13.0, resnet20_s0=9.0, resnet32_s0=8.0, resnet56_s0=7.3))
    assert (flat.first, flat.stalls) == (20, True)


def test_a_change_within_the_spread_of_seeds_is_none():
    """45,000 training photos alone would make 0.5 points a change; where two seeds are 1.4 apart, it is luck."""
    errors = {"plain20_s0": 10.0, "plain56_s0": 10.5, "resnet20_s0": 8.5, "resnet56_s0": 7.3}
    once = finding(rows(**errors)).changes["plain"]
    assert points(once.test, luck=True) == -0.5
    assert points(once.training, luck=False) == -0.5
    spread = finding(rows(**errors, plain56_s1=11.9)).changes["plain"]
    assert points(spread.training, luck=True) == -1.2


@pytest.mark.parametrize(("images", "luck"), [(45_000, False), (9_000, True), (None, False)])
def test_fewer_training_photos_leave_more_to_luck(images, luck):
    errors = {"plain20_s0": 32.0, "plain56_s0": 33.0, "resnet20_s0": 30.0, "resnet56_s0": 30.0}
    assert points(finding(rows(images, **errors)).changes["plain"].training, luck) == -1.0


def test_more_runs_do_not_make_the_photos_more():
    """Four seeds of each that err on the same photos say no more than one."""
    few = {"plain20_s0": 10.3, "plain56_s0": 9.6, "resnet20_s0": 8.5, "resnet56_s0": 7.3}
    many = {f"{name[:-1]}{seed}": error for name, error in few.items() for seed in range(4)}
    photos = np.random.default_rng(0).random((len(few), TEST_IMAGES)).argsort(axis=1)
    wrong = {run: photos[list(few).index(f"{run[:-1]}0")] < 100 * error for run, error in many.items()}
    assert points(depth_analysis.finding(rows(**many), wrong).changes["plain"].test, luck=True) == 0.7


def test_guessing_is_found():
    assert finding(rows(plain56_s0=90.0, resnet56_s0=40.0)).guessing == [Guessing("plain", 56, 1, 1)]
    assert finding(rows(plain56_s0=88.0, resnet56_s0=40.0)).guessing == []
    both = finding(rows(plain20_s0=90.0, plain56_s0=90.6, resnet20_s0=40.0, resnet56_s0=90.0))
    assert both.guessing == [Guessing("plain", 20, 1, 1), Guessing("plain", 56, 1, 1), Guessing("ResNet", 56, 1, 1)]


def test_a_plain_network_that_fails_with_one_seed_makes_no_luck_of_what_the_resnet_gains():
    plain = {"plain8_s0": 12.6, "plain56_s0": 90.0, "plain56_s1": 14.0, "plain56_s2": 14.5}
    residual = {"resnet8_s0": 12.4, "resnet56_s0": 7.3, "resnet56_s1": 7.2, "resnet56_s2": 7.4}
    found = finding(rows(**plain, **residual))
    assert found.changes["plain"].test.could_be_luck
    assert found.changes["plain"].test.points == pytest.approx(-26.9, abs=0.05)
    assert points(found.changes["ResNet"].test, luck=False) == 5.1
    assert found.guessing == [Guessing("plain", 56, 1, 3)]
    assert not found.guessing[0].always


def test_single_trainings_are_found():
    once = {"plain20_s0": 10.3, "resnet20_s0": 8.5, "plain56_s0": 13.0, "resnet56_s0": 7.0}
    assert finding(rows(**once)).trained_once == {20: ["plain", "ResNet"], 56: ["plain", "ResNet"]}
    thrice = {"plain20_s1": 10.4, "resnet20_s1": 8.4}
    assert finding(rows(**once, **thrice)).trained_once == {56: ["plain", "ResNet"]}
    assert finding(rows(**once, **thrice, plain56_s1=12.9)).trained_once == {56: ["ResNet"]}
    assert finding(rows(**once, **thrice, plain56_s1=12.9, resnet56_s1=7.1)).trained_once == {}
    between = {"plain32_s0": 11.8, "resnet32_s0": 7.7, "plain44_s0": 12.0}
    assert list(finding(rows(**once, **thrice, **between)).trained_once) == [32, 56]  # of those that both have


@pytest.mark.parametrize(
    ("more", "known"),
    [({}, False), ({"plain20_s1": 10.4}, False), ({"plain20_s1": 10.4, "resnet56_s1": 7.1}, True)],
)
def test_without_seeds_of_both_networks_the_finding_is_of_these_trainings(more, known):
    once = {"plain20_s0": 10.3, "resnet20_s0": 8.5, "plain56_s0": 13.0, "resnet56_s0": 7.0}
    assert finding(rows(**once, **more)).seeds_known == known


def test_runs_that_err_on_the_same_photos_differ_by_little_luck():
    """0.6 points: luck, where each errs on photos of its own; not where both err on the same ones."""
    table = rows(plain20_s0=10.3, plain56_s0=9.7, resnet20_s0=8.5, resnet56_s0=7.3)
    assert points(finding(table).changes["plain"].test, luck=True) == 0.6
    nested = {run: np.arange(TEST_IMAGES) < 100 * error for run, error in table.set_index("run")["test_error"].items()}
    assert points(depth_analysis.finding(table, nested).changes["plain"].test, luck=False) == 0.6


def test_few_seeds_tell_little_of_how_much_seeds_do():
    """0.9 points between two seeds: with one degree of freedom, 3.6 points more may be luck, too."""
    errors = {"plain20_s0": 10.0, "plain20_s1": 10.9, "plain56_s0": 14.0, "resnet20_s0": 8.5, "resnet56_s0": 7.3}
    assert finding(rows(**errors)).changes["plain"].training.could_be_luck
    more = {"plain20_s2": 10.4, "plain20_s3": 10.5, "plain20_s4": 10.6}
    assert not finding(rows(**errors, **more)).changes["plain"].training.could_be_luck


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seeds", "low", "high"), [({8: 3, 20: 3}, 0.02, 0.05), ({8: 3, 20: 1}, 0.03, 0.08), ({8: 1, 20: 1}, 0.15, 0.6)]
)
def test_one_time_in_twenty_luck_alone_is_called_a_change_where_seeds_are_known(seeds, low, high):
    """400 times two depths of so many seeds that err alike, but for the luck of the photos and of the seeds. Of 3,000
    times, it was 4.0% with three seeds at both, and 6.1% with three and one. Where there are no seeds, it is far more
    often: so nothing may be said of depth then (`Finding.seeds_known`)."""
    draw, photos, trials = np.random.default_rng(0), 2_000, 400
    table = rows(**{f"plain{depth}_s{seed}": 20.0 for depth in seeds for seed in range(seeds[depth])})
    called = 0
    for _ in range(trials):
        hard = draw.normal(-1, 1, photos)  # how hard each photo is, to all runs
        wrong = {run: hard + draw.normal(0, 0.05) + draw.normal(0, 0.5, photos) > 0 for run in table["run"]}
        errors = table.assign(test_error=[100 * wrong[run].mean() for run in table["run"]])
        called += not Errors(errors, "test_error", wrong).change("plain", 8, 20).could_be_luck
    assert low < called / trials < high


def test_precisions_are_those_that_are_known():
    table = rows(plain20_s0=9.0, resnet20_s0=8.0, resnet56_s0=7.0)
    assert depth_analysis.precisions(table.assign(precision="float32")) == {"float32": [20, 56]}
    assert depth_analysis.precisions(table.assign(precision=None)) == {}
    mixed = table.assign(precision=["float32", "float32", "bfloat16"])
    assert depth_analysis.precisions(mixed) == {"bfloat16": [56], "float32": [20]}


@pytest.mark.parametrize(
    "facts",
    [
        {"environment": {"precision": ["x"]}},
        {"environment": ["x"]},
        {"best_epoch": [1]},
        {"best_epoch": "1"},
    ],
    ids=str,
)
def test_facts_that_make_no_sense_count_as_unknown(make_run, facts):
    plain, residual = make_run("plain8_s0", skip=False), make_run("resnet8_s0")
    odd = replace(plain, facts=plain.facts | facts)
    table = depth_analysis.table([training_summary.figures(run) for run in (odd, residual)])
    assert len(depth_analysis.precisions(table)) < 2
    assert finding(table).depths == [8]
    assert report.markdown([odd, residual])


def test_the_finding_at_one_depth_and_at_none():
    both = finding(rows(plain20_s0=27.6, resnet20_s0=22.2))
    assert (both.depths, both.changes, both.stalls) == ([20], {}, False)
    assert both.errors == pytest.approx({"plain": 27.6, "ResNet": 22.2})
    assert finding(rows(plain20_s0=9.0, resnet56_s0=7.0)).depths == []
    assert finding(rows(plain20_s0=9.0)).depths == []


def test_depths_with_one_network_alone_are_found():
    pairs = {"plain8_s0": 12.6, "resnet8_s0": 12.4, "plain20_s0": 10.1, "resnet20_s0": 8.3}
    assert finding(rows(**pairs)).alone == {"plain": [], "ResNet": []}
    found = finding(rows(**pairs, resnet56_s0=7.7, resnet110_s0=7.0, plain32_s0=11.0))
    assert found.alone == {"plain": [32], "ResNet": [56, 110]}


def test_spread_is_over_seeds():
    table = depth_analysis.spread(rows(plain20_s0=9.0, plain20_s1=10.0, resnet20_s0=8.0), "test_error")
    plain = table[table["network"] == "plain"].iloc[0]
    assert (plain["mean"], plain["low"], plain["high"], plain["runs"]) == (9.5, 9.0, 10.0, 2)
    assert len(table) == 2


def test_a_repeat_of_a_training_is_no_other_seed():
    """Two runs of one seed, of which the second would make the plain network better and sure."""
    once = rows(plain20_s0=10.3, plain56_s0=13.0, resnet20_s0=8.5, resnet56_s0=7.0)
    again = once.iloc[:1].assign(run="again", test_error=8.0)
    assert finding(pd.concat([once, again])) == finding(once)
    assert list(finding(once).trained_once) == [20, 56]
    pd.testing.assert_frame_equal(
        depth_analysis.spread(pd.concat([once, again]), "test_error"), depth_analysis.spread(once, "test_error")
    )


def test_a_point_stands_for_its_pair():
    table = rows(plain20_s0=9.0, plain20_s1=9.1, resnet20_s0=8.0, resnet20_s1=8.1, plain56_s0=13.0)
    assert depth_analysis.pair_of(table, "plain20_s1") == {"plain": "plain20_s1", "ResNet": "resnet20_s1"}
    assert depth_analysis.pair_of(table, "plain56_s0") == {"plain": "plain56_s0"}


def test_a_run_without_a_twin_of_its_seed_is_shown_with_another():
    table = rows(plain56_s0=13.0, plain56_s2=13.1, resnet56_s1=7.0)
    assert depth_analysis.pair_of(table, "resnet56_s1") == {"plain": "plain56_s0", "ResNet": "resnet56_s1"}


def test_the_depth_that_is_enough_for_the_resnet():
    plain = {"plain20_s0": 9.5, "plain32_s0": 11.0, "plain56_s0": 13.0}
    table = rows(**plain, resnet20_s0=9.0, resnet32_s0=7.7, resnet56_s0=7.65)
    assert finding(table).enough == 32
    assert finding(rows(plain20_s0=9.0)).enough is None


def test_a_recipe_and_the_same_with_clipped_layers(make_run):
    usual = depth_analysis.Recipe({}, [make_run("usual")])
    clipped = depth_analysis.Recipe({}, [make_run("clipped", clip_layer=1.0, skip=False, seed=1)])
    slower = depth_analysis.Recipe({}, [make_run("slower", clip_layer=1.0, lr=0.02)])
    every = [usual, slower, clipped]
    assert depth_analysis.clipped(usual, every) is clipped
    assert depth_analysis.clipped(usual, every[:2]) is None
    assert depth_analysis.clipped(clipped, every) is None


def test_recipes_are_compared_but_at_the_depths_that_one_alone_has():
    usual = rows(plain20_s0=9.0, plain20_s1=10.0, resnet20_s0=8.0, plain56_s0=17.0, resnet56_s0=7.5)
    other = rows(plain56_s0=15.0, plain8_s0=14.0)
    found = depth_analysis.by_recipe({0: usual, 3: other}, own=0)
    assert found[["depth", "recipe"]].values.tolist() == [[8, 3], [56, 0], [56, 3]]
    assert found["plain"].tolist() == pytest.approx([86.0, 83.0, 85.0])
    assert found["points"].tolist() == pytest.approx([np.nan, 9.5, np.nan], nan_ok=True)
    third = depth_analysis.by_recipe({0: usual, 1: rows(plain20_s0=12.0, resnet20_s0=9.0)}, own=0)
    assert third["points"].tolist() == pytest.approx([1.5, 3.0])  # the mean over seeds; each network's own
    assert depth_analysis.by_recipe({0: usual}, own=0).empty


def test_the_deepest_pair_of_another_recipe_is_found():
    def recipe(name: str, depths: dict[bool, list[int]], norm: str = "batch") -> depth_analysis.Recipe:
        runs = [Run(Path(name), TrainConfig(depth=d, skip=skip), {}) for skip, each in depths.items() for d in each]
        return depth_analysis.Recipe({"data": "full", "norm": norm}, runs)

    own = recipe("own", {False: [8, 14], True: [8]})
    deep, deepest = recipe("deep", {False: [20], True: [20]}), recipe("deepest", {False: [26, 32], True: [8, 26]})
    alone, other = recipe("alone", {True: [44]}), recipe("other", {False: [44], True: [44]}, norm="none")
    assert depth_analysis.deeper(own, [own, deep, deepest, alone, other]) is deepest
    assert depth_analysis.deeper(deepest, [own, deep, deepest, alone, other]) is None
    assert depth_analysis.deeper(own, [own, alone, other]) is None


@pytest.mark.parametrize(
    ("changes", "comparable"), [({}, True), ({"norm": "none"}, False), ({"data": "shipped"}, False)]
)
def test_published_results_stand_beside_like_ones_alone(changes, comparable):
    runs = [Run(Path("x"), TrainConfig(**{"data": "full"} | changes), {})]
    assert depth_analysis.as_he_et_al(depth_analysis.Recipe({}, runs)) is comparable


def test_of_the_recipes_that_ship_one_was_tuned_at_20_layers():
    recipes = depth_analysis.recipes(list_runs()[0])
    (tuned,) = filter(depth_analysis.was_tuned, recipes)
    assert {"plain8-s0", "resnet20-s1", "plain56-s0"} < {run.name for run in tuned.runs}
