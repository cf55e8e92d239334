"""What came of a guess."""

import pytest

from core.words.play import lesson


@pytest.mark.parametrize(
    ("off", "close", "words"), [(12.4, False, "You guessed 40: 12 off."), (3.0, True, "You guessed 40: very close.")]
)
def test_a_number_that_was_guessed(off, close, words):
    assert lesson.guessed_number(40.0, off, close) == words


def test_an_answer_that_was_guessed():
    assert lesson.guessed_answer("The ResNet") == "You guessed “The ResNet”."
