"""Gradient norms and steps: computed at initialization as autograd computes them, and what a run's record says."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from core.analysis import gradients
from core.data.batches import to_tensors
from core.data.cifar10 import Images
from core.errors import RunError
from core.models.registry import build, family
from core.runs import store
from core.runs.run import Run
from core.settings.train_config import TrainConfig


@pytest.fixture(scope="module")
def batch(tiny_images) -> Images:
    return Images(tiny_images.pixels[:8], tiny_images.labels[:8])


def test_norms_are_those_of_a_backward_pass(batch):
    config = TrainConfig(depth=8, seed=3)
    model = build(config).train()
    pixels, labels = to_tensors(batch)
    torch.nn.functional.cross_entropy(model(family(config).preprocessing(pixels)), labels).backward()
    table = gradients.at_initialization(config, batch)
    expected = {name: value.grad.norm().item() for name, value in model.named_parameters() if value.dim() > 1}
    assert dict(zip(table["layer"], table["norm"], strict=True)) == pytest.approx(expected, rel=1e-4)
    assert table["number"].tolist() == list(range(1, 9))
    assert not table["broken"].any()


def test_a_step_is_what_gradient_descent_does_to_a_layer(batch):
    config = TrainConfig(depth=8)
    model = build(config).train()
    pixels, labels = to_tensors(batch)
    weights = [value for value in model.parameters() if value.dim() > 1]
    before = [value.detach().clone() for value in weights]
    torch.nn.functional.cross_entropy(model(family(config).preprocessing(pixels)), labels).backward()
    torch.optim.SGD(weights, lr=0.02).step()
    moved = [((new - old).norm() / old.norm()).item() for new, old in zip(weights, before, strict=True)]
    table = gradients.with_steps(gradients.at_initialization(config, batch), 0.02)
    assert table["step"].tolist() == pytest.approx(moved, rel=1e-3)


@pytest.fixture
def two_epochs(make_run) -> Run:
    """A run whose record has two epochs, with twice as much gradient in the second."""
    run = make_run("mine")
    layers, norms = run.gradients()
    store.save_progress(run.path, run.history().to_dict("records"), layers, np.concatenate([norms, 2 * norms]))
    return run


@pytest.mark.parametrize("epoch", [1, 2])
def test_at_the_end_it_is_the_epoch_and_the_weights_that_were_kept(two_epochs, epoch):
    table = gradients.at_end(replace(two_epochs, facts=two_epochs.facts | {"best_epoch": epoch}))
    layers, norms = two_epochs.gradients()
    weights = two_epochs.load_model().state_dict()
    assert table["layer"].tolist() == layers
    assert table["norm"].tolist() == pytest.approx(norms[epoch - 1].tolist())
    assert table["size"].tolist() == pytest.approx([weights[name].norm().item() for name in layers])


@pytest.mark.parametrize("epoch", [None, 0, 3])
def test_an_end_that_is_not_known_is_not_told(two_epochs, epoch):
    with pytest.raises(RunError, match="not recorded"):
        gradients.at_end(replace(two_epochs, facts=two_epochs.facts | {"best_epoch": epoch}))


def test_an_end_has_the_layers_that_the_weights_have(make_run):
    run = make_run("mine")
    layers, norms = run.gradients()
    store.save_progress(run.path, run.history().to_dict("records"), ["other", *layers[1:]], norms)
    with pytest.raises(RunError, match="other layers"):
        gradients.at_end(run)


def typical(batch: Images, depth: int, skip: bool, norm: str) -> float:
    return gradients.at_initialization(TrainConfig(depth=depth, skip=skip, norm=norm), batch)["norm"].median()


def ratio(batch: Images, depth: int, skip: bool) -> float:
    norms = gradients.at_initialization(TrainConfig(depth=depth, skip=skip), batch)["norm"].to_numpy()
    return float(gradients.first_over_last(norms))


def test_what_the_page_says_of_deep_networks_before_training_is_so(batch):
    """Without BatchNorm the plain network's gradient vanishes and the ResNet's explodes; with it the plain network's
    grows towards the picture, and the ResNet's does not."""
    assert typical(batch, 56, False, "none") < 0.1 * typical(batch, 8, False, "none")
    assert typical(batch, 56, True, "none") > 100 * typical(batch, 8, True, "none")
    assert ratio(batch, 56, False) > 100
    assert 0.05 < ratio(batch, 56, True) < 20


