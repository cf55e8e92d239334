"""How a training went: curves of what was learned, the schedule it followed, the live race, and its path on a map."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from core.analysis.training_summary import reaches
from core.charts import style
from core.charts.palette import COLORS, GRAY

# Whether A's lines look like B's: two of a kind have one color. Else points on all of them would be too much.
ONE_COLOR = "scale('color', 'A') === scale('color', 'B') ? 1 : 0"
GRAYS = (GRAY, "#8c8c8c", "#6a6a6a")


def learning_curves(
    table: pd.DataFrame, x: str, x_title: str, y_title: str, percent: bool, line: float | None = None
) -> alt.LayerChart | alt.FacetChart:
    """Lines over `x`. `table`: columns side ("A"/"B"), run, split ("training"/"validation"), value, epoch and `x`.
    `line`: a finish line at this value, with a flag where each side's validation first reaches it."""
    number = ".1%" if percent else ".3f"
    base = alt.Chart(table).encode(
        x=_cost_axis(x, x_title),
        y=alt.Y("value:Q", title=y_title, scale=alt.Scale(zero=False), axis=alt.Axis(format="%" if percent else "~g")),
        color=style.color(),
    )
    both = table["split"].nunique() > 1
    dash = alt.StrokeDash(
        "split:N",
        scale=alt.Scale(domain=["validation", "training"], range=[[1, 0], [5, 4]]),
        legend=alt.Legend(title=None, orient="top") if both else None,
    )
    tooltip = [
        alt.Tooltip("run:N"),
        alt.Tooltip("split:N", title="photos"),
        alt.Tooltip("epoch:Q"),
        alt.Tooltip(f"{x}:Q", title=x_title, format=",.4~g"),
        alt.Tooltip("value:Q", title=y_title, format=number),
    ]
    points = style.points(base, size=55)
    validation = points.transform_filter(alt.datum.split == "validation")
    hollow = points.mark_point(size=40, opacity=alt.expr(ONE_COLOR)).transform_filter(alt.datum.split == "training")
    hover = base.mark_point(size=300, opacity=0).encode(tooltip=tooltip)
    finish = _finish(table, x, line) if line is not None else []
    lines = base.mark_line().encode(strokeDash=dash)
    return alt.layer(*finish, lines, hollow, validation, hover).properties(height=380)


def _finish(table: pd.DataFrame, x: str, line: float) -> list[alt.Chart]:
    reached = table[(table["split"] == "validation") & reaches(table["value"], line)]
    flags = reached.sort_values(x).groupby("side", as_index=False).first().assign(line=line)
    flags["said"] = "⚑ " + flags["side"]
    base = alt.Chart(flags).encode(x=f"{x}:Q")
    rule = alt.Chart(pd.DataFrame({"line": [line]})).mark_rule(strokeDash=[2, 3], color=GRAY).encode(y="line:Q")
    poles = base.mark_rule(strokeDash=[2, 3], strokeWidth=2).encode(color=style.color())
    names = base.mark_text(fontWeight="bold", align="left", dx=4, baseline="bottom")
    return [rule, poles, names.encode(y=alt.value(alt.expr("height - 4")), text="said:N")]


def gap(table: pd.DataFrame, x: str, x_title: str) -> alt.LayerChart | alt.FacetChart:
    """Training minus validation accuracy over `x`. `table`: columns side, run, epoch, gap (points) and `x`."""
    zero = alt.Chart(pd.DataFrame({"gap": [0]})).mark_rule(strokeDash=[2, 3], opacity=0.5).encode(y="gap:Q")
    lines = (
        alt.Chart(table)
        .mark_line()
        .encode(
            x=_cost_axis(x, x_title),
            y=alt.Y("gap:Q", title="gap (points)"),
            color=style.color(),
            tooltip=["run:N", "epoch:Q", alt.Tooltip("gap:Q", title="gap in points", format="+.1f")],
        )
    )
    points = style.points(lines, size=55)
    return alt.layer(zero, lines, points).properties(height=240)


def _cost_axis(x: str, title: str) -> alt.X:
    step = 1 if x == "epoch" else alt.Undefined
    return alt.X(f"{x}:Q", title=title, scale=alt.Scale(nice=False), axis=alt.Axis(format="~s", tickMinStep=step))


def race_curve(y_title: str, percent: bool, steps: int) -> alt.Chart:
    """A line for A and one for B over the steps of a race. Without data, so that these can be exchanged as they come:
    columns side, step, value."""
    return (
        alt.Chart()
        .mark_line(interpolate="monotone")
        .encode(
            x=alt.X("step:Q", title="learning steps", scale=alt.Scale(domain=[0, steps], nice=False)),
            y=alt.Y(
                "value:Q",
                title=y_title,
                scale=alt.Scale(domain=[0, 1]) if percent else alt.Undefined,
                axis=alt.Axis(format="%" if percent else "~g"),
            ),
            color=style.color(legend=False),
            strokeDash=style.dash(),
        )
        .properties(height=230)
    )


