"""The link of a page as people type it: what no widget can take is left out of it before any is drawn."""

import os
from itertools import islice
from math import isfinite

import streamlit as st

from core.paths import lessons_dir

SET_UP = {"section": "Set up an experiment"}  # in a link to the page Train networks
WHY = "Why is the ResNet better? The lesson"
MOST, LONGEST = 100, 1_000  # parameters of a link, and letters of a value


def repair() -> None:
    """Drop what is empty, and numbers that are none: Streamlit hands both to its widgets, which fail. And what is
    longer than any link of the lab."""
    kept = {key: st.query_params.get_all(key) for key in islice(st.query_params, MOST)}
    kept = {key: values for key, values in kept.items() if not any(map(_is_unusable, values))}
    if len(kept) < len(st.query_params):
        st.query_params.from_dict(kept)  # at once: each change of the link is a message with all of it
        st.rerun()  # widgets take the link as it was when the run began


def write(**parameters: str) -> None:
    """At once, and only where the link says something else: each writing is a step of the browser's Back."""
    if any(st.query_params.get(key) != value for key, value in parameters.items()):
        st.query_params.update(parameters)


def number(key: str) -> int | None:
    """The whole number, of up to nine digits, that the link has there."""
    value = st.query_params.get(key, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


def to_experiment(label: str) -> None:
    """A link to where one trains networks."""
    st.page_link("../pages/train.py", label=label, icon=":material/fitness_center:", query_params=SET_UP)


def to_lesson(name: str, label: str) -> None:
    """A link to the first step of a lesson that ships; nothing where a teacher has put others in their place."""
    if os.path.isfile(lessons_dir() / f"{name}.toml"):
        query = {"lesson": name, "begin": "1"}
        st.page_link("../pages/lesson.py", label=label, icon=":material/menu_book:", query_params=query)


def take_default(key: str, shown: str, value: object) -> None:
    """Have the widget `key` show its default `value` where the link names it (as `shown`): Streamlit passes over a
    default in a link, and what was chosen before would stay."""
    if st.query_params.get(key) == shown:
        st.session_state[key] = value


def _is_unusable(value: str) -> bool:
    try:
        return not value.strip() or len(value) > LONGEST or not isfinite(float(value))
    except ValueError:  # words
        return False
