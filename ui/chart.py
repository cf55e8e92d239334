"""A chart on the page, in the colors of the two networks that it shows."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.charts.palette import COLORS, PROJECTOR, SCREEN, theme
from ui import cached, screen


def show(draw: Callable, *inputs, colors: dict[str, str] = COLORS, data: Any = None, **options: Any) -> Any:
    """What `draw`, a function of `core.charts`, makes of the `inputs`. `options`: of st.vega_lite_chart; `data`: of a
    chart that was drawn without."""
    spec = cached.chart(draw, *inputs)
    look = theme(colors, st.context.theme.type == "dark", PROJECTOR if screen.projector() else SCREEN)
    return st.vega_lite_chart(data, {**spec, "config": spec.get("config", {}) | look}, **options)
