"""DataFrame -> alt.Chart. No screen, so that a chart can be tested as data. A and B look the same in every chart."""

from collections.abc import Sequence
from typing import NamedTuple

import altair as alt
import numpy as np
import pandas as pd

from core.metrics import GUESSING
from core.palette import COLOURS, SIDES

ONE_HUE = "purples"
GREYS = ("#808080", "#b0b0b0", "#606060")
DIFFERENCE = "blueorange"  # diverging; reversed, so that more of B is blue and more of A is orange
BROKEN = "#009E73"  # a value that is not finite
SEED_STEP = 0.025  # between seeds of one depth, in widths of the axis
NAMED_WIDTH, ARCHITECTURES_HEIGHT, EDGE = 680, 400, 30  # pixels; narrower, dots have no names: they would overlap
DOT, NAME_SIZE, NAME_GAP = 14, 12, 12  # pixels: of a dot, of the letters, and from the dot's middle to its name
LETTER = 0.55  # a letter's width, in sizes
ACCURACY_MARGIN = 0.04
ROOM_FOR_PERCENT = 0.25  # beside the longest bar, in widths of its scale
LOG_AXIS = alt.Axis(format="~g", tickCount=5, grid=False)

alt.data_transformers.disable_max_rows()


def _colour(who: str = "side", order: Sequence[str] = SIDES, legend: bool = True) -> alt.Color:
    """By the column `who`: "side", or "network"; the first of `order` in A's colour, the second in B's."""
    scale = alt.Scale(domain=list(order), range=[*COLOURS.values()])
    return alt.Color(
        f"{who}:N", scale=scale, legend=alt.Legend(title=None, orient="top", symbolOpacity=1) if legend else None
    )


def _shape(who: str = "side", order: Sequence[str] = SIDES) -> alt.Shape:
    return alt.Shape(f"{who}:N", scale=alt.Scale(domain=list(order), range=["circle", "square"]), legend=None)


def _points(lines: alt.Chart, size: int) -> alt.Chart:
    """The points that `lines` join."""
    return lines.mark_point(filled=True, size=size, opacity=1).encode(shape=_shape())


def learning_curves(table: pd.DataFrame, x: str, x_title: str, y_title: str, percent: bool) -> alt.Chart:
    """Lines over `x`. `table`: columns side ("A"/"B"), run, split ("training"/"validation"), value, epoch and `x`."""
    number = ".1%" if percent else ".3f"
    base = alt.Chart(table).encode(
        x=_cost_axis(x, x_title),
        y=alt.Y("value:Q", title=y_title, scale=alt.Scale(zero=False), axis=alt.Axis(format="%" if percent else "~g")),
        color=_colour(),
    )
    dash = alt.StrokeDash(
        "split:N",
        scale=alt.Scale(domain=["validation", "training"], range=[[1, 0], [5, 4]]),
        legend=alt.Legend(title=None, orient="top"),
    )
    tooltip = [
        alt.Tooltip("run:N"),
        alt.Tooltip("split:N", title="images"),
        alt.Tooltip("epoch:Q"),
        alt.Tooltip(f"{x}:Q", title=x_title, format=",.4~g"),
        alt.Tooltip("value:Q", title=y_title, format=number),
    ]
    validation = _points(base, size=55).transform_filter(alt.datum.split == "validation")
    hover = base.mark_point(size=300, opacity=0).encode(tooltip=tooltip)
    return alt.layer(base.mark_line(strokeWidth=2.5).encode(strokeDash=dash), validation, hover).properties(height=380)


def _cost_axis(x: str, title: str) -> alt.X:
    step = {"tickMinStep": 1} if x == "epoch" else {}
    return alt.X(f"{x}:Q", title=title, scale=alt.Scale(nice=False), axis=alt.Axis(format="~s", **step))


