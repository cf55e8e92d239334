"""Where a picture comes from: a CIFAR-10 test image, the gallery, an upload or the camera."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from core.data import gallery, pictures
from core.data.cifar10 import CLASSES, TEST_IMAGES
from core.errors import ImageError
from ui import cached
from ui.foreign_text import plain
from ui.run_picker import Pair

SOURCES = {"test": "CIFAR-10 test photo", "gallery": "Gallery", "upload": "My own picture", "camera": "Camera"}
ANY_PHOTO, DISAGREE, ANY_CLASS = "any photo", "they disagree", "any class"
POOLS = (ANY_PHOTO, DISAGREE, "A right, B wrong", "B right, A wrong", "both wrong", "both right")
STAYS_HERE = "It goes to the computer that runs this lab, is never stored, and is gone when you close the page."


@dataclass(frozen=True)
class Choice:
    """`square`: RGB, any size; `truth`: the class's name, where it is known; `number`: of a test photo."""

    square: Image.Image
    truth: str | None
    title: str
    number: int | None = None


def choose(pair: Pair) -> Choice | None:
    """Draw the controls; None while there is no usable picture (the page then shows why)."""
    source = st.segmented_control(
        "Picture",
        list(SOURCES),
        default="test",
        key="source",
        bind="query-params",
        required=True,
        format_func=lambda source: SOURCES[source],
        help="A test photo is one that no network was trained on.",
    )
    return {"test": _test_image, "gallery": _gallery, "upload": _upload, "camera": _camera}[source](pair)


def _test_image(pair: Pair) -> Choice:
    if "image" not in st.session_state and "image" not in st.query_params:
        _draw(pair, first=True)  # the first look is an interesting one
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input(
            "Number",
            0,
            TEST_IMAGES - 1,
            value=None,
            step=1,
            key="image",
            bind="query-params",
            width=160,
            help="Test photos are numbered from 0 to 9,999, in the dataset's own order.",
        )
        drawing: dict[str, Any] = {"on_change": _draw, "args": (pair,), "width": 190}
        st.selectbox("Who is right", POOLS, key="pool", help="From which photos to draw one at random.", **drawing)
        st.selectbox("What it shows", (ANY_CLASS, *CLASSES), key="shows", help="Draw photos of this alone.", **drawing)
        st.button(
            "Another one",
            key="another",
            icon=":material/casino:",
            on_click=_draw,
            args=(pair,),
            help="At random, of the kind chosen.",
        )
    if message := st.session_state.pop("_none_found", None):
        st.info(message)
    number = 0 if number is None else int(number)
    truth = CLASSES[cached.test_labels()[number]]
    return Choice(Image.fromarray(cached.test_images().pixels[number]), truth, f"Test photo {number}: {truth}", number)


def _draw(pair: Pair, first: bool = False) -> None:
    """Choose a photo of the kind that the two boxes name; the `first` time the clearest disagreement."""
    found = _disagreements(pair) if first else _pool(pair, st.session_state["pool"])
    shows = ANY_CLASS if first else st.session_state["shows"]
    if shows != ANY_CLASS:
        found = found[cached.test_labels()[found] == CLASSES.index(shows)]
    if len(found):
        st.session_state["image"] = int(found[0] if first else np.random.default_rng().choice(found))
    elif not first:
        st.session_state["_none_found"] = "There is no such photo among the 10,000; choose another kind."


def _pool(pair: Pair, name: str) -> np.ndarray:
    if name == ANY_PHOTO:
        return np.arange(TEST_IMAGES)
    return _disagreements(pair) if name == DISAGREE else cached.by_who_is_right(pair.a, pair.b)[name]


def _disagreements(pair: Pair) -> np.ndarray:
    return np.concatenate(list(cached.disagreements(pair.a, pair.b).values()))


def _gallery(pair: Pair) -> Choice | None:
    names = list(gallery.PICTURES)
    known = sum(truth is not None for _, truth in gallery.PICTURES.values())
    name = st.pills(
        "Show them",
        names,
        default=names[0],
        key="exhibit",
        bind="query-params",
        required=True,
        format_func=lambda name: gallery.PICTURES[name][0],
        help=f"{known} of these show one of the ten things that the networks know; {len(names) - known} do not.",
    )
    what, truth = gallery.PICTURES[name]
    return _from_bytes(gallery.read(name), name, what[0].upper() + what[1:], truth)


def _upload(pair: Pair) -> Choice | None:
    # No `type`: what is inside decides (core.data.picture_files), not what the file is called.
    file = st.file_uploader("Drop a picture here (JPEG, PNG or WebP)", key="upload", help=STAYS_HERE)
    if file is None:
        st.info("The networks know ten things: " + ", ".join(CLASSES) + ". A picture of one of these is a fair test.")
        return None
    return _from_bytes(file.getvalue(), file.file_id, "Your picture")


def _camera(pair: Pair) -> Choice | None:
    file = st.camera_input("Take a picture", key="camera", help=STAYS_HERE, width=480)
    if file is None:
        st.info("Hold up a toy car, a picture of a frog on your phone, or any of: " + ", ".join(CLASSES) + ".")
        return None
    return _from_bytes(file.getvalue(), file.file_id, "Your picture")


def _from_bytes(data: bytes, identity: str, title: str, truth: str | None = None) -> Choice | None:
    try:
        picture = _opened(data, identity)
    except ImageError as error:
        st.error(plain(error), icon=":material/broken_image:")
        return None
    if picture.note:
        st.caption(picture.note)
    how = "crop"
    if picture.image.width != picture.image.height:
        how = st.segmented_control(
            "The picture is not square",
            ["crop", "pad"],
            default="crop",
            key="how",
            bind="query-params",
            required=True,
            format_func=lambda how: {"crop": "cut out its middle", "pad": "keep all of it"}[how],
            help="The networks see a square.",
        )
    return Choice(pictures.square(picture.image, how), truth, title)


def _opened(data: bytes, identity: str) -> pictures.Picture:
    """Decoded once for all the clicks that follow, and kept in this session alone, which ends with the page."""
    kept = st.session_state.get("_picture", (None, None))
    if kept[0] != identity:
        kept = st.session_state["_picture"] = identity, pictures.open_picture(data)
    return kept[1]
