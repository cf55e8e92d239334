"""Where a network looked: class activation maps by pytorch-grad-cam, without its side effects, and pictures of them.

The library hooks into the model and reads gradients, so a model must not be used by another thread meanwhile:
`predictor.Predictor` holds the lock. torch and matplotlib are imported where they are used: a page may name the
methods.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageColor

from core.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Method:
    """`idea`: a line for a lay reader, with its source. `slow`: needs a pass through the network for each channel.
    `of_class`: whether the map depends on the class that it is asked for."""

    name: str
    idea: str
    slow: bool = False
    of_class: bool = True

    @property
    def bright(self) -> str:
        """Where its map is bright."""
        return "where the picture points to the class" if self.of_class else "where the network responds most"

    def caption(self, who: str, label: str) -> str:
        """For `who`'s map of the class `label`."""
        return f"Where {who} looked for “{label}”" if self.of_class else f"Where {who} responded most, to any class"


USUAL = "GradCAM"
# By the name of pytorch-grad-cam's class.
METHODS = {
    USUAL: Method("Grad-CAM", "Weighs each channel by its mean gradient (Selvaraju et al. 2017)."),
    "GradCAMPlusPlus": Method("Grad-CAM++", "Better with several objects in one picture (Chattopadhyay et al. 2018)."),
    "HiResCAM": Method("HiResCAM", "Weighs every cell by its own gradient (Draelos and Carin 2020)."),
    "XGradCAM": Method("XGrad-CAM", "Scales the gradients by how active a channel is (Fu et al. 2020)."),
    "EigenCAM": Method(
        "Eigen-CAM", "The strongest pattern, whatever the class (Muhammad and Yeasin 2020).", of_class=False
    ),
    "LayerCAM": Method("Layer-CAM", "Made for early, fine layers too (Jiang et al. 2021)."),
    "ScoreCAM": Method("Score-CAM", "No gradients: shows the network what each channel sees (Wang et al. 2020).", True),
    "AblationCAM": Method("Ablation-CAM", "No gradients: switches each channel off (Desai, Ramaswamy 2020).", True),
}


class Focus(NamedTuple):
    """Where a map is brightest: `down` and `along`, from 0 (top, left) to 1. `share`: the part of the picture, 0 to 1,
    on which half of its light falls."""

    down: float
    along: float
    share: float


def focus(heatmap: np.ndarray) -> Focus | None:
    """Of a map (h, w), none of it below 0; None where it marks nothing."""
    if not heatmap.any():
        return None
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    light = np.sort(heatmap, axis=None)[::-1].cumsum()
    half = int(np.searchsorted(light, light[-1] / 2)) + 1
    height, width = heatmap.shape
    return Focus((row + 0.5) / height, (column + 0.5) / width, half / heatmap.size)


def heatmap(model: "nn.Module", layer: "nn.Module", inputs: "Tensor", target: int, method: str = USUAL) -> np.ndarray:
    """Heatmap float32 (h, w), 0 to 1, of what in `inputs` (1, 3, h, w) speaks for class `target`, seen at `layer`.

    `method`: of METHODS. Needs `model` in eval mode with frozen parameters and leaves it so: no hooks, no gradients
    stay behind, also after an error. Raises ModelError for a class that the network does not have, and if the map is
    not finite.
    """
    import torch
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    cam = _cam_class(method)(model=model, target_layers=[layer], **_fresh_options(method))
    cam.compute_input_gradient = True  # so that gradients flow although the parameters are frozen
    try:
        with torch.enable_grad():
            # Not the library's `with`: that swallows an IndexError.
            found = cam(inputs, targets=[ClassifierOutputTarget(target)])[0]
    except IndexError:
        raise ModelError(f"The network has no class {target}.") from None
    finally:
        cam.activations_and_grads.release()
    if not np.isfinite(found).all():
        raise ModelError("The heatmap is not finite; the network's weights are damaged.")
    return found.astype(np.float32)


@functools.cache
def _cam_class(method: str) -> type:
    import pytorch_grad_cam

    if method != "EigenCAM":
        return getattr(pytorch_grad_cam, method)

    class EigenCAM(pytorch_grad_cam.EigenCAM):
        """The sign of its singular vector is arbitrary (jacobgil/pytorch-grad-cam#315): bright is to be where the
        channels respond more, in sum, as in the paper, whose activations have one sign."""

        def get_cam_image(self, input_tensor, target_layer, target_category, activations, *more):
            projection = super().get_cam_image(input_tensor, target_layer, target_category, activations, *more)
            response = activations.sum(axis=1)
            response -= response.mean(axis=(1, 2), keepdims=True)
            return projection * np.where((projection * response).sum(axis=(1, 2), keepdims=True) < 0, -1, 1)

    return EigenCAM


def _fresh_options(method: str) -> dict:
    """The library's default ablation layer is one object for all models: two threads would share it."""
    if method != "AblationCAM":
        return {}
    from pytorch_grad_cam.ablation_layer import AblationLayer

    return {"ablation_layer": AblationLayer()}


def overlay(picture: np.ndarray, heatmap: np.ndarray, strength: float = 0.5) -> np.ndarray:
    """`picture` uint8 (h, w, 3) under `heatmap` float (any size), 0 to 1, bright where it is high: uint8 (h, w, 3).

    `strength` 0 shows the picture alone, 1 the heatmap alone.
    """
    # Not the library's `show_cam_on_image`, which makes the brightest pixel of every picture white.
    levels = (255 * _resized_to(heatmap, picture).clip(0, 1)).round().astype(np.uint8)
    return (strength * _inferno()[levels] + (1 - strength) * picture).round().astype(np.uint8)


@functools.cache
def _inferno() -> np.ndarray:
    """Float32 (256, 3), 0 to 255, from nearly black to light yellow."""
    import matplotlib

    return (255 * matplotlib.colormaps["inferno"](np.arange(256))[:, :3]).astype(np.float32)


def overlay_difference(
    picture: np.ndarray, heatmap_a: np.ndarray, heatmap_b: np.ndarray, colors: Sequence[str]
) -> np.ndarray:
    """`picture` uint8 (h, w, 3) in gray, in the first of `colors` where A's map is higher and in the second where B's
    is: uint8."""
    difference = _resized_to(heatmap_a - heatmap_b, picture)[..., None].clip(-1, 1)
    gray = picture.mean(axis=2, keepdims=True).repeat(3, axis=2)
    a, b = (np.array(ImageColor.getrgb(color), np.float32) for color in colors)
    color = np.where(difference > 0, a, b)
    share = np.abs(difference)
    return (share * color + (1 - share) * gray).round().astype(np.uint8)


def resized(heatmap: np.ndarray, size: tuple[int, int], how: Image.Resampling = Image.Resampling.BOX) -> np.ndarray:
    """Float32 (height, width) for `size` (width, height). BOX, the default, makes it smaller by means over areas."""
    return np.asarray(Image.fromarray(np.float32(heatmap)).resize(size, how))


def _resized_to(heatmap: np.ndarray, picture: np.ndarray) -> np.ndarray:
    return resized(heatmap, picture.shape[1::-1], Image.Resampling.BICUBIC)
