"""What remains of a network without some of its blocks."""

import altair as alt
import pandas as pd

from core.charts import style


def removed_blocks(table: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """Accuracy against the number of blocks removed at random: mean and range. `table`: columns side, run, removed,
    mean, low, high, draws. A rule is at guessing, one in ten."""
    base = alt.Chart(table).encode(
        x=alt.X("removed:Q", title="blocks removed", scale=alt.Scale(nice=False), axis=alt.Axis(tickMinStep=1)),
        color=style.color(),
        tooltip=[
            "run:N",
            "removed:Q",
            *(alt.Tooltip(f"{field}:Q", format=".1%") for field in ("mean", "low", "high")),
            "draws:Q",
        ],
    )
    band = base.mark_area(opacity=0.18).encode(y=style.accuracy_axis("low"), y2="high:Q")
    lines = base.mark_line(strokeWidth=2.5).encode(y=style.accuracy_axis("mean"))
    points = style.points(lines, size=60)
    return alt.layer(style.chance(), band, lines, points).properties(height=300)


def single_blocks(table: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """Accuracy with one block removed, for each block. `table`: columns side, run, block, accuracy, loss (points) and
    halves, whether the block halves the picture: such blocks stand on a vertical rule."""
    base = alt.Chart(table).encode(
        x=alt.X("block:O", title="the block removed", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        color=style.color(),
    )
    points = base.mark_point(filled=True, size=120, opacity=1).encode(
        y=style.accuracy_axis("accuracy"),
        shape=style.shape(),
        tooltip=[
            "run:N",
            "block:O",
            alt.Tooltip("accuracy:Q", format=".1%"),
            alt.Tooltip("loss:Q", title="costs (points)", format=".1f"),
        ],
    )
    halving = base.transform_filter(alt.datum.halves).mark_rule(opacity=0.5)
    return alt.layer(halving, style.chance(), points).properties(height=300)
