"""What accuracy costs."""

from typing import Literal

import altair as alt
import numpy as np
import pandas as pd

from core.charts.palette import COLORS, GRAY, LEARNED_BEFORE

NAMED_WIDTH, ARCHITECTURES_HEIGHT, EDGE = 680, 400, 30  # pixels; narrower, dots have no names: they would overlap
AROUND, LINES_AROUND = 52, 6  # pixels and letters of the height that the legend and the axis take
DOT, NAME_GAP = 14, 12  # pixels: of a dot, and from its middle to its name
LETTER = 0.55  # a letter's width, in sizes
ACCURACY_MARGIN = 0.04
KINDS, OTHER = ("plain network", "ResNet for CIFAR-10", "pretrained"), "other"
KIND_COLORS = [*COLORS.values(), LEARNED_BEFORE, GRAY]

Align = Literal["left", "right", "center"]
Place = tuple[float, float, float]  # pixels: where a name or a dot begins and ends, and its height


def architectures(table: pd.DataFrame, x: str, x_title: str, letters: int) -> alt.LayerChart | alt.FacetChart:
    """Accuracy against cost, a dot a run; a click selects a `run` as parameter `point`. `table`: columns run, network,
    kind (of KINDS, or OTHER), accuracy, low, high (0 to 1), training (in words) and `x`. Of the runs of each network
    the best bear their names, where there is room for the theme's `letters`; on a narrow screen none does."""
    point = alt.selection_point(name="point", fields=["run"], on="click", empty=False)
    kinds = [*KINDS, OTHER]
    bottom, top = table["low"].min() - ACCURACY_MARGIN, table["high"].max() + ACCURACY_MARGIN
    ticks = [tenth / 10 for tenth in range(11) if bottom <= tenth / 10 <= top]
    base = alt.Chart(table).encode(
        x=alt.X(
            f"{x}:Q",
            title=x_title,
            scale=alt.Scale(type="log", nice=False, padding=EDGE),
            axis=alt.Axis(format="~s", tickCount=5),
        ),
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=kinds, range=KIND_COLORS),
            legend=alt.Legend(
                title=None,
                orient="top",
                symbolOpacity=1,
                labelLimit=0,
                columns=alt.expr(f"width >= {NAMED_WIDTH} ? {len(kinds)} : 2"),  # a phone has no room for one row
            ),
        ),
    )

    def y(field: str) -> alt.Y:
        scale, axis = alt.Scale(domain=[bottom, top], nice=False), alt.Axis(format="%", values=ticks)
        return alt.Y(f"{field}:Q", title="right on test photos", scale=scale, axis=axis)

    dots = base.mark_point(filled=True, opacity=1, size=170, cursor="pointer").encode(
        y=y("accuracy"),
        shape=alt.Shape(
            "kind:N", scale=alt.Scale(domain=kinds, range=["circle", "square", "triangle-up", "diamond"]), legend=None
        ),
        tooltip=[
            "run:N",
            "network:N",
            alt.Tooltip("accuracy:Q", title="right on test photos", format=".1%"),
            alt.Tooltip(f"{x}:Q", title=x_title, format=".3~s" if table[x].min() > 1_000 else ".3~r"),
            "training:N",
        ],
    )
    named = alt.Chart(_with_room_for_names(table, x, top, bottom, letters)).encode(
        x=base.encoding.x, y=y("accuracy"), text="network:N"
    )
    names = [
        named.transform_filter(alt.datum.align == align).mark_text(
            align=align,
            dx=dx,
            dy=dy,
            opacity=alt.expr(f"width >= {NAMED_WIDTH} ? 1 : 0"),
        )
        for align, (dx, dy) in _beside_dot(letters).items()
    ]
    interval = base.mark_rule(strokeWidth=1.5).encode(y=y("low"), y2="high:Q")
    return alt.layer(interval, dots.add_params(point), *names).properties(height=ARCHITECTURES_HEIGHT)


def _beside_dot(letters: int) -> dict[Align, tuple[float, float]]:
    """How far from its dot a name is anchored, by its alignment."""
    return {"left": (NAME_GAP, 0), "right": (-NAME_GAP, 0), "center": (0, -1.25 * letters)}


def _with_room_for_names(table: pd.DataFrame, x: str, top: float, bottom: float, letters: int) -> pd.DataFrame:
    """The best run of each network, as far as their names run neither into each other or a dot nor over the
    edge on a screen of NAMED_WIDTH; `align`: "left" of names right of their dot, "right" of those left of it, "center"
    of those above it."""
    best = table.loc[table.groupby("network")["accuracy"].idxmax()]
    wanted = best.sort_values("accuracy", ascending=False)
    along = (np.log10(table[x]) - np.log10(table[x].min())) / max(np.log10(table[x].max() / table[x].min()), 1e-9)
    across = EDGE + along * (NAMED_WIDTH - 2 * EDGE)
    height = ARCHITECTURES_HEIGHT - AROUND - LINES_AROUND * letters
    down = (top - table["accuracy"]) / (top - bottom) * height
    taken = [(place - DOT / 2, place + DOT / 2, y) for place, y in zip(across, down, strict=True)]
    aligned = []
    for name, x_dot, y_dot in zip(wanted["network"], across[wanted.index], down[wanted.index], strict=True):
        places = _name_places(name, x_dot, y_dot, letters)
        free = [align for align, place in places.items() if _is_free(place, taken, letters)]
        aligned.append(free[0] if free else None)
        taken += [places[free[0]]] if free else []
    return wanted.assign(align=pd.Series(aligned, wanted.index, dtype=object)).dropna(subset="align")


def _name_places(name: str, x: float, y: float, letters: int) -> dict[Align, Place]:
    """Where the name of a dot at `x`, `y` would stand, by its alignment."""
    length = len(name) * letters * LETTER
    before = {"left": 0, "right": length, "center": length / 2}  # how much of the name stands before its anchor
    return {
        align: (x + dx - before[align], x + dx - before[align] + length, y + dy)
        for align, (dx, dy) in _beside_dot(letters).items()
    }


def _is_free(place: Place, taken: list[Place], letters: int) -> bool:
    start, end, height = place
    inside = start >= 0 and end <= NAMED_WIDTH and height >= letters / 2
    return inside and all(  # a name above a dot is just so far from it that there is no other dot between
        abs(height - other) > 1.2 * letters or end < low or start > high for low, high, other in taken
    )
