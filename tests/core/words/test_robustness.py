from pathlib import Path

import pytest

from core.analysis.questions import Question
from core.analysis.robustness import Estimate, Kept, over_pairs, over_seeds
from core.runs.run import Run
from core.settings.train_config import TrainConfig
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


def pair(depth: int, seed: int = 0, **changes) -> Question:
    a, b = (TrainConfig(depth=depth, skip=skip, seed=seed, **changes) for skip in (False, True))
    return Question("skip", Run(Path(f"plain{depth}"), a, {}), Run(Path(f"resnet{depth}"), b, {}))


def test_what_each_pair_keeps_in_words():
    pairs = [(pair(20, lr=0.4), kept(0.0123)), (pair(56, seed=3), kept(-0.02))]
    assert robustness.each_pair(pairs) == "plain20 and resnet20: +1.2 points; plain56 and resnet56: -2.0 points"
    table = robustness.pairs_table(pairs[::-1])
    assert table[["layers", "learning rate", "seed"]].to_numpy().tolist() == [[20, 0.4, 0], [56, TrainConfig().lr, 3]]
    assert table["points that B keeps more"].tolist() == pytest.approx([1.23, -2])
    runs = [Run(Path(name), TrainConfig(family="torchvision", network="resnet18"), {}) for name in "ab"]
    assert "layers" not in robustness.pairs_table([(Question("init", *runs), kept(0))])


def test_pairs_of_several_seeds_are_told_together():
    found = over_seeds([(pair(20, seed), kept(of_b)) for seed, of_b in enumerate((0.0207, 0.022, 0.0307))])
    assert robustness.over_seeds(found) == (
        "3 of these pairs, of 20 layers, differ from each other in their seed alone: there the gain is +2.1 to +3.1 "
        "points, +2.4 on average. Luck with the seeds leaves that average between +1.1 and +3.8 (95% interval)."
    )
    unsure = over_seeds([(pair(20, seed), kept(of_b)) for seed, of_b in enumerate((0.01, 0.03))])
    assert robustness.over_seeds(unsure).endswith("(95% interval), so it could be luck.")
    assert robustness.over_seeds([]) == ""


def test_only_pairs_that_differ_in_their_seed_alone_are_told_together():
    once = [(pair(20), kept(0.01)), (pair(20, 1, lr=0.7), kept(0.02)), (pair(32, 1), kept(0.03))]
    assert over_seeds(once) == []
    knows_little = (pair(20, 1), kept(0.5, clean=(0.3, 0.9)))
    assert over_seeds([*once, knows_little]) == []
    ((first, found),) = over_seeds([*once, (pair(20, 1), kept(0.03)), (pair(20, 1), kept(0.07))])
    assert (first.a.config.depth, found.points) == (20, {0: pytest.approx(1), 1: pytest.approx(3)})
