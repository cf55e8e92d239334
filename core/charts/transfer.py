"""What it helps to have learned before."""

import altair as alt
import pandas as pd

from core.charts import style

BEGINNINGS = ("from scratch", "pretrained")


def label_budget(table: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """Accuracy against the number of labeled images, with its 95% interval. `table`: columns side (of BEGINNINGS),
    run, images, epochs, steps, accuracy, low, high (0 to 1)."""
    base = alt.Chart(table).encode(
        x=alt.X("images:Q", title="labeled training photos", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s")),
        color=style.color(order=BEGINNINGS),
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
    points = base.mark_point(filled=True, size=110, opacity=1).encode(y=y, shape=style.shape(order=BEGINNINGS))
    return alt.layer(interval, base.mark_line().encode(y=y), points).properties(height=300)


def weight_change(table: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """How far each layer moved, on a logarithmic scale. `table`: columns side (of BEGINNINGS), run, number, layer,
    change (norm of the change by norm, above 0)."""
    ends = [0.8 * table["change"].min(), 1.25 * table["change"].max()]
    ticks = [tick for power in range(-6, 5) for tick in (10.0**power, 3 * 10.0**power) if ends[0] <= tick <= ends[1]]
    base = alt.Chart(table).encode(
        x=style.layer_axis(),
        y=alt.Y(
            "change:Q",
            title="change, in % of the layer's size",
            scale=alt.Scale(type="log", domain=ends, nice=False),
            axis=alt.Axis(labelExpr="format(100 * datum.value, '~g') + '%'", values=ticks),
        ),
        color=style.color(order=BEGINNINGS),
        tooltip=["run:N", "number:Q", "layer:N", alt.Tooltip("change:Q", title="change", format=".1%")],
    )
    points = base.mark_point(filled=True, size=50, opacity=1).encode(shape=style.shape(order=BEGINNINGS))
    return alt.layer(base.mark_line(), points).properties(height=300)
