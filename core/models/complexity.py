"""What a network costs: its parameters and its multiply-adds."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from core.models.modes import evaluating


def count_parameters(model: nn.Module) -> int:
    """Numbers that are learned, frozen ones too; BatchNorm's statistics are none."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_multiply_adds(model: nn.Module, size: int) -> int:
    """Multiply-adds of one forward pass on one `size` x `size` image: convolutions, linear layers and attention."""
    from torch.utils.flop_counter import FlopCounterMode

    # In eval mode BatchNorm's running statistics stay as they are, and no other process is asked for its own.
    with evaluating(model), torch.no_grad(), _attention_by_products(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 3, size, size, device=next(model.parameters()).device))
    return counter.get_total_flops() // 2


def described(architecture: str, model: nn.Module, size: int) -> dict:
    """What a run's facts say of its network, as JSON values."""
    return {
        "name": architecture,
        "parameters": count_parameters(model),
        "multiply_adds": count_multiply_adds(model, size),
        "input_size": size,
    }


@contextmanager
def _attention_by_products() -> Iterator[None]:
    """Attention as matrix products, which PyTorch's counter sees; it overlooks the fused kernels of CPUs."""
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
