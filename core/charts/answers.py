"""What networks answer to test photos, clean and spoiled, and to one picture; and what a class voted beside them."""

from textwrap import wrap
from typing import Any, Final

import altair as alt
import numpy as np
import pandas as pd

from core.charts import style
from core.charts.palette import CLASS, COLORS, GRAY

MISTAKE: Final = "#6A51A3"  # purple: of neither network
FULLEST: Final = 0.6  # opacity of a cell: with more, it would be too dark for the page's own letters
ROOM_FOR_PERCENT = 0.35  # beside the longest bar, in widths of its scale
COLORS_OF_ALL = {CLASS: "#8E6FC1", **COLORS}  # purple: of neither network
VOTES_HEIGHT, VOTES_ROW = 320, 36  # pixels: of the chart, and of a choice with one bar at least
FEW = 3  # choices at most with three bars that leave room for the letters of a projector in that height
CHOICE_LETTERS = 28  # in a line
ROOM_FOR_LABEL = 0.3  # beside the longest bar, in widths of its scale


def confusion(
    matrix: pd.DataFrame,
    largest: int,
    of_sides: tuple[str, str] | None = None,
    chosen: tuple[str, str] | None = None,
) -> alt.LayerChart | alt.FacetChart:
    """A 10 x 10 table of counts as colored cells.

    `largest`: the count off the diagonal at which the color is fullest, the same for charts to be compared. The
    diagonal, which would drown all else, is shown as numbers without color. `of_sides`: the matrix is a difference, B
    minus A, on the diagonal too; a cell has the color of the one that has more. `chosen`: the cell ("true", "answer")
    that is outlined; a click selects another as parameter `cell`. Without it, a click does nothing.
    """
    cells: Any = matrix.rename_axis(index="true", columns="answer").stack()
    long = cells.rename("images").reset_index()
    long["colored"] = (long["true"] != long["answer"]) | (of_sides is not None)
    long["fullness"] = (long["images"].abs() / largest).clip(upper=1).where(long["colored"], 0)
    long["more"] = np.where(long["images"] < 0, "A", "B")
    long["chosen"] = [cell == chosen for cell in zip(long["true"], long["answer"], strict=True)]
    classes = list(matrix.index)
    hues = list(of_sides or (MISTAKE, MISTAKE))
    cursor: Any = "pointer" if chosen else alt.Undefined
    base = alt.Chart(long).encode(
        x=alt.X(
            "answer:N", sort=classes, title="the network's answer", axis=alt.Axis(labelAngle=-60, labelOverlap=False)
        ),
        y=alt.Y("true:N", sort=classes, title="what it is", axis=alt.Axis(labelOverlap=False)),
        tooltip=[
            alt.Tooltip("true:N", title="is"),
            alt.Tooltip("answer:N", title="answer"),
            alt.Tooltip("images:Q", title="photos"),
        ],
    )
    # Over the page's own ground, light or dark: the fainter, the nearer to it.
    squares = base.mark_rect(stroke="#888", cursor=cursor).encode(
        color=alt.Color("more:N", scale=alt.Scale(domain=["A", "B"], range=hues), legend=None),
        fillOpacity=alt.Opacity("fullness:Q", scale=alt.Scale(domain=[0, 1], range=[0, FULLEST]), legend=None),
        strokeWidth=alt.condition(alt.datum.chosen, alt.value(3), alt.value(0.3)),
    )
    text = base.mark_text(cursor=cursor).encode(
        text=alt.Text("images:Q", format="d" if of_sides is None else "+d"),
        opacity=alt.condition(alt.datum.images == 0, alt.value(0), alt.value(1)),
    )
    if chosen:
        squares = squares.add_params(
            alt.selection_point(name="cell", fields=["true", "answer"], on="click", empty=False)
        )
    return alt.layer(squares, text).properties(height=alt.Step(40))


def per_class(table: pd.DataFrame, measure: str) -> alt.LayerChart | alt.FacetChart:
    """A dot for A and one for B a class, joined. `table`: columns class, side, run, value (0 to 1)."""
    order = alt.EncodingSortField("value", op="mean", order="descending")
    base = alt.Chart(table).encode(
        y=alt.Y("class:N", sort=order, title=None),
        x=alt.X("value:Q", title=measure, scale=alt.Scale(zero=False, padding=12), axis=alt.Axis(format="%")),
        tooltip=["class:N", "run:N", alt.Tooltip("value:Q", title=measure, format=".1%")],
    )
    dots = base.mark_point(filled=True, size=140, opacity=1).encode(
        color=style.color(),
        shape=style.shape(),
    )
    return alt.layer(base.mark_line(color="#999").encode(detail="class:N"), dots).properties(height=alt.Step(30))


