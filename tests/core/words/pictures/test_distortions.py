"""What spoiling a picture does, in words."""

import pytest

from core.data.distortions import SLIDERS
from core.words.pictures import distortions

NEUTRAL = {name: slider.neutral for name, slider in SLIDERS.items()}


def test_sliders_are_named_with_their_unit():
    assert distortions.title(SLIDERS["rotation"]) == "Rotation (°)"
    assert distortions.title(SLIDERS["jpeg"]) == "JPEG quality"


def test_what_spoils_a_picture_in_words():
    assert distortions.spoiled_by(NEUTRAL) == "The picture as it was"
    amounts = NEUTRAL | {"rotation": 45, "noise": 20}
    assert distortions.spoiled_by(amounts) == "The picture with rotation 45°, noise 20%"


@pytest.mark.parametrize(("before", "when"), [("cat", "still"), ("dog", "**now**")])
def test_an_answer_to_a_spoiled_picture_in_words(before, when):
    assert distortions.says("A", "cat", 0.83, before) == f"A {when} says **cat**, 83% sure"


@pytest.mark.parametrize(
    ("flipped", "kept", "words"),
    [
        ([], False, "has already changed its mind because of the other sliders"),
        ([], True, "does not change its mind"),
        ([-60, 45], True, "first changes its mind at -60° and 45°"),
    ],
)
def test_a_change_of_mind_in_words(flipped, kept, words):
    assert distortions.change_of_mind(SLIDERS["rotation"], flipped, kept) == words
