"""How strong the learning signal is that a layer receives and what it does there, in words and in sentences."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from core.analysis.gradients import ABOUT_EQUAL, Arrival, Breakdown, Ratio, are_even
from core.settings.train_config import TrainConfig
from core.words import counted, course
from core.words.settings import in_words

BEYOND_FIGURES = 1e9  # ratios above this, either way, have no figure
FEW_PERCENT = 0.01  # from here to the whole, percent are said
# van Laarhoven 2017, arXiv 1706.05350. Beside every picture of raw norms, in full or in short.
SIZE_ALONE = (
    "The strength of a message alone says little: with BatchNorm after it, a layer with weights twice as large gets a "
    "message half as strong, and the network answers the same."
)
SIZE_AGAIN = "Here, too: with BatchNorm, larger weights get a weaker message."
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
    if np.isnan(lengths).all():
        return f"{where}, no layer has a step that can be computed."
    if not np.nanmin(lengths):
        still = int((lengths == 0).sum())
        return f"{where}, {still} of {len(lengths)} layers do{'es' * (still == 1)} not move at all."
    times = rounded(np.nanmax(lengths) / np.nanmin(lengths))
    if are_even(lengths):
        return f"{where}, no layer moves more than about {times} times as far as any other."
    return f"{where}, the layer that moves most moves {times} times as far as the one that moves least."


def steps_of_each(lengths: dict[str, np.ndarray]) -> str:
    """`steps` of several networks, by where."""
    return " ".join(steps(where, of_one) for where, of_one in lengths.items())


def steps_at_the_end(lengths: dict[str, np.ndarray]) -> str:
    """`steps` of trained networks, by side, and what it means where all layers of both move about equally far."""
    words = steps_of_each({f"In {side}": of_one for side, of_one in lengths.items()})
    if len(lengths) < 2 or not all(map(are_even, lengths.values())):
        return words
    return (
        f"{words} **So at the end of training, steps reach every layer of both: a message that is lost *then* is not "
        "the difference.** This tells how far the layers move, not whether in a useful direction; and what happened "
        "earlier is another matter."
    )


def measured_at_the_end(rate: float, epochs: Mapping[str, int | None], clipped: bool) -> str:
    """On what `steps_at_the_end` rests: the learning rate, and the epochs whose weights were kept, by side."""
    each = " and ".join(f"{epoch or 'not recorded'} ({side})" for side, epoch in epochs.items())
    whole = " (before any was shortened)" if clipped else ""
    return (
        f"Learning rate {rate:g} again, so that it can be compared; the mean of the messages{whole} in epoch {each}, "
        "whose weights were kept. All other epochs are below, for the curious."
    )


def arrives(plain: Arrival, residual: Arrival) -> str:
    """Whether the message is lost on its way back through a new plain network and a new ResNet with BatchNorm. "" where
    it is weak in one."""
    if Arrival.WEAK in (plain, residual):
        return ""
    if plain is Arrival.TOO_STRONG:
        return "So with BatchNorm the message is not lost. In a plain network this deep, it arrives far too strong."
    return "So with BatchNorm the message is not lost: it reaches the first layer of both."


def broke_down(side: str, found: Breakdown, layer: str) -> str:
    """Of a network with a gradient that is no finite number; `layer`: the name of the one where it was found."""
    return (
        f"{side} broke down in epoch {found.epoch}: at layer {found.layer} ({layer}) the gradient is no longer a "
        "finite number. Such places are green."
    )


def rescaled(optimizers: dict[str, str]) -> str:
    """By side, where it is not SGD."""
    names = dict.fromkeys(in_words("optimizer", each) for each in optimizers.values())
    return (
        f"How far steps moved the layers of **{' and '.join(optimizers)}** is not shown: {' or '.join(names)} rescales "
        "each gradient, so its norm does not tell."
    )


def how_to_read_steps(pictures: int) -> str:
    """One or two heatmaps of the steps by epoch and layer."""
    both = "; both pictures have one scale" if pictures > 1 else ""
    return (
        f"Dark: a long step, light: a short one, logarithmic{both}. The steps as they were made: at the learning rate "
        "of the moment, and clipped where that was asked for, but without momentum. The mean over all steps of an "
        "epoch."
    )


def how_to_read_messages(pictures: int, cut_off: bool) -> str:
    """One or two heatmaps of the gradients by epoch and layer. `cut_off`: some are too faint for a color of theirs."""
    both = "; both pictures have one scale" if pictures > 1 else ""
    faintest = "; the lightest is a millionth of the strongest, or less" if cut_off else ""
    return f"Dark is a strong message, light a faint one{both}, logarithmic{faintest}."


def ended_before(side: str, epochs: int) -> str:
    """Of a training shorter than the one beside it, e.g. "A was trained for 1 epoch: its last one is shown."."""
    return f"{side} was trained for {counted(epochs, 'epoch')}: its last one is shown."


def first_layers(ratios: dict[str, Ratio]) -> str:
    """`first_layer` by side, e.g. "A's first layer receives 1/38 of the last layer's gradient"."""
    return "; ".join(f"{side}'s first layer receives {first_layer(ratio)}" for side, ratio in ratios.items())


def a_against_b(ratio: Ratio) -> str:
    """What a typical layer of A receives, against one in B; "" if there is no comparison."""
    words = typical_layer(ratio, "in B")
    return f"A typical layer (the median) of A receives {words}." if words else ""


def against_shallow(ratios: dict[str, Ratio], layers: int) -> str:
    """What a typical layer receives in a plain network and in a ResNet, by network, against the same one with so few
    `layers`; "" where that is beyond what numbers can hold."""
    typical = {
        name: typical_layer(ratio, f"in the same network with only {layers} layers") for name, ratio in ratios.items()
    }
    if not all(typical.values()):
        return ""
    return (
        f"A typical layer (the median) of the plain network receives {typical['plain']}; of the ResNet, "
        f"{typical['ResNet']}."
    )


def over_time(ratios: pd.DataFrame) -> str:
    """Of `gradients.ratios`: how the first layer stands against the last, at first and in the end."""
    each = [course(str(side), of_side.tolist(), rounded) for side, of_side in ratios.groupby("side")["ratio"]]
    return f"What the first layer receives, in parts of what the last does: {'; '.join(each)}"


def how_to_read_ratios(starved: dict[str, int | None]) -> str:
    """The same as a chart; `starved`: by side, the epoch from which on the first layer receives nothing, if any."""
    nothing = " ".join(
        f"From epoch {epoch}, {side}'s first layer receives practically nothing."
        for side, epoch in starved.items()
        if epoch
    )
    return (
        "Above the dashed line the first layer receives more than the last; below, less. Within the gray band that "
        f"means little: layers differ in size. {nothing}"
    )


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


def likenesses(cosines: Iterable[tuple[str, int, float]]) -> str:
    """Of (network, layers, cosine), e.g. "plain, 8 layers: 94%; ResNet, 8 layers: 96%"."""
    return "; ".join(f"{network}, {layers} layers: {cosine:.0%}" for network, layers, cosine in cosines)


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
