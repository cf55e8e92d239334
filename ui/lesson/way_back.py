"""From another page back to the step of a lesson that led there: the page's link names it."""

import streamlit as st


def here() -> dict[str, str]:
    """For a link from a step to a page that offers the way back; {} outside of a lesson."""
    return {name: st.query_params[name] for name in ("lesson", "step", "room", "teacher") if name in st.query_params}


def offer() -> None:
    """Where one came from a lesson; else nothing."""
    if "lesson" in st.query_params:
        st.page_link("../pages/lesson.py", label="Back to the lesson", icon=":material/menu_book:", query_params=here())