def race_gradients() -> alt.LayerChart | alt.FacetChart:
    """Gradient norm against layer for A and B, of one moment of a race. Without data: columns side, layer, norm."""
    lines = (
        alt.Chart()
        .mark_line()
        .encode(
            x=alt.X("layer:Q", title="layer, first to last", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("norm:Q", title="gradient norm", scale=alt.Scale(type="log"), axis=style.LOG_AXIS),
            color=style.color(legend=False),
        )
    )
    points = style.points(lines, size=40)
    return alt.layer(lines, points).properties(height=230)


def schedule(table: pd.DataFrame, epochs: int) -> alt.Chart:
    """Learning rate over the epochs. `table`: columns epoch (0 to `epochs`), lr, run (a line for each) and side ("A",
    "B", or "" for a line that is of neither or of both)."""
    lines = table.drop_duplicates("run")
    grays = iter(GRAYS * len(lines))
    colors = [COLORS.get(side) or next(grays) for side in lines["side"]]
    return (
        alt.Chart(table)
        .mark_line()
        .encode(
            x=alt.X(
                "epoch:Q",
                title="epochs",
                scale=alt.Scale(domain=[0, epochs], nice=False),
                axis=alt.Axis(tickMinStep=1, format="d"),
            ),
            y=alt.Y("lr:Q", title="learning rate", axis=alt.Axis(format="~g")),
            color=alt.Color(
                "run:N",
                scale=alt.Scale(domain=lines["run"].tolist(), range=colors),
                legend=alt.Legend(title=None, orient="top", columns=1, labelLimit=0),
            ),
            strokeDash=alt.StrokeDash("run:N", scale=alt.Scale(domain=lines["run"].tolist()), legend=None),
        )
        .properties(height=240)
    )


def path_on_map(
    ground: pd.DataFrame, path: pd.DataFrame, color: str, symbol: str, domain: list[float], share: Sequence[float]
) -> alt.LayerChart | alt.FacetChart:
    """The path of a training over the loss of the plane in which it lies: `ground_table` and `path_table` of
    `core.analysis.landscapes.walk`. Points on the path, of the shape `symbol`, are filled by the loss of the network
    itself, on the scale of the ground: `domain`, lowest and highest loss, logarithmic, the same for charts to be
    compared. `share`: of the path, 0 to 1, in each direction."""
    scale = alt.Scale(type="log", scheme=style.ONE_HUE, domain=domain, clamp=True)
    marks = [domain[0], (domain[0] * domain[1]) ** 0.5, domain[1]]
    legend = alt.Legend(title="loss", orient="bottom", format=".2~g", values=marks)
    loss = alt.Color("loss:Q", scale=scale, legend=legend)
    seam = alt.Stroke("loss:Q", scale=scale, legend=None)  # else the page shows between the tiles
    x, y = (
        _weights_axis(ground, names, f"{which} direction: {part:.0%} of the path")
        for names, which, part in zip((("left", "right"), ("bottom", "top")), ("main", "second"), share, strict=True)
    )
    tiles = (
        alt.Chart(ground)
        .mark_rect(clip=True, strokeWidth=1)
        .encode(
            alt.X("left:Q", **x),
            alt.Y("bottom:Q", **y),
            x2="right:Q",
            y2="top:Q",
            color=loss,
            stroke=seam,
            tooltip=[alt.Tooltip("loss:Q", title="loss here", format=".3g"), alt.Tooltip("accuracy:Q", format=".0%")],
        )
    )
    on_way = alt.Chart(path).encode(alt.X("first:Q"), alt.Y("second:Q"))
    halo = on_way.mark_line(color="white", strokeWidth=6).encode(order="epoch:Q")
    line = on_way.mark_line(color=color).encode(order="epoch:Q")
    points = on_way.mark_point(shape=symbol, size=90, stroke=color, strokeWidth=2, opacity=1, filled=False).encode(
        fill=alt.Fill("loss:Q", scale=scale, legend=None),
        tooltip=[
            alt.Tooltip("epoch:Q", title="after epoch"),
            alt.Tooltip("loss:Q", title="loss of the network", format=".3g"),
            alt.Tooltip("map_loss:Q", title="loss of the map here", format=".3g"),
            alt.Tooltip("accuracy:Q", title="right", format=".0%"),
        ],
    )
    # Black: the map is light on a dark page, too.
    words = on_way.mark_text(dy=-14, fontWeight="bold", color="black").encode(text="said:N")
    outlined = words.mark_text(dy=-14, fontWeight="bold", stroke="white", strokeWidth=4, strokeJoin="round")
    return alt.layer(tiles, halo, line, points, outlined, words).properties(height=480)


def _weights_axis(ground: pd.DataFrame, names: tuple[str, str], title: str) -> dict:
    """Lengths of weights, from one end of the map to the other."""
    low, high = (float(edge) for edge in (ground[names[0]].min(), ground[names[1]].max()))
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    return {"title": title, "scale": scale, "axis": alt.Axis(tickCount=5, grid=False)}
