"""One moment of a race of two networks as the audience sees it, live or recorded, and its end."""

from collections.abc import Mapping
from html import escape

import numpy as np
import pandas as pd
import streamlit as st

from core.charts.learning import race_curve, race_gradients
from core.charts.palette import SIDES
from core.data.cifar10 import CLASSES
from core.jobs.races import race_process, race_result
from core.jobs.races.frames import Frame
from core.words import course, in_a_sentence
from core.words.gradients import SIZE_ALONE, rounded
from core.words.play import race as race_words
from ui import cached, chart
from ui.curious import curious_charts
from ui.foreign_text import plain
from ui.pair.looks import MARKDOWN_COLORS
from ui.pictures import photos
from ui.race.race_track import track

POINTS = 100  # of a curve, at most: more are not seen, and cost time
SIDE = 82  # pixels of a photo on the screen: four are side by side on a phone
SHORT = {"airplane": "plane", "automobile": "car"}  # so that a word and its mark fit below a photo
SAME = "same"  # the bet that neither will be ahead
TRAINING_SHARE = "Right answers on the **latest training photos**, before learning from them:"


def _in_a_sentence(names: Mapping[str, str]) -> dict[str, str]:
    return {side: f"the {plain(in_a_sentence(names[side]))}" for side in SIDES}


def show_moment(names: Mapping[str, str], frames: list[Frame]) -> None:
    """Everything there is to see at the last frame. `names`: of A and of B."""
    now = frames[-1]
    shares = race_result.shares(now)
    if not now.finished:  # whose end says what the numbers are
        st.markdown(TRAINING_SHARE)
    dark = st.context.theme.type == "dark"
    st.image(track(names, shares, dark), width="stretch", alt=race_words.right_answers(names, shares))
    _show_answers(names, now)
    details = curious_charts("race_details")
    if details.open:
        with details:
            _show_charts(frames)


def show_heading(question: str) -> None:
    """The page's title during a race: smaller than others, so that track and photos fit on the screen with it."""
    st.html(f'<h1 style="font-size: 1.75rem; line-height: 1.2; margin: 0; padding: 0">{escape(question)}</h1>')


def show_end(names: Mapping[str, str], frames: list[Frame], bet: str | None) -> None:
    """Who is ahead, and whether that is what the visitor has bet: a side, SAME or None."""
    last = frames[-1]
    if last.finished:
        called, ahead = _in_a_sentence(names), race_result.ahead(last)
        words = [race_words.verdict(called, race_result.shares(last), ahead)]
        if bet:
            words.append(race_words.bet(called.get(bet), won=bet == (ahead or SAME)))
        st.success("  \n".join(words), icon=":material/sports_score:")
    else:
        st.info(f"It ended at step {last.step} of {last.steps}: no winner.", icon=":material/stop:")
    show_moment(names, frames)


def _show_answers(names: Mapping[str, str], frame: Frame) -> None:
    who = " and ".join(f":{MARKDOWN_COLORS[side]}[**{plain(names[side])}**]" for side in SIDES)
    st.markdown(f"On new photos, {who} say:")
    labels = cached.test_labels()
    with st.container(horizontal=True, gap="xxsmall", key="race_photos"):
        for number, index in enumerate(race_process.PHOTOS):
            truth = CLASSES[labels[index]]
            answers = {side: frame.standings[side].probabilities[number] for side in SIDES}
            with st.container(width=SIDE, gap="xxsmall"):
                st.image(photos.address(index), width=SIDE, alt=f"Test photo {index}: {truth}")
                st.markdown("  \n".join(_said(side, answers[side], truth) for side in SIDES))


def _said(side: str, probabilities: list[float], truth: str) -> str:
    answer = CLASSES[int(np.argmax(probabilities))]
    return f"{side} :{MARKDOWN_COLORS[side]}[**{SHORT.get(answer, answer)}**]{photos.mark(answer == truth)}"


def _show_charts(frames: list[Frame]) -> None:
    steps = frames[-1].steps
    st.caption(f"Step {frames[-1].step} of {steps}: after each, both have learned from one more handful of photos.")
    first, second, third = st.columns(3)
    for column, measure, title, percent in (
        (first, "accuracy", "right on training photos", True),
        (second, "loss", "loss", False),
    ):
        with column:
            st.markdown(f"**{'Who is right more often?' if percent else 'Who is closer to the truth?'}**")
            curve = _curve(frames, measure)
            said = "{:.0%}".format if percent else "{:.2f}".format
            alt = "; ".join(course(str(side), values.tolist(), said) for side, values in curve.groupby("side")["value"])
            key = f"race_{measure}"
            chart.show(race_curve, title, percent, steps, data=curve, key=key, alt=f"{title}: {alt}")
    with third:
        st.markdown("**How strong is the message to each layer?**")
        norms = _gradients(frames[-1])
        alt = "; ".join(course(str(side), of_side.tolist(), rounded) for side, of_side in norms.groupby("side")["norm"])
        chart.show(race_gradients, data=norms, key="race_gradients", alt=f"From the first layer to the last: {alt}")
        st.caption(SIZE_ALONE)


def _curve(frames: list[Frame], measure: str) -> pd.DataFrame:
    shown = [frames[i] for i in np.unique(np.linspace(0, len(frames) - 1, POINTS).astype(int))]
    rows = [(side, frame.step, getattr(frame.standings[side], measure)) for frame in shown for side in SIDES]
    return pd.DataFrame(rows, columns=["side", "step", "value"])


def _gradients(frame: Frame) -> pd.DataFrame:
    rows = [
        (side, layer, norm)
        for side in SIDES
        for layer, norm in enumerate(frame.standings[side].gradient_norms, start=1)
        if norm > 0  # a logarithmic axis has no zero
    ]
    return pd.DataFrame(rows, columns=["side", "layer", "norm"])
