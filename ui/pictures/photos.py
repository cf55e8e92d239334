"""CIFAR-10 pictures on the screen, sent inside the page; ui/static/style.css has them enlarged without smoothing."""

import numpy as np
import streamlit as st

from core.charts.filters import filter_sheet
from core.data import doubted_labels
from core.data.cifar10 import CLASSES, load_training
from core.data.pictures import png_address
from core.words.mistakes import judged
from ui import cached
from ui.pair.pair import Pair
from ui.pictures.picture_source import TEST_PHOTO

SIDE = 128  # pixels on the screen of a 32 x 32 picture in a strip


@st.cache_data(max_entries=2_000, show_spinner=False)
def address(index: int) -> str:
    """Of a test photo, and at the same time all of it, as PNG: 3 kB. To encode it anew for each visitor, and to answer
    the browser's request for it, would take the server longer than all else that a photo needs."""
    return png_address(cached.test_images().pixels[index])


@st.cache_data(max_entries=64, show_spinner=False)
def filters_address(filters: np.ndarray, columns: int = 8) -> str:
    """The same of a sheet of a network's first filters, see `filter_sheet`."""
    return png_address(filter_sheet(filters, columns))


def strip(indices, pair: Pair, key: str) -> None:
    """Test images in a row that wraps, each with its class, both answers, and a link to look inside; and with what
    people said who doubted its class."""
    labels = cached.test_labels()
    answers = {side: cached.test_answers(run) for side, run in pair}
    with st.container(horizontal=True, key=key):
        for index in map(int, indices):
            with st.container(width=SIDE + 12, gap=None):
                st.image(address(index), width=SIDE, alt=f"Test photo {index}: {CLASSES[labels[index]]}")
                st.markdown(_caption(index, CLASSES[labels[index]], {s: CLASSES[a[index]] for s, a in answers.items()}))
                st.page_link(
                    "../pages/look_inside.py",
                    label="Look inside",
                    icon=":material/search:",
                    query_params={**pair.link, **TEST_PHOTO, "image": str(index)},
                )


def training_strip(shown: dict[int, tuple[str, str]], key: str) -> None:
    """Training photos that come with the lab in a row that wraps; by number: what each is, and what is said of it."""
    addresses = _training_addresses(tuple(shown))
    with st.container(horizontal=True, key=key):
        for photo, (index, (truth, words)) in zip(addresses, shown.items(), strict=True):
            with st.container(width=SIDE + 12, gap=None):
                st.image(photo, width=SIDE, alt=f"Training photo {index}: {truth}")
                st.markdown(f"**{truth}**, {words}")


@st.cache_data(max_entries=64, show_spinner="Unpacking the training photos ...")
def _training_addresses(indices: tuple[int, ...]) -> list[str]:
    """All 10,000 are unpacked for them, and not kept."""
    pixels = load_training("shipped").pixels
    return [png_address(pixels[index]) for index in indices]


def row(indices, key: str, side: int = 72) -> None:
    """Small test images in a row, without words."""
    with st.container(horizontal=True, key=key, gap="xsmall"):
        for index in map(int, indices):
            truth = CLASSES[cached.test_labels()[index]]
            st.image(address(index), width=side, alt=f"Test photo {index}: {truth}")


def _caption(index: int, truth: str, answers: dict[str, str]) -> str:
    lines = [f"**{truth}**"]
    lines += [f"{side}: {answer} {mark(answer == truth)}" for side, answer in answers.items()]
    if doubt := doubted_labels.load().get(index):
        lines.append(f":orange[:material/help: {judged(doubt)}]")
    return "  \n".join(lines)


def mark(right: bool) -> str:
    """Markdown of a check mark or a cross: told apart from afar, by color too."""
    return ":green[:material/check_circle:]" if right else ":red[:material/cancel:]"
