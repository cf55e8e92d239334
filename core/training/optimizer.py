"""Which parameters of a network learn, and how: in groups of one learning rate and one weight decay."""

import torch
from torch import nn

from core.models.layers import head_name, is_layer_weight, is_within
from core.settings.train_config import TrainConfig


def make_optimizer(model: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """Of what is not frozen. A group's `lr_factor` is its learning rate over that of the network's body."""
    groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
    head = head_name(model)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            factor = config.head_lr if is_within(name, head) else 1.0
            groups.setdefault((factor, is_layer_weight(name, parameter)), []).append(parameter)
    body_first = sorted(groups.items(), key=lambda group: (group[0][0] != 1, not group[0][1]))
    options = [
        {"params": parameters, "weight_decay": config.weight_decay if decayed else 0.0, "lr_factor": factor}
        for (factor, decayed), parameters in body_first
    ]
    if config.optimizer == "adamw":
        return torch.optim.AdamW(options, lr=config.lr, betas=(config.momentum, 0.999), fused=True)
    return torch.optim.SGD(options, lr=config.lr, momentum=config.momentum, nesterov=config.momentum > 0, fused=True)
