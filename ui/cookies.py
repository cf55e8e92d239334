"""What a visitor's browser keeps for the lab, so that a page that is loaded again knows who this is."""

import json
from collections.abc import Mapping

import streamlit as st


def known() -> Mapping[str, str]:
    """As they were when the page was opened."""
    return st.context.cookies


def keep(name: str, value: str, seconds: float) -> None:
    cookie = f"{name}={value};max-age={seconds:.0f};path=/;SameSite=Strict"
    st.html(f"<script>document.cookie = {json.dumps(cookie)}</script>", unsafe_allow_javascript=True)


def drop(name: str) -> None:
    keep(name, "", 0)
