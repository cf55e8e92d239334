"""What a class reads of its game: each way that a sentence can go."""

import pytest

from core.words.play import classroom


@pytest.mark.parametrize(("count", "words"), [(0, "Nobody has joined yet"), (1, "1 joined"), (12, "12 joined")])
def test_how_many_joined(count, words):
    assert classroom.joined(count) == words


@pytest.mark.parametrize(("most", "words"), [(3, "Lynx, Otter, Crane"), (2, "Lynx, Otter and 1 more")])
def test_who_came_last_is_named_first(most, words):
    assert classroom.latest(["Crane", "Otter", "Lynx"], most) == words


@pytest.mark.parametrize(
    ("count", "of", "words"),
    [
        (0, 0, "0 of 0 have voted"),
        (1, 2, "1 of 2 has voted"),
        (2, 2, "2 of 2 have voted: all"),
    ],
)
def test_how_many_voted(count, of, words):
    assert classroom.voted(count, of) == words


@pytest.mark.parametrize(("level", "words"), [(0, "Best: Otter"), (2, "Best: Otter and 2 more")])
def test_who_is_best(level, words):
    assert classroom.best("Otter", level) == words


def test_how_photos_were_picked_is_said_of_a_game_against_networks():
    alone, against = (classroom.took_part(5, networks) for networks in (False, True))
    assert alone.startswith("5 took part. The class scores when")
    assert against == alone + classroom.PICKED


@pytest.mark.parametrize(
    ("chosen", "has_just_joined", "words"),
    [
        (None, True, "You have just joined"),
        (None, False, "You did not vote"),
        (3, False, "Right!"),
        (4, False, "Not this time"),
    ],
)
def test_what_a_phone_says_of_its_vote(chosen, has_just_joined, words):
    assert classroom.outcome(chosen, 3, has_just_joined) == words


@pytest.mark.parametrize(
    ("right", "is_on_photo", "words"), [("airplane", True, "It is an airplane."), ("by luck", False, "By luck")]
)
def test_the_right_answer(right, is_on_photo, words):
    assert classroom.answer(right, is_on_photo) == words


@pytest.mark.parametrize(
    ("count", "stay", "words"),
    [
        (1, False, "1 phone has joined the room **K7QX**."),
        (30, True, "30 phones have joined the room **K7QX**, also for the next lesson."),
    ],
)
def test_phones_in_a_room(count, stay, words):
    assert classroom.phones(count, "K7QX", stay) == words
