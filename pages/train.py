"""Train networks: an experiment in the background, and all runs that came of it."""

import streamlit as st

from ui import link
from ui.training import experiment_form, runs_table

SECTIONS = {
    "experiment": (link.SET_UP["section"], experiment_form.show),
    "runs": ("All runs", runs_table.show),
}

if "race" in st.query_params:  # a link from when races were held here
    st.switch_page("../pages/race.py", query_params={"race": st.query_params["race"]})
link.take_default("section", link.SET_UP["section"], "experiment")
experiment_form.go_to_started()
st.title("Train networks")
section = st.segmented_control(
    "What to do",
    list(SECTIONS),
    default="experiment",
    key="section",
    bind="query-params",
    required=True,
    format_func=lambda name: SECTIONS[name][0],
    help="An experiment may take hours; it goes on when this page is closed.",
)
SECTIONS[section][1]()