def gap(table: pd.DataFrame, x: str, x_title: str) -> alt.Chart:
    """Training minus validation accuracy over `x`. `table`: columns side, run, epoch, gap (points) and `x`."""
    zero = alt.Chart(pd.DataFrame({"gap": [0]})).mark_rule(strokeDash=[2, 3], opacity=0.5).encode(y="gap:Q")
    lines = (
        alt.Chart(table)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=_cost_axis(x, x_title),
            y=alt.Y("gap:Q", title="gap (points)"),
            color=_colour(),
            tooltip=["run:N", "epoch:Q", alt.Tooltip("gap:Q", title="gap in points", format="+.1f")],
        )
    )
    points = _points(lines, size=55)
    return alt.layer(zero, lines, points).properties(height=240)


def confusion(matrix: pd.DataFrame, title: str, largest: int, difference: bool = False) -> alt.Chart:
    """A 10 x 10 table of counts as coloured cells; a click selects a cell ("true", "answer") as parameter `cell`.

    `largest`: the count off the diagonal at which the colour is fullest, the same for charts to be compared. The
    diagonal, which would drown all else, is shown as numbers without colour, except in a difference.
    """
    long = matrix.rename_axis(index="true", columns="answer").stack().rename("images").reset_index()
    long["mistake"] = (long["true"] != long["answer"]) | difference
    classes = list(matrix.index)
    if difference:
        scale = alt.Scale(scheme=DIFFERENCE, reverse=True, domain=[-largest, largest], domainMid=0, clamp=True)
        number = "+d"
    else:
        scale = alt.Scale(scheme=ONE_HUE, domain=[0, largest], clamp=True)
        number = "d"
    cell = alt.selection_point(name="cell", fields=["true", "answer"], on="click", empty=False)
    base = alt.Chart(long, title=alt.TitleParams(title, anchor="middle", fontSize=15)).encode(
        x=alt.X(
            "answer:N", sort=classes, title="the network's answer", axis=alt.Axis(labelAngle=-60, labelOverlap=False)
        ),
        y=alt.Y("true:N", sort=classes, title="what it is", axis=alt.Axis(labelOverlap=False)),
        tooltip=[alt.Tooltip("true:N", title="is"), alt.Tooltip("answer:N", title="answer"), alt.Tooltip("images:Q")],
    )
    squares = base.mark_rect(stroke="#888", cursor="pointer").encode(
        color=alt.condition(
            alt.datum.mistake, alt.Color("images:Q", scale=scale, legend=None), alt.value("rgba(128,128,128,0.18)")
        ),
        strokeWidth=alt.condition(cell, alt.value(3), alt.value(0.3)),
    )
    dark_cell = "abs(datum.images) > 0.55 * " + str(largest)
    text = base.mark_text(fontSize=10, cursor="pointer").encode(
        text=alt.Text("images:Q", format=number),
        color=alt.when(f"datum.mistake && {dark_cell}")
        .then(alt.value("white"))
        .when(alt.datum.mistake)
        .then(alt.value("#111"))
        .otherwise(alt.value("#808080")),
        opacity=alt.condition(alt.datum.images == 0, alt.value(0), alt.value(1)),
    )
    return alt.layer(squares.add_params(cell), text).properties(height=alt.Step(29))


def per_class(table: pd.DataFrame, measure: str) -> alt.Chart:
    """A dot for A and one for B a class, joined. `table`: columns class, side, run, value (0 to 1)."""
    order = alt.EncodingSortField("value", op="mean", order="descending")
    base = alt.Chart(table).encode(
        y=alt.Y("class:N", sort=order, title=None),
        x=alt.X("value:Q", title=measure, scale=alt.Scale(zero=False, padding=12), axis=alt.Axis(format="%")),
        tooltip=["class:N", "run:N", alt.Tooltip("value:Q", title=measure, format=".1%")],
    )
    dots = base.mark_point(filled=True, size=140, opacity=1).encode(
        color=_colour(),
        shape=_shape(),
    )
    return alt.layer(base.mark_line(color="#999").encode(detail="class:N"), dots).properties(height=alt.Step(30))


