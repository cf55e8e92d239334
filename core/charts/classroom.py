"""What a class voted, beside how sure the networks are."""

import altair as alt
import pandas as pd

from core.charts.palette import COLORS

CLASS = "Class"
COLORS_OF_ALL = {CLASS: "#8E6FC1", **COLORS}  # purple: of neither network
HEIGHT, ROW = 320, 36  # pixels: of the chart, and of a choice at least
ROOM_FOR_LABEL = 0.3  # beside the longest bar, in widths of its scale


def votes(table: pd.DataFrame, choices: list[str]) -> alt.LayerChart | alt.FacetChart:
    """A group of bars for each of the `choices`, from above: the class's votes and the networks' probabilities.

    `table`: columns choice, who (CLASS, "A" or "B"), share (0 to 1) and label, which stands at the bar's end: color
    alone would not tell the three apart for everybody.
    """
    order = list(COLORS_OF_ALL)
    scale = alt.Scale(domain=[0, 1 + ROOM_FOR_LABEL], nice=False)
    base = alt.Chart(table).encode(
        y=alt.Y("choice:N", sort=choices, title=None, axis=alt.Axis(labelFontSize=16, labelLimit=240)),
        yOffset=alt.YOffset("who:N", sort=order),
        x=alt.X("share:Q", title=None, scale=scale, axis=alt.Axis(format="%", values=[0, 0.5, 1])),
        tooltip=["choice:N", "who:N", alt.Tooltip("share:Q", format=".0%")],
    )
    color = alt.Color("who:N", scale=alt.Scale(domain=order), legend=None)
    size = 15 if len(choices) <= 5 else 12
    text = base.mark_text(align="left", dx=5, fontSize=size).encode(text="label:N")
    return alt.layer(base.mark_bar().encode(color=color), text).properties(height=max(HEIGHT, ROW * len(choices)))
