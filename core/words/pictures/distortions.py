"""What a picture is spoiled by, and what networks then say of it."""

from collections.abc import Mapping, Sequence

from core.data.distortions import SLIDERS, Slider
from core.words.calibration import share


def title(slider: Slider) -> str:
    """E.g. "Rotation (°)"."""
    return f"{slider.label} ({slider.unit})" if slider.unit else slider.label


def spoiled_by(amounts: Mapping[str, int]) -> str:
    """E.g. "The picture with rotation 45°, noise 20%"; `amounts` of all SLIDERS."""
    moved = [
        f"{slider.label.lower()} {amounts[name]}{slider.unit}"
        for name, slider in SLIDERS.items()
        if amounts[name] != slider.neutral
    ]
    return f"The picture with {', '.join(moved)}" if moved else "The picture as it was"


def says(side: str, answer: str, sure: float, before: str) -> str:
    """What a network says of the spoiled picture, and how sure it is, 0 to 1; `before`: its answer to the whole one."""
    return f"{side} {'still' if answer == before else '**now**'} says **{answer}**, {share(sure)} sure"


def change_of_mind(slider: Slider, flipped: Sequence[int], kept_at_neutral: bool) -> str:
    """At which amounts of one slider a network first gives another answer, in words that follow its name.
    `kept_at_neutral`: it has not done so because of the other sliders."""
    if not kept_at_neutral:
        return "has already changed its mind because of the other sliders"
    where = " and ".join(f"{amount}{slider.unit}" for amount in flipped)
    return f"first changes its mind at {where}" if flipped else "does not change its mind"
