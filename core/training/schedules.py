"""Learning rate as a pure function of how much of training is done: nothing to save, and drawn without training."""

import math
from collections.abc import Callable

import pandas as pd

from core.settings.train_config import TrainConfig

START_FRACTION = 0.05  # of the peak, where a warm-up begins


def learning_rate(schedule: str, peak: float, progress: float, warmup: float) -> float:
    """Learning rate at `progress` (0: first step, 1: end) of a schedule of SHAPES whose highest rate is `peak`.

    In the first `warmup` (share) of the steps it rises linearly to the peak (Goyal et al.
    2017, "Accurate, large minibatch SGD", section 2.2); the schedule's shape fills the rest.
    """
    if progress < warmup:
        return peak * (START_FRACTION + (1 - START_FRACTION) * progress / warmup)
    return peak * SHAPES[schedule](progress, warmup)


def curve(config: TrainConfig, points: int = 200) -> pd.DataFrame:
    """The learning rate over a whole training, to be drawn: columns `epoch` (0 to config.epochs) and `lr`."""
    shares = [i / points for i in range(points + 1)]
    rates = [learning_rate(config.schedule, config.lr, share, config.warmup) for share in shares]
    return pd.DataFrame({"epoch": [share * config.epochs for share in shares], "lr": rates})


def _onecycle(progress: float, start: float) -> float:
    """Linear decay to zero, which with its warm-up makes one cycle (after Smith 2018, "A disciplined approach",
    section 4)."""
    return (1 - progress) / (1 - start)


def _cosine(progress: float, start: float) -> float:
    """Half a cosine from the peak to zero (Loshchilov and Hutter 2017, equation 5, one period)."""
    return (1 + math.cos(math.pi * (progress - start) / (1 - start))) / 2


def _multistep(progress: float, start: float) -> float:
    """Divided by 10 at 1/2 and at 3/4 (He et al. 2015, section 4.2: at 32k and 48k of 64k iterations)."""
    done = (progress - start) / (1 - start)
    return 0.1 ** ((done >= 0.5) + (done >= 0.75))


def _constant(progress: float, start: float) -> float:
    return 1.0


# Share of the peak at `progress`, from `start` (the warm-up's end) to 1.
SHAPES: dict[str, Callable[[float, float], float]] = {
    "onecycle": _onecycle,
    "cosine": _cosine,
    "multistep": _multistep,
    "constant": _constant,
}
