"""What it did to have learned before, in words: a snapshot for each case."""

import pytest

from core.analysis.metrics import Proportion
from core.analysis.training_summary import TrainingSummary
from core.analysis.transfer import Benefit
from core.words import transfer


def made(accuracy: float, eighty, ninety, gap: float = 0.0) -> TrainingSummary:
    return TrainingSummary(Proportion(accuracy, 0, 1, 10_000), 10.0, 8, {0.8: eighty, 0.9: ninety}, gap)


CASES = {
    "one reached 90%": Benefit(made(0.85, (5, 50.2), None, 0.08), made(0.95, (1, 9.6), (2, 20)), False),
    "both, and memorized less": Benefit(made(0.92, (3, 30), (7, 70)), made(0.95, (1, 9), (1, 9), 0.08), False),
    "scratch reached 80%": Benefit(made(0.85, (5, 50), None), made(0.83, None, None, -0.01), False),
    "luck, and neither": Benefit(made(0.85, None, None), made(0.851, None, None), True),
}


@pytest.mark.parametrize("case", CASES)
def test_the_benefit_in_words(case, snapshot):
    assert transfer.benefit(CASES[case]) == snapshot