def answers(probabilities: pd.DataFrame, side: str) -> alt.Chart:
    """Bars of the most probable classes, as they come, on a scale from 0 to 100 %. `probabilities`: columns class,
    probability."""
    scale = alt.Scale(domain=[0, 1 + ROOM_FOR_PERCENT], nice=False)
    # The order is said: left to itself, the browser keeps that of the picture before.
    base = alt.Chart(probabilities).encode(
        y=alt.Y("class:N", sort=list(probabilities["class"]), title=None, axis=alt.Axis(labelFontSize=14)),
        x=alt.X("probability:Q", title="how sure", scale=scale, axis=alt.Axis(format="%", values=[0, 0.5, 1])),
        tooltip=["class:N", alt.Tooltip("probability:Q", format=".2%")],
    )
    bars = base.mark_bar(color=COLOURS[side])
    text = base.mark_text(align="left", dx=4, color="#808080").encode(text=alt.Text("probability:Q", format=".0%"))
    return alt.layer(bars, text).properties(height=alt.Step(26))


def confidence_curve(x_title: str) -> alt.Chart:
    """Probability of each network's first answer against a slider's amount; large points where an answer flips.

    Without data, so that these can be exchanged at each move: columns side, answer, amount, probability (0 to 1) and
    part: "curve", "flip" or "now" (where the slider stands).
    """

    def part(name: str) -> alt.Chart:
        return alt.Chart().transform_filter(alt.datum.part == name)

    x = alt.X("amount:Q", title=x_title, scale=alt.Scale(nice=False))
    lines = (
        part("curve")
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y=alt.Y("probability:Q", title="how sure", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")),
            color=_colour(),
            tooltip=["side:N", "answer:N", "amount:Q", alt.Tooltip("probability:Q", title="how sure", format=".0%")],
        )
    )
    hover = lines.mark_point(size=200, opacity=0)
    rule = part("now").mark_rule(strokeDash=[4, 3], color="#808080").encode(x=x)
    marks = (
        part("flip")
        .mark_point(filled=True, size=160, opacity=1)
        .encode(
            x=x,
            y="probability:Q",
            color=_colour(legend=False),
            shape=_shape(),
            tooltip=[alt.Tooltip("side:N"), alt.Tooltip("amount:Q", title="changes its mind at")],
        )
    )
    return alt.layer(rule, lines, hover, marks).properties(height=260)


def race(y_title: str, percent: bool, steps: int) -> alt.Chart:
    """A line for A and one for B over the steps of a race. Without data, so that these can be exchanged as they come:
    columns side, step, value."""
    dashes = alt.Scale(domain=list(SIDES), range=[[6, 3], [1, 0]])
    return (
        alt.Chart()
        .mark_line(strokeWidth=2.5, interpolate="monotone")
        .encode(
            x=alt.X("step:Q", title="learning steps", scale=alt.Scale(domain=[0, steps], nice=False)),
            y=alt.Y("value:Q", title=y_title, axis=alt.Axis(format="%" if percent else "~g")),
            color=_colour(legend=False),
            strokeDash=alt.StrokeDash("side:N", scale=dashes, legend=None),
        )
        .properties(height=230)
    )


def race_gradients() -> alt.Chart:
    """Gradient norm against layer for A and B, of one moment of a race. Without data: columns side, layer, norm."""
    lines = (
        alt.Chart()
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("layer:Q", title="layer, first to last", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("norm:Q", title="gradient norm", scale=alt.Scale(type="log"), axis=LOG_AXIS),
            color=_colour(legend=False),
        )
    )
    points = _points(lines, size=40)
    return alt.layer(lines, points).properties(height=230)


