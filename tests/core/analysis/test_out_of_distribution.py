"""Energy as a hint that a picture is none of the ten classes."""

import numpy as np
import pytest

from core.analysis import out_of_distribution
from core.runs.library import find_run


def test_score_is_the_logarithm_of_the_summed_exponentials():
    logits = np.array([[0.0] * 10, [1000.0] + [0.0] * 9])
    assert out_of_distribution.score(logits) == pytest.approx([np.log(10), 1000])


def test_rank_is_the_share_of_less_familiar_photos():
    test_logits = np.zeros((100, 10))
    test_logits[:, 0] = np.arange(100)
    picture = np.zeros(10)
    picture[0] = 24.5
    found = out_of_distribution.familiarity(picture, test_logits)
    assert (found.rank, found.strange) == (pytest.approx(0.25), False)
    picture[0] = 3.5
    assert out_of_distribution.familiarity(picture, test_logits).strange


def test_nothing_is_unfamiliar_to_a_network_that_answers_the_same_to_everything():
    test_logits = 0.1 + np.random.default_rng(0).normal(0, 1e-8, (100, 10))
    assert out_of_distribution.rank(np.full(10, 0.1 - 1e-7), test_logits) == 0.5


@pytest.mark.parametrize("name", ["plain20-s0", "resnet20-s0"])
def test_false_alarms_on_photos_that_set_no_threshold(monkeypatch, name):
    """Every second test photo is the yardstick, every other one is judged."""
    logits = find_run(name).test_logits()
    yardstick, judged = logits[::2], logits[1::2]
    score = out_of_distribution.score
    known = score(yardstick)  # once, instead of for each photo
    monkeypatch.setattr(out_of_distribution, "score", lambda some: known if some is yardstick else score(some))
    alarms = np.mean([out_of_distribution.familiarity(one, yardstick).strange for one in judged[:2000]])
    assert alarms == pytest.approx(out_of_distribution.FALSE_ALARMS, abs=0.02)
