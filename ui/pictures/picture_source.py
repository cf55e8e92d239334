"""Where a picture comes from: one's own photo, a CIFAR-10 test image, the gallery or the webcam."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.analysis.comparison import A_ALONE, B_ALONE, BOTH, NEITHER
from core.data import gallery, pictures
from core.data.cifar10 import CLASSES, TEST_IMAGES
from core.errors import ImageError, LabError
from core.words import capitalized
from ui import cached, link, permission, screen
from ui.foreign_text import plain
from ui.pair.pair import Pair

SOURCES = {"upload": "My photo", "test": "Test photo", "gallery": "Gallery", "camera": "Webcam"}
OWN_PHOTO = {"source": SOURCES["upload"]}  # in a link, which holds what the widget shows
TEST_PHOTO = {"source": SOURCES["test"]}
ANY_PHOTO, DISAGREE, ANY_CLASS = "any photo", "they disagree", "any class"
POOLS = (DISAGREE, A_ALONE, B_ALONE, NEITHER, BOTH, ANY_PHOTO)
NONE_OF_THESE = "none of these"
TEN = "The networks know ten things: " + ", ".join(CLASSES) + "."
OWN = "_own_pictures"
ZOOM = 4.0  # at most
STAYS_HERE = "It goes to the computer that runs this lab, is never stored, and is gone when you close the page."


@dataclass(frozen=True)
class Choice:
    """`square`: RGB, any size; `truth`: the class's name, where it is known; `unknown`: it is known to show none of the
    ten; `number`: of a test photo."""

    square: Image.Image
    title: str
    truth: str | None = None
    unknown: bool = False
    number: int | None = None


def choose(pair: Pair) -> Choice | None:
    """Draw the controls; None while there is no usable picture (the page then shows why)."""
    first = st.session_state.setdefault("_first_source", _first_source())
    link.take_default("source", SOURCES[first], first)
    row = st.container(horizontal=True, vertical_alignment="center", key="picture_source")
    source = row.segmented_control(
        "Photo",
        list(SOURCES),
        default=first,
        key="source",
        bind="query-params",
        required=True,
        format_func=lambda source: SOURCES[source],
        label_visibility="collapsed",
        help="A test photo is one that no network was trained on.",
    )
    with row if source == "test" else st.container():
        return {"test": _test_image, "gallery": _gallery, "upload": _upload, "camera": _camera}[source](pair)


def _first_source() -> str:
    """A phone has a camera at hand; but its visitor may have followed a link to a test photo."""
    return "upload" if screen.on_phone() and "image" not in st.query_params else "test"


def _test_image(pair: Pair) -> Choice:
    number = _number(pair)
    st.session_state["image"] = number
    st.button(
        "Another one",
        key="another",
        icon=":material/casino:",
        on_click=_draw,
        args=(pair,),
        help="At random, of the kind chosen.",
    )
    with st.popover("Choose", icon=":material/tune:", help="Which test photos."):
        st.number_input(
            "Number of the photo",
            0,
            TEST_IMAGES - 1,
            step=1,
            key="image",
            on_change=lambda: link.write(image=str(st.session_state["image"])),
            help="Test photos are numbered from 0 to 9,999, in the dataset's own order.",
        )
        drawing: dict[str, Any] = {"on_change": _draw, "args": (pair,)}
        st.selectbox("Who is right", POOLS, key="pool", help="From which photos to draw one at random.", **drawing)
        st.selectbox("What it shows", (ANY_CLASS, *CLASSES), key="shows", help="Draw photos of this alone.", **drawing)
    if message := st.session_state.pop("_none_found", None):
        st.info(message)
    truth = CLASSES[cached.test_labels()[number]]
    square = Image.fromarray(cached.test_images().pixels[number])
    return Choice(square, f"Test photo {number}: {truth}", truth, number=number)


def _number(pair: Pair) -> int:
    """The photo that the link names; else the one that was chosen on another page, or the most telling one, which the
    link then names. Not the widget's own binding to the link: on the way to another page with photos, and back,
    Streamlit drops what is bound."""
    first, linked = most_telling(pair), link.number("image")
    if linked is not None and linked < TEST_IMAGES:
        st.session_state["_photo"] = None if linked == first else linked
        return linked
    chosen = st.session_state.get("_photo")
    number = first if chosen is None else chosen
    link.write(image=str(number))
    return number


def most_telling(pair: Pair) -> int:
    """The number of the test photo on which they disagree most clearly; 0 where they never do."""
    return int(next(iter(_disagreements(pair)), 0))


def _draw(pair: Pair) -> None:
    """Choose a photo of the kind that the two boxes name."""
    try:
        found, shows = _pool(pair, st.session_state["pool"]), st.session_state["shows"]
    except LabError:  # a run of the pair was deleted meanwhile, which the page then says
        return
    if shows != ANY_CLASS:
        found = found[cached.test_labels()[found] == CLASSES.index(shows)]
    if len(found):
        link.write(image=str(np.random.default_rng().choice(found)))
    else:
        st.session_state["_none_found"] = "There is no such photo among the 10,000; choose another kind."


def _pool(pair: Pair, name: str) -> np.ndarray:
    if name == ANY_PHOTO:
        return np.arange(TEST_IMAGES)
    return _disagreements(pair) if name == DISAGREE else cached.by_who_is_right(pair.a, pair.b)[name]


def _disagreements(pair: Pair) -> np.ndarray:
    return np.concatenate(list(cached.disagreements(pair.a, pair.b).values()))


def _gallery(pair: Pair) -> Choice:
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
        label_visibility="collapsed",
        help=f"{known} of these show one of the ten things that the networks know; {len(names) - known} do not.",
    )
    what, truth = gallery.PICTURES[name]
    title = capitalized(what)
    return Choice(_square(_exhibit(name)), title, truth, unknown=truth is None)


@st.cache_resource(max_entries=len(gallery.PICTURES), show_spinner=False)
def _exhibit(name: str) -> pictures.Picture:
    """Shared between visitors: not to be written to."""
    return pictures.open_picture(gallery.read(name))


def _upload(pair: Pair) -> Choice | None:
    # No `type`: what is inside decides (core.data.picture_files), not what the file is called.
    file = st.file_uploader(
        "Take or choose a photo (JPEG, PNG or WebP)", key="upload", help=STAYS_HERE, on_change=_forget, args=("upload",)
    )
    return _own("upload", file, f"{TEN} A photo of one of these is a fair test.")


def _camera(pair: Pair) -> Choice | None:
    if not _camera_is_allowed(st.context.url or ""):
        st.info(
            "Browsers allow the camera only on secure pages: those that begin with https, or on the computer that "
            "runs this lab. Choose **My photo** instead; on a phone that opens the camera, too.",
            icon=":material/no_photography:",
        )
        return None
    file = st.camera_input(
        "Take a photo", key="camera", help=STAYS_HERE, width=480, on_change=_forget, args=("camera",)
    )
    return _own("camera", file, f"{TEN} Hold up a toy car, or a picture of a frog on your phone.")


def _camera_is_allowed(url: str) -> bool:
    """Whether browsers count the page at this address as secure."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in permission.THIS_COMPUTER