def schedule(table: pd.DataFrame, epochs: int) -> alt.Chart:
    """Learning rate over the epochs. `table`: columns epoch (0 to `epochs`), lr, run (a line for each) and side ("A",
    "B", or "" for a line that is of neither or of both)."""
    lines = table.drop_duplicates("run")
    greys = iter(GREYS * len(lines))
    colours = [COLOURS.get(side) or next(greys) for side in lines["side"]]
    return (
        alt.Chart(table)
        .mark_line(strokeWidth=2.5)
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
                scale=alt.Scale(domain=lines["run"].tolist(), range=colours),
                legend=alt.Legend(title=None, orient="top", columns=1, labelLimit=0),
            ),
            strokeDash=alt.StrokeDash("run:N", scale=alt.Scale(domain=lines["run"].tolist()), legend=None),
        )
        .properties(height=240)
    )


class Limits(NamedTuple):
    depths: tuple[int, int]
    error: float  # percent; the axis begins at 0

    @property
    def shows_guessing(self) -> bool:
        return self.error > 100 * (1 - GUESSING)


def degradation(
    runs: pd.DataFrame,
    spread: pd.DataFrame,
    published: pd.DataFrame,
    y: str,
    y_title: str,
    limits: Limits,
    networks: Sequence[str],
) -> alt.Chart:
    """Error against depth: a point a run, the mean over seeds as a line, their range as a bar; published faint.

    `runs`: columns run, network, depth, seed, side ("A", "B" or "": A and B are large), and `y` in percent; `spread`:
    network, depth, mean, low, high, runs; `published`: network, depth, error, source (may be empty). `limits`: ends of
    both axes, the same for charts to be compared; a rule is at guessing, where that is on the axis. `networks`: both,
    first the one in A's colour. Seeds stand side by side, or one would hide the other. A click selects a `run` as
    parameter `point`.
    """
    colour, shape = _colour("network", networks), _shape("network", networks)
    depths = alt.Scale(domain=list(limits.depths), padding=20)
    step = SEED_STEP * (limits.depths[1] - limits.depths[0])
    side_by_side = runs.assign(place=runs["depth"] + step * _places(runs))

    def layers(field: str) -> alt.X:
        return alt.X(f"{field}:Q", title="layers", scale=depths, axis=alt.Axis(tickMinStep=1, format="d"))

    def error(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", title=y_title, scale=alt.Scale(domain=[0, limits.error], nice=True))

    faint = alt.Chart(published).encode(x=layers("depth"), y=error("error"), color=colour, opacity=alt.value(0.5))
    tooltip = ["network:N", "depth:Q", alt.Tooltip("error:Q", title="error (%), He et al. 2015"), "source:N"]
    reference = [faint.mark_line(strokeDash=[3, 4]), faint.mark_point(size=70).encode(shape=shape, tooltip=tooltip)]
    base = alt.Chart(spread).encode(x=layers("depth"), color=colour)
    means = [
        base.mark_rule(strokeWidth=2).encode(y=error("low"), y2="high:Q"),
        base.mark_line(strokeWidth=2.5).encode(y=error("mean")),
    ]
    point = alt.selection_point(name="point", fields=["run"], on="click", empty=False)
    points = (
        alt.Chart(side_by_side)
        .mark_point(filled=True, opacity=1, cursor="pointer")
        .encode(
            x=layers("place"),
            y=error(y),
            color=colour,
            shape=shape,
            size=alt.condition(alt.datum.side == "", alt.value(80), alt.value(260)),
            tooltip=["run:N", "depth:Q", "seed:Q", alt.Tooltip(f"{y}:Q", title=y_title, format=".2f")],
        )
        .add_params(point)
    )
    guessing = alt.Chart(pd.DataFrame({"error": [100 * (1 - GUESSING)]})).mark_rule(strokeDash=[2, 3], color="#808080")
    shown = [guessing.encode(y=error("error"))] if limits.shows_guessing else []
    return alt.layer(*shown, *(reference if len(published) else []), *means, points).properties(height=340)


def _places(runs: pd.DataFrame) -> pd.Series:
    """Where each run stands among those of its network and depth: whole steps from their middle, e.g. -1, 0, 1."""
    alike = runs.groupby(["network", "depth"])["seed"]
    return alike.rank(method="first") - (alike.transform("size") + 1) / 2


def gradient_heatmap(table: pd.DataFrame, domain: list[float]) -> alt.Chart:
    """Gradient norm by epoch and layer as colour. `table`: columns epoch, number, layer, norm, broken (not finite).

    `domain`: smallest and largest norm of the colour scale, which is logarithmic: the same for charts to be compared.
    """
    norm = alt.Color(
        "norm:Q",
        scale=alt.Scale(type="log", scheme=ONE_HUE, domain=domain, clamp=True),
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
) -> alt.Chart:
    """Gradient norm against layer, on a logarithmic scale over `domain`. `table`: columns `who`, number, layer, norm;
    `order`: the two in the column `who`, first the one in A's colour."""
    base = alt.Chart(table).encode(
        x=_layer_axis(),
        y=alt.Y("norm:Q", title="gradient norm", scale=alt.Scale(type="log", domain=domain), axis=LOG_AXIS),
        color=_colour(who, order),
        tooltip=[f"{who}:N", "number:Q", "layer:N", alt.Tooltip("norm:Q", format=".3g")],
    )
    points = base.mark_point(filled=True, size=45, opacity=1).encode(shape=_shape(who, order))
    return alt.layer(base.mark_line(strokeWidth=2), points).properties(height=300)


def _layer_axis() -> alt.X:
    return alt.X(
        "number:Q",
        title="layer (1 is nearest to the picture)",
        scale=alt.Scale(nice=False),
        axis=alt.Axis(tickMinStep=1, format="d"),
    )


def gradient_ratio(table: pd.DataFrame, about_equal: float) -> alt.Chart:
    """The first layer's gradient norm by the last one's. `table`: columns side, run, epoch, ratio. A rule is at one;
    ratios up to `about_equal`, either way, are shaded."""

    def ratio(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", title="first layer / last layer", scale=alt.Scale(type="log"), axis=LOG_AXIS)

    middle = alt.Chart(pd.DataFrame({"low": [1 / about_equal], "equal": [1], "high": [about_equal]}))
    band = middle.mark_rect(color="#808080", opacity=0.15).encode(y=ratio("low"), y2="high:Q")
    equal = middle.mark_rule(strokeDash=[2, 3], color="#808080").encode(y=ratio("equal"))
    lines = (
        alt.Chart(table)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("epoch:Q", title="epoch", scale=alt.Scale(nice=False), axis=alt.Axis(tickMinStep=1, format="d")),
            y=ratio("ratio"),
            color=_colour(),
            tooltip=["run:N", "epoch:Q", alt.Tooltip("ratio:Q", format=".3g")],
        )
    )
    points = _points(lines, size=55)
    return alt.layer(band, equal, lines, points).properties(height=300)


def _accuracy_axis(field: str) -> alt.Y:
    return alt.Y(
        f"{field}:Q", title="right answers", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=5)
    )


