import numpy as np
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
        "A: calibration error 9.0%; with temperature 0.72, fitted on 5,000 validation photos, 4.5%. Even then, "
        "there is a tenth of the photos of which it is 97% sure, while it is right on 90% of them."
    )
    surest = calibration.errors("A", before, after.assign(sure=0.998), Temperature(0.72, 5_000))
    assert surest.endswith("of which it is over 99% sure, while it is right on 58% of them.")
    mended = after.assign(right=after["sure"])
    assert calibration.errors("A", before, mended, Temperature(0.72, 5_000)).endswith("validation photos, 0.0%.")


def test_what_it_says_itself():
    assert calibration.as_it_came(0.74, Temperature(0.72, 5_000)).endswith(
        "temperature, 0.72 (page *How sure are they?*); by itself it says 74%."
    )
    assert "how to correct that" in calibration.as_it_came(0.74, None)


NAMES = {"A": "the plain network", "B": "the ResNet"}


def test_both_in_a_sentence():
    bins = {
        side: pd.DataFrame({"sure": [sure], "right": [0.9], "photos": [10]}) for side, sure in (("A", 0.8), ("B", 0.97))
    }
    assert calibration.gaps(NAMES, bins) == (
        "The plain network is 80% sure on average and right on 90%: not sure enough; the ResNet is 97% sure on average "
        "and right on 90%: too sure."
    )


def test_what_silence_is_worth():
    assert calibration.silent_on_a_tenth(NAMES, {"A": (0.9512, 0.9037), "B": (0.98, 0.92)}).endswith(
        "of the rest the plain network is right on 95.1% instead of 90.4%; the ResNet is right on 98.0% instead of "
        "92.0%."
    )


@pytest.mark.parametrize(
    ("uncorrected", "end"), [(True, "these (not corrected; the switch above does that)"), (False, "these")]
)
def test_how_sure_of_some_photos(uncorrected, end):
    words = calibration.of_these("A", "ResNet", np.array([0.9, 0.999]), uncorrected)
    assert words == f"**A**, ResNet: 90% to over 99% sure of {end}"
