import pytest

from core.config import differences
from core.experiments import RACES


@pytest.mark.parametrize("name", RACES)
def test_a_race_is_a_fair_pair_on_the_photos_that_ship(name):
    contest = RACES[name]
    assert len(differences(contest.a, contest.b)) == 1
    assert contest.a.data == "shipped"
    assert list(contest.configs) == ["A", "B"]