def answers(probabilities: pd.DataFrame, color: str) -> alt.LayerChart | alt.FacetChart:
    """Bars of the most probable classes, as they come, on a scale from 0 to 100%. `probabilities`: columns class,
    probability, and said, which stands at a bar's end."""
    scale = alt.Scale(domain=[0, 1 + ROOM_FOR_PERCENT], nice=False)
    # The order is said: left to itself, the browser keeps that of the picture before.
    base = alt.Chart(probabilities).encode(
        y=alt.Y("class:N", sort=list(probabilities["class"]), title=None),
        x=alt.X("probability:Q", title="how sure", scale=scale, axis=alt.Axis(format="%", values=[0, 0.5, 1])),
        tooltip=["class:N", alt.Tooltip("probability:Q", format=".2%")],
    )
    bars = base.mark_bar(color=color)
    text = base.mark_text(align="left", dx=4).encode(text="said:N")
    return alt.layer(bars, text).properties(height=alt.Step(28))


def confidence_curve(x_title: str) -> alt.LayerChart | alt.FacetChart:
    """Probability of each network's first answer against a slider's amount; large points where an answer flips.

    Without data, so that these can be exchanged at each move: columns side, answer, amount, probability (0 to 1) and
    part: "curve", "flip" or "now" (where the slider stands).
    """

    def part(name: str) -> alt.Chart:
        return alt.Chart().transform_filter(alt.datum.part == name)

    x = alt.X("amount:Q", title=x_title, scale=alt.Scale(nice=False))
    lines = (
        part("curve")
        .mark_line()
        .encode(
            x=x,
            y=alt.Y("probability:Q", title="how sure", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")),
            color=style.color(),
            strokeDash=style.dash(),
            tooltip=["side:N", "answer:N", "amount:Q", alt.Tooltip("probability:Q", title="how sure", format=".0%")],
        )
    )
    hover = lines.mark_point(size=200, opacity=0)
    rule = part("now").mark_rule(strokeDash=[4, 3], color=GRAY).encode(x=x)
    marks = (
        part("flip")
        .mark_point(filled=True, size=160, opacity=1)
        .encode(
            x=x,
            y="probability:Q",
            color=style.color(legend=False),
            shape=style.shape(),
            tooltip=[alt.Tooltip("side:N"), alt.Tooltip("amount:Q", title="changes its mind at")],
        )
    )
    return alt.layer(rule, lines, hover, marks).properties(height=260)


def votes(table: pd.DataFrame, choices: list[str]) -> alt.LayerChart | alt.FacetChart:
    """A group of bars for each of the `choices`, from above: the class's votes and the networks' probabilities.

    `table`: columns choice, who (CLASS, "A" or "B"), share (0 to 1) and label, which stands at the bar's end: color
    alone would not tell the three apart for everybody.
    """
    order = list(COLORS_OF_ALL)
    scale = alt.Scale(domain=[0, 1 + ROOM_FOR_LABEL], nice=False)
    lines = {choice: "\n".join(wrap(choice, CHOICE_LETTERS)) for choice in choices}
    base = alt.Chart(table.assign(choice=table["choice"].map(lines))).encode(
        y=alt.Y(
            "choice:N",
            sort=[lines[choice] for choice in choices],
            title=None,
            axis=alt.Axis(labelExpr=r"split(datum.label, '\n')", labelLimit=0),
        ),
        yOffset=alt.YOffset("who:N", sort=order),
        x=alt.X("share:Q", title=None, scale=scale, axis=alt.Axis(format="%", values=[0, 0.5, 1])),
        tooltip=["choice:N", "who:N", alt.Tooltip("share:Q", format=".0%")],
    )
    color = alt.Color("who:N", scale=alt.Scale(domain=order), legend=None)
    text = base.mark_text(align="left", dx=5).encode(text="label:N")
    bars = alt.layer(base.mark_bar().encode(color=color), text)
    if table["who"].nunique() > 1 and len(choices) > FEW:
        return bars  # each bar is as high as the theme says: its letters have room
    return bars.properties(height=max(VOTES_HEIGHT, VOTES_ROW * len(choices)))


def right_by_strength(table: pd.DataFrame, now: int) -> alt.LayerChart | alt.FacetChart:
    """Right answers against how strongly photos were spoiled, with 95% intervals; a dashed line at the strength `now`.
    `table`: columns side, run, strength (0: clean, to 5), right, low, high (0 to 1)."""
    strength = alt.X("strength:Q", title="how strongly the photos are spoiled (0: not)", axis=alt.Axis(tickMinStep=1))
    rule = alt.Chart(pd.DataFrame({"strength": [now]})).mark_rule(strokeDash=[4, 3], color=GRAY).encode(x=strength)
    base = alt.Chart(table).encode(x=strength, color=style.color())
    lines = base.mark_line().encode(y=style.accuracy_axis("right"))
    points = style.points(lines, size=90).encode(
        tooltip=["run:N", "strength:Q", alt.Tooltip("right:Q", title="right", format=".1%")]
    )
    intervals = base.mark_rule(strokeWidth=1.5).encode(y=style.accuracy_axis("low"), y2="high:Q")
    return alt.layer(style.chance(), rule, lines, intervals, points).properties(height=320)
