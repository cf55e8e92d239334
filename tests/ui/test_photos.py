"""Photos in a row, with what both networks said of them."""

from base64 import b64decode
from io import BytesIO

import numpy as np
from PIL import Image

from core.data import cifar10, doubted_labels
from core.words.mistakes import judged
from ui.pictures.photos import _caption, address, mark

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


def test_an_address_holds_the_photo_pixel_by_pixel():
    kind, _, data = address(7).partition(",")
    assert kind == "data:image/png;base64"
    with Image.open(BytesIO(b64decode(data))) as photo:
        assert np.array_equal(np.asarray(photo), cifar10.load_test().pixels[7])
