"""A chart on the page, in the colors of the two networks that it shows."""

from collections.abc import Callable
from types import FunctionType
from typing import Any

import streamlit as st

from core.charts.palette import COLORS, PROJECTOR, SCREEN, theme
from ui import screen


def show(draw: Callable, *inputs, alt: str, colors: dict[str, str] = COLORS, data: Any = None, **options: Any) -> Any:
    """What `draw`, a function of `core.charts`, makes of the `inputs`. `alt`: what it shows, in words with figures, for
    those who don't see it; `data`: of a chart that was drawn without; `options`: of st.vega_lite_chart."""
    spec = _as_vega_lite(draw, *inputs)
    look = theme(colors, st.context.theme.type == "dark", PROJECTOR if screen.projector() else SCREEN)
    said = alt.replace("**", "")  # it may be a sentence of the page, in which words are bold
    return st.vega_lite_chart(data, {**spec, "config": spec.get("config", {}) | look}, alt=said, **options)


@st.cache_data(max_entries=256, hash_funcs={FunctionType: lambda function: function.__qualname__}, show_spinner=False)
def _as_vega_lite(draw: Callable, *inputs) -> dict:
    """Altair takes longer over a chart than all else does."""
    return draw(*inputs).to_dict()
