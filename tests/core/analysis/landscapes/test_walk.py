"""The way of a training in figures, and how it is kept in a run's folder."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.landscapes import unfinished, walk
from core.analysis.landscapes.walk import SIDE
from core.errors import RunError
from tests.core.analysis.landscapes.made_up import EPOCHS, PATH, seen


def test_a_way_in_figures():
    found = seen()
    assert found.held == pytest.approx(0.9)
    assert found.far == pytest.approx(2)
    assert found.off == pytest.approx(0.25)
    assert found.rises == []
    up_and_down = np.array([2.0, 2.004, 0.5, 0.6], np.float32)  # the first of which may be rounding
    assert seen(own_loss=up_and_down).rises == [6]


def test_the_map_covers_the_path_with_a_margin():
    first, second = seen().steps
    assert (first[0], first[-1]) == pytest.approx((-2, 12))
    assert (second[0], second[-1]) == pytest.approx((-0.6, 3.6))
    assert len(first) == len(second) == SIDE


def test_the_map_of_a_straight_way_is_no_line():
    straight = (PATH * [1, 0]).astype(np.float32)
    first, second = seen(path=straight).steps
    assert second[-1] - second[0] == pytest.approx((first[-1] - first[0]) / 10)


def test_colors_end_at_the_cap():
    low, high = seen(), seen(loss=np.full((SIDE, SIDE), 9, np.float32))
    assert walk.scale([low, high]) == [1, 5]
    assert walk.scale([low]) == [1, 2]
    assert walk.scale([seen(loss=np.zeros((SIDE, SIDE), np.float32))])[0] > 0  # it is logarithmic


def test_chance_alone_holds_three_quarters():
    assert walk.share_of_chance(3) == pytest.approx(1)
    assert walk.share_of_chance(400) == pytest.approx(6 / np.pi**2 * (1 + 1 / 4), abs=0.002)


def test_what_is_to_be_drawn():
    ground, path = walk.ground_table(seen()), walk.path_table(seen())
    assert len(ground) == SIDE**2
    assert (ground["left"].min(), ground["right"].max()) == pytest.approx((-2 - 7 / 30, 12 + 7 / 30))
    assert path["epoch"].tolist() == EPOCHS
    assert path["said"].tolist() == ["start", "epoch 2", "epoch 4", "end"]
    near = PATH.copy()
    near[2] = [0.1, 0.1]  # its words would cover those of the end
    assert walk.path_table(seen(path=near.astype(np.float32)))["said"].tolist() == ["start", "epoch 2", "", "end"]


def test_what_is_saved_is_loaded_once_it_is_whole(make_run):
    run = make_run("one")
    whole = seen(run.facts["sha256"])
    assert walk.load(run) is None
    walk.save(run, replace(whole, loss=np.full((SIDE, SIDE), np.nan, np.float32)))
    assert walk.load(run) is None
    assert walk.begun(run, whole).left == SIDE**2
    walk.save(run, whole)
    loaded = walk.load(run)
    assert not unfinished.beside(run.path / walk.FILE).exists()
    for name, value in vars(whole).items():
        np.testing.assert_array_equal(getattr(loaded, name), value)
    assert (run.path / walk.FILE).stat().st_size < walk.LARGEST


def test_of_other_weights_it_is_refused_and_begun_anew(make_run):
    run = make_run("one")
    walk.save(run, seen("another"))
    with pytest.raises(RunError, match="belongs to other weights"):
        walk.load(run)
    new = seen(run.facts["sha256"])
    assert walk.begun(run, new) is new
    walk.save(run, seen(run.facts["sha256"], path=(2 * PATH).astype(np.float32)))
    assert walk.begun(run, new) is new


BAD = np.float32("nan")


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": np.array([0, 2, 2, 6])},
        {"epochs": np.array([1, 2, 4, 6])},
        {"epochs": np.array([0.0, 2, 4, 6])},
        {"epochs": np.array(["0", "2", "4", "6"])},
        {"epochs": np.array([0, 6])},
        {"epochs": np.arange(5)},
        {"path": PATH},
        {"path": PATH.astype(np.float32) + 1},
        {"path": np.zeros((4, 2), np.float32)},
        {"path": np.full((4, 2), BAD)},
        {"path": np.full((4, 2), np.inf, np.float32)},
        {"distance": np.full(4, -1, np.float32)},
        {"size": 0.0},
        {"size": "far"},
        {"size": [1.0]},
        {"share": np.array([0.9, 1.1], np.float32)},
        {"own_loss": np.full(4, -1, np.float32)},
        {"own_loss": np.full(4, BAD)},
        {"own_accuracy": np.full(4, BAD)},
        {"path_loss": np.array(["a"] * 4)},
        {"loss": np.zeros((SIDE, SIDE - 1), np.float32)},
        {"loss": np.zeros((SIDE, SIDE), np.float64)},
        {"loss": np.full((SIDE, SIDE), np.inf, np.float32)},
        {"loss": np.full((SIDE, SIDE), BAD)},
        {"accuracy": np.full((SIDE, SIDE), 1.5, np.float32)},
        {"accuracy": np.full((SIDE, SIDE), BAD)},
        {"photos": 0},
        {"photos": [1]},
        {"precision": "**float32**"},
        {"weights": 1},
    ],
    ids=str,
)
def test_a_damaged_file_is_refused(make_run, change):
    run = make_run("one")
    with (run.path / walk.FILE).open("wb") as file:
        np.savez_compressed(file, **vars(seen(run.facts["sha256"])) | change)
    with pytest.raises(RunError, match="damaged"):
        walk.load(run)


def test_what_is_no_file_of_arrays_is_refused(make_run):
    run = make_run("one")
    (run.path / walk.FILE).write_bytes(b"PK")
    with pytest.raises(RunError, match="damaged"):
        walk.load(run)
