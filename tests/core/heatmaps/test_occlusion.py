"""A patch slid over a picture finds the place that counts."""

import numpy as np
import pytest

from core.heatmaps.occlusion import as_heatmap, importance


def sees(rows, columns):
    """A confidence that is the mean brightness of one place."""
    return lambda pictures: pictures[:, rows, columns].mean(axis=(1, 2, 3)) / 255


@pytest.mark.parametrize("size", [32, 64])
def test_the_place_that_counts_is_found(size):
    picture = np.full((size, size, 3), 255, np.uint8)
    place = slice(size // 2, size // 2 + size // 8)
    found = importance(picture, sees(place, place))
    assert found.shape == (size, size)
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert abs(row - size * 9 / 16) <= size / 8
    assert abs(column - size * 9 / 16) <= size / 8
    assert found[: size // 8, : size // 8].max() == 0


def test_a_patch_that_makes_the_network_surer_counts_below_zero():
    picture = np.zeros((32, 32, 3), np.uint8)  # gray is brighter than black
    assert importance(picture, sees(slice(0, 32), slice(0, 32))).max() < 0


def test_the_picture_is_left_alone_and_the_network_is_asked_once():
    picture = np.full((32, 32, 3), 200, np.uint8)
    asked = []
    importance(picture, lambda pictures: asked.append(len(pictures)) or np.zeros(len(pictures)))
    assert (picture == 200).all()
    assert len(asked) == 1


def test_a_heatmap_is_bright_where_covering_hurts():
    np.testing.assert_allclose(as_heatmap(np.array([[-0.2, 0.1], [0.0, 0.4]])), [[0, 0.25], [0, 1]])
    assert not as_heatmap(np.array([[-0.2, 0.0]])).any()