def test_by_epoch_has_every_layer_of_every_epoch():
    norms = np.array([[1.0, 2.0, 3.0], [4.0, np.nan, np.inf]])
    table = gradients.by_epoch(["a", "b", "c"], norms)
    assert len(table) == 6
    rows = table.set_index(["epoch", "number"])
    assert rows.loc[(1, 2), "norm"] == 2
    assert rows.loc[(2, 1), "layer"] == "a"
    assert rows["broken"].tolist() == [False, False, False, False, True, True]
    assert np.isfinite(table["norm"]).all()
    assert (table["norm"] > 0).all()


def test_breakdown_is_the_first_value_that_is_not_finite():
    norms = np.ones((3, 4))
    assert gradients.breakdown(norms) is None
    norms[2, 0] = norms[1, 0] = norms[1, 2] = np.inf  # on its way back from the answer it is at layer 3 first
    assert gradients.breakdown(norms) == gradients.Breakdown(epoch=2, layer=3)


def test_first_over_last_where_it_means_something():
    norms = np.array([[1.0, 9.0, 4.0], [np.nan, 1.0, 1.0], [1.0, 1.0, 1e-13], [2.0, np.nan, 1.0], [1e-20, 1.0, 1.0]])
    np.testing.assert_equal(gradients.first_over_last(norms), [0.25, np.nan, np.nan, 2.0, 0.0])


@pytest.mark.parametrize(
    ("first", "epoch"),
    [([1, 1, 1], None), ([1, 0, 1e-15], 2), ([0, 1, 0], 3), ([0, 0, 0], 1), ([0, 1, 1], None), ([0, 0, np.nan], None)],
)
def test_a_first_layer_is_starved_from_where_it_never_again_receives_anything(first, epoch):
    assert gradients.starved_from(np.array([first, [1, 1, 1]], dtype=float).T) == epoch


@pytest.mark.parametrize(
    ("norm", "reference", "flags"),
    [
        (1.0, 38.2, set()),
        (1831.0, 1.0, set()),
        (1.9, 1.0, {"about_equal"}),
        (2.0, 1.0, set()),
        (0.6, 1.0, {"about_equal"}),
        (0.5, 1.0, set()),
        (0.0, 1.0, {"nothing"}),
        (1e-12, 1.0, {"nothing"}),
        (1.0, 1e-15, {"of_nothing"}),
        (0.0, 1e-15, {"nothing", "of_nothing"}),
    ],
)
def test_a_ratio_knows_what_it_means(norm, reference, flags):
    ratio = gradients.Ratio(norm, reference)
    assert ratio.finite
    assert {name for name in ("nothing", "of_nothing") if getattr(ratio, name)} == flags - {"about_equal"}
    if not ratio.of_nothing:
        assert ratio.value == norm / reference
        assert ratio.about_equal == ("about_equal" in flags)


@pytest.mark.parametrize(("norm", "reference"), [(np.nan, 1.0), (1.0, np.inf), (np.nan, np.nan)])
def test_a_ratio_of_no_numbers_is_not_finite(norm, reference):
    assert not gradients.Ratio(norm, reference).finite


def test_ratios_of_layers():
    norms = np.array([2.0, 7.0, 4.0])
    assert gradients.first_by_last(norms) == gradients.Ratio(2.0, 4.0)
    assert gradients.typical_by_typical(norms, np.array([8.0, 1.0, 9.0])) == gradients.Ratio(4.0, 8.0)
    assert not gradients.typical_by_typical(np.array([np.nan, 1.0, 1.0]), norms).finite


@pytest.mark.parametrize(("curve", "times"), [([1, 2, 5], 0), ([1, 2, 1, 3], 2), ([3, 1, 1, 2], 0), ([0, 1, 0], 1)])
def test_how_often_a_curve_turns_round(curve, times):
    assert gradients.turns(np.array(curve, dtype=float)) == times


@pytest.mark.parametrize(("most", "even"), [(0.0099, True), (0.01, False)])
def test_layers_move_evenly_within_a_factor_of_ten(most, even):
    table = pd.DataFrame({"step": [0.001, most, 1e-12], "broken": [False, False, True]})
    lengths = gradients.step_lengths(table)
    assert np.isnan(lengths).tolist() == [False, False, True]
    assert gradients.are_even(lengths) is even
