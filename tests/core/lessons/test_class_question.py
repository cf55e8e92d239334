"""A lesson's question on the phones of a class."""

import pytest

from core.lessons import class_question
from core.lessons.lesson import Call, Guess, Step

FACT = Call("answer", {})


@pytest.mark.parametrize(
    ("low", "high", "value", "choices", "right"),
    [
        (0, 100, 92.4, ("0 to 24", "25 to 49", "50 to 74", "75 to 100"), 3),
        (0, 100, 74.6, ("0 to 24", "25 to 49", "50 to 74", "75 to 100"), 3),  # told as 75
        (0, 60, 0, ("0 to 14", "15 to 29", "30 to 44", "45 to 60"), 0),
        (-10.5, 10, 10, ("-11 to -7", "-6 to -1", "0 to 4", "5 to 10"), 3),
        (1, 3, 2, ("1", "2", "3"), 1),
        (0.2, 0.7, 0.5, ("0", "1"), 0),
    ],
)
def test_a_number_is_one_of_four_ranges_that_leave_nothing_out(low, high, value, choices, right):
    step = Step("Title", "Look.", 1, guess=Guess("How many?", FACT, low=low, high=high))
    question = class_question.of_step("mine", 2, step, value)
    assert (question.choices, question.right) == (choices, right)
    assert (question.text, question.say, question.step) == ("How many?", "Look.", ("mine", 2))


def test_answers_are_the_steps_own_and_its_photo_comes_along():
    guess = Guess("What?", FACT, answers={"cat": "A cat", "dog": "A dog"})
    question = class_question.of_step("mine", 1, Step("T", "S", 1, Call("photo", {"photo": 7}), guess), "dog")
    assert (question.choices, question.right, question.picture) == (("A cat", "A dog"), 1, 7)
    assert question.photo is None  # networks are not asked for it by class
