"""What a surface looks like in figures, and how it is kept in a run's folder."""

import numpy as np
import pytest

from core.analysis.landscapes import landscape, unfinished
from core.analysis.landscapes.landscape import MIDDLE, PAIRS, SIDE, STEPS, Landscape, Shape
from core.errors import LabError, RunError
from core.settings.train_config import TrainConfig

X, Y = np.meshgrid(STEPS, STEPS)
SURFACES = {
    "bowl": 3 * (X**2 + Y**2),
    "saddle": 1 + X**2 - 0.6 * X * Y - 0.6 * Y**2,
    "plateau": 2 + 0.2 * X**2,
    "mountains": 1 + X**2 + np.cos(12 * X),
}


def seen(heights: np.ndarray, weights: str = "sha") -> Landscape:
    """A landscape of these heights along both pairs."""
    loss = np.stack([heights] * PAIRS).astype(np.float32)
    return Landscape(loss, np.full_like(loss, 0.5), 1_000, "float32", weights)


@pytest.mark.parametrize(
    ("name", "bent_down", "falls", "flat"),
    [("bowl", 0, 0, 0.25), ("saddle", 1, 0.17, 0.9), ("plateau", 0, 0, 1), ("mountains", 0.4, 0.9, 0.6)],
)
def test_a_surface_in_figures(name, bent_down, falls, flat):
    shape = landscape.shape(seen(SURFACES[name]), 0)
    assert (shape.bent_down, shape.falls, shape.flat) == pytest.approx((bent_down, falls, flat), abs=0.1)
    assert shape.middle == pytest.approx(SURFACES[name][MIDDLE, MIDDLE], abs=1e-6)
    assert (shape.lowest, shape.highest) == pytest.approx((SURFACES[name].min(), SURFACES[name].max()), rel=1e-6)


@pytest.mark.parametrize(
    ("flat", "bent_down", "kind"),
    [(0.89, 0.04, "bowl"), (0.89, 0.05, "valley"), (0.9, 0.04, "plateau"), (0.9, 0.05, "plateau")],
)
def test_the_kind_of_ground(flat, bent_down, kind):
    assert Shape(0.1, 0.99, 0.1, 9.0, flat, bent_down, falls=0.0).kind == kind


def test_curvature_is_that_of_the_function():
    """The Hessian of a x^2 + b x y + c y^2 has the eigenvalues a + c +- hypot(a - c, b)."""
    a, b, c = 1.0, -0.6, -0.6
    found = landscape.least_curvature(SURFACES["saddle"])
    assert found.shape == (SIDE, SIDE)
    np.testing.assert_allclose(found[landscape.STRIDE : -landscape.STRIDE, MIDDLE], a + c - np.hypot(a - c, b))
    assert np.isnan(found[0]).all()


def test_a_way_out_that_goes_down_again_is_found_where_it_is():
    """A ditch to the right of the middle alone."""
    falls = landscape.fall_on_rays(X**2 + Y**2 - 2 * np.exp(-100 * ((X - 0.6) ** 2 + Y**2)))
    assert falls[0] > 1
    assert (falls[3:-3] < 1e-9).all()


def test_what_is_above_a_height_is_a_share_of_the_plane():
    assert landscape.share_above(seen(np.where(X > 0, 7.0, 1.0)), 0, 5) == pytest.approx(15 / 31)


def test_only_the_twins_have_a_landscape():
    with pytest.raises(LabError, match="plain networks and ResNets"):
        landscape.require_twin(TrainConfig(family="torchvision", network="resnet18", input_size=64))


def test_what_is_saved_is_loaded_once_it_is_whole(make_run):
    run = make_run("one")
    assert landscape.load(run) is None
    found = landscape.begun(run, 1_000, "float32")
    assert found.left == PAIRS * SIDE**2
    found.loss[0], found.accuracy[0] = SURFACES["bowl"], 0.5
    landscape.save(run, found)
    assert landscape.load(run) is None
    again = landscape.begun(run, 1_000, "float32")
    assert again.left == SIDE**2
    assert landscape.begun(run, 999, "float32").left == PAIRS * SIDE**2  # on other photos: not to be mixed
    elsewhere = landscape.begun(run, 1_000, "bfloat16")  # goes on in the precision in which it was begun
    assert (elsewhere.left, elsewhere.precision) == (SIDE**2, "float32")
    again.loss[1], again.accuracy[1] = SURFACES["saddle"], 0.25
    landscape.save(run, again)
    loaded = landscape.load(run)
    np.testing.assert_array_equal(loaded.loss, again.loss)
    np.testing.assert_array_equal(loaded.accuracy, again.accuracy)
    assert (loaded.photos, loaded.precision) == (1_000, "float32")
    assert (run.path / landscape.FILE).stat().st_size < landscape.LARGEST
    assert not unfinished.beside(run.path / landscape.FILE).exists()


def test_of_other_weights_it_is_refused_and_begun_anew(make_run):
    run = make_run("one")
    landscape.save(run, seen(SURFACES["bowl"], weights="another"))
    with pytest.raises(RunError, match="belongs to other weights"):
        landscape.load(run)
    assert landscape.begun(run, 1_000, "float32").left == PAIRS * SIDE**2


@pytest.mark.parametrize(
    "change",
    [
        {"loss": np.zeros((PAIRS, SIDE, SIDE - 1), np.float32)},
        {"loss": np.zeros((PAIRS, SIDE, SIDE), np.float64)},
        {"loss": np.full((PAIRS, SIDE, SIDE), np.inf, np.float32)},
        {"loss": np.full((PAIRS, SIDE, SIDE), np.nan, np.float32)},
        {"loss": np.full((PAIRS, SIDE, SIDE), -1, np.float32)},
        {"accuracy": np.full((PAIRS, SIDE, SIDE), 1.5, np.float32)},
        {"accuracy": np.full((PAIRS, SIDE, SIDE), np.nan, np.float32)},
        {"photos": 0},
        {"photos": 0.5},
        {"photos": [1]},
        {"precision": "**float32**"},
        {"weights": 1},
    ],
    ids=str,
)
def test_a_damaged_file_is_refused(make_run, change):
    run = make_run("one")
    found = vars(seen(SURFACES["bowl"], run.facts["sha256"]))
    with (run.path / landscape.FILE).open("wb") as file:
        np.savez_compressed(file, **found | change)
    with pytest.raises(RunError, match="damaged"):
        landscape.load(run)
