"""One picture, both networks: what they answer, how sure they are, where they looked, and whether to believe it."""

import numpy as np
import streamlit as st

from core.analysis import calibration, metrics
from core.analysis.transfer import pretraining_pairs
from core.data import pictures
from core.words import calibration as calibration_words
from core.words import comparison as comparison_words
from ui import cached
from ui.curious import curious_charts
from ui.fragment import errors_shown
from ui.lesson import way_back
from ui.pair import missing_weights, pair_picker
from ui.pair.pair import TRANSFER, Pair
from ui.pictures import answers_shown, closer_look, map_controls, picture_source, save_looks
from ui.pictures.closer_look import Look

SEEN = 150  # pixels on the screen of what the networks see
CLOSER = {"trust": "Can I trust these maps?", "shake": "Shake it", "cover": "Cover it up"}


def read_map_sizes(pair: Pair) -> dict[str, dict[str, int]]:
    """By side, for those that can be asked; what is wrong with another is said."""
    found = {}
    for side, run in pair:
        with errors_shown():
            if run.has_weights:
                with st.spinner("Loading the network ..."):
                    found[side] = cached.map_sizes(run)
    return found


def show_picture(choice: picture_source.Choice, seen: np.ndarray, pair: Pair) -> None:
    """As the networks see it (`seen`), and as its visitor does."""
    st.markdown(f"What the networks see: **{len(seen)} × {len(seen)}** pixels")
    with st.container(horizontal=True, key="pictures"):
        st.image(
            pictures.png_address(seen),
            caption=choice.title,
            width=SEEN,
            alt=f"{choice.title}, as the networks see it",
        )
        if choice.square.width > len(seen):
            st.image(choice.square.resize((SEEN, SEEN)), caption="What you see", width=SEEN, alt=choice.title)
    if pretraining_pairs([pair.a, pair.b]):  # here, as the maps are to be seen without scrolling
        st.caption("Two networks look at one picture. One of them learned from other photos first.")


def show_details(pair: Pair, truth: str | None, looks: list[Look]) -> None:
    bright = looks[0].method.bright
    st.markdown(f"A heatmap is bright {bright}. It is coarse, and says at best where a network looked, not why.")
    st.markdown(closer_look.HOW_OFTEN)
    if truth is None:
        st.markdown(
            "Where a picture may be none of the ten things, a note says so. With two networks of 20 layers it noticed "
            "about half of the crops of three other pictures, and 9 of 100 handwritten digits (docs/results.md). So "
            "without a note it may still be none of them."
        )
        for side, rank in answers_shown.unfamiliar(looks).items():
            st.markdown(comparison_words.stranger(side, rank))
    for place, look in zip(st.columns(len(looks)), looks, strict=True):
        with place:
            answers_shown.show_how_sure(pair, look)
            raw = metrics.probabilities(look.answer.logits[None]).max()
            st.markdown(calibration_words.as_it_came(raw, cached.stored(calibration.load, look.run)))
    if len(looks) == 2 and st.toggle(
        "Where their heatmaps differ", key="difference", bind="query-params", help="A's minus B's."
    ):
        answers_shown.show_difference(pair, *looks)


def look_closer(pair: Pair, looks: list[Look]) -> None:
    st.header("Look closer", anchor=False)
    closer = st.pills(
        "Look closer",
        list(CLOSER),
        key="closer",
        bind="query-params",
        format_func=CLOSER.__getitem__,
        label_visibility="collapsed",
        help="Three experiments with this picture.",
    )
    if closer == "trust":
        closer_look.trust(looks)
    elif closer == "shake":
        closer_look.shake(looks, pair)
    elif closer == "cover":
        closer_look.cover(looks)


pair = pair_picker.choose(TRANSFER)
st.title("What do they see?")
way_back.offer()
choice = picture_source.choose(pair)
if choice is None:
    st.stop()
seen = pictures.to_pixels(choice.square)
map_sizes = read_map_sizes(pair)
verdict = st.container()
both, picture = st.columns([2, 1])
looks: list[Look] = []
if map_sizes:
    with picture:
        style = map_controls.choose(map_sizes, choice.truth)
    for side, run in pair:
        with errors_shown():
            looks += [closer_look.look(side, run, seen, style)] if side in map_sizes else []
if len(looks) == 2:
    with verdict:
        answers_shown.show_verdict(pair, choice, looks)
with both, st.container(horizontal=True, wrap=False, vertical_alignment="bottom", key="answers"):
    answers_shown.show(pair, choice, looks)
with picture:
    show_picture(choice, seen, pair)
missing_weights.offer(pair)
if not looks:
    st.stop()
save_looks.offer(pair, choice.title, looks)
with curious_charts() as details:
    if details.open:
        show_details(pair, choice.truth, looks)
look_closer(pair, looks)
st.page_link("../pages/mistakes.py", icon=":material/grid_on:", query_params=pair.link)
