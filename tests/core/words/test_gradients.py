"""What a layer receives, in words: a snapshot of all cases."""

import numpy as np
import pandas as pd
import pytest

from core.analysis.gradients import Arrival, Breakdown, Ratio
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


def test_where_no_step_can_be_computed_none_is_compared():
    assert gradients.steps("In A", np.array([np.nan] * 3)) == "In A, no layer has a step that can be computed."


EVEN, UNEVEN = np.array([0.01, 0.02]), np.array([0.001, 0.5])


def test_steps_of_several_networks_in_words():
    assert gradients.steps_of_each({"In A": EVEN, "In B": UNEVEN}) == (
        f"{gradients.steps('In A', EVEN)} {gradients.steps('In B', UNEVEN)}"
    )


@pytest.mark.parametrize(
    ("lengths", "both"), [({"A": EVEN}, False), ({"A": EVEN, "B": UNEVEN}, False), ({"A": EVEN, "B": EVEN}, True)]
)
def test_steps_that_reach_every_layer_of_both_are_no_difference(lengths, both):
    assert ("steps reach every layer of both" in gradients.steps_at_the_end(lengths)) is both


@pytest.mark.parametrize(
    ("clipped", "messages"), [(True, "messages (before any was shortened) in"), (False, "messages in")]
)
def test_on_what_steps_rest_in_words(clipped, messages):
    assert f"the mean of the {messages} epoch 3 (A) and 40 (B), whose" in gradients.measured_at_the_end(
        0.2, {"A": 3, "B": 40}, clipped
    )


def test_a_breakdown_in_words():
    words = gradients.broke_down("A", Breakdown(epoch=2, layer=3), "conv1")
    assert words.startswith("A broke down in epoch 2: at layer 3 (conv1) the gradient")


@pytest.mark.parametrize(
    ("optimizers", "words"),
    [
        ({"A": "adamw"}, "layers of **A** is not shown: AdamW rescales"),
        ({"A": "muon", "B": "muon"}, "of **A and B** is not shown: Muon rescales"),
        ({"A": "muon", "B": "adamw"}, "of **A and B** is not shown: Muon or AdamW rescales"),
    ],
)
def test_whose_steps_are_unknown(optimizers, words):
    assert words in gradients.rescaled(optimizers)


@pytest.mark.parametrize(("pictures", "both"), [(1, False), (2, True)])
def test_how_to_read_heatmaps_in_words(pictures, both):
    assert ("logarithmic; both pictures have one scale. " in gradients.how_to_read_steps(pictures)) is both
    messages = gradients.how_to_read_messages(pictures, cut_off=False)
    assert messages.endswith(f"a faint one{'; both pictures have one scale' * both}, logarithmic.")
    assert gradients.how_to_read_messages(pictures, cut_off=True).endswith("millionth of the strongest, or less.")


def test_first_layers_in_words():
    assert gradients.first_layers({"A": RATIOS[0], "B": RATIOS[1]}) == (
        "A's first layer receives 1/38 of the last layer's gradient; B's first layer receives 1,800 times the last "
        "layer's gradient"
    )


def test_typical_layers_in_words():
    usual, beyond = Ratio(1.0, 38.2), Ratio(np.nan, 1.0)
    assert gradients.a_against_b(usual) == "A typical layer (the median) of A receives 1/38 of what one receives in B."
    assert gradients.a_against_b(beyond) == ""
    assert gradients.against_shallow({"plain": usual, "ResNet": usual}, 8) == (
        "A typical layer (the median) of the plain network receives 1/38 of what one receives in the same network with "
        "only 8 layers; of the ResNet, 1/38 of what one receives in the same network with only 8 layers."
    )
    assert gradients.against_shallow({"plain": beyond, "ResNet": usual}, 8) == ""


def test_the_first_layer_over_time_in_words():
    ratios = pd.DataFrame({"side": ["A", "A", "B"], "ratio": [4.51, 1.5, 0.18]})
    assert gradients.over_time(ratios).endswith("last does: A goes from 4.5 to 1.5; B goes from 0.18 to 0.18")
    assert gradients.how_to_read_ratios({"A": None, "B": None}).endswith("layers differ in size. ")
    assert gradients.how_to_read_ratios({"A": None, "B": 3}).endswith(
        "in size. From epoch 3, B's first layer receives practically nothing."
    )


@pytest.mark.parametrize(("epochs", "words"), [(1, "1 epoch"), (40, "40 epochs")])
def test_a_shorter_training_in_words(epochs, words):
    assert gradients.ended_before("A", epochs) == f"A was trained for {words}: its last one is shown."


def test_likenesses_in_words():
    assert gradients.likenesses([("plain", 8, 0.94), ("ResNet", 110, 0.61)]) == (
        "plain, 8 layers: 94%; ResNet, 110 layers: 61%"
    )


def test_an_epoch_that_was_not_recorded_is_said():
    words = gradients.measured_at_the_end(0.01, {"A": 39, "B": None}, clipped=False)
    assert "the mean of the messages in epoch 39 (A) and not recorded (B), whose weights were kept" in words
