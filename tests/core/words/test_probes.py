import pytest

from core.analysis.probes import Probes
from core.words import probes


def test_an_answer_that_changes_has_a_question_mark():
    assert probes.guesses(["cat", "dog", "dog"]) == ["cat?", "dog!", "dog!"]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"A": ["cat", "dog", "dog"]}, "This settles on **dog** at block 8 of 9."),
        (
            {"A": ["cat"], "B": ["cat", "dog"]},
            "This settles on **cat** at block 3 of 3; that settles on **dog** only at the end.",
        ),
    ],
)
def test_when_they_settle(labels, words):
    blocks = {side: range(2 * len(said) + 1, 3 * len(said) + 1) for side, said in labels.items()}
    assert probes.settle({"A": "this", "B": "that"}, labels, blocks) == words


@pytest.mark.parametrize(("unread", "own"), [(True, [0.1, 0.1, 0.8]), (False, [0.3, 0.7, 0.8])])
def test_that_it_cannot_say_what_it_knows_is_said_where_a_simple_reader_finds_much_more(unread, own):
    words = probes.over_many("It", Probes(own, [0.6, 0.8, 0.8], 10, 10, [0.3] * 3), range(7, 10))
    assert ("its own last layer can't read it yet" in words) == unread
    assert f"after block 8, its own last layer is right on {own[1]:.0%}; a simple reader" in words


@pytest.mark.parametrize(
    ("untrained", "words"),
    [
        ([0.31, 0.28], "a linear probe 60% 70% (in the same network before training: 28% to 31%)."),
        ([0.313, 0.311], "a linear probe 60% 70% (in the same network before training: 31%)."),
    ],
)
def test_the_control_is_told(untrained, words):
    assert words in probes.details("A", Probes([0.5, 0.6], [0.6, 0.7], 10, 10, untrained), range(5, 7))


def test_one_block_alone_has_no_course():
    assert "one block" in probes.over_many("It", Probes([0.5], [0.6], 10, 10, [0.3]), range(3, 4))


def test_all_answers_in_turn_in_words():
    assert probes.in_turn("A", ["cat?", "dog!"], [0.4, 0.831]).endswith(", and how sure: cat? 40%, dog! 83%")


def test_no_guess_is_called_certain_that_is_not():
    assert probes.in_turn("A", ["cat!"], [0.998]).endswith(": cat! over 99%")
