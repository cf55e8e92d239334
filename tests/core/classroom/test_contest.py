"""Which photos a person and two networks are asked about."""

import numpy as np
import pytest

from core.classroom import contest

KINDS = {
    "both right": np.arange(0, 800),
    "B right, A wrong": np.arange(800, 900),
    "A right, B wrong": np.arange(900, 930),
    "both wrong": np.arange(930, 1000),
}


def test_a_seed_repeats_its_draw_and_another_does_not():
    assert contest.draw(KINDS, 7) == contest.draw(KINDS, 7)
    assert contest.draw(KINDS, 7) != contest.draw(KINDS, 8)


@pytest.mark.parametrize("seed", range(20))
def test_ten_different_photos(seed):
    drawn = contest.draw(KINDS, seed)
    assert len(drawn) == len(set(drawn)) == contest.PHOTOS
    assert set(drawn) <= set(range(1000))


def test_kinds_come_as_often_as_their_shares_say():
    drawn = [photo for seed in range(400) for photo in contest.draw(KINDS, seed)]
    for kind, share in contest.SHARES.items():
        assert np.isin(drawn, KINDS[kind]).mean() == pytest.approx(share, abs=0.03)
    assert sum(contest.SHARES.values()) == pytest.approx(1)


def test_what_the_networks_miss_is_what_is_drawn():
    wrong = {"A": ("B right, A wrong", "both wrong"), "B": ("A right, B wrong", "both wrong")}
    drawn = [photo for seed in range(400) for photo in contest.draw(KINDS, seed)]
    for side, missed in contest.missed().items():
        counted = np.isin(drawn, np.concatenate([KINDS[kind] for kind in wrong[side]])).mean() * contest.PHOTOS
        assert missed == pytest.approx(counted, abs=0.3)
    assert contest.missed()["A"] > contest.missed()["B"]


def test_a_kind_without_photos_is_left_out():
    drawn = contest.draw(KINDS | {"both wrong": np.array([], int)}, 0)
    assert not np.isin(drawn, KINDS["both wrong"]).any()


def test_score_counts_what_is_answered_so_far():
    assert contest.score([1, 2, 3], [1, 0, 3, 4]) == 2
    assert contest.score([], [1]) == 0
