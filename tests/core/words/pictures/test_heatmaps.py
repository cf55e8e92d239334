"""Whether a heatmap can be believed, in words."""

import pytest

from core.words.pictures import heatmaps


@pytest.mark.parametrize(
    ("depends", "likenesses", "words"),
    [
        (True, [0.1], "It does"),
        (False, [0.9], "Hardly"),
        (None, [0.5], "That is too close to call."),
        (None, [], "It can't be said"),
    ],
)
def test_whether_a_map_changes_in_words(depends, likenesses, words):
    assert heatmaps.change(depends, likenesses).startswith(words)


def test_what_was_forgotten_in_words():
    assert [heatmaps.forgot(number, last=3) for number in range(4)] == [
        "forgot its last part",
        "and more",
        "and more",
        "forgot all",
    ]


@pytest.mark.parametrize(
    ("marks", "beaten", "words"), [(True, 20, "Yes: in 20 of 20"), (False, 3, "Not clearly: in 3")]
)
def test_whether_it_matters_in_words(marks, beaten, words):
    said = heatmaps.matters(marks, beaten, comparisons=20)
    assert said.startswith(words)
    assert "the maps of 19 other photos, and a blob" in said


def test_scores_in_words():
    words = heatmaps.score(0.034, -0.021, [0.25, 0.75])
    assert words.startswith(
        "Its score (ROAD, in points of certainty): +3; theirs: -2 on average. Its likeness to the maps of 2 networks "
        "that never learned: 0.50 on average, 0.25 to 0.75 ("
    )
    assert heatmaps.score(0.034, -0.021, []).endswith("theirs: -2 on average.")


@pytest.mark.parametrize(("worst", "points"), [(0.01, "1 point"), (0.44, "44 points")])
def test_what_a_patch_costs_in_words(worst, points):
    assert heatmaps.covered(worst, 0.5).startswith(
        f"Patches over the brightest spot cost {points} of certainty on average. Likeness of the two maps: 0.50 ("
    )
