"""What remains of a network without some of its blocks."""

from collections.abc import Sequence
from math import cos, pi, sin

import altair as alt
import pandas as pd

from core.charts import style

# Points of a shortcut, from a block's middle: half an ellipse.
ARC = [(-0.45 * cos(pi * i / 12), 1.1 * sin(pi * i / 12)) for i in range(13)]
LOWER = 0.75  # a block's height over that of one in the stage before, where the picture is twice as high


def chain(
    stages: Sequence[int], skip: bool, removed: frozenset[int], stay: frozenset[int], color: str
) -> alt.LayerChart | alt.FacetChart:
    """A network as its row of blocks, `stages` of them, to be cut by a click: it selects a `block` as parameter
    `block`. Those `removed` are hollow; those that must `stay` take no click."""
    heights = [0.5 * LOWER**stage for stage, blocks in enumerate(stages) for _ in range(blocks)]
    numbers = range(1, len(heights) + 1)
    blocks = pd.DataFrame({"block": numbers, "top": heights, "bottom": [-height for height in heights]})
    blocks = blocks.assign(
        left=blocks["block"] - 0.3,
        right=blocks["block"] + 0.3,
        filled=[0.0 if number in removed else 1.0 for number in numbers],
        hint=[_hint(number, removed, stay) for number in numbers],
        number_at=-0.95,
    )
    plain = alt.Axis(labels=False, ticks=False, grid=False, domain=False, title=None)
    x = alt.X("left:Q", scale=alt.Scale(domain=[0.3, len(heights) + 0.7], nice=False), axis=plain)
    y_scale = alt.Scale(domain=[-1.15, 1.2], nice=False)
    base = alt.Chart(blocks).encode(tooltip=alt.Tooltip("hint:N", title="block"))
    way = alt.Chart(pd.DataFrame({"y": [0]})).mark_rule(color=color, strokeWidth=2)
    block = alt.selection_point(name="block", fields=["block"], on="click", empty=False)
    squares = base.mark_rect(color=color, stroke=color, strokeWidth=2, cornerRadius=4, cursor="pointer")
    squares = squares.encode(
        x=x,
        x2="right:Q",
        y=alt.Y("bottom:Q", scale=y_scale, axis=plain),
        y2="top:Q",
        fillOpacity=alt.FillOpacity("filled:Q", scale=None),
        strokeDash=alt.condition("datum.filled == 1", alt.value([1, 0]), alt.value([4, 3])),
        description="hint:N",
    ).add_params(block)
    text = base.mark_text().encode(
        x=alt.X("block:Q"),
        y=alt.Y("number_at:Q", scale=y_scale),
        text="block:N",
        opacity=alt.condition(
            f"datum.block % {1 + len(heights) // 20} == 0 || {len(heights)} < 20", alt.value(1), alt.value(0)
        ),
    )
    arcs = [(number, order, number + x, y) for number in numbers for order, (x, y) in enumerate(ARC)] if skip else []
    ways_around = (
        alt.Chart(pd.DataFrame(arcs, columns=["block", "order", "x", "y"]))
        .mark_line(interpolate="monotone", color=color)
        .encode(x="x:Q", y=alt.Y("y:Q", scale=y_scale), detail="block:N", order="order:O")
    )
    return alt.layer(way.encode(y=alt.Y("y:Q", scale=y_scale)), ways_around, squares, text).properties(height=110)


def _hint(number: int, removed: frozenset[int], stay: frozenset[int]) -> str:
    if number in stay:
        return f"{number} must stay: here the picture is halved"
    return f"{number}: click to {'put it back' if number in removed else 'cut it out'}"


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
    lines = base.mark_line().encode(y=style.accuracy_axis("mean"))
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
