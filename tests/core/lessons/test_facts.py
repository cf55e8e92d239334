"""Each fact against another computation of the same thing, from the runs' own files."""

import csv
import re
import shutil

import numpy as np
import pytest

from core.data.cifar10 import CLASSES, load_test_labels
from core.errors import LabError
from core.lessons import facts
from core.paths import SHIPPED
from core.runs.library import find_run

LABELS = load_test_labels()


def logits(name: str) -> np.ndarray:
    return np.load(SHIPPED / name / "test_logits.npz")["logits"]


def of_100(name: str) -> float:
    return 100 * float((logits(name).argmax(axis=1) == LABELS).mean())


@pytest.mark.parametrize(
    ("a", "b", "right"),
    [
        ("plain56-s0", "resnet56-s0", "b"),
        ("resnet56-s0", "plain56-s0", "a"),
        ("plain8-s0", "resnet8-s0", "same"),  # 87.4 and 87.6%
    ],
)
def test_better(a, b, right):
    fact = facts.better(find_run(a), find_run(b))
    assert fact.right == right
    assert (of_100(b) > of_100(a)) == (right != "a")


def test_deeper():
    assert facts.deeper(find_run("plain20-s0"), find_run("plain56-s0")).right == "worse"
    assert facts.deeper(find_run("plain8-s0"), find_run("plain20-s0")).right == "better"
    assert facts.deeper(find_run("plain20-s0"), find_run("plain20-s0")).right == "same"
    assert facts.deeper(find_run("resnet20-s0"), find_run("resnet32-s0")).right == "same"


@pytest.mark.parametrize("few", ["resnet20-s0", "resnet20-s2"])
def test_deeper_is_of_all_trainings_of_the_recipe_as_on_the_page_about_depth(few):
    """0.8 points, by whichever seed a lesson names: more than luck, and less than a point."""
    fact = facts.deeper(find_run(few), find_run("resnet56-s0"))
    mean = np.mean([of_100(f"resnet20-s{seed}") for seed in (0, 1, 2)])
    assert fact.right == "same"
    assert f"right on {10 * mean:.0f} of 1,000 photos (mean of 3 trainings)" in fact.finding
    assert fact.finding.endswith(f"a little better ({of_100('resnet56-s0') - mean:.1f} points).")


def test_deeper_by_other_recipes_is_of_these_two_alone():
    fact = facts.deeper(find_run("plain20-s0"), find_run("plain56-clip1"))
    assert fact.right == "worse"
    assert fact.finding.endswith("This is one training of each.")


def test_ones_own_trainings_change_no_lesson_about_runs_that_ship(own_runs):
    before = facts.deeper(find_run("resnet20-s0"), find_run("resnet56-s0"))
    shutil.copytree(find_run("resnet20-s1").path, own_runs / "mine")
    assert facts.deeper(find_run("resnet20-s0"), find_run("resnet56-s0")) == before
    for name in ("resnet20-s0", "resnet56-s0"):
        shutil.copytree(find_run(name).path, own_runs / f"own-{name}")
    ours = facts.deeper(find_run("own-resnet20-s0"), find_run("own-resnet56-s0"))
    assert "mean of 2 trainings" in ours.finding


def test_a_damaged_training_from_another_seed_is_left_out(make_run):
    few, other, many = (make_run(f"mine-{n}", seed=n % 2, depth=d) for n, d in ((0, 8), (1, 8), (2, 14)))
    assert "mean of 2 trainings" in facts.deeper(few, many).finding
    (other.path / "test_logits.npz").write_bytes(b"damaged")
    assert "one training of each" in facts.deeper(few, many).finding
    (few.path / "test_logits.npz").write_bytes(b"damaged")
    with pytest.raises(LabError):
        facts.deeper(few, many)


def test_shares_and_points():
    assert facts.right_share(find_run("resnet56-s0")).right == pytest.approx(of_100("resnet56-s0"))
    difference = of_100("resnet56-s0") - of_100("plain56-s0")
    assert facts.points(find_run("plain56-s0"), find_run("resnet56-s0")).right == pytest.approx(difference)


def epochs_to_80(name: str) -> int | None:
    with (SHIPPED / name / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    return next((int(row["epoch"]) for row in rows if float(row["val_accuracy"]) >= 0.8 - 1e-6), None)


@pytest.mark.parametrize(
    ("a", "b", "right"),
    [
        ("plain56-s0", "resnet56-s0", "b"),
        ("resnet56-s0", "plain56-s0", "a"),
        ("resnet50-scratch", "resnet50-imagenet", "b"),
        ("plain56-none", "resnet50-scratch", "none"),
        ("resnet20-s0", "resnet20-s0", "same"),
    ],
)
def test_first_at_80(a, b, right):
    fact = facts.first_at_80(find_run(a), find_run(b))
    assert fact.right == right
    assert fact.finding.endswith(
        "This is one training of each."
    )  # which tells little of all trainings of such networks
    for name in (a, b):
        epoch = epochs_to_80(name)
        assert str(epoch) in fact.finding if epoch else re.search("never|Neither", fact.finding)


def left_without(name: str, block: int) -> float:
    with (SHIPPED / name / "surgery.csv").open() as file:
        return next(100 * float(row["accuracy"]) for row in csv.DictReader(file) if row["removed"] == str(block))


@pytest.mark.parametrize("block", [2, 5])
def test_what_is_left_without_a_block(block):
    plain, residual = find_run("plain20-s0"), find_run("resnet20-s0")
    assert facts.without_block(residual, block).right == pytest.approx(left_without("resnet20-s0", block))
    assert left_without("plain20-s0", block) < left_without("resnet20-s0", block)
    for fact in (facts.without_block(residual, block), facts.survivor(plain, residual, block)):
        assert "(here of the first 1,000 test photos)" in fact.finding
    assert facts.survivor(plain, residual, block).right == "b"
    assert facts.survivor(residual, plain, block).right == "a"
    assert facts.survivor(residual, residual, block).right == "same"


def test_a_block_that_must_stay_is_a_mistake():
    with pytest.raises(LabError, match="does without block 4 is not known"):
        facts.without_block(find_run("plain20-s0"), 4)


def test_answer_to_a_photo():
    fact = facts.answer(find_run("plain56-s0"), 3986)
    assert fact.right == CLASSES[int(logits("plain56-s0")[3986].argmax())]
    assert "but it is a horse" in fact.finding


def test_most_common_mix_up():
    wrong = np.zeros((10, 10), int)
    for truth, said in zip(LABELS, logits("plain56-s0").argmax(axis=1), strict=True):
        wrong[truth, said] += truth != said
    true, said = np.unravel_index(wrong.argmax(), wrong.shape)
    fact = facts.mix_up(find_run("plain56-s0"))
    assert fact.right == f"{CLASSES[true]} {CLASSES[said]}"
    assert str(wrong.max()) in fact.finding
