"""How sure networks are, and how often they are right then."""

import altair as alt
import pandas as pd

from core.charts import style
from core.charts.palette import GRAY


def reliability(table: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """Right answers against certainty, with 95% intervals; on the dashed line a network is as sure as it is right.
    `table`: columns side, run, sure, right, low, high (0 to 1), photos."""
    ends = pd.DataFrame({"sure": [0, 1], "right": [0, 1]})
    sure = alt.X("sure:Q", title="how sure it says it is", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    base = alt.Chart(table).encode(x=sure, color=style.color())
    lines = base.mark_line().encode(y=style.accuracy_axis("right"))
    points = style.points(lines, size=90).encode(
        tooltip=[
            "run:N",
            alt.Tooltip("sure:Q", title="says", format=".0%"),
            alt.Tooltip("right:Q", title="is right", format=".1%"),
            "photos:Q",
        ]
    )
    intervals = base.mark_rule(strokeWidth=1.5).encode(y=style.accuracy_axis("low"), y2="high:Q")
    as_sure_as_right = alt.Chart(ends).mark_line(strokeDash=[6, 5], color=GRAY, strokeWidth=1.5)
    diagonal = as_sure_as_right.encode(x=sure, y=style.accuracy_axis("right"))
    return alt.layer(diagonal, lines, intervals, points).properties(height=340)


def right_by_answered(table: pd.DataFrame, lowest: float) -> alt.LayerChart | alt.FacetChart:
    """Right answers where a network answers the photos alone that it is surest of. `table`: columns side, run,
    answered, right (0 to 1); the axis begins at `lowest`."""
    base = alt.Chart(table).encode(
        x=alt.X("answered:Q", title="photos that it answers, the surest first", axis=alt.Axis(format="%")),
        y=alt.Y(
            "right:Q",
            title="right among these",
            scale=alt.Scale(domain=[lowest, 1]),
            axis=alt.Axis(format="%", tickCount=5),
        ),
        color=style.color(),
        tooltip=["run:N", alt.Tooltip("answered:Q", format=".0%"), alt.Tooltip("right:Q", format=".1%")],
    )
    lines = base.mark_line()
    return alt.layer(lines, style.points(lines, size=50)).properties(height=300)
