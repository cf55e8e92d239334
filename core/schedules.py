"""Learning rate as a pure function of how much of training is done: nothing to save, and drawn without training."""

import math
from collections.abc import Callable

WARM_UP = 0.2  # of OneCycle's steps
START_FRACTION = 0.05  # of the peak, where OneCycle begins


def learning_rate(schedule: str, peak: float, progress: float) -> float:
    """Learning rate at `progress` (0: first step, 1: end) of a schedule of SHAPES whose highest rate is `peak`."""
    return peak * SHAPES[schedule](progress)


def _onecycle(progress: float) -> float:
    """Linear warm-up, then linear decay to zero (after Smith 2018, "A disciplined approach", section 4)."""
    if progress < WARM_UP:
        return START_FRACTION + (1 - START_FRACTION) * progress / WARM_UP
    return (1 - progress) / (1 - WARM_UP)


def _cosine(progress: float) -> float:
    """Half a cosine from the peak to zero (Loshchilov and Hutter 2017, equation 5, one period)."""
    return (1 + math.cos(math.pi * progress)) / 2


def _multistep(progress: float) -> float:
    """Divided by 10 at 1/2 and at 3/4 (He et al. 2015, section 4.2: at 32k and 48k of 64k iterations)."""
    return 0.1 ** ((progress >= 0.5) + (progress >= 0.75))


def _constant(progress: float) -> float:
    return 1.0


SHAPES: dict[str, Callable[[float], float]] = {
    "onecycle": _onecycle,
    "cosine": _cosine,
    "multistep": _multistep,
    "constant": _constant,
}
