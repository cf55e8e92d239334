"""What a layer receives, in words: a snapshot of all cases."""

import numpy as np

from core.analysis.gradients import Ratio
from core.words import gradients

RATIOS = [
    *(Ratio(first, last) for first, last in ((1.0, 38.2), (1831.0, 1.0), (2.34, 1.0), (1.1, 1.0), (0.6, 1.0))),
    *(Ratio(norm, 1.0) for norm in (3.14e6, 3.14e8, 3.14e12, 1e-11)),
    *(Ratio(*both) for both in ((0.0, 1.0), (0.0, 1e-15), (1.0, 0.0), (np.nan, 1.0), (1.0, np.inf))),
]


def listed(say) -> str:
    return "\n".join(f"{ratio.norm:g} by {ratio.reference:g}: {say(ratio)}" for ratio in RATIOS)


def test_the_first_layer_in_words(snapshot):
    assert listed(gradients.first_layer) == snapshot


def test_a_typical_layer_in_words(snapshot):
    assert listed(lambda ratio: gradients.typical_layer(ratio, "in B")) == snapshot
