"""The gradients on the way from a photo to another: each picture's own, and less alike where networks are deeper."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from core.analysis.gradients import MIXED
from core.data.batches import to_tensors
from core.data.cifar10 import Images
from core.models.registry import build, family
from core.settings.train_config import TrainConfig
from core.studies.shattering import PIXEL, POINTS, interpolate


@pytest.fixture(scope="module")
def photos(tiny_images) -> Images:
    return Images(tiny_images.pixels[:16], tiny_images.labels[:16])


def gradient_of(config: TrainConfig, photos: Images, share: float) -> torch.Tensor:
    """Of one picture, by itself."""
    model, (pixels, labels) = build(config), to_tensors(photos)
    inputs = family(config).preprocessing(pixels)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    model.train()(inputs)
    picture = ((1 - share) * inputs[:1] + share * inputs[1:2]).requires_grad_()
    F.cross_entropy(model.eval()(picture), labels[:1]).backward()
    return picture.grad[0]


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_a_walk_holds_the_gradient_of_each_picture(photos, norm):
    config = TrainConfig(depth=8, norm=norm)
    table = interpolate(config, photos)
    gradients = [gradient_of(config, photos, i * MIXED) for i in range(POINTS)]
    typical = np.sqrt(np.mean([gradient.square().mean().item() for gradient in gradients]))
    pixel = [gradient[PIXEL].item() / typical for gradient in gradients]
    np.testing.assert_allclose(table["pixel"], pixel, rtol=1e-3, atol=1e-3)
    apart = 5
    pairs = zip(gradients, gradients[apart:], strict=False)
    cosines = [F.cosine_similarity(one.flatten(), other.flatten(), dim=0).item() for one, other in pairs]
    assert table["alike"][apart] == pytest.approx(np.mean(cosines), abs=1e-3)
    assert table["alike"][0] == pytest.approx(1)
    assert table["mixed"].iloc[-1] == pytest.approx(0.1)


def test_what_the_page_says_of_almost_equal_pictures_is_so(photos):
    def alike(depth: int, skip: bool) -> float:
        return interpolate(TrainConfig(depth=depth, skip=skip), photos)["alike"][2]

    assert alike(32, False) < 0.5 * alike(8, False)
    assert alike(32, False) < 0.5 * alike(32, True)
