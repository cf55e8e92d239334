"""Where a network looked: Grad-CAM (Selvaraju et al. 2017, section 3) by pytorch-grad-cam, without its side effects.

The library hooks into the model and reads gradients, so a model must not be used by another thread meanwhile:
`classifier.Classifier` holds the lock.
"""

import numpy as np
import torch
from torch import Tensor, nn


def grad_cam(model: nn.Module, layer: nn.Module, inputs: Tensor, target: int) -> np.ndarray:
    """Heatmap float32 (h, w), 0 to 1, of what in `inputs` (1, 3, h, w) speaks for class `target`, seen at `layer`.

    Needs `model` in eval mode with frozen parameters and leaves it so: no hooks, no gradients stay behind, also after
    an error. Raises ValueError for a class that the network does not have, ArithmeticError if the map is not finite.
    """
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    cam = GradCAM(model=model, target_layers=[layer])
    cam.compute_input_gradient = True  # so that gradients flow although the parameters are frozen
    try:
        with torch.enable_grad():
            # Not the library's `with`: that swallows an IndexError.
            heatmap = cam(inputs, targets=[ClassifierOutputTarget(target)])[0]
    except IndexError:
        raise ValueError(f"The network has no class {target}.") from None
    finally:
        cam.activations_and_grads.release()
    if not np.isfinite(heatmap).all():
        raise ArithmeticError("The heatmap is not finite; the network's weights are damaged.")
    return heatmap.astype(np.float32)


def overlay(picture: np.ndarray, heatmap: np.ndarray, strength: float = 0.5) -> np.ndarray:
    """`picture` uint8 (h, w, 3) under `heatmap` float (any size), 0 to 1, bright where it is high: uint8 (h, w, 3).

    `strength` 0 shows the picture alone, 1 the heatmap alone.
    """
    import cv2
    from pytorch_grad_cam.utils.image import show_cam_on_image

    height, width = picture.shape[:2]
    mask = cv2.resize(heatmap, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    as_floats = picture.astype(np.float32) / 255
    return show_cam_on_image(
        as_floats, mask, use_rgb=True, colormap=cv2.COLORMAP_INFERNO, image_weight=min(1 - strength, 1.0)
    )
