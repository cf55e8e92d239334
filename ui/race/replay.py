"""A recorded race, played in half a minute: on the page of the races, and in a lesson. A place shows one at a time, and
each visitor has their own. What is round it, and when it is begun, is the place's."""

import time
from datetime import date

import streamlit as st

from core.charts.palette import SIDES
from core.jobs.races import recorded_races
from core.jobs.races.recorded_races import RecordedRace
from core.words.play import race as race_words
from ui.foreign_text import plain
from ui.fragment import fragment
from ui.race import race_view

SECONDS, POLL = 30.0, "500ms"
KEPT = "_replays"  # {place: (the race's name, when it began)}


@st.cache_resource(show_spinner=False)
def recording(name: str) -> RecordedRace:
    """Shared between visitors: not to be written to. Raises DataError."""
    return recorded_races.load(recorded_races.path(name))


def begin(place: str, name: str) -> None:
    st.session_state.setdefault(KEPT, {})[place] = name, time.monotonic()


def end(place: str) -> None:
    """The place shows none; it may have shown none before."""
    st.session_state.get(KEPT, {}).pop(place, None)


def begun(place: str) -> str | None:
    """The race that was begun there."""
    return _begun(place)[0]


def show(place: str, race: RecordedRace, bet: str | None = None) -> bool:
    """Its first moment where it was not begun there; how far it has got; or its end: then True is given."""
    names = dict(zip(SIDES, race.names, strict=True))
    name, started = _begun(place)
    if name != race.name:
        race_view.show_moment(names, race.frames[:1])
        return False
    if time.monotonic() - started < SECONDS:
        _play(race, names, started)
        return False
    race_view.show_end(names, race.frames, bet)
    return True


def _begun(place: str) -> tuple[str | None, float]:
    return st.session_state.get(KEPT, {}).get(place, (None, 0.0))


@fragment(run_every=POLL)
def _play(race: RecordedRace, names: dict[str, str], started: float) -> None:
    share = (time.monotonic() - started) / SECONDS
    if share >= 1:
        st.rerun()
    now, whole = race_words.clock(share * race.seconds), race_words.clock(race.seconds)
    with st.container(gap="xsmall"):
        st.progress(share, f"Recorded, and shown faster: {now} of {whole}")
        race_view.show_moment(names, race.until(share))


def origin(race: RecordedRace) -> str:
    """Where and when it was recorded, in a sentence or two."""
    facts = race.facts
    day, cpu, threads = date.fromisoformat(facts.recorded), facts.environment["cpu"], facts.environment["threads"]
    return plain(race_words.recorded(day, cpu, threads, facts.epochs, race.seconds))
