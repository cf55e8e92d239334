"""What the charts share: colors, shapes and axes. A and B look the same in every chart."""

from collections.abc import Sequence
from typing import Final

import altair as alt
import pandas as pd

from core.analysis.metrics import GUESSING
from core.charts.palette import GRAY, SIDES, SYMBOLS

alt.data_transformers.disable_max_rows()  # a chart here is given what it draws, and no more

ONE_HUE: Final = "purples"
LOG_AXIS = alt.Axis(format="~g", tickCount=5, grid=False)


def color(who: str = "side", order: Sequence[str] = SIDES, legend: bool = True) -> alt.Color:
    """By the column `who`: "side", or "network"; in which two colors, says the theme (`palette.theme`)."""
    scale = alt.Scale(domain=list(order))
    return alt.Color(
        f"{who}:N", scale=scale, legend=alt.Legend(title=None, orient="top", symbolOpacity=1) if legend else None
    )


def shape(who: str = "side", order: Sequence[str] = SIDES) -> alt.Shape:
    return alt.Shape(f"{who}:N", scale=alt.Scale(domain=list(order), range=list(SYMBOLS.values())), legend=None)


def dash() -> alt.StrokeDash:
    """Of lines without points."""
    return alt.StrokeDash("side:N", scale=alt.Scale(domain=list(SIDES), range=[[6, 3], [1, 0]]), legend=None)


def points(lines: alt.Chart, size: int) -> alt.Chart:
    """The points that `lines` join."""
    return lines.mark_point(filled=True, size=size, opacity=1).encode(shape=shape())


def layer_axis() -> alt.X:
    return alt.X(
        "number:Q",
        title="layer (1 is nearest to the picture)",
        scale=alt.Scale(nice=False),
        axis=alt.Axis(tickMinStep=1, format="d"),
    )


def accuracy_axis(field: str) -> alt.Y:
    return alt.Y(
        f"{field}:Q", title="right answers", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=5)
    )


def chance() -> alt.Chart:
    rule = alt.Chart(pd.DataFrame({"guessing": [GUESSING]})).mark_rule(strokeDash=[2, 3], color=GRAY)
    return rule.encode(y=accuracy_axis("guessing"))
