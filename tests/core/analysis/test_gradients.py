"""Gradient norms: computed at initialization as autograd computes them, and what a run's record says."""

import numpy as np
import pytest
import torch

from core.analysis import gradients
from core.config import TrainConfig
from core.data.batches import to_tensors
from core.data.cifar10 import Images
from core.models.registry import build, family


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
    ("first", "last", "words"),
    [
        (1.0, 38.2, "1/38 of the last layer's gradient"),
        (1831.0, 1.0, "1,800 times the last layer's gradient"),
        (2.34, 1.0, "2.3 times the last layer's gradient"),
        (3.14e6, 1.0, "3.1 million times the last layer's gradient"),
        (3.14e8, 1.0, "310 million times the last layer's gradient"),
        (3.14e12, 1.0, "more than a billion times the last layer's gradient"),
        (1e-11, 1.0, "less than a billionth of the last layer's gradient"),
        (1.1, 1.0, "about as much gradient as the last layer (within a factor of 2)"),
        (0.6, 1.0, "about as much gradient as the last layer (within a factor of 2)"),
        (0.0, 1.0, "practically no gradient"),
        (0.0, 1e-15, "practically no gradient, like the last layer"),
        (1.0, 0.0, "a gradient, where the last layer receives practically none"),
        (np.nan, 1.0, "no gradient that can be compared with the last layer's"),
        (1.0, np.inf, "no gradient that can be compared with the last layer's"),
    ],
)
def test_first_in_words(first, last, words):
    assert gradients.first_in_words(np.array([first, 7.0, last])) == words


@pytest.mark.parametrize(
    ("typical", "other", "words"),
    [
        (1.0, 38.2, "1/38 of what one receives in B"),
        (1.0, 1.5, "about as much as one receives in B"),
        (0.0, 1.0, "practically no gradient, unlike one in B"),
        (0.0, 1e-15, "practically no gradient, like one in B"),
        (1.0, 0.0, "a gradient, where one in B receives practically none"),
        (np.nan, 1.0, ""),
        (1.0, np.inf, ""),
    ],
)
def test_typical_in_words(typical, other, words):
    assert gradients.typical_in_words(np.full(3, typical), np.array([other, other, 0]), "in B") == words
