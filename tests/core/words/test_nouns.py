"""Plurals, counts, and names in sentences."""

import pytest

from core.words import counted, in_a_sentence, of_photos


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [(0, "epoch", "0 epochs"), (1, "pass", "1 pass"), (2, "pass", "2 passes"), (45_000, "photo", "45,000 photos")],
)
def test_a_noun_agrees_with_its_number(number, noun, words):
    assert counted(number, noun) == words


@pytest.mark.parametrize(
    ("share", "photos", "said"),
    [(0.9235, 1_000, 923), (0.003, 1_000, 3), (0.0, 1_000, 0), (1.0, 1_000, 1_000), (0.07, 100, 7)],
)
def test_a_share_of_photos_is_a_number_as_percent_are_rounded(share, photos, said):
    assert of_photos(share, photos) == said


def test_a_name_as_such_keeps_its_capital_in_a_sentence():
    assert in_a_sentence("Plain network") == "plain network"
    for name in ("ResNet", "DenseNet-121", "VGG-11", "ViT-B/16", "resnext50_32x4d", ""):
        assert in_a_sentence(name) == name
