"""How A and B look wherever they are named: their colors and marks, as in the charts."""

from html import escape

import streamlit as st

from core.runs.run import Run
from core.words.settings import describe
from ui.pair.pair import Pair

MARKS = {"A": "●", "B": "■"}  # as in the charts
MARKDOWN_COLORS = {"A": "orange", "B": "blue"}  # Streamlit's names for what is nearest to `palette.COLORS`


def legend(pair: Pair) -> None:
    """Who is A and who is B, with their color and their mark in the charts."""
    parts = "".join(f"<span>{_named(pair, side, run)}</span>" for side, run in pair)
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:0 1.5rem">{parts}</div>')


def caption(pair: Pair, side: str, run: Run) -> None:
    """Above a chart of one of them alone: who it is."""
    st.html(f"<small>{_named(pair, side, run)}</small>")


def _named(pair: Pair, side: str, run: Run) -> str:
    """In HTML."""
    mark = f'<span style="color:{pair.colors[side]}">{MARKS[side]}</span>'
    return f'<span style="white-space:nowrap">{mark} <b>{side}</b></span> {escape(describe(run))}'
