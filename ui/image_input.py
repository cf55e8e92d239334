"""Where a picture comes from: a CIFAR-10 test image, or an upload."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from core import images
from core.cifar10 import CLASSES
from core.errors import ImageError
from ui import cached
from ui.run_picker import Pair

SOURCES = {"test": "CIFAR-10 test photo", "upload": "My own picture"}
LAST = 9_999


@dataclass(frozen=True)
class Choice:
    """`square`: RGB, any size; `truth`: the class's name, where it is known."""

    square: Image.Image
    truth: str | None
    title: str


def choose(pair: Pair) -> Choice | None:
    """Draw the controls; None while there is no usable picture (the page then shows why)."""
    source = st.segmented_control(
        "Picture",
        list(SOURCES),
        default="test",
        key="source",
        bind="query-params",
        required=True,
        format_func=SOURCES.get,
        help="A test photo is one that no network was trained on.",
    )
    return _test_image(pair) if source == "test" else _upload()


def _test_image(pair: Pair) -> Choice:
    disagreements = np.concatenate(list(cached.disagreements(pair.a, pair.b).values()))
    if "image" not in st.session_state and "image" not in st.query_params and len(disagreements):
        st.session_state["image"] = int(disagreements[0])  # the first look is an interesting one
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input(
            "Number",
            0,
            LAST,
            value=None,
            step=1,
            key="image",
            bind="query-params",
            width=150,
            help="Test photos are numbered from 0 to 9,999, in the dataset's own order.",
        )
        st.button(
            "Any one",
            key="random",
            icon=":material/casino:",
            on_click=_pick,
            args=(np.arange(LAST + 1),),
            help="At random.",
        )
        st.button(
            "One they disagree on",
            key="disagree",
            icon=":material/bolt:",
            on_click=_pick,
            args=(disagreements,),
            disabled=not len(disagreements),
            help="At random among the test photos that A and B name differently.",
        )
    number = 0 if number is None else int(number)
    truth = CLASSES[cached.test_labels()[number]]
    return Choice(Image.fromarray(cached.test_images().pixels[number]), truth, f"Test photo {number}: {truth}")


def _pick(indices: np.ndarray) -> None:
    st.session_state["image"] = int(np.random.default_rng().choice(indices))


def _upload() -> Choice | None:
    file = st.file_uploader(
        "Drop a picture here",
        type=["jpg", "jpeg", "png", "webp", "gif", "bmp"],
        key="upload",
        help="It stays on this computer's server, is never stored, and is gone when you close the page.",
    )
    if file is None:
        st.info("The networks know ten things: " + ", ".join(CLASSES) + ". A picture of one of these is the fairest.")
        return None
    try:
        picture = images.open_picture(file.getvalue())
    except ImageError as error:
        st.error(str(error), icon=":material/broken_image:")
        return None
    how = st.segmented_control(
        "If it is not square",
        ["crop", "pad"],
        default="crop",
        key="how",
        bind="query-params",
        required=True,
        format_func={"crop": "cut out its middle", "pad": "keep all of it"}.get,
        help="The networks see a square.",
    )
    if picture.note:
        st.caption(picture.note)
    return Choice(images.square(picture.image, how), None, "Your picture")
