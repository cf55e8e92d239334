"""Which blocks can go, which cuts a study makes, and its file."""

from dataclasses import replace

import pandas as pd
import pytest

from core.analysis import surgery
from core.errors import RunError
from core.settings.train_config import TrainConfig

PLAIN, RESNET = TrainConfig(depth=20, skip=False), TrainConfig(depth=20, skip=True)
RESULTS = {
    frozenset(): 0.8,
    frozenset([1]): 0.6,
    frozenset([2]): 0.4,
    frozenset([4]): 0.1,
    frozenset([1, 2]): 0.3,
    frozenset([1, 3]): 0.2,
}


def test_a_plain_network_needs_the_blocks_that_change_the_shape():
    assert surgery.removable(RESNET) == frozenset(range(1, 10))
    assert surgery.removable(PLAIN) == frozenset(range(1, 10)) - {4, 7}
    assert surgery.removable(TrainConfig(depth=8, skip=False)) == {1}


def test_a_study_has_the_whole_network_each_block_and_the_same_draws_for_both_twins():
    plain, residual = surgery.cuts(PLAIN), surgery.cuts(RESNET)
    assert plain[0] == residual[0] == frozenset()
    assert {cut for cut in residual if len(cut) == 1} == {frozenset([block]) for block in range(1, 10)}
    assert [cut for cut in plain if len(cut) > 1] == [cut for cut in residual if len(cut) > 1]
    assert {len(cut) for cut in plain} == set(range(8))
    assert all(cut <= surgery.removable(PLAIN) for cut in plain)
    assert len(set(residual)) == len(residual)
    assert surgery.cuts(TrainConfig(depth=8, skip=False)) == [frozenset(), frozenset([1])]
    assert len(surgery.cuts(TrainConfig(depth=110))) < 120


def test_single_and_curve():
    single = surgery.single(RESULTS, RESNET).set_index("block")
    assert single["accuracy"].to_dict() == {1: 0.6, 2: 0.4, 4: 0.1}
    assert single["halves"].to_dict() == {1: False, 2: False, 4: True}
    assert single.loc[2, "loss"] == pytest.approx(40)
    curve = surgery.curve(RESULTS, RESNET).set_index("removed")
    assert curve["mean"].to_dict() == pytest.approx({0: 0.8, 1: 0.5, 2: 0.25})  # block 4 is not for both twins
    assert (curve.loc[1, "low"], curve.loc[1, "high"], curve.loc[1, "draws"]) == (0.4, 0.6, 2)


def test_the_cost_is_of_the_blocks_that_both_twins_can_lose():
    cost = surgery.cost(RESULTS, RESNET)
    assert (cost.points, cost.blocks, cost.guesses) == (pytest.approx(30), 2, False)  # block 4 is none of them


def test_a_network_that_hardly_learned_has_nothing_to_lose():
    assert surgery.cost(dict.fromkeys(RESULTS, 0.19), RESNET).guesses
    assert not surgery.cost(RESULTS | {frozenset(): 0.2}, RESNET).guesses


def test_the_fall_is_where_half_is_lost():
    curve = surgery.curve(RESULTS, RESNET)
    assert surgery.fall(curve) == surgery.Fall(at=2, not_yet=1, guesses=False)
    assert surgery.fall(curve[curve["removed"] < 2]) == surgery.Fall(None, None, guesses=False)


def test_the_fall_between_numbers_that_were_tried_and_of_a_network_that_guesses():
    curve = pd.DataFrame({"removed": [0, 7, 2, 5, 1], "mean": [0.9, 0.2, 0.7, 0.4, 0.8]})
    assert surgery.fall(curve) == surgery.Fall(at=5, not_yet=2, guesses=False)
    assert surgery.fall(curve.assign(mean=0.1)).guesses


def test_common_blocks_are_those_that_all_can_do_without():
    assert surgery.common([RESNET, replace(RESNET, skip=False)]) == surgery.removable(replace(RESNET, skip=False))
    assert surgery.common([RESNET]) == surgery.removable(RESNET)
    assert surgery.example([RESNET]) == surgery.example([RESNET, PLAIN]) == 5


def test_what_is_saved_is_loaded(make_run):
    run = make_run("one")
    results = {frozenset(): 0.5, **{frozenset([block]): block / 8 for block in (1, 2, 3)}, frozenset([1, 3]): 0.125}
    assert surgery.load(run) is None
    surgery.save(run, results)
    assert surgery.load(run) == results


@pytest.mark.parametrize(
    "text",
    [
        "",
        "removed\n1\n",
        "removed,accuracy\n",
        "removed,accuracy\n,1.5\n",
        "removed,accuracy\n,0.5\nx,0.5\n",
        "removed,accuracy\n1,0.5\n",
        "removed,accuracy\n,0.5\n99,0.5\n",
        "removed,accuracy\n,low\n",
        "removed,accuracy\n,0.5\n1,0.5\n",
        "\x00\xff" * 50,
    ],
)
def test_a_damaged_file_is_refused(make_run, text):
    run = make_run("one")
    (run.path / surgery.FILE).write_text(text)
    with pytest.raises(RunError, match="damaged"):
        surgery.load(run)
