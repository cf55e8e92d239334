"""How strong the learning signal is in each layer."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from core.charts import style
from core.charts.palette import SIDES

BROKEN = "#009E73"  # a value that is not finite


def gradient_heatmap(table: pd.DataFrame, domain: list[float]) -> alt.Chart:
    """Gradient norm by epoch and layer as color. `table`: columns epoch, number, layer, norm, broken (not finite).

    `domain`: smallest and largest norm of the color scale, which is logarithmic: the same for charts to be compared.
    """
    norm = alt.Color(
        "norm:Q",
        scale=alt.Scale(type="log", scheme=style.ONE_HUE, domain=domain, clamp=True),
        legend=alt.Legend(title="gradient norm", orient="bottom", format="~g", gradientLength=220, tickCount=4),
    )
    return (
        alt.Chart(table)
        .mark_rect()
        .encode(
            x=alt.X("epoch:O", title="epoch", axis=alt.Axis(labelAngle=0, labelOverlap=True, grid=False)),
            y=alt.Y("number:O", title="layer (1: at the picture)", axis=alt.Axis(labelOverlap=True, grid=False)),
            color=alt.when(alt.datum.broken).then(alt.value(BROKEN)).otherwise(norm),
            tooltip=["epoch:Q", "number:Q", "layer:N", alt.Tooltip("norm:Q", format=".3g"), "broken:N"],
        )
        .properties(height=440)
    )


def gradient_by_layer(
    table: pd.DataFrame, domain: list[float], who: str = "side", order: Sequence[str] = SIDES
) -> alt.LayerChart | alt.FacetChart:
    """Gradient norm against layer, on a logarithmic scale over `domain`. `table`: columns `who`, number, layer, norm;
    `order`: the two in the column `who`, first the one in A's color."""
    base = alt.Chart(table).encode(
        x=style.layer_axis(),
        y=alt.Y("norm:Q", title="gradient norm", scale=alt.Scale(type="log", domain=domain), axis=style.LOG_AXIS),
        color=style.color(who, order),
        tooltip=[f"{who}:N", "number:Q", "layer:N", alt.Tooltip("norm:Q", format=".3g")],
    )
    points = base.mark_point(filled=True, size=45, opacity=1).encode(shape=style.shape(who, order))
    return alt.layer(base.mark_line(), points).properties(height=300)


def gradient_ratio(table: pd.DataFrame, about_equal: float) -> alt.LayerChart | alt.FacetChart:
    """The first layer's gradient norm by the last one's. `table`: columns side, run, epoch, ratio. A rule is at one;
    ratios up to `about_equal`, either way, are shaded."""

    def ratio(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", title="first layer / last layer", scale=alt.Scale(type="log"), axis=style.LOG_AXIS)

    middle = alt.Chart(pd.DataFrame({"low": [1 / about_equal], "equal": [1], "high": [about_equal]}))
    band = middle.mark_rect(color="#808080", opacity=0.15).encode(y=ratio("low"), y2="high:Q")
    equal = middle.mark_rule(strokeDash=[2, 3], color="#808080").encode(y=ratio("equal"))
    lines = (
        alt.Chart(table)
        .mark_line()
        .encode(
            x=alt.X("epoch:Q", title="epoch", scale=alt.Scale(nice=False), axis=alt.Axis(tickMinStep=1, format="d")),
            y=ratio("ratio"),
            color=style.color(),
            tooltip=["run:N", "epoch:Q", alt.Tooltip("ratio:Q", format=".3g")],
        )
    )
    points = style.points(lines, size=55)
    return alt.layer(band, equal, lines, points).properties(height=300)
