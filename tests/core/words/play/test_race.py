"""What a race says: each way that a sentence can go."""

from datetime import date

import pytest

from core.words.play import race

NAMES = {"A": "the plain network", "B": "the ResNet"}


@pytest.mark.parametrize(("seconds", "words"), [(165.4, "2:45"), (5, "0:05"), (59.6, "1:00")])
def test_seconds_as_on_a_clock(seconds, words):
    assert race.clock(seconds) == words


@pytest.mark.parametrize(("download", "is_training"), [("", False), ("45 MB", False), ("", True), ("45 MB", True)])
def test_what_to_expect_of_a_live_race(download, is_training):
    words = race.about_live(download, is_training)
    assert words.startswith("Live, this computer trains both networks now")
    assert ("downloads the weights of the pretrained one (45 MB)." in words) is bool(download)
    assert words.endswith("A run is training, so the race will be slower.") is is_training


@pytest.mark.parametrize(
    ("download", "end"), [("", "takes a few seconds."), ("45 MB", "seconds. The first time, 45 MB is downloaded.")]
)
def test_what_one_waits_for(download, end):
    assert race.before_the_first_step(download).endswith(end)


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "The first of 300 steps"), (80.0, "About 1:20 left (step 90 of 300)")]
)
def test_how_long_it_still_takes(seconds, words):
    assert race.time_left(90, 300, seconds) == words


def test_right_answers_so_far():
    assert race.right_answers(NAMES, {"A": 0.41, "B": 0.62}) == "Right answers: the plain network 41%, the ResNet 62%"


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (
            None,
            "**Neither is ahead.** Of 100 photos that neither had learned from, the plain network is right on 41, "
            "the ResNet on 62. That could be luck.",
        ),
        (
            "A",
            "**The plain network is ahead**: right on 41 of 100 photos that neither had learned from, the ResNet on "
            "62.",
        ),
        (
            "B",
            "**The ResNet is ahead**: right on 62 of 100 photos that neither had learned from, the plain network on "
            "41.",
        ),
    ],
)
def test_the_verdict(ahead, words):
    assert race.verdict(NAMES, {"A": 0.41, "B": 0.62}, ahead) == words


@pytest.mark.parametrize(
    ("on", "won", "words"),
    [
        ("the ResNet", True, "You bet on the ResNet: **right**."),
        (None, False, "You bet on no difference: **wrong**."),
    ],
)
def test_what_became_of_a_bet(on, won, words):
    assert race.bet(on, won) == words


@pytest.mark.parametrize(
    ("threads", "epochs", "words"),
    [(1, 2, "1 thread; 2 passes over the photos"), (16, 1, "16 threads; 1 pass over the photos")],
)
def test_where_a_race_was_recorded(threads, epochs, words):
    said = race.recorded(date(2025, 5, 2), "a Xeon", threads, epochs, 165)
    assert said == f"Recorded on May 2, 2025, on a Xeon, {words} took 2:45 there."
