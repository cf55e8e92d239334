"""Which race a visitor sees: an offer, a live race, a recorded one, or an end; and who may stop what.

A live race is one for all; who has started it is its host. All else belongs to the visitor's session: the bet, the
recorded race, and which live race was watched.
"""

import streamlit as st

from core.charts.palette import SIDES
from core.errors import LabError
from core.jobs import limits, trainings
from core.jobs.races import race_process, race_result
from core.jobs.races.frames import Frame
from core.jobs.races.pairs import RACES
from core.jobs.races.race_process import StartedRace
from core.words.play import race as race_words
from ui import link
from ui.foreign_text import plain
from ui.fragment import fragment
from ui.pair.pair import DEEP, SHALLOW, TRANSFER, Names
from ui.race import race_host, race_view, replay

POLL, LOOK_FOR_A_RACE = "900ms", "3s"
PLACE = "race"  # of a replay
TITLE = "Watch them learn"
STOPPED = "It was stopped, or killed, before the first step."
PACE = "A live race has as many passes as this computer makes in about two minutes, so it may end with other numbers."
LEARNED_LONGER: dict[str, Names] = {"20": SHALLOW, "56": DEEP, "pretrained": TRANSFER}  # by the race of their like


def show() -> None:
    race = race_process.current()
    if race and (token := race_host.token(race)) and race.identity != st.session_state.get("_left"):
        race_host.become(token)
        race_host.remember(token)
    else:
        race_host.forget()
    if name := replay.begun(PLACE):
        _show_replay(name)
    elif race and race.alive:
        _keep_bet(race.name)  # of who waited at the offer until somebody else began
        _watch()
    elif race and _may_see_end(race):
        _show_live_end(race)
    else:
        _offer()


@st.cache_resource(show_spinner=False)
def _frames() -> race_process.FramesReader:
    """One for all who watch: each frame is read from the file once."""
    return race_process.FramesReader()


def _may_see_end(race: StartedRace) -> bool:
    """The host, and who watched it live, until they turn to another race."""
    watched = race.identity == st.session_state.get("_watched")
    return (watched or race_host.token(race) is not None) and race.identity != st.session_state.get("_left")


# The offer


def _offer() -> None:
    st.title(TITLE)
    st.markdown(
        "Two networks learn **before your eyes**, step by step, from the same photos in the same order. They "
        "differ in one thing."
    )
    name = _chosen()
    pair = RACES[name]
    st.caption(pair.hint)
    labels = dict(zip(SIDES, pair.names, strict=True)) | {race_view.SAME: "No difference"}
    st.segmented_control(
        "Your bet: who will be ahead at the end?", list(labels), format_func=labels.__getitem__, key=f"bet_{name}"
    )
    live = limits.training_allowed()
    with st.container(horizontal=True):
        st.button(
            "Watch a recorded race (30 seconds)",
            key="watch_recorded",
            type="primary",
            icon=":material/play_arrow:",
            on_click=_replay,
            args=(name,),
        )
        if live:
            _live_button(name, "Run it live (2 to 3 minutes)")
    st.caption(_about_live(name) if live else "Live races are switched off here. They run in your own copy of the lab.")
    if live:
        _look_for_a_race()


def _chosen() -> str:
    """The race chosen, kept in the link as ?race=NAME. A name unknown here is as none."""
    linked = st.query_params.get("race", "")
    name: str = linked if linked in RACES else next(iter(RACES))
    link.write(race=name)
    st.session_state["race"] = name
    st.segmented_control(
        "Race",
        list(RACES),
        key="race",
        required=True,
        format_func=lambda name: RACES[name].question,
        on_change=lambda: link.write(race=st.session_state["race"]),
    )
    return name


def _about_live(name: str) -> str:
    is_training = any(status.state == "training" for status in trainings.states().values())
    return race_words.about_live(RACES[name].download, is_training)


def _live_button(name: str, label: str) -> None:
    st.button(label, key="start_race", icon=":material/flag:", on_click=_start, args=(name,))


