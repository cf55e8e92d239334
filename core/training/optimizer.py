"""Which parameters of a network learn, and how: in groups of one learning rate and one weight decay."""

from typing import Any

import torch
from torch import Tensor, nn

from core.models.layers import head_name, is_layer_weight, is_within
from core.settings.recipes import MUON_LR_FACTOR
from core.settings.train_config import TrainConfig

# Jordan takes 5, and his airbench94 for CIFAR-10 takes 3: singular values above a fiftieth of the matrix's norm then
# come to 0.7 to 1.2, smaller ones stay smaller.
MUON_ITERATIONS = 3
MUON_COEFFICIENTS = 3.4445, -4.7750, 2.0315  # Jordan's, of the polynomial x -> ax + bx^3 + cx^5


def make_optimizer(model: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """Of what is not frozen. A group's `lr_factor` is its learning rate over `config.lr`; `orthogonal`: see Muon."""
    groups: dict[tuple[float, bool, bool], list[nn.Parameter]] = {}
    head = head_name(model)
    inner = _inner_convolutions(model) if config.optimizer == "muon" else []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            factor = config.head_lr if is_within(name, head) else MUON_LR_FACTOR if name in inner else 1.0
            kind = factor, is_layer_weight(name, parameter), name in inner
            groups.setdefault(kind, []).append(parameter)
    in_order = sorted(groups.items(), key=lambda group: (group[0][0] != 1, not group[0][1]))
    options = [
        {
            "params": parameters,
            "weight_decay": config.weight_decay if decayed else 0.0,
            "lr_factor": factor,
            "orthogonal": orthogonal,
        }
        for (factor, decayed, orthogonal), parameters in in_order
    ]
    if config.optimizer == "muon":
        return Muon(options, lr=config.lr, momentum=config.momentum)
    if config.optimizer == "adamw":
        return torch.optim.AdamW(options, lr=config.lr, betas=(config.momentum, 0.999), fused=True)
    return torch.optim.SGD(options, lr=config.lr, momentum=config.momentum, nesterov=config.momentum > 0, fused=True)


def _inner_convolutions(model: nn.Module) -> list[str]:
    """The names of the weights of all convolutions but the first, whose inputs are three colors, and the last layer."""
    names = [name for name, parameter in model.named_parameters() if parameter.dim() == 4]
    return [name for name in names[1:] if not is_within(name, head_name(model))]


class Muon(torch.optim.SGD):
    """SGD with Nesterov momentum that makes the step of the weights in groups with `orthogonal` orthogonal (Jordan
    2024, "Muon: an optimizer for hidden layers in neural networks"). A convolution counts as a matrix, a row for each
    output channel; torch.optim.Muon takes matrices alone. Before the step these weights are scaled, as a whole, to the
    square root of their rows, as in Jordan's airbench94_muon.py: BatchNorm after them hides it, and equal steps turn
    them by equal angles. No weight decay."""

    def __init__(self, groups: list[dict[str, Any]], lr: float, momentum: float) -> None:
        for group in groups:
            if group["orthogonal"]:
                group |= {"momentum": 0.0, "weight_decay": 0.0}  # the gradients are averaged here
        super().__init__(groups, lr=lr, momentum=momentum, nesterov=momentum > 0)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weights in group["params"] if group["orthogonal"] else []:
                if weights.grad is not None:
                    weights.grad = self._orthogonal_step(weights, weights.grad)
                    weights.mul_(len(weights) ** 0.5 / torch.linalg.vector_norm(weights))
        super().step(closure)

    def _orthogonal_step(self, weights: Tensor, gradient: Tensor) -> Tensor:
        momentum = self.defaults["momentum"]
        average = self.state[weights].setdefault("momentum_buffer", torch.zeros_like(weights))
        average.mul_(momentum).add_(gradient)
        ahead = gradient.add(average, alpha=momentum)  # Nesterov's
        return orthogonalized(ahead.flatten(1)).view_as(weights)


def orthogonalized(matrix: Tensor) -> Tensor:
    """A float32 matrix (rows, columns) with the same singular vectors, and singular values near 1 but for the smallest.

    By the iteration of Newton and Schulz with Jordan's coefficients. What it does to x, it does by a polynomial of xx',
    which has few rows and columns; so these polynomials are multiplied, and `matrix` once at the end."""
    a, b, c = MUON_COEFFICIENTS
    unit = matrix / torch.linalg.matrix_norm(matrix).clamp(min=1e-30)
    square = unit @ unit.T
    identity = torch.eye(len(square), device=square.device)
    product = identity
    for _ in range(MUON_ITERATIONS):
        polynomial = a * identity + b * square + c * square @ square
        product = polynomial @ product
        square = polynomial @ square @ polynomial
    return product @ unit
