import pytest

from core.analysis.probes import Probes
from core.words import probes


def test_an_answer_that_changes_has_a_question_mark():
    assert probes.guesses(["cat", "dog", "dog"]) == ["cat?", "dog!", "dog!"]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"A": ["cat", "dog", "dog"]}, "This settles on **dog** after block 2 of 3."),
        (
            {"A": ["cat"], "B": ["cat", "dog"]},
            "This settles on **cat** after block 1 of 1; that on **dog** only at the end.",
        ),
    ],
)
def test_when_they_settle(labels, words):
    assert probes.settle({"A": "this", "B": "that"}, labels) == words


@pytest.mark.parametrize(("unread", "own"), [(True, [0.1, 0.1, 0.8]), (False, [0.3, 0.7, 0.8])])
def test_that_it_cannot_say_what_it_knows_is_said_where_a_simple_reader_finds_much_more(unread, own):
    words = probes.over_many("It", Probes(own, [0.6, 0.8, 0.8], 10, 10))
    assert ("before it can say so" in words) == unread
    assert f"{own[1]:.0%} before the last" in words


def test_one_block_alone_has_no_course():
    assert "one block" in probes.over_many("It", Probes([0.5], [0.6], 10, 10))
