"""Train networks: a race to watch, an experiment in the background, and all runs that came of it."""

import streamlit as st

from ui import experiment, own_runs, race_track

SECTIONS = {
    "race": ("Watch a race", race_track.show),
    "experiment": ("Set up an experiment", experiment.show),
    "runs": ("All runs", own_runs.show),
}

st.title("Train your own")
section = st.segmented_control(
    "What to do",
    list(SECTIONS),
    default="race",
    key="section",
    bind="query-params",
    required=True,
    format_func=lambda name: SECTIONS[name][0],
    help="A race takes a few minutes and is for an audience; an experiment takes as long as you like.",
)
experiment.show_problem()
SECTIONS[section][1]()
