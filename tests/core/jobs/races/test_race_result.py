"""What frames say, worked out by hand."""

import pytest

from core.jobs.races import race_result
from tests.core.jobs.races.made_frame import made_frame


def test_there_is_one_share_for_each_network():
    assert race_result.shares(made_frame(5, 6)) == {"A": 0.5, "B": 0.5}
    assert race_result.shares(made_frame(6, 6)) == {"A": 0.1, "B": 0.3}


@pytest.mark.parametrize(
    ("validation", "side"),
    [((0.1, 0.3), "B"), ((0.3, 0.1), "A"), ((0.36, 0.36), None), ((0.36, 0.39), None), ((0.36, 0.42), "B")],
)
def test_ahead_is_who_is_ahead_by_more_than_luck(validation, side):
    """At 36 of 100, luck makes up to 4.2 points: 1.96 * sqrt(2 * 0.36 * 0.64 / 1000)."""
    assert race_result.ahead(made_frame(6, 6, validation)) == side


def test_the_time_left_is_that_of_the_steps_left():
    """The first step also sets up: it counts for nothing."""
    frames = [made_frame(1, 101, seconds=30.0), made_frame(11, 101, seconds=40.0)]
    assert race_result.seconds_left(frames) == pytest.approx(90.0)
    assert race_result.seconds_left(frames[:1]) is None
    assert race_result.seconds_left([made_frame(1, 101), made_frame(101, 101, seconds=9.0)]) == 0
