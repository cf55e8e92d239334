"""Photos in a row, with what both networks said of them."""

from ui.photos import _caption, mark


def test_a_caption_marks_who_is_right():
    assert _caption("cat", {"A": "cat", "B": "dog"}).split("  \n") == [
        "**cat**",
        f"A: cat {mark(True)}",
        f"B: dog {mark(False)}",
    ]
    assert mark(True) != mark(False)