def _start(name: str) -> None:
    _keep_bet(name)
    replay.end(PLACE)
    try:
        _, token = race_process.start(name)
    except LabError as error:
        st.toast(plain(error), icon=":material/info:")  # somebody else was quicker: their race is shown
    else:
        race_host.become(token)


def _replay(name: str) -> None:
    _keep_bet(name)
    replay.begin(PLACE, name)


def _keep_bet(name: str) -> None:
    """The widget's own state is gone once the widget is; where there is none, an earlier bet on this race holds."""
    if f"bet_{name}" in st.session_state:
        st.session_state["_bet"] = {name: st.session_state[f"bet_{name}"]}


def _bet(name: str) -> str | None:
    return st.session_state.get("_bet", {}).get(name)


def _leave() -> None:
    """Back to the offer."""
    replay.end(PLACE)
    race = race_process.current()
    if race and not race.alive:
        st.session_state["_left"] = race.identity
        race_host.resign()


@fragment(run_every=LOOK_FOR_A_RACE)
def _look_for_a_race() -> None:
    """Draws nothing: whoever waits before the offer sees a race as soon as somebody starts one."""
    race = race_process.current()
    if race and race.alive:
        st.rerun()


# A live race


@fragment(run_every=POLL)
def _watch() -> None:
    """The race that is on, for all who look; it runs on if nobody does."""
    race = race_process.current()
    if race is None or not race.alive or replay.begun(PLACE):
        st.rerun()
    st.session_state["_watched"] = race.identity
    frames, _ = _frames().read()
    with st.container(gap="xsmall"):
        race_view.show_heading(race.pair.question)
        if frames:
            st.progress(frames[-1].step / frames[-1].steps, _time_left(frames))
            race_view.show_moment(_names(race.pair.names), frames)
        else:
            st.progress(0.0, race_words.before_the_first_step(race.pair.download))
    with st.container(horizontal=True):
        race_host.offer_stop(race)
        if not race_host.token(race):
            st.button(
                "Watch a recorded race instead",
                key="watch_instead",
                icon=":material/play_arrow:",
                on_click=_replay,
                args=(race.name,),
            )


def _time_left(frames: list[Frame]) -> str:
    return race_words.time_left(frames[-1].step, frames[-1].steps, race_result.seconds_left(frames))


def _show_live_end(race: StartedRace) -> None:
    frames, failure = _frames().read()
    if race_host.token(race) and (failure or not frames):
        st.error(f"The last race ended early. {plain(failure) or STOPPED}")
    if not frames:
        _offer()
        return
    with st.container(gap="xsmall"):
        race_view.show_heading(race.pair.question)
        race_view.show_end(_names(race.pair.names), frames, _bet(race.name))
    _what_next(race.name)


# A recorded race


def _show_replay(name: str) -> None:
    try:
        recording = replay.recording(name)
    except LabError as error:
        replay.end(PLACE)
        st.error(plain(error), icon=":material/broken_image:")
        _offer()
        return
    with st.container(gap="xsmall"):
        race_view.show_heading(RACES[name].question)
        over = replay.show(PLACE, recording, _bet(name))
    with st.container(horizontal=True):
        st.button("Again", key="again", icon=":material/replay:", on_click=_replay, args=(name,))
        if limits.training_allowed():
            _live_button(name, "Run it live")
        st.button("Another race", key="leave_race", icon=":material/arrow_back:", on_click=_leave)
    if over:
        _what_next(name, button=False)
    st.caption(f"{replay.origin(recording)} {PACE if limits.training_allowed() else ''}")


def _what_next(name: str, button: bool = True) -> None:
    st.caption("One short race proves little: here are networks that learned for longer.")
    with st.container(horizontal=True):
        st.page_link(
            "../pages/compare.py",
            label="Compare them",
            icon=":material/balance:",
            query_params=dict(zip("ab", LEARNED_LONGER[name], strict=True)),
            width="content",
        )
        if button:
            st.button("Another race", key="leave_race", icon=":material/arrow_back:", on_click=_leave)


def _names(names: tuple[str, str]) -> dict[str, str]:
    return dict(zip(SIDES, names, strict=True))
