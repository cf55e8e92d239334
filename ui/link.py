"""The link of a page as people type it: what no widget can take is left out of it before any is drawn."""

from math import isfinite

import streamlit as st


def repair() -> None:
    """Drop what is empty, and numbers that are none: Streamlit hands both to its widgets, which fail."""
    unusable = [key for key in st.query_params if any(map(_is_unusable, st.query_params.get_all(key)))]
    for key in unusable:
        del st.query_params[key]
    if unusable:  # widgets take the link as it was when the run began
        st.rerun()


def _is_unusable(value: str) -> bool:
    try:
        return not value.strip() or not isfinite(float(value))
    except ValueError:  # words
        return False