def _own(source: str, file: UploadedFile | None, without: str) -> Choice | None:
    """Nobody but the visitor knows what it shows. `without`: what is said where there is none yet."""
    try:
        own = _kept(source, file)
    except ImageError as error:
        st.error(plain(error), icon=":material/broken_image:")
        return None
    if own is None:
        st.info(without)
        return None
    if file is None:  # another page was looked at meanwhile
        st.button(
            "Remove my photo",
            key=f"forget_{source}",
            icon=":material/close:",
            on_click=_forget,
            args=(source,),
            help=STAYS_HERE,
        )
    identity, picture = own
    square = _square(picture, identity)
    really = st.pills(
        "What is it really?",
        (*CLASSES, NONE_OF_THESE),
        key=f"really_{identity}",
        persist_state="session",
        help="Only you know. Then the lab can say who is right.",
    )
    return Choice(square, "Your photo", really if really in CLASSES else None, unknown=really == NONE_OF_THESE)


def _kept(source: str, file: UploadedFile | None) -> tuple[str, pictures.Picture] | None:
    """The visitor's own picture and what it is known by. Decoded once for all the clicks that follow, and kept in this
    session alone, which ends with the page: Streamlit's widget forgets it once another page is looked at."""
    kept: dict = st.session_state.setdefault(OWN, {})
    if file and (source not in kept or kept[source][0] != file.file_id):
        kept[source] = file.file_id, pictures.open_picture(file.getvalue())
    return kept.get(source)


def _forget(source: str) -> None:
    """For another picture, or none."""
    st.session_state.get(OWN, {}).pop(source, None)


def _square(picture: pictures.Picture, identity: str = "") -> Image.Image:
    """`identity`: of a picture of one's own, in which what counts may be small and anywhere."""
    if picture.note:
        st.caption(picture.note)
    how = "crop"
    if picture.image.width != picture.image.height:
        how = st.segmented_control(
            "The networks see a square",
            ["crop", "pad"],
            default="crop",
            key="how",
            bind="query-params",
            required=True,
            format_func=lambda how: {
                "crop": "a part of it" if identity else "the middle of it",
                "pad": "all of it, with edges",
            }[how],
            help="Which part of a picture that is not square.",
        )
    return pictures.square(picture.image, how, **(_crop(picture.image, identity) if identity and how == "crop" else {}))


def _crop(image: Image.Image, identity: str) -> dict[str, float]:
    """Of `pictures.square`: how close, and where there is something to choose, where."""
    with st.popover("Zoom", icon=":material/crop:", help="Closer to what counts, wherever it is."):
        zoom = st.slider("Zoom", 1.0, ZOOM, 1.0, 0.1, key=f"zoom_{identity}", format="%.1f ×", persist_state="session")
        side, place = min(image.size) / zoom, {}
        for key, label, length in (("across", "Left to right", image.width), ("down", "Top to bottom", image.height)):
            if length > side:
                value = st.slider(label, 0, 100, 50, key=f"{key}_{identity}", format="%d%%", persist_state="session")
                place[key] = value / 100
    return {"zoom": zoom, **place}
