"""The link of a page as people type it: what no widget can take is left out of it before any is drawn."""

from math import isfinite

import streamlit as st

SET_UP = {"section": "Set up an experiment"}  # in a link to the page Train networks


def repair() -> None:
    """Drop what is empty, and numbers that are none: Streamlit hands both to its widgets, which fail."""
    unusable = [key for key in st.query_params if any(map(_is_unusable, st.query_params.get_all(key)))]
    for key in unusable:
        del st.query_params[key]
    if unusable:  # widgets take the link as it was when the run began
        st.rerun()


def to_experiment(label: str) -> None:
    """A link to where one trains networks."""
    st.page_link("../pages/train.py", label=label, icon=":material/fitness_center:", query_params=SET_UP)


def take_default(key: str, shown: str, value: object) -> None:
    """Have the widget `key` show its default `value` where the link names it (as `shown`): Streamlit passes over a
    default in a link, and what was chosen before would stay."""
    if st.query_params.get(key) == shown:
        st.session_state[key] = value


def _is_unusable(value: str) -> bool:
    try:
        return not value.strip() or not isfinite(float(value))
    except ValueError:  # words
        return False