def _chance() -> alt.Chart:
    rule = alt.Chart(pd.DataFrame({"guessing": [GUESSING]})).mark_rule(strokeDash=[2, 3], color="#808080")
    return rule.encode(y=_accuracy_axis("guessing"))


def removed_blocks(table: pd.DataFrame) -> alt.Chart:
    """Accuracy against the number of blocks removed at random: mean and range. `table`: columns side, run, removed,
    mean, low, high, draws. A rule is at guessing, one in ten."""
    base = alt.Chart(table).encode(
        x=alt.X("removed:Q", title="blocks removed", scale=alt.Scale(nice=False), axis=alt.Axis(tickMinStep=1)),
        color=_colour(),
        tooltip=[
            "run:N",
            "removed:Q",
            *(alt.Tooltip(f"{field}:Q", format=".1%") for field in ("mean", "low", "high")),
            "draws:Q",
        ],
    )
    band = base.mark_area(opacity=0.18).encode(y=_accuracy_axis("low"), y2="high:Q")
    lines = base.mark_line(strokeWidth=2.5).encode(y=_accuracy_axis("mean"))
    points = _points(lines, size=60)
    return alt.layer(_chance(), band, lines, points).properties(height=300)


def single_blocks(table: pd.DataFrame) -> alt.Chart:
    """Accuracy with one block removed, for each block. `table`: columns side, run, block, accuracy, loss (points)."""
    points = (
        alt.Chart(table)
        .mark_point(filled=True, size=120, opacity=1)
        .encode(
            x=alt.X("block:O", title="the block removed", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=_accuracy_axis("accuracy"),
            color=_colour(),
            shape=_shape(),
            tooltip=[
                "run:N",
                "block:O",
                alt.Tooltip("accuracy:Q", format=".1%"),
                alt.Tooltip("loss:Q", title="costs (points)", format=".1f"),
            ],
        )
    )
    return alt.layer(_chance(), points).properties(height=300)


def label_budget(table: pd.DataFrame) -> alt.Chart:
    """Accuracy against the number of labelled images, with its 95 % interval. `table`: columns side, run, images,
    epochs, steps, accuracy, low, high (0 to 1)."""
    base = alt.Chart(table).encode(
        x=alt.X(
            "images:Q", title="training images with a label", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s")
        ),
        color=_colour(),
        tooltip=[
            "run:N",
            alt.Tooltip("images:Q", format=","),
            "epochs:Q",
            alt.Tooltip("steps:Q", title="learning steps", format=","),
            alt.Tooltip("accuracy:Q", format=".1%"),
        ],
    )
    y = alt.Y("accuracy:Q", title="right on test photos", scale=alt.Scale(zero=False), axis=alt.Axis(format="%"))
    interval = base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", title=""), y2="high:Q")
    points = base.mark_point(filled=True, size=110, opacity=1).encode(y=y, shape=_shape())
    return alt.layer(interval, base.mark_line(strokeWidth=2.5).encode(y=y), points).properties(height=300)


def weight_change(table: pd.DataFrame) -> alt.Chart:
    """How far each layer moved, on a logarithmic scale. `table`: columns side, run, number, layer, change (norm of the
    change by norm, above 0)."""
    ends = [0.8 * table["change"].min(), 1.25 * table["change"].max()]
    ticks = [tick for power in range(-6, 5) for tick in (10.0**power, 3 * 10.0**power) if ends[0] <= tick <= ends[1]]
    base = alt.Chart(table).encode(
        x=_layer_axis(),
        y=alt.Y(
            "change:Q",
            title="change, in % of the layer's size",
            scale=alt.Scale(type="log", domain=ends, nice=False),
            axis=alt.Axis(labelExpr="format(100 * datum.value, '~g') + '%'", values=ticks),
        ),
        color=_colour(),
        tooltip=["run:N", "number:Q", "layer:N", alt.Tooltip("change:Q", title="change", format=".1%")],
    )
    points = _points(base, size=50)
    return alt.layer(base.mark_line(strokeWidth=2), points).properties(height=300)


def architectures(table: pd.DataFrame, x: str, x_title: str) -> alt.Chart:
    """Accuracy against cost, a dot a run; a click selects a `run` as parameter `point`. `table`: columns run, network,
    side ("A", "B" or ""), accuracy, low, high (0 to 1), training (in words) and `x`. A, B and of the runs of each
    network the best bear their names, where there is room; on a narrow screen none does."""
    table = table.sort_values("side")  # A and B are drawn last, over the others
    point = alt.selection_point(name="point", fields=["run"], on="click", empty=False)
    anybody = [*SIDES, ""]
    bottom, top = table["low"].min() - ACCURACY_MARGIN, table["high"].max() + ACCURACY_MARGIN
    ticks = [tenth / 10 for tenth in range(11) if bottom <= tenth / 10 <= top]
    base = alt.Chart(table).encode(
        x=alt.X(
            f"{x}:Q",
            title=x_title,
            scale=alt.Scale(type="log", nice=False, padding=EDGE),
            axis=alt.Axis(format="~s", tickCount=5),
        ),
        color=alt.Color("side:N", scale=alt.Scale(domain=anybody, range=[*COLOURS.values(), "#808080"]), legend=None),
    )

    def y(field: str) -> alt.Y:
        scale, axis = alt.Scale(domain=[bottom, top], nice=False), alt.Axis(format="%", values=ticks)
        return alt.Y(f"{field}:Q", title="right on test photos", scale=scale, axis=axis)

    dots = base.mark_point(filled=True, opacity=1, size=170, cursor="pointer").encode(
        y=y("accuracy"),
        shape=alt.Shape("side:N", scale=alt.Scale(domain=anybody, range=["circle", "square", "diamond"]), legend=None),
        tooltip=[
            "run:N",
            "network:N",
            alt.Tooltip("accuracy:Q", title="right on test photos", format=".1%"),
            alt.Tooltip(f"{x}:Q", title=x_title, format=".3~s" if table[x].min() > 1_000 else ".3~r"),
            "training:N",
        ],
    )
    named = alt.Chart(_with_room_for_names(table, x, top, bottom)).encode(
        x=base.encoding.x, y=y("accuracy"), text="network:N"
    )
    names = [
        named.transform_filter(alt.datum.align == align).mark_text(
            align=align,
            dx=NAME_GAP if align == "left" else -NAME_GAP,
            fontSize=NAME_SIZE,
            color="#808080",
            opacity=alt.expr(f"width >= {NAMED_WIDTH} ? 1 : 0"),
        )
        for align in ("left", "right")
    ]
    interval = base.mark_rule(strokeWidth=1.5).encode(y=y("low"), y2="high:Q")
    return alt.layer(interval, dots.add_params(point), *names).properties(height=ARCHITECTURES_HEIGHT)


def _with_room_for_names(table: pd.DataFrame, x: str, top: float, bottom: float) -> pd.DataFrame:
    """A, B and the best run of each network, as far as their names run neither into each other or a dot nor over the
    edge on a screen of NAMED_WIDTH; `align`: "left" of names right of their dot, "right" of those left of it."""
    best = table.loc[table.groupby("network")["accuracy"].idxmax()]
    chosen = table[table["side"] != ""]
    wanted = pd.concat([chosen, best.sort_values("accuracy", ascending=False)]).drop_duplicates("network")
    along = (np.log10(table[x]) - np.log10(table[x].min())) / max(np.log10(table[x].max() / table[x].min()), 1e-9)
    across = EDGE + along * (NAMED_WIDTH - 2 * EDGE)
    down = (top - table["accuracy"]) / (top - bottom) * ARCHITECTURES_HEIGHT
    taken = [(place - DOT / 2, place + DOT / 2, height) for place, height in zip(across, down, strict=True)]
    aligned = []
    for name, place, height in zip(wanted["network"], across[wanted.index], down[wanted.index], strict=True):
        length = len(name) * NAME_SIZE * LETTER
        ends = {
            "left": (place + NAME_GAP, place + NAME_GAP + length),
            "right": (place - NAME_GAP - length, place - NAME_GAP),
        }
        free = [align for align, end in ends.items() if _is_free(end, height, taken)]
        aligned.append(free[0] if free else None)
        taken += [(*ends[free[0]], height)] if free else []
    return wanted.assign(align=aligned).dropna(subset="align")


def _is_free(ends: tuple[float, float], height: float, taken: list[tuple[float, float, float]]) -> bool:
    inside = ends[0] >= 0 and ends[1] <= NAMED_WIDTH
    return inside and all(
        abs(height - other) > 1.2 * NAME_SIZE or ends[1] < low or ends[0] > high for low, high, other in taken
    )
