"""Whether a picture is like those that a network was trained on: an honest "this may be none of the ten".

The score is the logits' log-sum-exp, the negative energy of Liu et al. 2020 ("Energy-based out-of-distribution
detection", section 3), with the run's own test photos as the yardstick. It is a hint, not a guard: how often it is
right is measured by `benchmarks/unfamiliar_pictures.py`.
"""

from dataclasses import dataclass

import numpy as np
import scipy  # whose parts load when they are first used

SAME = 1e-3  # scores no further apart are equal; those of the trained networks here spread over several units
FALSE_ALARMS = 0.05  # of the photos that are one of the ten; the price of the note


@dataclass(frozen=True)
class Familiarity:
    """`rank`: as the function of that name gives it."""

    rank: float

    @property
    def strange(self) -> bool:
        """Whether it is among the least familiar FALSE_ALARMS."""
        return self.rank < FALSE_ALARMS


def score(logits: np.ndarray) -> np.ndarray:
    """Float64 (n,) for logits (n, 10): higher for pictures like those that the network knows."""
    return scipy.special.logsumexp(logits.astype(np.float64), axis=1)


def rank(logits: np.ndarray, test_logits: np.ndarray) -> float:
    """The share of the test photos, 0 to 1, that look less familiar than the picture with these logits (10,), and half
    of those that look equally so: all of them, to a network that answers the same to everything."""
    ahead = score(logits[None]) - score(test_logits)
    return float((ahead > SAME).mean() + (abs(ahead) <= SAME).mean() / 2)


def familiarity(logits: np.ndarray, test_logits: np.ndarray) -> Familiarity:
    """Of the picture with these logits (10,), among the test photos."""
    return Familiarity(rank(logits, test_logits))
