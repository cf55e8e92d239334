"""A chart is drawn once for what it shows, and its rows are Arrow tables."""

import altair as alt
import pandas as pd
import pytest

from core.charts.palette import INK
from core.paths import ROOT
from ui.chart import _as_vega_lite

TABLE = pd.DataFrame({"x": [1.0, 2.0], "side": ["A", "B"]})
drawn = []


@pytest.fixture(autouse=True)
def nothing_drawn():
    drawn.clear()
    _as_vega_lite.clear()


def points(table: pd.DataFrame) -> alt.Chart:
    drawn.append(table)
    return alt.Chart(table).mark_point().encode(x=f"{table.columns[0]}:Q")


@pytest.mark.parametrize(
    ("other", "times"),
    [
        (TABLE.copy(), 1),
        (TABLE.assign(x=[1.0, 2.5]), 2),
        (TABLE.assign(side=["A", "A"]), 2),
        (TABLE.rename(columns={"x": "y"}), 2),
        (TABLE.set_axis([5, 6]), 2),
        (TABLE[:1], 2),
    ],
)
def test_a_chart_is_drawn_again_for_another_table_alone(other, times):
    first = _as_vega_lite(points, TABLE)
    assert _as_vega_lite(points, TABLE) == first
    _as_vega_lite(points, other)
    assert len(drawn) == times


def test_its_rows_are_what_was_to_be_drawn():
    (rows,) = _as_vega_lite(points, TABLE)["datasets"].values()
    assert rows.to_pylist() == TABLE.to_dict("records")


def test_the_style_sheet_knows_the_letters_that_are_to_follow_the_page():
    style = (ROOT / "ui" / "static" / "style.css").read_text(encoding="utf-8")
    assert all(f'[fill="{ink}"]' in style for ink in INK.values())
