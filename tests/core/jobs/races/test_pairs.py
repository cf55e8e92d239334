import pytest

from core.jobs.races.pairs import RACES
from core.settings.setting import differences


@pytest.mark.parametrize("name", RACES)
def test_a_race_is_a_fair_pair_on_the_photos_that_ship(name):
    pair = RACES[name]
    assert len(differences(pair.a, pair.b)) == 1
    assert pair.a.data == "shipped"
    assert list(pair.configs) == ["A", "B"]
