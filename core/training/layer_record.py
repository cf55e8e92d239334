"""What each layer receives in a training, and how far that moves it: of each step, and by epoch. Knows no loop."""

import math

import torch
from torch import Tensor, nn

from core.models.layers import is_layer_weight


class LayerRecord:
    """Of the layers that learn, first to last.

    layers, weights: the names of their weights, and these
    norms: (layers,), of the last step's gradients, before any clipping
    gradient_norms: by epoch, by layer, the mean of `norms` over the epoch's steps
    relative_steps: likewise, the mean of how far a step of SGD moves a layer, see `note_step`; None of other
        optimizers, and where some of the epochs were trained before this was recorded
    """

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, skipping: bool):
        """`optimizer`: of `make_optimizer`. `skipping`: no step is made with gradients that are not finite."""
        learned = {
            name: weights
            for name, weights in model.named_parameters()
            if weights.requires_grad and is_layer_weight(name, weights)
        }
        factors = {id(each): group["lr_factor"] for group in optimizer.param_groups for each in group["params"]}
        self.layers, self.weights = list(learned), list(learned.values())
        self.gradient_norms: list[list[float]] = []
        self.relative_steps: list[list[float]] | None = [] if type(optimizer) is torch.optim.SGD else None
        device = self.weights[0].device
        self.norms = torch.zeros(len(self.layers), device=device)
        self._factors = torch.tensor([factors[id(weights)] for weights in self.weights], device=device)
        self._norm_sums, self._step_sums = torch.zeros_like(self.norms), torch.zeros_like(self.norms)
        self._skipping = skipping

    def note_gradients(self) -> None:
        """As they came."""
        self.norms = self._lengths_of_gradients()
        self._norm_sums += self.norms

    def note_step(self, rate: float, clipped: bool) -> None:
        """Before a step is made at the learning `rate`; `clipped`: whether gradients may be other ones than those
        noted. It moves a layer, in sizes of its weights, by learning rate x norm of the gradient (clipped, where it is)
        / norm of the weights (You, Gitman and Ginsburg 2017, section 4); what momentum and weight decay add is left
        out. So is the first step of a layer that begins with zeros."""
        if self.relative_steps is None:
            return
        norms = self._lengths_of_gradients() if clipped else self.norms
        sizes = torch.stack([torch.linalg.vector_norm(weights.detach()) for weights in self.weights])
        steps = rate * self._factors * norms / sizes
        self._step_sums += steps.where(sizes != 0, 0)

    def _lengths_of_gradients(self) -> Tensor:
        norms = torch.stack([torch.linalg.vector_norm(weights.grad) for weights in self.weights])
        return norms.nan_to_num_(nan=0.0, posinf=0.0) if self._skipping else norms

    def end_epoch(self, steps: int) -> None:
        self.gradient_norms.append((self._norm_sums / steps).tolist())
        if self.relative_steps is not None:
            self.relative_steps.append((self._step_sums / steps).tolist())
        self._norm_sums.zero_()
        self._step_sums.zero_()

    def break_off(self, steps: int) -> None:
        """The training diverged after so many steps of an epoch: its gradients show where."""
        self.gradient_norms.append((self._norm_sums / steps).tolist())
        if self.relative_steps is not None:
            self.relative_steps.append([math.nan] * len(self.layers))

    def state(self) -> tuple[dict[str, Tensor], dict]:
        """(tensors, JSON values) for `load_state`."""
        return {"gradient_norm_sums": self._norm_sums, "relative_step_sums": self._step_sums}, {
            "gradient_norms": self.gradient_norms,
            "relative_steps": self.relative_steps,
        }

    def load_state(self, tensors: dict[str, Tensor], values: dict) -> None:
        self.gradient_norms = list(values["gradient_norms"])
        if self.relative_steps is not None:
            self.relative_steps = values.get("relative_steps")
        self._norm_sums.copy_(tensors["gradient_norm_sums"])
        if self.relative_steps is not None:
            self._step_sums.copy_(tensors["relative_step_sums"])
