"""Which parameters of a network learn, and how: in groups of one learning rate and one weight decay."""

import torch
from torch import nn

from core.models.layers import head_name, is_layer_weight, is_within
from core.settings.recipes import MUON_LR_FACTOR
from core.settings.train_config import TrainConfig
from core.training.muon import Muon


def make_optimizer(model: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """Of what is not frozen. A group's `lr_factor` is its learning rate over `config.lr`."""
    groups: dict[tuple[float, bool, bool], list[nn.Parameter]] = {}
    head = head_name(model)
    orthogonal = _inner_convolutions(model) if config.optimizer == "muon" else []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            factor = config.head_lr if is_within(name, head) else MUON_LR_FACTOR if name in orthogonal else 1.0
            kind = factor, is_layer_weight(name, parameter), name in orthogonal
            groups.setdefault(kind, []).append(parameter)
    body_first = sorted(groups.items(), key=lambda group: (group[0][0] != 1, not group[0][1]))
    options = [
        {"params": parameters, "weight_decay": config.weight_decay if decayed else 0.0, "lr_factor": factor}
        | ({"orthogonal": True} if is_orthogonal else {})
        for (factor, decayed, is_orthogonal), parameters in body_first
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
