import pytest

from core.analysis.robustness import Estimate, Kept
from core.words import robustness

NAMES = {"A": "the plain network", "B": "the ResNet"}
BOTH = "of the photos that both get right when clean, it still gets"
SPOILED = "they are spoiled"


def gap(value: float, half: float = 0.01) -> Estimate:
    return Estimate(value, value - half, value + half)


@pytest.mark.parametrize(
    ("of_b", "words"),
    [
        (
            0.056,
            f"the ResNet copes better with bad photos: {BOTH} 55.6% right when {SPOILED}, the plain network 50.0%.",
        ),
        (
            0.028,
            f"the ResNet copes a little better with bad photos: {BOTH} 52.8% right when {SPOILED}, the plain network "
            "50.0%.",
        ),
        (
            -0.028,
            f"the plain network copes a little better with bad photos: {BOTH} 50.0% right when {SPOILED}, the ResNet "
            "47.2%.",
        ),
        (-0.004, "Neither of these two copes better with bad photos: of what both know, they keep about the same."),
    ],
)
def test_who_copes_better_and_whether_by_little_or_luck(of_b, words):
    assert (
        robustness.headline(NAMES, Kept(gap(0.5), gap(0.5 + of_b), gap(of_b), 1_000)).removeprefix("Of these two, ")
        == words
    )


@pytest.mark.parametrize(
    ("gaps", "parts", "proves_little"),
    [
        ([0.028, 0.056], "+2.8 to +5.6 points; in none could it be luck", False),
        ([0.028, -0.03], "-3.0 to +2.8 points; in none could it be luck", True),
        ([0.028, 0.004], "+0.4 to +2.8 points; in 1 of them it could be luck", True),
    ],
)
def test_several_pairs_that_do_not_agree_are_said_to_prove_little(gaps, parts, proves_little):
    words = robustness.over_pairs([gap(value) for value in gaps], "shortcuts", NAMES)
    assert f"differ in shortcuts alone, the gain of the ResNet over the plain network is {parts}" in words
    assert ("proves little" in words) == proves_little


def test_a_network_loses_of_its_own():
    words = robustness.lost("the ResNet", 0.92, gap(0.4))
    assert words.startswith("The ResNet: right on 92.0% of the clean photos and on 52.0% of the spoiled ones (all")
    assert "loses 40.0 points (95% interval 39.0 to 41.0)" in words


def test_the_clean_end_of_the_slider_has_no_strength():
    assert robustness.at_strength(NAMES, {"A": 0.5}, "fog", 0) == "On clean photos, the plain network is right on 50%."
    assert robustness.at_strength(NAMES, {"B": 0.5}, "fog", 2).startswith("At strength 2 (fog), the ResNet is right on")
