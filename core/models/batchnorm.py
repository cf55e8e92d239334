"""BatchNorm in a network that learns no more: made part of the convolutions, or with other statistics than those of its
training."""

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from core.models.cifar import CifarNet
from core.models.layers import freeze


def fold_batchnorm(model: CifarNet) -> CifarNet:
    """`model`, changed: each BatchNorm is made part of the convolution before it. The same answers, in less time."""
    for part in model.modules():
        for number in (1, 2):
            conv, norm = getattr(part, f"conv{number}", None), getattr(part, f"bn{number}", None)
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(part, f"conv{number}", fuse_conv_bn_eval(conv, norm))
                setattr(part, f"bn{number}", nn.Identity())
    return model


def use_batch_statistics(model: nn.Module, frozen: str) -> None:
    """Have the BatchNorm layers of `model` use the statistics of what they are shown, except those in the `frozen` part
    (a config's `freeze`), which kept to theirs in the training too."""
    apart = set(freeze(model.eval(), frozen))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d) and module not in apart:
            module.track_running_stats, module.running_mean, module.running_var = False, None, None


def reestimate_statistics(model: nn.Module, inputs: Tensor) -> None:
    """Give the BatchNorm layers of `model` the statistics of these inputs, as one batch; it is then in eval mode."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # its running statistics are then the mean over all batches: over one
    with torch.inference_mode():
        model.train()(inputs)
    model.eval()
