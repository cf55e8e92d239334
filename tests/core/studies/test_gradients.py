"""Gradient norms and steps, as autograd computes them."""

from dataclasses import replace

import numpy as np
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
from core.studies.gradients import at_end, at_initialization


@pytest.fixture(scope="module")
def batch(tiny_images) -> Images:
    return Images(tiny_images.pixels[:8], tiny_images.labels[:8])


def test_norms_are_those_of_a_backward_pass(batch):
    config = TrainConfig(depth=8, seed=3)
    model = build(config).train()
    pixels, labels = to_tensors(batch)
    torch.nn.functional.cross_entropy(model(family(config).preprocessing(pixels)), labels).backward()
    table = at_initialization(config, batch)
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
    table = gradients.with_steps(at_initialization(config, batch), 0.02)
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
    table = at_end(replace(two_epochs, facts=two_epochs.facts | {"best_epoch": epoch}))
    layers, norms = two_epochs.gradients()
    weights = two_epochs.load_model().state_dict()
    assert table["layer"].tolist() == layers
    assert table["norm"].tolist() == pytest.approx(norms[epoch - 1].tolist())
    assert table["size"].tolist() == pytest.approx([weights[name].norm().item() for name in layers])


@pytest.mark.parametrize("epoch", [None, 0, 3])
def test_an_end_that_is_not_known_is_not_told(two_epochs, epoch):
    with pytest.raises(RunError, match="not recorded"):
        at_end(replace(two_epochs, facts=two_epochs.facts | {"best_epoch": epoch}))


def test_an_end_has_the_layers_that_the_weights_have(make_run):
    run = make_run("mine")
    layers, norms = run.gradients()
    store.save_progress(run.path, run.history().to_dict("records"), ["other", *layers[1:]], norms)
    with pytest.raises(RunError, match="other layers"):
        at_end(run)


def typical(batch: Images, depth: int, skip: bool, norm: str) -> float:
    return at_initialization(TrainConfig(depth=depth, skip=skip, norm=norm), batch)["norm"].median()


def ratio(batch: Images, depth: int, skip: bool) -> float:
    norms = at_initialization(TrainConfig(depth=depth, skip=skip), batch)["norm"].to_numpy()
    return float(gradients.first_over_last(norms))


def test_what_the_page_says_of_deep_networks_before_training_is_so(batch):
    """Without BatchNorm the plain network's gradient vanishes and the ResNet's explodes; with it the plain network's
    grows towards the picture, and the ResNet's does not."""
    assert typical(batch, 56, False, "none") < 0.1 * typical(batch, 8, False, "none")
    assert typical(batch, 56, True, "none") > 100 * typical(batch, 8, True, "none")
    assert ratio(batch, 56, False) > 100
    assert 0.05 < ratio(batch, 56, True) < 20
