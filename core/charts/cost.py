"""What accuracy costs."""

import altair as alt
import numpy as np
import pandas as pd

from core.palette import COLOURS, SIDES

NAMED_WIDTH, ARCHITECTURES_HEIGHT, EDGE = 680, 400, 30  # pixels; narrower, dots have no names: they would overlap
DOT, NAME_SIZE, NAME_GAP = 14, 12, 12  # pixels: of a dot, of the letters, and from the dot's middle to its name
LETTER = 0.55  # a letter's width, in sizes
ACCURACY_MARGIN = 0.04


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
