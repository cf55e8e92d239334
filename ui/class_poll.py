"""When the teacher's screen is drawn anew: as soon as something has changed, and a few times more.

A few times more, since Streamlit, on a busy server, may lose what a run has drawn when the next poll arrives: the
screen would go on showing what is no longer so.
"""

import time

import streamlit as st

from core.classroom import rooms
from core.classroom.room import Room

POLL = "1s"
FIRST, LONGEST = 0.5, 16.0  # seconds between drawing a screen and drawing it again, each time doubled
DRAWN, AGAIN = "_class_drawn", "_class_again"


def drawn(room: Room, step: int) -> None:
    """To be told when the whole screen is drawn."""
    _, wait = st.session_state.get(AGAIN, (0.0, 0.0))
    new = st.session_state.get(DRAWN) != (room.code, step)
    wait = FIRST if new else min(2 * wait, LONGEST)
    st.session_state.update({DRAWN: (room.code, step), AGAIN: (time.monotonic() + wait, wait)})


def still(code: str, step: int) -> Room:
    """The room, while it is at this step, for a fragment that polls; else the whole screen is drawn anew."""
    room = rooms.ROOMS.find(code)
    if room is None or room.step != step or st.session_state[AGAIN][0] <= time.monotonic():
        st.rerun()
    return room
