"""Pictures that come with the lab."""

import pytest

from core.data import gallery, pictures
from core.data.cifar10 import CLASSES


@pytest.mark.parametrize("name", gallery.PICTURES)
def test_every_picture_opens_and_is_credited(name):
    what, truth = gallery.PICTURES[name]
    assert what
    assert truth is None or truth in CLASSES
    assert pictures.open_picture(gallery.read(name)).image.width >= 300
    assert f"`{name}.jpg`" in (gallery.GALLERY_DIR / "README.md").read_text()


def test_there_is_no_picture_beyond_the_list():
    assert {path.stem for path in gallery.GALLERY_DIR.glob("*.jpg")} == set(gallery.PICTURES)
