"""What both networks say of one picture, and where they looked: the verdict, each answer, how sure, how they differ."""

import numpy as np
import streamlit as st

from core.analysis.out_of_distribution import familiarity
from core.charts.answers import answers
from core.charts.palette import told_apart
from core.data import pictures
from core.data.cifar10 import CLASSES
from core.heatmaps import gradcam
from core.runs.run import Run
from core.words import calibration as calibration_words
from core.words import capitalized
from core.words import comparison as comparison_words
from ui import cached, chart
from ui.foreign_text import plain
from ui.pair.pair import Pair
from ui.pictures import photos
from ui.pictures.closer_look import SIDE, Look, in_words
from ui.pictures.picture_source import Choice

TOP = 5  # classes
OWN = (
    "Your own photos usually differ from the small ones that the networks learned from: expect more mistakes than on "
    "the test photos, and don't rely on the percentages."
)


def unfamiliar(looks: list[Look]) -> dict[str, float]:
    """{side: the share of test photos that look as unfamiliar to it}, 0 to 1, for those to whom this picture does."""
    found = {look.side: familiarity(look.answer.logits, cached.test_logits(look.run)) for look in looks}
    return {side: each.rank for side, each in found.items() if each.strange}


def show_verdict(pair: Pair, choice: Choice, looks: list[Look]) -> None:
    """Of two looks, as a header, and what to know of it."""
    labels = {look.side: look.answer.label for look in looks}
    strange = unfamiliar(looks)
    doubtful = bool(strange) and choice.truth is None and not choice.unknown
    doubt = comparison_words.strange([pair.names[side] for side in strange]) if doubtful else ""
    said = comparison_words.answers(pair.names, labels, choice.truth, choice.unknown)
    st.header(f"{doubt} {said}".strip(), anchor=False)
    if choice.truth and choice.truth not in labels.values():
        st.markdown(comparison_words.why_both_are_wrong(len(looks[0].seen), bool(strange)))
    if choice.truth is None and not choice.unknown:
        st.caption(OWN)
    if doubtful:
        st.info(
            "Hardly any test photo looks as strange. It may be none of the ten things: a network can't say “none of "
            "these,” so it answers all the same.",
            icon=":material/psychology_alt:",
        )


def show(pair: Pair, choice: Choice, looks: list[Look]) -> None:
    """Each network's answer and where it looked, side by side; of one without weights, what it said of a test photo,
    which every run keeps; nothing of one that could not be asked."""
    look_of = {look.side: look for look in looks}
    for side, run in pair:
        with st.container(width="stretch", gap="xsmall"):
            if look := look_of.get(side):
                _show_answer(side, pair.names[side], look.answer.probabilities, choice.truth)
                caption = look.method.caption(side, look.explained)
                st.image(look.drawn, caption=caption, width="stretch", alt=in_words(caption, look.answer.heatmap))
            elif not run.has_weights:
                _show_kept_answer(side, pair.names[side], run, choice)


def _show_answer(side: str, name: str, probabilities: np.ndarray, truth: str | None) -> None:
    label = CLASSES[probabilities.argmax()]
    mark = "" if truth is None else " " + photos.mark(label == truth)
    st.markdown(f":small[{side}: {capitalized(name)}]")
    st.header(f"{label}{mark}", anchor=False)
    st.markdown(f"{calibration_words.share(probabilities.max())} sure", help=calibration_words.HOW_SURE)


def _show_kept_answer(side: str, name: str, run: Run, choice: Choice) -> None:
    if choice.number is None:
        st.header(f"{side}: no answer", anchor=False)
        st.markdown(f"The weights of **{plain(run.name)}** are not here: it can't be asked anything new.")
        return
    _show_answer(side, name, cached.test_probabilities(run, choice.number), choice.truth)
    st.markdown("No heatmap: its weights are not here. This answer was kept.")


def show_how_sure(pair: Pair, look: Look) -> None:
    """Of the likeliest classes, as a chart."""
    likely = calibration_words.likeliest(look.answer.probabilities, TOP)
    alt = calibration_words.answers(look.side, likely)
    st.markdown(f"**{look.side}: {capitalized(pair.names[look.side])}**")
    chart.show(answers, likely, pair.colors[look.side], width="stretch", key=f"answers_{look.side}", alt=alt)


def show_difference(pair: Pair, a: Look, b: Look) -> None:
    """Where one looked more than the other."""
    of_a, of_b = a.answer.heatmap, b.answer.heatmap
    more = {"A": (of_a - of_b).clip(0), "B": (of_b - of_a).clip(0)}
    st.image(
        gradcam.overlay_difference(np.asarray(pictures.enlarge(a.seen, SIDE)), of_a, of_b, told_apart(pair.colors)),
        caption="In A's color: A looked more there; in B's color: B did",
        width=SIDE,
        alt=". ".join(in_words(f"Where {side} looked more", one) for side, one in more.items()),
    )
