"""The host of a live race, who started it: by a token, in the session and, for a page that is loaded again, in a
cookie, since the link may be on the wall. And who may stop it."""

import streamlit as st

from core.errors import LabError
from core.jobs import limits
from core.jobs.races import race_process
from core.jobs.races.race_process import StartedRace
from ui import cookies, permission
from ui.foreign_text import plain

KEPT, COOKIE = "_host", "resnet_lab_race"
SECONDS = 3600  # far longer than a race


def token(race: StartedRace) -> str | None:
    """That of the race's host; None for other visitors."""
    kept = (st.session_state.get(KEPT), cookies.known().get(COOKIE))
    return next((token for token in kept if token and race.hosted_by(token)), None)


def become(token: str) -> None:
    st.session_state[KEPT] = token


def remember(token: str) -> None:
    """In the host's browser."""
    cookies.keep(COOKIE, token, SECONDS)


def resign() -> None:
    st.session_state.pop(KEPT, None)


def forget() -> None:
    """In the browser of who was the host."""
    if COOKIE in cookies.known():
        cookies.drop(COOKIE)


def offer_stop(race: StartedRace) -> None:
    """A button for the host, and for who may change runs here: else a pupil's race would keep the teacher waiting."""
    mine = token(race)
    if not limits.training_allowed() or (mine is None and permission.refusal()):
        return
    st.button(
        "Stop the race",
        key="stop_race",
        icon=":material/stop:",
        on_click=_stop,
        args=(mine or "",),
        help="Ends it for all who watch.",
    )


def _stop(token: str) -> None:
    try:
        race_process.stop(token, in_charge=permission.refusal() is None)
    except LabError as error:
        st.toast(plain(error), icon=":material/info:")
