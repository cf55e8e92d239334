"""What networks know after each block: of one picture, and of many."""

from typing import Final

import altair as alt
import pandas as pd

from core.charts import style

READERS: Final = ("its own last layer", "a simple reader")
ROOM_FOR_WORDS = 0.55  # beside the longest bar, in widths of its scale
FAINT = 0.3  # of an answer that is not the right one


def opinions(table: pd.DataFrame, color: str) -> alt.LayerChart | alt.FacetChart:
    """A bar a block, from the first at the top: how sure the network is of the answer that it would give there.
    `table`: columns block (its number in the network), answer, share (0 to 1), said ("cat?") and full: whether the bar
    has its full color.
    """
    scale = alt.Scale(domain=[0, 1 + ROOM_FOR_WORDS], nice=False)
    base = alt.Chart(table).encode(
        y=alt.Y("block:O", title="after block", axis=alt.Axis(labelOverlap=True)),
        x=alt.X("share:Q", title="how sure", scale=scale, axis=alt.Axis(format="%", values=[0, 0.5, 1])),
        tooltip=["block:O", "answer:N", alt.Tooltip("share:Q", title="how sure", format=".0%")],
    )
    bars = base.mark_bar(color=color, stroke=color).encode(
        fillOpacity=alt.condition(alt.datum.full, alt.value(1), alt.value(FAINT))
    )
    return alt.layer(bars, base.mark_text(align="left", dx=5).encode(text="said:N")).properties(height=alt.Step(28))


def right_by_block(table: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """Right answers after each block, the second of READERS dashed. `table`: columns side, run, block (its number in
    the network), reader, accuracy (0 to 1)."""
    base = alt.Chart(table).encode(
        x=alt.X("block:Q", title="after block", scale=alt.Scale(zero=False), axis=alt.Axis(tickMinStep=1, format="d")),
        y=style.accuracy_axis("accuracy"),
        color=style.color(),
        tooltip=["run:N", "reader:N", "block:Q", alt.Tooltip("accuracy:Q", title="right", format=".1%")],
    )
    dash = alt.StrokeDash("reader:N", scale=alt.Scale(domain=list(READERS), range=[[1, 0], [6, 5]]), legend=None)
    lines = base.mark_line().encode(strokeDash=dash)
    points = base.mark_point(filled=True, size=60, opacity=1).encode(shape=style.shape(), detail="reader:N")
    return alt.layer(style.chance(), lines, points).properties(height=320)
