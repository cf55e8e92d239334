"""What only some readers ask (luck, seeds, definitions, sources): one click away, under one name on every page."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def curious(key: str | None = None) -> DeltaGenerator:
    return st.expander("For the curious", icon=":material/science:", key=key)
