"""Muon: orthogonal steps for convolutions, SGD for the rest."""

import pytest
import torch

from core.models.registry import build
from core.settings.train_config import TrainConfig
from core.training.optimizer import Muon, make_optimizer, orthogonalized


@pytest.mark.parametrize(("rows", "columns"), [(16, 144), (64, 576), (64, 16)])
def test_singular_vectors_stay_and_values_come_near_one(rows, columns):
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(0))
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    stretched = left.T @ orthogonalized(1000 * matrix) @ right.T
    sizes = stretched.diag()
    assert (stretched - sizes.diag()).abs().max() < 1e-3
    assert sizes.max() < 1.25
    assert sizes.median() > 0.6


def test_no_gradient_makes_no_step():
    assert not orthogonalized(torch.zeros(4, 9)).any()


@pytest.fixture
def small():
    """A network of 8 layers and its optimizer."""
    config = TrainConfig(depth=8, optimizer="muon", lr=0.2, momentum=0.5, weight_decay=0.0)
    torch.manual_seed(0)
    model = build(config)
    return model, make_optimizer(model, config)


def test_all_convolutions_but_the_first_take_orthogonal_steps(small):
    model, optimizer = small
    assert type(optimizer) is Muon
    names = {id(weights): name for name, weights in model.named_parameters()}
    muons = [names[id(each)] for group in optimizer.param_groups if group["orthogonal"] for each in group["params"]]
    convolutions = [name for name, weights in model.named_parameters() if weights.dim() == 4]
    assert muons == convolutions[1:]
    assert {group["lr_factor"] for group in optimizer.param_groups if group["orthogonal"]} == {0.1}
    assert {group["lr_factor"] for group in optimizer.param_groups if not group["orthogonal"]} == {1.0}


def step(model, optimizer, gradients):
    before = {name: weights.detach().clone() for name, weights in model.named_parameters()}
    for name, weights in model.named_parameters():
        weights.grad = gradients[name].clone()
    optimizer.step()
    return {name: before[name] - weights.detach() for name, weights in model.named_parameters()}


def test_two_steps_are_those_of_the_formula(small):
    """The second is the orthogonal part of g2 + m(g2 + m g1), m = 0.5, from weights whose rows have a mean length of 1;
    the rest's is that of SGD."""
    model, optimizer = small
    draw = torch.Generator().manual_seed(1)
    inner = [name for name, weights in model.named_parameters() if weights.dim() == 4][1:]
    first, second = (
        {name: torch.randn(weights.shape, generator=draw) for name, weights in model.named_parameters()}
        for _ in range(2)
    )
    step(model, optimizer, first)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if name in inner:
                weights.mul_(len(weights) ** 0.5 / weights.norm())
    moved = step(model, optimizer, second)
    ahead = {name: second[name] + 0.5 * (second[name] + 0.5 * first[name]) for name in second}
    for name, gradient in ahead.items():
        expected = orthogonalized(gradient.flatten(1)).view_as(gradient) if name in inner else gradient
        assert torch.allclose(moved[name], 0.2 * expected, rtol=1e-3, atol=1e-5), name


def test_the_answers_do_not_change_by_the_length_of_the_weights(small):
    """With no gradient a step sets the lengths alone."""
    model, optimizer = small
    pixels = torch.randn(16, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    before = model(pixels)
    moved = step(model, optimizer, {name: torch.zeros_like(weights) for name, weights in model.named_parameters()})
    assert torch.allclose(model(pixels), before, atol=1e-3)
    assert moved["layer1.0.conv1.weight"].abs().max() > 0.01
    assert float(model.layer1[0].conv1.weight.detach().norm()) == pytest.approx(16**0.5, rel=1e-5)
