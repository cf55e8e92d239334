"""Right answers against depth."""

from collections.abc import Sequence
from typing import NamedTuple

import altair as alt
import pandas as pd

from core.analysis.depths.depth import EXACT, NETWORKS
from core.analysis.metrics import GUESSING
from core.charts import style
from core.charts.palette import GRAY

SEED_STEP = 0.03  # between seeds of one depth, in widths of the axis
ALONE = 1.5  # a single depth has an axis from this part of it to this multiple


class Axes(NamedTuple):
    depths: Sequence[int]  # that are shown, in ascending order; the axis, logarithmic, names these
    lowest: float  # percent; the axis ends at 100

    @property
    def ends_of_depths(self) -> tuple[float, float]:
        first, last = self.depths[0], self.depths[-1]
        return (first, last) if first < last else (first / ALONE, last * ALONE)

    @property
    def shows_guessing(self) -> bool:
        return self.lowest < 100 * GUESSING


def degradation(
    runs: pd.DataFrame, spread: pd.DataFrame, published: pd.DataFrame, y: str, y_title: str, axes: Axes
) -> alt.LayerChart | alt.FacetChart:
    """Right answers against depth: a point a run, the mean over seeds as a line, their range as a bar.

    `runs`: columns run, network, depth, seed, and `y` in percent; `spread`: network, depth, mean, low, high, runs;
    `published`: network, depth, right, source (may be empty), as hollow points. `axes`: the same for charts to
    be compared; a rule is at guessing, where that is on the axis. Seeds stand side by side, or one would hide the
    other. A click selects a `run` as parameter `point`.
    """
    color, shape = style.color("network", NETWORKS), style.shape("network", NETWORKS)
    first, last = axes.ends_of_depths
    depths = alt.Scale(type="log", domain=[first, last], nice=False, padding=20)
    side_by_side = runs.assign(
        place=runs["depth"] * (last / first) ** (SEED_STEP * _places(runs)),
        said=[f"{row.run}: {row.depth} layers, {y_title} {getattr(row, y):.2f}" for row in runs.itertuples()],
    )

    def layers(field: str) -> alt.X:
        return alt.X(f"{field}:Q", title="layers", scale=depths, axis=alt.Axis(values=list(axes.depths), format="d"))

    def right(field: str) -> alt.Y:
        return alt.Y(
            f"{field}:Q", title=y_title, scale=alt.Scale(domain=[axes.lowest, 100]), axis=alt.Axis(tickCount=6)
        )

    theirs = alt.Chart(published).encode(x=layers("depth"), y=right("right"), color=color)
    tooltip = ["network:N", "depth:Q", alt.Tooltip("right:Q", title="right (%), He et al. 2015"), "source:N"]
    known = theirs.properties(data=published[published["source"] == EXACT])  # a line would pretend to know the others
    hollow = theirs.mark_point(size=70, opacity=1).encode(shape=shape, tooltip=tooltip)
    reference = [known.mark_line(strokeDash=[3, 4], strokeWidth=1.5), hollow]
    base = alt.Chart(spread).encode(x=layers("depth"), color=color)
    means = [
        base.mark_rule(strokeWidth=2).encode(y=right("low"), y2="high:Q"),
        base.mark_line().encode(y=right("mean")),
    ]
    point = alt.selection_point(name="point", fields=["run"], on="click", empty=False)
    points = (
        alt.Chart(side_by_side)
        .mark_point(filled=True, opacity=1, size=160, cursor="pointer")
        .encode(
            x=layers("place"),
            y=right(y),
            color=color,
            shape=shape,
            description="said:N",
            tooltip=["run:N", "depth:Q", "seed:Q", alt.Tooltip(f"{y}:Q", title=y_title, format=".2f")],
        )
        .add_params(point)
    )
    guessing = alt.Chart(pd.DataFrame({"right": [100 * GUESSING]})).mark_rule(strokeDash=[2, 3], color=GRAY)
    shown = [guessing.encode(y=right("right"))] if axes.shows_guessing else []
    return alt.layer(*shown, *(reference if len(published) else []), *means, points).properties(height=400)


def _places(runs: pd.DataFrame) -> pd.Series:
    """Where each run stands among those of its network and depth: whole steps from their middle, e.g. -1, 0, 1."""
    alike = runs.groupby(["network", "depth"])["seed"]
    return alike.rank(method="first") - (alike.transform("size") + 1) / 2
