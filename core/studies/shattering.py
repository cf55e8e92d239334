"""How alike the gradients of almost equal pictures are in an untrained network: of a photo, and of it with a little of
another mixed in.

After Balduzzi et al. 2017, "The shattered gradients problem" (arXiv 1702.08591), who find that from point to point on a
line the gradient of a deep plain network is like white noise, and that of a ResNet like a walk. Theirs are networks of
one input; here the line leads from a photo toward another, and the gradient is that of the loss with respect to the
picture: the message that has passed all layers.
"""

import pandas as pd
import torch
from torch.nn import functional as F

from core.analysis.gradients import MIXED
from core.data.batches import to_tensors
from core.data.cifar10 import SIZE, Images
from core.models.batchnorm import reestimate_statistics
from core.models.registry import build, family
from core.settings.train_config import TrainConfig

POINTS = 21
PIXEL = (1, SIZE // 2, SIZE // 2)  # the green of one in the middle


def interpolate(config: TrainConfig, photos: Images) -> pd.DataFrame:
    """From the first of the `photos` toward the second, in steps of MIXED, through the untrained network of `config`.

    A row a picture: mixed, the share of the second photo (from 0); pixel, the gradient's PIXEL, in units of the root
    mean square of all; and alike: the mean cosine of the gradients of two pictures that are so far apart (1: they point
    the same way, 0: they have nothing in common). BatchNorm learns its statistics from all photos and keeps them, so
    that each picture's gradient is its own.
    """
    model = build(config).to(memory_format=torch.channels_last).requires_grad_(False)  # type: ignore[call-overload]
    pixels, labels = to_tensors(photos)
    inputs = family(config).preprocessing(pixels)
    reestimate_statistics(model, inputs)
    mixed = torch.arange(POINTS) * MIXED
    line = torch.lerp(inputs[0], inputs[1], mixed[:, None, None, None]).requires_grad_()
    loss = F.cross_entropy(model(line), labels[:1].expand(POINTS), reduction="sum")
    (gradients,) = torch.autograd.grad(loss, line)
    directions = F.normalize(gradients.flatten(1))
    cosines = directions @ directions.T
    alike = [cosines.diagonal(apart).mean().item() for apart in range(POINTS)]
    pixel = gradients[:, *PIXEL] / gradients.square().mean().sqrt()
    return pd.DataFrame({"mixed": mixed.numpy(), "pixel": pixel.numpy(), "alike": alike})
