"""The corruptions of CIFAR-10-C: what weather, lenses, sensors and files do to photos, at five strengths. No torch.

Hendrycks and Dietterich 2019, "Benchmarking neural network robustness to common corruptions and perturbations" (arXiv
1903.12261). Steps and parameters are those of the authors' make_cifar_c.py, written anew for NumPy, SciPy and Pillow;
of their 15 kinds one is left out, frost, which needs photographs of ice. Where their code does something else than it
seems to mean, this does as their code, since their pictures were made by it. What differs: the random draws; and motion
blur and interpolation, which are computed as ImageMagick and OpenCV do, but not by them, so a pixel may be a shade off.

The lab's own ways to spoil a picture, by any amount and at any size, are in `distortions`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
import scipy  # whose parts load when they are first used: the first page needs none
from PIL import Image

from core.data.cifar10 import SIZE

STRENGTHS = (1, 2, 3, 4, 5)
LEFT_OUT = "frost"
_LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue are

Random = np.random.Generator


@dataclass(frozen=True)
class Corruption:
    """`label`: for lay readers; `amounts`: the published parameters of `apply`, by strength. `apply` gets uint8
    (32, 32, 3), an amount and where to draw from, and gives values of 0 to 255, or somewhat beyond."""

    label: str
    apply: Callable[[np.ndarray, Any, Random], np.ndarray]
    amounts: tuple


def corrupt(picture: np.ndarray, kind: str, strength: int, seed: int) -> np.ndarray:
    """`picture` uint8 (32, 32, 3) spoiled in the way `kind` of CORRUPTIONS, by one of STRENGTHS: uint8 (32, 32, 3).

    What is random in it follows from the `seed` alone, so that one strength differs from the next by its amount. As in
    the published set, what lies between two shades becomes the darker one.
    """
    corruption = CORRUPTIONS[kind]
    spoiled = corruption.apply(picture, corruption.amounts[strength - 1], np.random.default_rng(seed))
    return spoiled.clip(0, 255).astype(np.uint8)


def _gaussian_noise(picture: np.ndarray, deviation: float, draw: Random) -> np.ndarray:
    return picture + 255 * draw.normal(scale=deviation, size=picture.shape)


def _shot_noise(picture: np.ndarray, photons: int, draw: Random) -> np.ndarray:
    return 255 * draw.poisson(picture / 255 * photons) / photons


def _impulse_noise(picture: np.ndarray, share: float, draw: Random) -> np.ndarray:
    hit, white = (draw.random(picture.shape) < part for part in (share, 0.5))
    return np.where(hit, np.where(white, 255, 0), picture)


def _defocus_blur(picture: np.ndarray, disk: tuple[float, float], draw: Random) -> np.ndarray:
    radius, softness = disk
    rows, columns = np.mgrid[-3:4, -3:4]
    inside = (rows**2 + columns**2 <= radius**2).astype(float)
    soft = np.exp(-(np.arange(-1, 2) ** 2) / (2 * softness**2))
    kernel = scipy.ndimage.correlate(inside / inside.sum(), np.outer(soft, soft) / soft.sum() ** 2, mode="constant")
    return scipy.ndimage.correlate(picture.astype(float), kernel[..., None], mode="mirror")


def _glass_blur(picture: np.ndarray, glass: tuple[float, int], draw: Random) -> np.ndarray:
    """Each pixel takes the color of a neighbor above or to the left, or keeps its own. (The published code means to
    swap the two; as its arrays are views, it copies.)"""
    deviation, rounds = glass
    shuffled = (255 * _smoothed(picture / 255, deviation)).astype(np.uint8)
    rows, columns = np.mgrid[2:SIZE, 2:SIZE]
    for _ in range(rounds):
        up, left = draw.integers(0, 2, (2, *rows.shape))
        shuffled[2:, 2:] = shuffled[rows - up, columns - left]
    return 255 * _smoothed(shuffled / 255, deviation)


def _smoothed(picture: np.ndarray, deviation: float) -> np.ndarray:
    return scipy.ndimage.gaussian_filter(picture, (deviation, deviation, 0), mode="nearest")


def _motion_blur(picture: np.ndarray, motion: tuple[float, float], draw: Random) -> np.ndarray:
    return _smeared(picture, *motion, degrees=draw.uniform(-45, 45))


def _smeared(picture: np.ndarray, radius: float, deviation: float, degrees: float) -> np.ndarray:
    """`picture` (32, 32, channels), 0 to 255, along a line that begins at each pixel: ImageMagick's MotionBlurImage.
    Beyond the edge lies the pixel nearest to it."""
    steps = np.arange(2 * int(np.ceil(radius)) + 1)
    weights = np.exp(-(steps**2) / (2 * deviation**2))
    angle = np.radians(degrees)
    rows, columns = (
        (np.arange(SIZE)[:, None] + np.ceil(steps * way - 0.5).astype(int)).clip(0, SIZE - 1)
        for way in (np.sin(angle), np.cos(angle))
    )
    along = picture[rows[:, None], columns[None]]  # (32, 32, steps, channels)
    return np.einsum("hwsc,s->hwc", along, weights / weights.sum()).round()


def _zoom_blur(picture: np.ndarray, end: float, draw: Random) -> np.ndarray:
    factors = np.arange(1, end, 0.01)
    zoomed = [_zoomed(picture, factor) for factor in factors]
    return (picture + sum(zoomed)) / (len(factors) + 1)


def _zoomed(picture: np.ndarray, factor: float) -> np.ndarray:
    """The middle of `picture` (32, 32, channels), as large as all of it was."""
    lens = _lens(factor)
    return np.moveaxis(lens @ np.moveaxis(picture, 2, 0) @ lens.T, 0, 2)


@cache
def _lens(factor: float) -> np.ndarray:
    """Float (32, 32): makes of rows, or columns, those of the enlarged middle."""
    side = int(np.ceil(SIZE / factor))
    start = (SIZE - side) // 2
    larger = scipy.ndimage.zoom(np.eye(SIZE)[start : start + side], (factor, 1), order=1)
    trim = (len(larger) - SIZE) // 2
    return larger[trim : trim + SIZE]


def _snow(picture: np.ndarray, snow: tuple[float, ...], draw: Random) -> np.ndarray:
    mean, deviation, size, threshold, length, smear, kept = snow
    flakes = _zoomed(draw.normal(mean, deviation, (SIZE, SIZE, 1)), size).clip(0, 1)
    flakes[flakes < threshold] = 0
    falling = _smeared((255 * flakes).astype(np.uint8), length, smear, degrees=draw.uniform(-135, -45))
    whitened = np.maximum(picture, (picture @ _LUMA * 1.5 + 127.5)[..., None])
    return kept * picture + (1 - kept) * whitened + falling + np.rot90(falling, 2)


def _fog(picture: np.ndarray, fog: tuple[float, float], draw: Random) -> np.ndarray:
    amount, decay = fog
    brightest = picture.max() / 255
    foggy = picture + 255 * amount * _clouds(decay, draw)[..., None]
    return foggy * brightest / (brightest + amount)


def _clouds(decay: float, draw: Random) -> np.ndarray:
    """Float (32, 32), 0 to 1: heights by the diamond-square algorithm, rougher the smaller `decay` is."""
    heights, step, wibble = np.zeros((SIZE, SIZE)), SIZE, 100.0

    def uneven(total: np.ndarray) -> np.ndarray:
        """The mean of four neighbors, more or less."""
        return total / 4 + wibble * draw.uniform(-wibble, wibble, total.shape)

    while step > 1:
        half = step // 2
        corners = heights[::step, ::step]
        columns, rows = (corners + np.roll(corners, -1, axis=axis) for axis in (0, 1))
        centers = heights[half::step, half::step] = uneven(columns + np.roll(columns, -1, axis=1))
        # For both kinds of edges the corners of a row: in the second, so it stands in the published code.
        heights[::step, half::step] = uneven(centers + np.roll(centers, 1, axis=0) + rows)
        heights[half::step, ::step] = uneven(centers + np.roll(centers, 1, axis=1) + rows)
        step, wibble = half, wibble / decay
    heights -= heights.min()
    return heights / heights.max()


def _brightness(picture: np.ndarray, more: float, draw: Random) -> np.ndarray:
    """More of V in HSV: all three colors grow by one factor; black becomes gray."""
    value = picture.max(axis=2, keepdims=True) / 255
    brighter = (value + more).clip(0, 1)
    return np.where(value > 0, picture * brighter / np.maximum(value, 1 / 255), 255 * brighter)


def _contrast(picture: np.ndarray, kept: float, draw: Random) -> np.ndarray:
    mean = picture.mean(axis=(0, 1))
    return mean + kept * (picture - mean)


def _elastic(picture: np.ndarray, elastic: tuple[float, float, float], draw: Random) -> np.ndarray:
    """Sheared by moving three points of the picture, then bent by smooth random shifts. Amounts in widths of it."""
    bend, smoothness, shear = (SIZE * amount for amount in elastic)
    points = np.array([[26, 26], [26, 6], [6, 6]])  # columns and rows: the middle, and a third of the picture each way
    moved = points + draw.uniform(-shear, shear, points.shape)
    back = np.linalg.solve(np.column_stack([moved, np.ones(3)]), points)  # (3, 2)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    from_columns, from_rows = np.moveaxis(np.stack([columns, rows, np.ones_like(rows)], axis=-1) @ back, -1, 0)
    sheared = _sampled(picture, from_rows, from_columns, "mirror")
    right, down = (
        bend * scipy.ndimage.gaussian_filter(draw.uniform(-1, 1, rows.shape), smoothness, mode="reflect", truncate=3)
        for _ in range(2)
    )
    return _sampled(sheared, rows + down, columns + right, "reflect")


def _sampled(picture: np.ndarray, rows: np.ndarray, columns: np.ndarray, beyond: str) -> np.ndarray:
    """`picture` at these places, between pixels too; `beyond` its edge as `ndimage` names it."""
    channels = np.moveaxis(picture.astype(float), -1, 0)
    return np.stack(
        [scipy.ndimage.map_coordinates(one, (rows, columns), order=1, mode=beyond) for one in channels], axis=-1
    )


def _pixelate(picture: np.ndarray, share: float, draw: Random) -> np.ndarray:
    few = int(SIZE * share)
    coarse = Image.fromarray(picture).resize((few, few), Image.Resampling.BOX)
    return np.asarray(coarse.resize((SIZE, SIZE), Image.Resampling.BOX))


def _jpeg(picture: np.ndarray, quality: int, draw: Random) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


_SNOW = (
    (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
    (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
    (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
    (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
    (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
)
_ELASTIC = ((0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03))

# In the order of the paper: noise, blur, weather, and what is done to a file.
CORRUPTIONS = {
    "gaussian_noise": Corruption("Grain (Gaussian noise)", _gaussian_noise, (0.04, 0.06, 0.08, 0.09, 0.10)),
    "shot_noise": Corruption("Low-light grain (shot noise)", _shot_noise, (500, 250, 100, 75, 50)),
    "impulse_noise": Corruption("Broken pixels (impulse noise)", _impulse_noise, (0.01, 0.02, 0.03, 0.05, 0.07)),
    "defocus_blur": Corruption(
        "Out of focus (defocus blur)", _defocus_blur, ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1))
    ),
    "glass_blur": Corruption(
        "Behind frosted glass (glass blur)", _glass_blur, ((0.05, 1), (0.25, 1), (0.4, 1), (0.25, 2), (0.4, 2))
    ),
    "motion_blur": Corruption(
        "A shaky camera (motion blur)", _motion_blur, ((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5))
    ),
    "zoom_blur": Corruption("Moving closer (zoom blur)", _zoom_blur, (1.06, 1.11, 1.16, 1.21, 1.26)),
    "snow": Corruption("Snow", _snow, _SNOW),
    "fog": Corruption("Fog", _fog, ((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75))),
    "brightness": Corruption("Too bright", _brightness, (0.05, 0.1, 0.15, 0.2, 0.3)),
    "contrast": Corruption("Pale (less contrast)", _contrast, (0.75, 0.5, 0.4, 0.3, 0.15)),
    "elastic": Corruption("Warped (elastic)", _elastic, _ELASTIC),
    "pixelate": Corruption("Coarse pixels (pixelate)", _pixelate, (0.95, 0.9, 0.85, 0.75, 0.65)),
    "jpeg": Corruption("Saved in poor quality (JPEG)", _jpeg, (80, 65, 58, 50, 40)),
}
