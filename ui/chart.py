"""A chart on the page, in the colors of the two networks that it shows."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from core.charts.palette import COLORS, theme
from ui import screen
from ui.cached import FUNCTION_KEY


def show(draw: Callable, *inputs, alt: str, colors: dict[str, str] = COLORS, data: Any = None, **options: Any) -> Any:
    """What `draw`, a function of `core.charts`, makes of the `inputs`. `alt`: what it shows, in words with figures, for
    those who don't see it; `data`: of a chart that was drawn without; `options`: of st.vega_lite_chart."""
    spec = _as_vega_lite(draw, *inputs)
    look = theme(colors, st.context.theme.type == "dark", screen.tokens())
    said = alt.replace("**", "")  # it may be a sentence of the page, in which words are bold
    return st.vega_lite_chart(data, {**spec, "config": spec.get("config", {}) | look}, alt=said, **options)


def click_key(name: str) -> str:
    """The key of a chart that can be clicked. After each click it is a new chart, in which nothing is selected: of a
    second click on the same point the browser would tell nothing."""
    return f"{name}_{st.session_state.get(f'_{name}_clicks', 0)}"


def take_click(name: str, parameter: str) -> dict | None:
    """In `on_select` of the chart `name`: what was clicked, by field, as its selection `parameter` tells it."""
    clicked = st.session_state[click_key(name)].selection.get(parameter)
    if not clicked:
        return None
    st.session_state[f"_{name}_clicks"] = st.session_state.get(f"_{name}_clicks", 0) + 1
    return clicked[0]


def _table_key(table: pd.DataFrame) -> list:
    """Streamlit's own, which hashes the types of the columns as well, takes four times as long."""
    return [*table.columns, pd.util.hash_pandas_object(table).to_numpy().tobytes()]


TABLE_KEY: dict[str | type, Callable] = {pd.DataFrame: _table_key}


@st.cache_data(max_entries=256, hash_funcs=TABLE_KEY | FUNCTION_KEY, show_spinner=False)
def _as_vega_lite(draw: Callable, *inputs) -> dict:
    """Altair takes longer over a chart than all else does; and its rows are made Arrow tables here, once, since
    Streamlit would make them so each time that the chart is shown."""
    spec = draw(*inputs).to_dict()
    tables = {name: pa.Table.from_pandas(pd.DataFrame(rows)) for name, rows in spec.get("datasets", {}).items()}
    return spec | {"datasets": tables}
