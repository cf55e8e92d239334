"""The verdict on two runs, against cases counted by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_rel

from core.analysis import comparison, metrics
from core.errors import RunError
from core.settings.train_config import TrainConfig


def logits_for(answers: list[int]) -> np.ndarray:
    return 5.0 * np.eye(10, dtype=np.float32)[answers]


def test_a_pair_is_fair_when_one_setting_differs(make_run):
    a, b = make_run("plain", skip=False), make_run("residual", skip=True)
    fairness = comparison.fairness(a, b)
    assert fairness.fair
    assert fairness.differing == {"skip": (False, True)}


def test_a_pair_is_not_fair_when_more_differs(make_run):
    fairness = comparison.fairness(make_run("plain", skip=False), make_run("other", skip=True, seed=1))
    assert not fairness.fair
    assert fairness.differing == {"skip": (False, True), "seed": (0, 1)}


def test_equal_settings_are_no_comparison(make_run):
    run = make_run("plain", skip=False)
    assert comparison.fairness(run, run) == comparison.Fairness({})
    assert not comparison.fairness(run, run).fair


@pytest.mark.parametrize(("name", "value"), [("processes", 2), ("precision", "bfloat16"), ("precision", [])])
def test_a_pair_is_not_fair_when_it_learned_in_different_ways(make_run, name, value):
    a, b = make_run("plain", skip=False), make_run("residual", skip=True)
    assert comparison.differing(a, b).keys() == {"skip"}
    other = replace(b, facts=b.facts | {"environment": b.facts["environment"] | {name: value}})
    fairness = comparison.fairness(a, other)
    assert not fairness.fair
    assert list(fairness.differing) == ["skip", name]


@pytest.mark.parametrize("environment", [None, "a laptop"])
def test_what_is_not_known_of_a_run_from_elsewhere_is_no_difference(make_run, environment):
    a, b = make_run("plain", skip=False), make_run("residual", skip=True)
    assert comparison.fairness(a, replace(b, facts=b.facts | {"environment": environment})).fair


@pytest.mark.parametrize(
    ("orders", "same"), [(("x", "x"), True), (("x", "y"), False), (("x", None), None), ((None, None), None)]
)
def test_the_order_of_the_photos_is_known_where_both_recorded_it(make_run, orders, same):
    run = make_run("one")
    a, b = (replace(run, facts=run.facts | {"batch_order": order}) for order in orders)
    assert comparison.same_order(a, b) is same


def test_photos_that_were_chosen_or_cut_otherwise_were_not_in_the_same_order(make_run):
    a, b = make_run("one"), make_run("two", batch_size=40)
    a, b = (replace(run, facts=run.facts | {"batch_order": "x"}) for run in (a, b))
    assert comparison.same_order(a, b) is False
    elsewhere = replace(b, facts=b.facts | {"imported": {}})
    assert comparison.same_order(a, elsewhere) is None


def test_verdict_counts_who_alone_is_right():
    labels = np.zeros(100, dtype=int)
    a = logits_for([0] * 60 + [1] * 40)
    b = logits_for([0] * 50 + [1] * 10 + [0] * 35 + [1] * 5)
    verdict = comparison.verdict(a, b, labels)
    assert (verdict.a.value, verdict.b.value) == (0.60, 0.85)
    assert (verdict.only_a, verdict.only_b) == (10, 35)
    assert verdict.better_alone == comparison.B_ALONE
    at_most_10_heads_in_45_tosses = sum(math.comb(45, heads) for heads in range(11)) / 2**45
    assert verdict.p_value == pytest.approx(2 * at_most_10_heads_in_45_tosses)
    assert (verdict.points, verdict.could_be_luck, verdict.guessing) == (pytest.approx(25), False, [])


def test_verdict_says_when_it_may_be_luck():
    labels = np.zeros(100, dtype=int)
    verdict = comparison.verdict(logits_for([0] * 60 + [1] * 40), logits_for([0] * 61 + [1] * 39), labels)
    assert verdict.could_be_luck
    assert verdict.p_value == 1


def test_verdict_calls_guessing_by_its_name():
    labels = np.arange(100) % 10
    always_zero, right = logits_for([0] * 100), logits_for(labels)
    assert comparison.verdict(always_zero, right, labels).guessing == ["A"]
    assert comparison.verdict(right, right, labels).guessing == []


def test_the_same_answers_are_too_close_to_call():
    labels = np.zeros(10, dtype=int)
    same = logits_for([0] * 10)
    assert comparison.verdict(same, same, labels).p_value == 1


def test_disagreements_by_who_is_right_surest_first():
    labels = np.array([0, 0, 0, 0, 0])
    a = logits_for([0, 1, 1, 1, 0])
    b = logits_for([0, 0, 2, 0, 3])
    b[3] *= 2  # surer than image 1
    found = comparison.disagreements(a, b, labels)
    assert {name: indices.tolist() for name, indices in found.items()} == {
        "B right, A wrong": [3, 1],
        "A right, B wrong": [4],
        "both wrong": [2],
    }


def test_kinds_part_the_photos_by_who_is_right():
    labels = np.array([0, 0, 0, 0])
    a, b = np.eye(10)[[0, 0, 1, 1]], np.eye(10)[[0, 2, 0, 1]]
    found = comparison.by_who_is_right(a, b, labels)
    assert {name: indices.tolist() for name, indices in found.items()} == {
        "both right": [0],
        "A right, B wrong": [1],
        "B right, A wrong": [2],
        "both wrong": [3],
    }


@pytest.mark.parametrize(
    ("points", "interval", "luck", "as_the_mean"),
    [([1.0, 2.0, 3.0], (-0.484, 4.484), True, 3), ([2.0, 2.1], (1.415, 2.685), False, 2), ([-1.0, 3.0], None, True, 1)],
)
def test_over_seeds_is_a_paired_t_interval(points, interval, luck, as_the_mean):
    found = comparison.OverSeeds(dict(enumerate(points)))
    expected = ttest_rel(points, np.zeros(len(points))).confidence_interval(0.95)
    assert found.interval == pytest.approx(tuple(expected))
    assert interval is None or found.interval == pytest.approx(interval, abs=1e-3)
    assert (found.could_be_luck, found.as_the_mean) == (luck, as_the_mean)


def test_trainings_are_paired_that_differ_from_both_in_their_seed_alone(make_run):
    runs = [make_run(f"{skip}-{seed}", skip=skip, seed=seed) for skip in (False, True) for seed in (0, 1)]
    others = [make_run("other-rate", lr=0.01, seed=1), make_run("alone", skip=True, seed=2)]
    pairs = comparison.pairs_by_seed(runs[0], runs[2], [*others, *runs])
    assert {seed: (a.name, b.name) for seed, (a, b) in pairs.items()} == {
        0: ("False-0", "True-0"),
        1: ("False-1", "True-1"),
    }


def test_what_is_measured_of_each_seed(make_run):
    runs = [make_run(f"{skip}-{seed}", skip=skip, seed=seed) for skip in (False, True) for seed in (0, 1)]

    def measure(a, b):
        return a.name, b.name

    assert comparison.by_seed(runs[0], runs[3], runs, measure) == {0: ("False-0", "True-0"), 1: ("False-1", "True-1")}
    assert comparison.by_seed(runs[1], runs[3], [runs[1]], measure) == {1: ("False-1", "True-1")}  # these two alone
    assert comparison.by_seed(runs[0], runs[1], runs, measure) is None

    def damaged(a, b):
        if a.config.seed == 0:
            raise RunError("damaged")
        return a.name, b.name

    assert comparison.by_seed(runs[1], runs[3], runs, damaged) == {1: ("False-1", "True-1")}


def test_the_margin_is_what_other_photos_would_change():
    """Against the bootstrap: the photos drawn again, with repetition."""
    differences = np.repeat([-1, 1, 0], [40, 360, 600])  # A alone right, B alone right, both or neither
    verdict = comparison.Verdict(
        metrics.proportion(500, 1000), metrics.proportion(820, 1000), only_a=40, only_b=360, p_value=0.0
    )
    draws = np.random.default_rng(0).choice(differences, (4000, 1000)).mean(axis=1)
    assert verdict.margin == pytest.approx(100 * 1.96 * draws.std(), rel=0.05)


def test_trainings_of_one_recipe_are_no_pairs(make_run):
    runs = [make_run(f"seed-{seed}", seed=seed) for seed in (0, 1, 2)]
    assert comparison.pairs_by_seed(runs[0], runs[1], runs) == comparison.pairs_by_seed(runs[0], runs[0], runs) == {}


def test_what_is_set_of_one_kind_of_network_alone_is_no_difference(make_run):
    small, large = make_run("small"), make_run("large")
    config = TrainConfig(family="torchvision", network="resnet18", input_size=64, lr=0.01)
    large = replace(large, config=replace(config, data=small.config.data, train_fraction=small.config.train_fraction))
    found = comparison.differing(small, large)
    assert found["network"] == ("resnet8", "resnet18")
    assert "lr" in found
    assert not {"depth", "skip", "strides", "stem", "norm", "family"} & found.keys()


@pytest.mark.parametrize(
    ("changes", "held_back"),
    [({}, False), ({"data": "shipped"}, True), ({"norm": "none"}, True), ({"train_fraction": 0.5}, True)],
)
def test_a_run_is_held_back_by_few_photos_or_without_batch_norm(make_run, changes, held_back):
    run = make_run("one")
    config = replace(run.config, **{"data": "full"} | changes)
    assert comparison.held_back(replace(run, config=config)) is held_back


def test_runs_that_differ_in_their_recipe_alone(make_run):
    run, other = make_run("one"), make_run("other", optimizer="adamw", head_lr=2.0)
    assert comparison.differ_in_recipe(run, other)
    assert not comparison.differ_in_recipe(run, run)
    assert not comparison.differ_in_recipe(run, make_run("deeper", optimizer="adamw", epochs=2))
    assert comparison.recipe_changes([run, other]) == ["optimizer", "head_lr"]


def test_equal_schedules_are_one(make_run):
    first, adamw, longer = make_run("first"), make_run("adamw", optimizer="adamw"), make_run("longer", epochs=2)
    assert comparison.by_schedule([first, longer, adamw]) == [[first, adamw], [longer]]
