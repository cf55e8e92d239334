"""The glossary: every term that the app asks for is in it, and all are short."""

import ast

import pytest

from core.paths import ROOT
from core.words.glossary import GLOSSARY, explain, phrase

FILES = [file for folder in ("pages", "ui", "core") for file in (ROOT / folder).rglob("*.py")]


def terms_asked_for(source: str) -> set[str]:
    """The texts given to `explain` and `phrase`."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [call for call in calls if getattr(call.func, "id", "") in ("explain", "phrase")]
    return {arg.value for call in named for arg in call.args if isinstance(arg, ast.Constant)}


def test_every_term_that_is_asked_for_is_explained():
    asked = {term for file in FILES for term in terms_asked_for(file.read_text(encoding="utf-8"))}
    assert len(asked) > 8
    assert asked <= GLOSSARY.keys()


def test_explanations_are_short_sentences():
    for term, text in GLOSSARY.items():
        assert text.endswith("."), term
        assert len(text) < 140, term
    assert list(GLOSSARY) == sorted(GLOSSARY, key=str.lower)


def test_one_term_and_several():
    assert explain("loss") == "**Loss**: How wrong the answers are, as one number. Training makes it smaller."
    assert explain("layer", "epoch").startswith(
        "**Layer**: One step of the calculation from picture to answer.\n\n**Epoch**: "
    )
    assert phrase("recall") == "of all photos of a class, the share that is found"
    with pytest.raises(KeyError):
        explain("nonsense")
