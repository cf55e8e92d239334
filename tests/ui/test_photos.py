"""Photos in a row, with what both networks said of them."""

from core.data import doubted_labels
from core.words.comparison import judged
from ui.photos import _caption, mark

DOUBTED = next(iter(doubted_labels.load()))


def test_a_caption_marks_who_is_right():
    assert DOUBTED > 0
    assert _caption(0, "cat", {"A": "cat", "B": "dog"}).split("  \n") == [
        "**cat**",
        f"A: cat {mark(True)}",
        f"B: dog {mark(False)}",
    ]
    assert mark(True) != mark(False)


def test_a_caption_tells_that_people_doubted_the_label():
    words = _caption(DOUBTED, "deer", {"A": "deer", "B": "bird"})
    assert judged(doubted_labels.load()[DOUBTED]) in words.split("  \n")[-1]
