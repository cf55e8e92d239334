"""DataFrame -> alt.Chart. No screen, so that a chart can be tested as data. A and B look the same in every chart."""

import altair as alt
import pandas as pd

from core.palette import COLOUR_A, COLOUR_B, SIDES

ONE_HUE = "purples"
DIFFERENCE = "blueorange"  # diverging; reversed, so that more of B is blue and more of A is orange

alt.data_transformers.disable_max_rows()


def side_scale() -> alt.Scale:
    return alt.Scale(domain=list(SIDES), range=[COLOUR_A, COLOUR_B])


def side_shape() -> alt.Scale:
    return alt.Scale(domain=list(SIDES), range=["circle", "square"])


def learning_curves(table: pd.DataFrame, x: str, x_title: str, y_title: str, percent: bool) -> alt.Chart:
    """Lines over `x`. `table`: columns side ("A"/"B"), run, split ("training"/"validation"), value, epoch and `x`."""
    number = ".1%" if percent else ".3f"
    base = alt.Chart(table).encode(
        x=_cost_axis(x, x_title),
        y=alt.Y("value:Q", title=y_title, scale=alt.Scale(zero=False), axis=alt.Axis(format="%" if percent else "~g")),
        color=alt.Color("side:N", scale=side_scale(), legend=alt.Legend(title=None, orient="top")),
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
    points = base.mark_point(filled=True, size=55).encode(
        opacity=alt.value(1), shape=alt.Shape("side:N", scale=side_shape(), legend=None), tooltip=tooltip
    )
    validation = points.transform_filter(alt.datum.split == "validation")
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
            color=alt.Color("side:N", scale=side_scale(), legend=alt.Legend(title=None, orient="top")),
            tooltip=["run:N", "epoch:Q", alt.Tooltip("gap:Q", title="gap in points", format="+.1f")],
        )
    )
    points = lines.mark_point(filled=True, size=55, opacity=1).encode(
        shape=alt.Shape("side:N", scale=side_shape(), legend=None)
    )
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
        .otherwise(alt.when(alt.datum.mistake).then(alt.value("#111")).otherwise(alt.value("#808080"))),
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
        color=alt.Color("side:N", scale=side_scale(), legend=alt.Legend(title=None, orient="top")),
        shape=alt.Shape("side:N", scale=side_shape()),
    )
    return alt.layer(base.mark_line(color="#999").encode(detail="class:N"), dots).properties(height=alt.Step(30))


def answers(probabilities: pd.DataFrame, side: str) -> alt.Chart:
    """Bars of the most probable classes, on a scale from 0 to 100 %. `probabilities`: columns class, probability."""
    base = alt.Chart(probabilities).encode(
        y=alt.Y("class:N", sort=None, title=None, axis=alt.Axis(labelFontSize=14)),
        x=alt.X("probability:Q", title="how sure", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")),
        tooltip=["class:N", alt.Tooltip("probability:Q", format=".2%")],
    )
    bars = base.mark_bar(color=COLOUR_A if side == "A" else COLOUR_B)
    text = base.mark_text(align="left", dx=4, color="#808080").encode(text=alt.Text("probability:Q", format=".0%"))
    return alt.layer(bars, text).properties(height=alt.Step(26))


def confidence_curve(table: pd.DataFrame, flips: pd.DataFrame, x_title: str, now: float) -> alt.Chart:
    """Probability of each network's first answer against a slider's amount; large points where an answer flips.

    Both tables: columns side, answer, amount, probability (0 to 1). `now`: where the slider stands.
    """
    x = alt.X("amount:Q", title=x_title, scale=alt.Scale(nice=False))
    lines = (
        alt.Chart(table)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y=alt.Y("probability:Q", title="how sure", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")),
            color=alt.Color("side:N", scale=side_scale(), legend=alt.Legend(title=None, orient="top")),
            tooltip=["side:N", "answer:N", "amount:Q", alt.Tooltip("probability:Q", title="how sure", format=".0%")],
        )
    )
    hover = lines.mark_point(size=200, opacity=0)
    rule = alt.Chart(pd.DataFrame({"amount": [now]})).mark_rule(strokeDash=[4, 3], color="#808080").encode(x=x)
    layers = [rule, lines, hover]
    if len(flips):
        marks = alt.Chart(flips).mark_point(filled=True, size=160, opacity=1)
        layers.append(
            marks.encode(
                x=x,
                y="probability:Q",
                color=alt.Color("side:N", scale=side_scale(), legend=None),
                shape=alt.Shape("side:N", scale=side_shape(), legend=None),
                tooltip=[alt.Tooltip("side:N"), alt.Tooltip("amount:Q", title="changes its mind at")],
            )
        )
    return alt.layer(*layers).properties(height=260)
