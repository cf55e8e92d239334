"""The race of two networks as the audience sees it: chosen, watched while it runs, and its end."""

import numpy as np
import pandas as pd
import streamlit as st

from core.charts.learning import race_curve, race_gradients
from core.charts.palette import SIDES
from core.data.cifar10 import CLASSES
from core.errors import LabError
from core.jobs import limits, race_process, trainings
from core.jobs.pairs import RACES, FairPair
from ui import cached
from ui.foreign_text import plain
from ui.fragment import fragment
from ui.photos import enlarged_test_image

POLL = "900ms"
POINTS = 100  # of a curve, at most: more are not seen, and cost time
HUES = {"A": "orange", "B": "blue"}  # Streamlit's names for what is nearest to `palette.COLORS`
SIDE = 128  # pixels of a photo on the screen


@st.cache_resource(show_spinner=False)
def _frames() -> race_process.FramesReader:
    """One for all who watch: each frame is read from the file once."""
    return race_process.FramesReader()


def show() -> None:
    race = race_process.current()
    if race and race.alive:
        _watch()
        return
    _offer()
    if race:
        frames, failure = _frames().read()
        if failure or not frames:
            st.error(
                f"The last race ended early. {plain(failure) or 'It was stopped, or killed, before the first step.'}"
            )
        if frames:
            _show_end(race.pair, frames)


def _offer() -> None:
    st.markdown(
        "Two networks learn **before your eyes**, a step each in turn, from the same photos in the same order. They "
        "differ in one thing."
    )
    if not limits.training_allowed():
        st.info("Training is switched off here. In a copy of the lab of your own you can hold a race.")
        return
    name = st.segmented_control(
        "Race",
        list(RACES),
        default=next(iter(RACES)),
        key="race",
        bind="query-params",
        required=True,
        format_func=lambda name: RACES[name].question,
        help="Each takes two or three minutes on a laptop, longer on a slow one.",
    )
    st.caption(f"What to expect: {RACES[name].expectation}")
    if any(status.state == "training" for status in trainings.states().values()):
        st.info("A run is training, so the race will be slower.", icon=":material/hourglass_empty:")
    st.button("Start the race", key="start_race", type="primary", icon=":material/flag:", on_click=_start, args=(name,))


def _start(name: str) -> None:
    try:
        race_process.start(name)
    except LabError as error:
        st.toast(plain(error), icon=":material/info:")  # somebody else was quicker: their race is shown


@fragment(run_every=POLL)
def _watch() -> None:
    """The race that is on, for all who look; it runs on if nobody does."""
    race = race_process.current()
    if race is None or not race.alive:
        st.rerun()
    frames, _ = _frames().read()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(race.pair.question, anchor=False, width="content")
        if limits.training_allowed():
            st.button(
                "Stop the race",
                key="stop_race",
                icon=":material/stop:",
                on_click=race_process.stop,
                help="End it here.",
            )
    if frames:
        _show_moment(race.pair, frames)
    else:
        st.progress(0.0, "The networks are being built and timed; the first step takes a few seconds.")


def _show_end(pair: FairPair, frames: list[dict]) -> None:
    last = frames[-1]
    done = last["step"] == last["steps"]
    st.subheader(pair.question, anchor=False)
    if done:
        st.success(_verdict(pair, last), icon=":material/sports_score:")
    else:
        st.info(f"It ended at step {last['step']} of {last['steps']}: no winner.", icon=":material/stop:")
    _show_moment(pair, frames)
    if done:
        st.caption(
            "One short race proves little. **Compare** shows networks that learned for longer, and says whether their "
            "difference could be luck."
        )


def _verdict(pair: FairPair, frame: dict) -> str:
    shares = {side: frame["standings"][side]["validation"] for side in SIDES}
    words = ", ".join(
        f"the {name[0].lower() + name[1:] if name != 'ResNet' else name} is right on {shares[side]:.0%}"
        for side, name in zip(SIDES, pair.names, strict=True)
    )
    return f"On 1,000 photos that neither has learned from, {words}."


def _show_moment(pair: FairPair, frames: list[dict]) -> None:
    """Everything there is to see at the last frame."""
    now = frames[-1]
    st.progress(
        now["step"] / now["steps"],
        f"Step {now['step']} of {now['steps']} · {now['seconds']:.0f} seconds",
    )
    for column, side, name in zip(st.columns(2), SIDES, pair.names, strict=True):
        standing = now["standings"][side]
        column.metric(
            f":{HUES[side]}[**{side}: {name}**]",
            f"{standing['accuracy']:.0%} right",
            help="Of the latest photos it trained on, the share it got right before learning from them.",
            border=True,
        )
    _show_charts(frames)
    _show_answers(now)


def _show_charts(frames: list[dict]) -> None:
    steps = frames[-1]["steps"]
    first, second, third = st.columns(3)
    for column, measure, title, percent in (
        (first, "accuracy", "right answers", True),
        (second, "loss", "loss", False),
    ):
        with column:
            st.markdown(f"**{'Who is right more often?' if percent else 'Who is closer to the truth?'}**")
            st.vega_lite_chart(
                _curve(frames, measure), cached.chart(race_curve, title, percent, steps), key=f"race_{measure}"
            )
    with third:
        st.markdown("**How strong a push does each layer get?**")
        st.vega_lite_chart(_gradients(frames[-1]), cached.chart(race_gradients), key="race_gradients")


def _curve(frames: list[dict], measure: str) -> pd.DataFrame:
    shown = [frames[i] for i in np.unique(np.linspace(0, len(frames) - 1, POINTS).astype(int))]
    rows = [(side, frame["step"], frame["standings"][side][measure]) for frame in shown for side in SIDES]
    return pd.DataFrame(rows, columns=["side", "step", "value"])


def _gradients(frame: dict) -> pd.DataFrame:
    rows = [
        (side, layer, norm)
        for side in SIDES
        for layer, norm in enumerate(frame["standings"][side]["gradient_norms"], start=1)
        if norm > 0  # a logarithmic axis has no zero
    ]
    return pd.DataFrame(rows, columns=["side", "layer", "norm"])


def _show_answers(frame: dict) -> None:
    st.markdown("**What do they say now?** Four photos that neither learns from:")
    labels = cached.test_labels()
    for number, (column, index) in enumerate(
        zip(st.columns(len(race_process.PHOTOS)), race_process.PHOTOS, strict=True)
    ):
        truth = CLASSES[labels[index]]
        with column:
            st.image(enlarged_test_image(index, SIDE), width=SIDE, caption=truth, alt=f"Test photo {index}: {truth}")
            for side in SIDES:
                probabilities = frame["standings"][side]["probabilities"][number]
                said = CLASSES[int(np.argmax(probabilities))]
                mark = "✓" if said == truth else "✗"
                st.markdown(f":{HUES[side]}[{side}: **{said}** {mark} {max(probabilities):.0%}]")
