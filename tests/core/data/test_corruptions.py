"""CIFAR-10-C's corruptions, against what the authors' code does where that can be written in another way."""

import colorsys

import numpy as np
import pytest
from scipy import ndimage

from core.data import cifar10, corruptions
from core.data.corruptions import CORRUPTIONS, LEFT_OUT, STRENGTHS, corrupt

UNEVEN = ("glass_blur", "snow", "elastic")  # their published strengths are no order of how far they change a picture


@pytest.fixture(scope="module")
def photos():
    return cifar10.load_test().pixels[:8]


def test_all_of_the_fifteen_but_one():
    assert len(CORRUPTIONS.keys() | {LEFT_OUT}) == 15
    assert {len(corruption.amounts) for corruption in CORRUPTIONS.values()} == {len(STRENGTHS)}


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_stronger_is_further_away_and_the_same_seed_the_same_picture(photos, kind):
    before, distances = photos.copy(), []
    for strength in STRENGTHS:
        spoiled = np.stack([corrupt(photo, kind, strength, seed=3) for photo in photos])
        assert (spoiled.shape, spoiled.dtype) == (photos.shape, np.uint8)
        assert np.array_equal(spoiled[0], corrupt(photos[0], kind, strength, seed=3))
        distances.append(np.abs(spoiled.astype(float) - photos).mean())
    assert distances[0] > 0
    assert kind in UNEVEN or distances == sorted(distances)
    assert np.array_equal(photos, before)


@pytest.mark.parametrize("kind", CORRUPTIONS)
@pytest.mark.parametrize("shade", [0, 255])
def test_a_black_or_white_picture_can_be_spoiled(kind, shade):
    spoiled = corrupt(np.full((32, 32, 3), shade, np.uint8), kind, 5, seed=0)
    assert (spoiled.shape, spoiled.dtype) == ((32, 32, 3), np.uint8)


def test_noise_is_as_strong_as_published():
    gray = np.full((32, 32, 3), 128, np.uint8)
    shift = {kind: corrupt(gray, kind, 5, seed=0) - 128.0 for kind in ("gaussian_noise", "shot_noise", "impulse_noise")}
    assert shift["gaussian_noise"].std() == pytest.approx(255 * 0.10, rel=0.05)
    assert shift["shot_noise"].std() == pytest.approx(255 * (128 / 255 / 50) ** 0.5, rel=0.05)
    hit = shift["impulse_noise"] != 0
    assert hit.mean() == pytest.approx(0.07, abs=0.01)
    assert set(np.unique(shift["impulse_noise"][hit])) == {-128, 127}


def test_a_lens_out_of_focus_spreads_a_point_to_a_disk():
    point = np.zeros((32, 32, 3), np.uint8)
    point[16, 16] = 255
    soft = corruptions._defocus_blur(point, (1.5, 0.1), np.random.default_rng(0))
    assert soft[15:18, 15:18] == pytest.approx(255 / 9)  # of radius 1.5: a pixel and its eight neighbors
    assert soft.sum() == pytest.approx(3 * 255)


def test_glass_is_the_published_walk_over_the_pixels(photos):
    """From the last row and column to the first, each pixel's color from where the draw says."""
    up, left = np.random.default_rng(5).integers(0, 2, (2, 30, 30))
    walked = (255 * ndimage.gaussian_filter(photos[0] / 255, (0.4, 0.4, 0), mode="nearest")).astype(np.uint8)
    for h in range(31, 1, -1):
        for w in range(31, 1, -1):
            walked[h, w] = walked[h - up[h - 2, w - 2], w - left[h - 2, w - 2]]
    expected = ndimage.gaussian_filter(walked / 255, (0.4, 0.4, 0), mode="nearest") * 255
    assert corruptions._glass_blur(photos[0], (0.4, 1), np.random.default_rng(5)) == pytest.approx(expected)


@pytest.mark.parametrize(("degrees", "row", "column"), [(0, 16, 14), (90, 14, 16), (-45, 18, 14)])
def test_motion_smears_a_point_along_its_line(degrees, row, column):
    point = np.zeros((32, 32, 1))
    point[16, 16] = 200
    smeared = corruptions._smeared(point, 6, 2, degrees)[..., 0]
    assert smeared[16, 16] > smeared[row, column] > 0
    assert smeared[32 - row, 32 - column] == 0  # to one side alone
    assert smeared.sum() == pytest.approx(200, abs=5)  # of 13 pixels, each rounded


def test_zoom_is_that_of_the_whole_middle(photos):
    for factor in (1.05, 1.25, 1.75):
        side = int(np.ceil(32 / factor))
        start = (32 - side) // 2
        middle = photos[1][start : start + side, start : start + side].astype(float)
        larger = ndimage.zoom(middle, (factor, factor, 1), order=1)
        trim = (len(larger) - 32) // 2
        assert corruptions._zoomed(photos[1], factor) == pytest.approx(larger[trim : trim + 32, trim : trim + 32])


def test_clouds_reach_from_nothing_to_all_and_are_smoother_with_more_decay():
    rough, smooth = (corruptions._clouds(decay, np.random.default_rng(1)) for decay in (1.2, 3.0))
    for clouds in (rough, smooth):
        assert (clouds.shape, clouds.min(), clouds.max()) == ((32, 32), 0, 1)
    assert np.abs(np.diff(rough)).mean() > 2 * np.abs(np.diff(smooth)).mean()


def test_brightness_is_that_of_hsv(photos):
    picture = photos[2].copy()
    picture[0, 0] = 0
    for row, column in ((0, 0), (3, 5), (20, 11)):
        hue, saturation, value = colorsys.rgb_to_hsv(*(picture[row, column] / 255))
        expected = 255 * np.array(colorsys.hsv_to_rgb(hue, saturation, min(1, value + 0.3)))
        assert corruptions._brightness(picture, 0.3, np.random.default_rng(0))[row, column] == pytest.approx(expected)


def test_what_is_not_bent_stays_as_it_is_and_a_sheared_picture_keeps_its_points(photos):
    class Fixed:
        """In place of random draws: no bend, and each of the three points moved by two columns."""

        def uniform(self, low, high, size):
            return np.tile([2.0, 0.0], (3, 1)) if size == (3, 2) else np.zeros(size)

    moved = corruptions._elastic(photos[3], (0, 0, 0.08), Fixed())
    assert moved[:, 2:] == pytest.approx(photos[3][:, :-2].astype(float))
