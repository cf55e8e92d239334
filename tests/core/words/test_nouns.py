"""Plurals, and names in sentences."""

import pytest

from core.words import counted, in_a_sentence


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [(0, "epoch", "0 epochs"), (1, "pass", "1 pass"), (2, "pass", "2 passes"), (45_000, "photo", "45,000 photos")],
)
def test_a_noun_agrees_with_its_number(number, noun, words):
    assert counted(number, noun) == words


def test_a_name_as_such_keeps_its_capital_in_a_sentence():
    assert in_a_sentence("Plain network") == "plain network"
    for name in ("ResNet", "DenseNet-121", "VGG-11", "ViT-B/16", "resnext50_32x4d", ""):
        assert in_a_sentence(name) == name
