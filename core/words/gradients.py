"""How strong the learning signal is that a layer receives and what it does there, in words that end a sentence."""

import numpy as np

from core.analysis.gradients import ABOUT_EQUAL, Arrival, Ratio, are_even
from core.settings.train_config import TrainConfig

BEYOND_FIGURES = 1e9  # ratios above this, either way, have no figure
FEW_PERCENT = 0.01  # from here to the whole, percent are said
NOTHING_IN_COMMON = 0.1  # a cosine below which two gradients count as unlike


def first_layer(ratio: Ratio) -> str:
    """What the first layer receives, against the last one: e.g. "1/38 of the last layer's gradient"."""
    if not ratio.finite:
        return "no gradient that can be compared with the last layer's"
    if ratio.nothing:
        return "practically no gradient" + (", like the last layer" if ratio.of_nothing else "")
    if ratio.of_nothing:
        return "a gradient, where the last layer receives practically none"
    if ratio.about_equal:
        return f"about as much gradient as the last layer (within a factor of {ABOUT_EQUAL})"
    return f"{_multiple(ratio.value)} the last layer's gradient"


def typical_layer(ratio: Ratio, where: str) -> str:
    """What a typical layer receives, against one that is `where` (e.g. "in B"). "" if there is no comparison."""
    if not ratio.finite:
        return ""
    if ratio.nothing:
        return f"practically no gradient, {'like' if ratio.of_nothing else 'unlike'} one {where}"
    if ratio.of_nothing:
        return f"a gradient, where one {where} receives practically none"
    much = "about as much as" if ratio.about_equal else f"{_multiple(ratio.value)} what"
    return f"{much} one receives {where}"


def step(length: float) -> str:
    """How far a step moves a layer's weights, `length` in sizes of these: e.g. "1/120 of their size"."""
    if not np.isfinite(length):
        return "more than can be computed"
    if rounded(length) == "1":
        return "as much as their own size"
    return f"{length:.0%} of their size" if FEW_PERCENT <= length < 1 else f"{_multiple(length)} their size"


def first_steps(lengths: dict[str, float]) -> str:
    """How far a step moves the first layer's weights, by side, e.g. "in A by 1/120 of their size; in B by 3%"."""
    return "; ".join(f"in {side} by {step(length)}" for side, length in lengths.items())


def steps(where: str, lengths: np.ndarray) -> str:
    """How unlike the layers of one network move; `lengths` of all, NaN where not finite. `where`: "In A"."""
    if not np.nanmin(lengths):
        still = int((lengths == 0).sum())
        return f"{where}, {still} of {len(lengths)} layers do{'es' * (still == 1)} not move at all."
    times = rounded(np.nanmax(lengths) / np.nanmin(lengths))
    if are_even(lengths):
        return f"{where}, no layer moves more than {times} times as far as any other."
    return f"{where}, the layer that moves most moves {times} times as far as the one that moves least."


def arrives(plain: Arrival, residual: Arrival) -> str:
    """Whether the message is lost on its way back through a new plain network and a new ResNet with BatchNorm. "" where
    it is weak in one."""
    if Arrival.WEAK in (plain, residual):
        return ""
    if plain is Arrival.TOO_STRONG:
        return "So with BatchNorm the message is not lost. In a plain network this deep, it arrives far too strong."
    return "So with BatchNorm the message is not lost: it reaches the first layer of both."


def clipping(configs: dict[str, TrainConfig]) -> str:
    """Which of these, by side, had their messages shortened before each step, and to what; "" if none had."""
    limits = {side: limit for side, config in configs.items() if (limit := _limits(config))}
    if not limits:
        return ""
    if len(limits) > 1 and len(set(limits.values())) == 1:
        where = f"In both, before each step, {next(iter(limits.values()))}"
    else:
        where = f"Before each step, {'; '.join(f'in {side} {limit}' for side, limit in limits.items())}"
    return f"{where} (gradient clipping): so that a huge message does not throw the weights far away."


def _limits(config: TrainConfig) -> str:
    each = [
        f"{whose} was shortened to a length of at most {most:g}"
        for whose, most in (("the message", config.clip_norm), ("each layer's message", config.clip_layer))
        if most
    ]
    return " and ".join(each)


def alike(cosine: float) -> str:
    """How alike two gradients are, e.g. "are still 66% alike"."""
    return "have nothing in common" if cosine < NOTHING_IN_COMMON else f"are still {cosine:.0%} alike"


def _multiple(ratio: float) -> str:
    """E.g. "38 times" or "1/38 of"."""
    if ratio > BEYOND_FIGURES:
        return "more than a billion times"
    if ratio < 1 / BEYOND_FIGURES:
        return "less than a billionth of"
    return f"{rounded(ratio)} times" if ratio >= 1 else f"1/{rounded(1 / ratio)} of"


def rounded(number: float) -> str:
    """Two figures are enough: 2.3, 38, 1,200, 3.1 million."""
    number = float(f"{number:.2g}")
    return f"{number / 1e6:,g} million" if number >= 1e6 else f"{number:,g}"
