"""How strong the learning signal is in each layer, what a step with it does, and how alike it is for like pictures."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from core.analysis.depths.depth import NETWORKS
from core.charts import style
from core.charts.palette import GRAY, SIDES

BROKEN = "#009E73"  # a value that is not finite
STEP = "one step / size of the weights"


def gradient_heatmap(
    table: pd.DataFrame, domain: list[float], field: str = "norm", title: str = "gradient norm"
) -> alt.Chart:
    """Gradient norm, or another `field`, by epoch and layer as color. `table`: columns epoch, number, layer, `field`,
    broken (not finite).

    `domain`: smallest and largest of the color scale, which is logarithmic: the same for charts to be compared.
    """
    color = alt.Color(
        f"{field}:Q",
        scale=alt.Scale(type="log", scheme=style.ONE_HUE, domain=domain, clamp=True),
        legend=alt.Legend(title=title, orient="bottom", format="~g", gradientLength=220, tickCount=4),
    )
    return (
        alt.Chart(table)
        .mark_rect()
        .encode(
            x=alt.X("epoch:O", title="epoch", axis=alt.Axis(labelAngle=0, labelOverlap=True, grid=False)),
            y=alt.Y("number:O", title="layer (1: at the picture)", axis=alt.Axis(labelOverlap=True, grid=False)),
            color=alt.when(alt.datum.broken).then(alt.value(BROKEN)).otherwise(color),
            tooltip=["epoch:Q", "number:Q", "layer:N", alt.Tooltip(f"{field}:Q", format=".3g"), "broken:N"],
        )
        .properties(height=440)
    )


def gradient_by_layer(
    table: pd.DataFrame, domain: list[float], who: str = "side", order: Sequence[str] = SIDES
) -> alt.LayerChart | alt.FacetChart:
    """Gradient norm against layer, on a logarithmic scale over `domain`. `table`: columns `who`, number, layer, norm;
    `order`: the two in the column `who`, first the one in A's color."""
    norm = _logarithmic("norm", "gradient norm", domain)
    return alt.layer(*_lines_by_layer(table, norm, who, order)).properties(height=300)


def step_by_layer(
    table: pd.DataFrame, domain: list[float], who: str = "side", order: Sequence[str] = SIDES
) -> alt.LayerChart | alt.FacetChart:
    """How far one step moves each layer, in sizes of its weights, as `gradient_by_layer`, of the column step. A rule is
    where a step is as long as all that is there."""
    whole = alt.Chart(pd.DataFrame({"whole": [1]})).mark_rule(strokeDash=[6, 4], color=GRAY, strokeWidth=2)
    rule = whole.encode(y=_logarithmic("whole", STEP, domain))
    lines = _lines_by_layer(table, _logarithmic("step", STEP, domain), who, order)
    return alt.layer(rule, *lines).properties(height=300)


def _logarithmic(field: str, title: str, domain: list[float]) -> alt.Y:
    return alt.Y(f"{field}:Q", title=title, scale=alt.Scale(type="log", domain=domain), axis=style.LOG_AXIS)


def _lines_by_layer(table: pd.DataFrame, y: alt.Y, who: str, order: Sequence[str]) -> tuple[alt.Chart, alt.Chart]:
    base = alt.Chart(table).encode(
        x=style.layer_axis(),
        y=y,
        color=style.color(who, order),
        tooltip=[f"{who}:N", "number:Q", "layer:N", alt.Tooltip(y.shorthand, format=".3g")],
    )
    return base.mark_line(), base.mark_point(filled=True, size=45, opacity=1).encode(shape=style.shape(who, order))


def largest_weights(table: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """The largest weight of each layer after a step; in gray: before it, when both networks had the same. `table`:
    columns network, number, layer, before, after."""
    domain = [float(table[["before", "after"]].min().min()), float(table[["before", "after"]].max().max())]
    title = "largest weight of a layer"
    figures = [alt.Tooltip(f"{field}:Q", format=".3g") for field in ("before", "after")]
    base = alt.Chart(table).encode(x=style.layer_axis(), tooltip=["network:N", "number:Q", "layer:N", *figures])
    before = base.mark_line(color=GRAY, strokeDash=[4, 3]).encode(y=_logarithmic("before", title, domain))
    after = base.mark_line().encode(
        y=_logarithmic("after", title, domain), color=style.color("network", NETWORKS), detail="network:N"
    )
    return alt.layer(after, before).properties(height=300)


def pixel_walk(table: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """What the gradient says of one pixel on the way from a photo to another, of one network, in no unit: it is the
    shape that counts. `table`: columns network, mixed (share of the other photo, 0 to 1), pixel."""
    percent = alt.Axis(format=".0%", grid=False, tickCount=5)
    base = alt.Chart(table).encode(
        x=alt.X("mixed:Q", title="share of the other photo", axis=percent),
        y=alt.Y("pixel:Q", title=None, scale=alt.Scale(zero=False), axis=None),
        color=style.color("network", NETWORKS, legend=False),
    )
    points = base.mark_point(filled=True, size=30, opacity=1).encode(shape=style.shape("network", NETWORKS))
    return alt.layer(base.mark_line(), points).properties(height=170)


def likeness_by_depth(table: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """How alike the gradients of two almost equal pictures are, by the number of layers. `table`: columns network,
    depth, alike (a cosine)."""
    base = alt.Chart(table).encode(
        x=alt.X("depth:Q", title="layers", axis=alt.Axis(values=sorted(set(table["depth"])), grid=False)),
        y=alt.Y(
            "alike:Q",
            title="how alike the two messages are",
            scale=alt.Scale(domain=[min(0, float(table["alike"].min())), 1]),
            axis=alt.Axis(format="%", tickCount=5),
        ),
        color=style.color("network", NETWORKS),
        tooltip=["network:N", "depth:Q", alt.Tooltip("alike:Q", format=".0%")],
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(shape=style.shape("network", NETWORKS))
    return alt.layer(base.mark_line(), points).properties(height=340)


def gradient_ratio(table: pd.DataFrame, about_equal: float) -> alt.LayerChart | alt.FacetChart:
    """The first layer's gradient norm by the last one's. `table`: columns side, run, epoch, ratio. A rule is at one;
    ratios up to `about_equal`, either way, are shaded."""

    def ratio(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", title="first layer / last layer", scale=alt.Scale(type="log"), axis=style.LOG_AXIS)

    middle = alt.Chart(pd.DataFrame({"low": [1 / about_equal], "equal": [1], "high": [about_equal]}))
    band = middle.mark_rect(color=GRAY, opacity=0.15).encode(y=ratio("low"), y2="high:Q")
    equal = middle.mark_rule(strokeDash=[2, 3], color=GRAY).encode(y=ratio("equal"))
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
