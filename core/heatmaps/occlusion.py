"""Where a patch hurts: a check of heatmaps that needs no gradients (Zeiler and Fergus 2014, section 4.2)."""

from collections.abc import Callable

import numpy as np

GRAY = 128
PATCH_SHARE, STEP_SHARE = 1 / 4, 1 / 8  # of the picture's side


def importance(picture: np.ndarray, confidence: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """How much `confidence` falls, at each pixel the mean over the gray patches that cover it: float32 (s, s).

    `picture`: uint8 (s, s, 3); `confidence`: uint8 (n, s, s, 3) -> (n,), asked once, for all pictures together.
    Negative where a patch makes the network surer.
    """
    side = len(picture)
    patch, step = max(1, round(side * PATCH_SHARE)), max(1, round(side * STEP_SHARE))
    # Half a patch may lie outside, so that the rim is covered as often as the middle.
    starts = range(-(patch // 2), side - patch // 2 + 1, step)
    windows = [
        (slice(max(0, top), top + patch), slice(max(0, left), left + patch)) for top in starts for left in starts
    ]
    pictures = np.repeat(picture[None], len(windows) + 1, axis=0)
    for covered, window in zip(pictures, windows, strict=False):  # the last picture stays whole
        covered[window] = GRAY
    *covered, whole = confidence(pictures)
    falls, counts = np.zeros((side, side), np.float32), np.zeros((side, side), np.float32)
    for value, window in zip(covered, windows, strict=True):
        falls[window] += whole - value
        counts[window] += 1
    return falls / counts


def as_heatmap(falls: np.ndarray) -> np.ndarray:
    """`importance` from 0, where a patch does not hurt, to 1, where it hurts most: float32 (s, s)."""
    hurts = falls.clip(0)
    return hurts / hurts.max() if hurts.any() else hurts
