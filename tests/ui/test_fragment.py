"""What a page says in a sentence where something goes wrong, and what it does not hide."""

import errno

import pytest

from core.errors import RunError
from tests.pages.opened import new_app, open_page
from ui import fragment

TOLD = [
    (RunError("It is gone."), "It is gone."),
    (OSError(errno.ENOSPC, "No space left on device"), "The disk is full."),
    (MemoryError(), "There is not enough memory"),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "There is not enough memory"),
]
BUGS = [RuntimeError("of ours"), FileNotFoundError(errno.ENOENT, "No such file"), KeyError("of ours")]


@pytest.fixture
def said(monkeypatch) -> list[str]:
    words: list[str] = []
    monkeypatch.setattr(fragment.st, "error", lambda sentence, icon: words.append(sentence))
    return words


@pytest.mark.parametrize(("error", "sentence"), TOLD)
def test_what_can_be_mended_is_said(said, error, sentence):
    with fragment.errors_shown():
        raise error
    assert said[0].startswith(sentence)


@pytest.mark.parametrize("error", BUGS)
def test_a_bug_is_not_hidden(said, error):
    with pytest.raises(type(error)), fragment.errors_shown():
        raise error
    assert not said


@pytest.mark.parametrize(("error", "sentence"), TOLD)
def test_so_does_the_frame_round_every_page(monkeypatch, error, sentence):
    def show():
        raise error

    monkeypatch.setattr("ui.race.race_stage.show", show)
    assert open_page(new_app(), "race").error[0].value.startswith(sentence)
