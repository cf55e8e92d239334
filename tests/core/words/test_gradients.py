"""What a layer receives, in words: a snapshot of all cases."""

import numpy as np
import pytest

from core.analysis.gradients import Arrival, Ratio
from core.settings.train_config import TrainConfig
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


def test_a_step_in_words(snapshot):
    lengths = (np.nan, np.inf, 1.2e5, 38.2, 1.05, 1.0, 0.83, 0.01, 0.0099, 1 / 1234, 1e-11)
    assert "\n".join(f"{length:g}: {gradients.step(length)}" for length in lengths) == snapshot


@pytest.mark.parametrize("lengths", [[0.002, np.nan, 0.015], [0.001, 0.5, 1600.0]])
def test_the_steps_of_all_layers_in_words(lengths, snapshot):
    assert gradients.steps("In A", np.array(lengths)) == snapshot


@pytest.mark.parametrize(
    ("plain", "residual", "words"),
    [
        (Arrival.TOO_STRONG, Arrival.WHOLE, "not lost. In a plain network this deep, it arrives far too strong."),
        (Arrival.WHOLE, Arrival.WHOLE, "not lost: it reaches the first layer of both."),
        (Arrival.WEAK, Arrival.WHOLE, ""),
        (Arrival.TOO_STRONG, Arrival.WEAK, ""),
    ],
)
def test_whether_the_message_arrives(plain, residual, words):
    assert gradients.arrives(plain, residual).removeprefix("So with BatchNorm the message is ") == words


def test_what_was_shortened_in_words():
    none, norm, layer = TrainConfig(), TrainConfig(clip_norm=1.0), TrainConfig(clip_layer=0.5)
    assert gradients.clipping({"A": none, "B": none}) == ""
    assert gradients.clipping({"A": layer, "B": layer}).startswith(
        "In both, before each step, each layer's message was shortened to a length of at most 0.5 (gradient clipping): "
    )
    assert gradients.clipping({"A": norm, "B": layer}).startswith(
        "Before each step, in A the message was shortened to a length of at most 1; in B each layer's message was "
        "shortened to a length of at most 0.5 (gradient clipping): "
    )
    assert gradients.clipping({"A": none, "B": norm}).startswith("Before each step, in B the message was shortened to")


@pytest.mark.parametrize(("cosine", "words"), [(0.66, "are still 66% alike"), (-0.2, "have nothing in common")])
def test_likeness_in_words(cosine, words):
    assert gradients.alike(cosine) == words


def test_a_typical_layer_in_words(snapshot):
    assert listed(lambda ratio: gradients.typical_layer(ratio, "in B")) == snapshot


def test_layers_that_do_not_move_are_no_ratio():
    assert gradients.steps("In A", np.array([0.0, 0.5, np.nan, 0.0])) == "In A, 2 of 4 layers do not move at all."
