import pandas as pd
import pytest

from core.analysis.calibration import Temperature
from core.words import calibration


@pytest.mark.parametrize(
    ("sure", "how"),
    [(0.80, "not sure enough"), (0.905, "about the same"), (0.97, "too sure")],
    ids=str,
)
def test_how_sure_against_how_right(sure, how):
    bins = pd.DataFrame({"sure": [sure], "right": [0.9], "photos": [100]})
    assert calibration.gap("it", bins).endswith(f" and right on 90%: {how}")


def test_what_a_temperature_mends():
    before = pd.DataFrame({"sure": [0.5, 0.8], "right": [0.6, 0.88], "photos": [10, 10]})
    after = pd.DataFrame({"sure": [0.6, 0.97], "right": [0.58, 0.9], "photos": [10, 10]})
    words = calibration.errors("A", before, after, Temperature(0.72, 5_000))
    assert words == (
        "A: calibration error 9.0%; with temperature 0.72, fitted on 5,000 validation photos, 4.5%. Even then, one "
        "group of photos is off by 7 points: 97% sure, right on 90%."
    )


def test_what_it_says_itself():
    assert calibration.as_it_came(0.74, Temperature(0.72, 5_000)).endswith(
        "temperature, 0.72 (page *How sure are they?*); by itself it says 74%."
    )
    assert "how to correct that" in calibration.as_it_came(0.74, None)
