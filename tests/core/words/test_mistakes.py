import numpy as np
import pandas as pd
import pytest

from core.analysis.metrics import ClassChange
from core.data.cifar10 import CLASSES
from core.words import mistakes

NAMES = {"A": "the plain network", "B": "the ResNet"}


@pytest.mark.parametrize(("rising", "words"), [(7, "7 of the 10 classes"), (10, "all 10 classes")])
def test_a_change_of_classes_in_words(rising, words):
    said = mistakes.class_change("recall", ClassChange("cat", 12.34, rising, classes=10))
    assert said == f"From A to B, recall changes most for cat: +12.3 points. It rises for {words}."


def test_a_mix_up_of_both_in_words():
    words = mistakes.of_both(NAMES, "cat", "deer", {"A": 83, "B": 60})
    assert words == "Of 1,000 cats, the plain network mistakes **83** for deer, the ResNet **60**."


def test_the_largest_mix_up_in_words():
    assert mistakes.most_common("cat", "dog", 83) == "Most often cats are mistaken for dogs: 83 of 1,000"
    change = mistakes.largest_change("cat", "dog", -23)
    assert change == "What changes most from A to B: cats mistaken for dogs, -23 of 1,000"


@pytest.mark.parametrize(
    ("photos", "words"), [(1, "1 photo"), (12, "12 photos"), (13, "13 photos, the first 12 shown")]
)
def test_the_photos_of_a_cell_in_words(photos, words):
    assert mistakes.of_cell("Only A says cat", photos, most=12) == f"**Only A says cat**: {words}"


def test_doubted_labels_in_words():
    assert "For **54**, fewer than" in mistakes.doubted(54, 40)
    assert mistakes.doubted(54, 40).endswith("for 40 of these, most preferred another class, or neither.")


def test_what_is_mixed_up_after_an_epoch_in_words():
    matrix = pd.DataFrame(np.diag(np.full(10, 8)), index=list(CLASSES), columns=list(CLASSES))
    assert mistakes.of_an_epoch(matrix) == "right on 100%."
    matrix.loc["cat", "dog"], matrix.loc["dog", "deer"] = 15, 5
    assert mistakes.of_an_epoch(matrix) == "right on 80%. Most often it mistakes cats for dogs (15)."
