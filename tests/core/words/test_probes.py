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


def told(own: list[float], probe: list[float]) -> str:
    """Of these shares, after blocks 7, 8, ..."""
    return probes.over_many("It", Probes(own, probe, 10, 10, [0.3] * len(own)), range(7, 7 + len(own)))


@pytest.mark.parametrize(
    ("own", "until"),
    [
        ([0.1, 0.1, 0.1, 0.8], "Up to block 9,"),
        ([0.1, 0.6, 0.7, 0.8], "Up to block 7,"),  # only the first that is shown
        ([0.4, 0.1, 0.7, 0.8], "After block 8,"),
        ([0.4, 0.7, 0.8, 0.8], ""),
    ],
)
def test_that_it_cannot_say_what_it_knows_is_said_where_a_simple_reader_finds_much_more(own, until):
    words = told(own, [0.6, 0.8, 0.8, 0.8])
    unread = "much of the answer is there, but its own last layer can't read it yet"
    assert (unread in words) == bool(until)
    assert f"{until} {unread if until else ''}".strip() in words
    assert words.startswith(f"It: its own last layer is right on {own[0]:.0%} after block 7, on ")


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (
            [0.66, 0.764, 0.821, 0.82, 0.826],
            "is right on 66% after block 7 and on 82% after block 9; the last 2 blocks change this by less than a",
        ),
        (
            [0.66, 0.764, 0.821, 0.92, 0.926],
            "is right on 66% after block 7 and on 92% after block 10; the last block changes this by less than a",
        ),
        (
            [0.821, 0.825, 0.826, 0.822, 0.826],
            "is right on 82% after block 7 already; the last 4 blocks change this by",
        ),
        ([0.82, 0.5, 0.82, 0.82, 0.82], "is right on 82% after block 7 and on 82% after block 9; the last 2"),
        (
            [0.6, 0.7, 0.8, 0.85, 0.9],
            "is right on 60% after block 7 and on 90% at the end; even the last block changes",
        ),
    ],
)
def test_from_which_block_on_a_simple_reader_finds_no_more_is_said(probe, words):
    assert f"A simple reader, trained for each block, {words}" in told([0.1] * 5, probe)


def test_two_blocks_are_not_told_twice():
    assert told([0.1, 0.8], [0.5, 0.8]).startswith("It: its own last layer is right on 10% after block 7, and on 80%")


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
