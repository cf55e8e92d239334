"""The host of a live race, who started it: by a token, in the link (?host=...) and in the session. And who may stop
it."""

import streamlit as st

from core.errors import LabError
from core.jobs import limits
from core.jobs.races import race_process
from core.jobs.races.race_process import StartedRace
from ui import permission
from ui.foreign_text import plain


def token(race: StartedRace) -> str | None:
    """That of the race's host, from the link or from the session; None for other visitors."""
    tokens = (st.query_params.get("host"), st.session_state.get("_host"))
    return next((token for token in tokens if token and race.hosted_by(token)), None)


def become(token: str) -> None:
    """Kept in the link, for a reload, and in the session, for when other pages were visited."""
    st.session_state["_host"] = token
    if st.query_params.get("host") != token:
        st.query_params["host"] = token


def resign() -> None:
    st.query_params.pop("host", None)
    st.session_state.pop("_host", None)


def offer_stop(race: StartedRace) -> None:
    """A button for the host, and for who may change runs here: else a pupil's race would keep the teacher waiting."""
    mine = token(race)
    if not limits.training_allowed() or (mine is None and permission.refusal()):
        return
    also = " Whoever has the link that your browser shows now can do it, too." if mine else ""
    st.button(
        "Stop the race",
        key="stop_race",
        icon=":material/stop:",
        on_click=_stop,
        args=(mine or "",),
        help=f"Ends it for all who watch.{also}",
    )


def _stop(token: str) -> None:
    try:
        race_process.stop(token, in_charge=permission.refusal() is None)
    except LabError as error:
        st.toast(plain(error), icon=":material/info:")
