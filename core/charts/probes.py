"""What networks know after each block: of one picture, and of many."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import altair as alt
import numpy as np
import pandas as pd

from core.charts import style
from core.data.cifar10 import CLASSES

READERS: Final = ("its own last layer", "a simple reader")
ROW, NAMES = 22, 120  # pixels: of a block's bars; of the names above, which share the height that is given
FULL = 0.85  # of a row's height: a bar of 100%
BAR = 0.8  # of a class's width
ROOM_FOR_WORDS = 5  # right of the bars, in classes
FAINT = 0.3  # of a bar whose class is not the right one


def opinions(
    blocks: Sequence[int], shares: np.ndarray, said: Sequence[str], full: int, color: str
) -> alt.LayerChart | alt.FacetChart:
    """Ten small bars a block, a class each, from the first block at the top: how sure the network would be of it there.

    `blocks`: their numbers in the network, one after the other; `shares`: (blocks, 10), 0 to 1; `said`: what stands
    beside each block's bars ("cat?"); `full`: the class (0 to 9) whose bars have their full color.
    """
    rows = pd.DataFrame({"block": blocks, "answer": said})
    bars = pd.DataFrame(
        {"block": block, "class": label, "sure": share, "left": place + (1 - BAR) / 2, "top": block - FULL * share}
        for block, of_block in zip(blocks, shares, strict=True)
        for place, (label, share) in enumerate(zip(CLASSES, of_block, strict=True))
    ).assign(right=lambda t: t["left"] + BAR, full=lambda t: t["class"] == CLASSES[full])
    names = alt.Axis(
        values=[place + 0.5 for place in range(len(CLASSES))],
        labelExpr=f"{list(CLASSES)}[floor(datum.value)]",
        orient="top",
        labelAngle=-90,
        labelOverlap=False,
        grid=False,
    )
    numbers = alt.Axis(
        values=[block - 0.5 for block in blocks], labelExpr="datum.value + 0.5", labelOverlap=False, grid=False
    )
    across = partial(
        alt.X, title=None, scale=alt.Scale(domain=[0, len(CLASSES) + ROOM_FOR_WORDS], nice=False), axis=names
    )
    down = partial(
        alt.Y, title="after block", scale=alt.Scale(domain=[blocks[-1], blocks[0] - 1], nice=False), axis=numbers
    )
    ground = alt.Chart(rows).mark_rule(opacity=FAINT).encode(y=down("block:Q"))
    chances = (
        alt.Chart(bars)
        .mark_rect(color=color, stroke=color)
        .encode(
            x=across("left:Q"),
            x2="right:Q",
            y=down("block:Q"),
            y2="top:Q",
            fillOpacity=alt.condition(alt.datum.full, alt.value(1), alt.value(FAINT)),
            tooltip=["block:O", "class:N", alt.Tooltip("sure:Q", title="how sure", format=".0%")],
        )
    )
    words = (
        alt.Chart(rows.assign(middle=rows["block"] - 0.5, beside=len(CLASSES) + 0.3))
        .mark_text(align="left")
        .encode(x=across("beside:Q"), y=down("middle:Q"), text="answer:N")
    )
    return alt.layer(ground, chances, words).properties(height=NAMES + ROW * max(3, len(blocks)))


def right_by_block(table: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """Right answers after each block, the second of READERS dashed. `table`: columns side, run, block (its number in
    the network), reader, accuracy (0 to 1)."""
    base = alt.Chart(table).encode(
        x=alt.X("block:Q", title="after block", scale=alt.Scale(zero=False), axis=alt.Axis(tickMinStep=1, format="d")),
        y=style.accuracy_axis("accuracy"),
        color=style.color(),
        tooltip=["run:N", "reader:N", "block:Q", alt.Tooltip("accuracy:Q", title="right", format=".1%")],
    )
    dash = alt.StrokeDash("reader:N", scale=alt.Scale(domain=list(READERS), range=[[1, 0], [6, 5]]), legend=None)
    lines = base.mark_line().encode(strokeDash=dash)
    points = base.mark_point(filled=True, size=60, opacity=1).encode(shape=style.shape(), detail="reader:N")
    return alt.layer(style.chance(), lines, points).properties(height=320)
