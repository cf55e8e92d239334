"""Ways to spoil a picture by degrees, to see when a network changes its mind. NumPy and Pillow; no torch."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

GRAY = (128, 128, 128)


@dataclass(frozen=True)
class Slider:
    """An amount from `low` to `high`, in `unit`; at `neutral` it changes nothing."""

    label: str
    low: int
    high: int
    neutral: int
    unit: str
    meaning: str


SLIDERS = {
    "rotation": Slider("Rotation", -180, 180, 0, "°", "Clockwise."),
    "brightness": Slider("Brightness", 0, 200, 100, "%", "100% is the original, 0% is black."),
    "contrast": Slider("Contrast", 0, 200, 100, "%", "100% is the original, 0% is even gray."),
    "blur": Slider("Blur", 0, 15, 0, "%", "How far each point is smeared, in percent of the picture's width."),
    "noise": Slider("Noise", 0, 60, 0, "%", "Added to each point at random, in percent of full brightness."),
    "jpeg": Slider("JPEG quality", 1, 100, 100, "", "How well a JPEG file keeps it; 100 leaves it as it is."),
    "patch": Slider("Gray patch: size", 0, 80, 0, "%", "Its side, in percent of the picture's."),
    "left": Slider("Gray patch: from the left", 0, 100, 50, "%", "Where its center lies. It needs a size first."),
    "top": Slider("Gray patch: from the top", 0, 100, 50, "%", "Where its center lies. It needs a size first."),
}


def distort(picture: np.ndarray, amounts: dict[str, int]) -> np.ndarray:
    """`picture` uint8 (s, s, 3) with each of SLIDERS at its amount (default: neutral): uint8 (s, s, 3)."""
    amounts = {name: amounts.get(name, slider.neutral) for name, slider in SLIDERS.items()}
    image = Image.fromarray(picture)
    for name, apply in _STEPS.items():
        if amounts[name] != SLIDERS[name].neutral:
            image = apply(image, amounts[name])
    return _cover(np.array(image), amounts["patch"], amounts["left"], amounts["top"])


def sweep(name: str, count: int = 25) -> list[int]:
    """Amounts of one slider from its lowest to its highest, the neutral one among them."""
    slider = SLIDERS[name]
    amounts = np.linspace(slider.low, slider.high, count).round().astype(int)
    return sorted({*amounts.tolist(), slider.neutral})


def flips(name: str, amounts: list[int], kept: np.ndarray) -> list[int]:
    """Going from a slider's neutral amount to either end: the first amount at which the answer is no longer kept.

    `kept`: bool (n,), for each of `amounts` (from `sweep`) whether the answer is still that for the whole picture.
    """
    neutral = amounts.index(SLIDERS[name].neutral)
    down, up = range(neutral, -1, -1), range(neutral, len(amounts))
    firsts = (_first_flip([bool(kept[i]) for i in way]) for way in (down, up))
    return [amounts[way[first]] for way, first in zip((down, up), firsts, strict=True) if first is not None]


def _first_flip(kept: list[bool]) -> int | None:
    return next((i for i in range(1, len(kept)) if kept[i - 1] and not kept[i]), None)


def _rotate(picture: Image.Image, degrees: int) -> Image.Image:
    return picture.rotate(-degrees, resample=Image.Resampling.BILINEAR, fillcolor=GRAY)


def _brighten(picture: Image.Image, percent: int) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(percent / 100)


def _contrast(picture: Image.Image, percent: int) -> Image.Image:
    return ImageEnhance.Contrast(picture).enhance(percent / 100)


def _blur(picture: Image.Image, percent: int) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(picture.width * percent / 100))


def _add_noise(picture: Image.Image, percent: int) -> Image.Image:
    pixels = np.asarray(picture, np.float32)
    noise = np.random.default_rng(0).normal(0, 255 * percent / 100, pixels.shape)  # the same at every move
    return Image.fromarray((pixels + noise).round().clip(0, 255).astype(np.uint8))


def _compress(picture: Image.Image, quality: int) -> Image.Image:
    file = BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


# In the order in which they happen: the scene, the light, the lens, the sensor, the file.
_STEPS: dict[str, Callable[[Image.Image, int], Image.Image]] = {
    "rotation": _rotate,
    "brightness": _brighten,
    "contrast": _contrast,
    "blur": _blur,
    "noise": _add_noise,
    "jpeg": _compress,
}


def _cover(pixels: np.ndarray, size: int, left: int, top: int) -> np.ndarray:
    side = len(pixels)
    rows, columns = (
        slice(max(0, round(side * (center - size / 2) / 100)), max(0, round(side * (center + size / 2) / 100)))
        for center in (top, left)
    )
    pixels[rows, columns] = GRAY
    return pixels
