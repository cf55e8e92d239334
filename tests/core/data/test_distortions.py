"""Sliders that spoil a picture."""

import numpy as np
import pytest

from core.data import cifar10
from core.data.distortions import SLIDERS, distort, flips, sweep


@pytest.fixture(scope="module")
def photo():
    return cifar10.load_test().pixels[0]


def test_neutral_leaves_the_picture_as_it_is(photo):
    neutral = {name: slider.neutral for name, slider in SLIDERS.items()}
    assert np.array_equal(distort(photo, neutral), photo)
    assert np.array_equal(distort(photo, {}), photo)


@pytest.mark.parametrize("name", [name for name in SLIDERS if name not in ("left", "top")])
def test_both_ends_of_every_slider_change_it_and_repeat(photo, name):
    slider = SLIDERS[name]
    before = photo.copy()
    for amount in {slider.low, slider.high} - {slider.neutral}:
        spoilt = distort(photo, {name: amount})
        assert spoilt.shape == photo.shape
        assert spoilt.dtype == np.uint8
        assert not np.array_equal(spoilt, photo)
        assert np.array_equal(spoilt, distort(photo, {name: amount}))
    assert np.array_equal(photo, before)


@pytest.mark.parametrize(("name", "amount"), [("rotation", 37), ("blur", 1), ("noise", 1), ("jpeg", 99)])
def test_more_is_further_away(photo, name, amount):
    def distance(a):
        return np.abs(distort(photo, {name: a}).astype(float) - photo).mean()

    far = {"rotation": 90, "blur": 15, "noise": 60, "jpeg": 1}[name]
    assert 0 < distance(amount) < distance(far)


def test_rotation_is_clockwise():
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:8] = 255  # the upper edge
    turned = distort(picture, {"rotation": 90})
    assert turned[16, 28].mean() > 200
    assert turned[16, 3].mean() < 50


def test_the_patch_lies_where_it_is_put(photo):
    covered = distort(photo, {"patch": 50, "left": 25, "top": 75})
    assert (covered[16:, :16] == 128).all()
    assert np.array_equal(covered[:16], photo[:16])
    assert np.array_equal(covered[16:, 16:], photo[16:, 16:])


@pytest.mark.parametrize("name", SLIDERS)
def test_a_sweep_goes_from_end_to_end_through_neutral(name):
    slider, amounts = SLIDERS[name], sweep(name)
    assert (amounts[0], amounts[-1]) == (slider.low, slider.high)
    assert slider.neutral in amounts
    assert amounts == sorted(set(amounts))
    assert len(amounts) <= 26


@pytest.mark.parametrize(
    ("kept", "expected"),
    [("111111111", []), ("110011011", [-45, 90]), ("000010000", [-45, 45]), ("111100000", [])],
)
def test_flips_are_the_first_on_either_side(kept, expected):
    amounts = list(range(-180, 181, 45))
    assert flips("rotation", amounts, np.array([c == "1" for c in kept])) == expected
