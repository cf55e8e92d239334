"""Train networks: a race to watch, an experiment in the background, and all runs that came of it."""

import streamlit as st

from ui import experiment_form, race_view, runs_table

SECTIONS = {
    "race": ("Watch a race", race_view.show),
    "experiment": ("Set up an experiment", experiment_form.show),
    "runs": ("All runs", runs_table.show),
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
experiment_form.show_problem()
SECTIONS[section][1]()
