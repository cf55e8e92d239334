import pytest

from core.analysis.robustness import Estimate, Kept, over_pairs
from core.words import robustness

NAMES = {"A": "the plain network", "B": "the ResNet"}
BOTH = "Of the photos that both get right when clean, it keeps"


def gap(value: float, half: float = 0.01) -> Estimate:
    return Estimate(value, value - half, value + half)


def over(pairs: list[Kept]) -> str:
    return robustness.over_pairs(over_pairs(pairs), "shortcuts", NAMES)


def kept(of_b: float, clean: tuple[float, float] = (0.9, 0.9)) -> Kept:
    return Kept(gap(0.5), gap(0.5 + of_b), gap(of_b), 1_000, clean)


@pytest.mark.parametrize(
    ("of_b", "words"),
    [
        (
            0.056,
            f"the ResNet copes better with bad photos. {BOTH} 55.6%; the plain network keeps 50.0%.",
        ),
        (
            0.028,
            f"the ResNet copes a little better with bad photos. {BOTH} 52.8%; the plain network keeps 50.0%.",
        ),
        (
            -0.028,
            f"the plain network copes a little better with bad photos. {BOTH} 50.0%; the ResNet keeps 47.2%.",
        ),
        (-0.004, "Neither of these two copes better with bad photos: of what both know, they keep about the same."),
    ],
)
def test_who_copes_better_and_whether_by_little_or_luck(of_b, words):
    assert robustness.headline(NAMES, kept(of_b)).removeprefix("Of these two, ") == words


def test_who_knows_little_is_not_compared():
    assert robustness.headline(NAMES, kept(-0.1, clean=(0.25, 0.9))) == (
        "These two can't be compared: the plain network knows only 25% of the clean photos, and has little to lose."
    )
    assert "the ResNet knows only 49%" in robustness.headline(NAMES, kept(0.1, clean=(0.9, 0.49)))
    fair = [kept(0.028), kept(0.056)]
    assert over([*fair, kept(-0.1, clean=(0.25, 0.9))]) == (
        f"{over(fair)} One pair is left out, as a network there knows fewer than half of the clean photos."
    )
    assert "2 pairs are left out" in over([*fair, *[kept(-0.1, clean=(0.25, 0.9))] * 2])
    assert over_pairs([fair[0], kept(-0.1, clean=(0.25, 0.9))]) is None


@pytest.mark.parametrize(
    ("gaps", "parts", "proves_little"),
    [
        ([0.028, 0.056], "+2.8 to +5.6 points; in none could it be luck", False),
        ([0.028, -0.03], "-3.0 to +2.8 points; in none could it be luck", True),
        ([0.028, 0.004], "+0.4 to +2.8 points; in 1 of them it could be luck", True),
    ],
)
def test_several_pairs_that_do_not_agree_are_said_to_prove_little(gaps, parts, proves_little):
    words = over([kept(value) for value in gaps])
    assert f"differ in shortcuts alone, the gain of the ResNet over the plain network is {parts}" in words
    assert ("proves little" in words) == proves_little


def test_a_network_loses_of_its_own():
    words = robustness.lost("the ResNet", 0.92, gap(0.4))
    assert words.startswith("The ResNet: right on 92.0% of the clean photos and on 52.0% of the spoiled ones (all")
    assert "loses 40.0 points (95% interval 39.0 to 41.0)" in words


def test_the_clean_end_of_the_slider_has_no_strength():
    assert robustness.at_strength(NAMES, {"A": 0.5}, "fog", 0) == "On clean photos, the plain network is right on 50%."
    assert robustness.at_strength(NAMES, {"B": 0.5}, "fog", 2).startswith("At strength 2 (fog), the ResNet is right on")


def test_what_each_pair_keeps_in_words():
    pairs = {("plain20", "resnet20"): kept(0.0123), ("plain56", "resnet56"): kept(-0.02)}
    assert robustness.each_pair(pairs) == "plain20 and resnet20: +1.2 points; plain56 and resnet56: -2.0 points"
