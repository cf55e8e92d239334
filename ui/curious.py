"""What only some readers ask (luck, seeds, definitions, sources): one click away, under one name on every page."""

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

if TYPE_CHECKING:  # Streamlit's own module, which another release may move
    from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

NAME, ICON = "For the curious", ":material/science:"
KEY = "curious"


def curious(key: str | None = None) -> DeltaGenerator:
    """For words."""
    return st.expander(NAME, icon=ICON, key=key)


def curious_charts(key: str = KEY) -> "ExpanderContainer":
    """For charts and tables, to be drawn only where it is `open`: they take as long as all else on their page."""
    return st.expander(NAME, icon=ICON, key=key, on_change="rerun")
