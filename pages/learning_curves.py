"""How both runs learned: accuracy and loss, on training and validation photos, against three kinds of cost."""

import pandas as pd
import streamlit as st

from core.analysis.training_summary import TARGETS, summarize
from core.charts.learning import gap, learning_curves
from core.words import summary
from core.words.glossary import explain
from ui import cached
from ui.run_picker import pair

AXES = {
    "epochs": ("epoch", "epochs (passes over the training photos)"),
    "minutes": ("minutes", "minutes of training"),
    "photos seen": ("images_seen", "photos seen"),
}
MEASURES = {"accuracy": "share of right answers", "loss": "loss (cross-entropy, nats)"}

chosen = pair()
st.title("Who learns faster?")

first, second = st.columns(2)
measure = first.segmented_control(
    "Show",
    list(MEASURES),
    default="accuracy",
    key="measure",
    bind="query-params",
    required=True,
    help=explain("accuracy", "loss"),
)
against = second.segmented_control(
    "Against",
    list(AXES),
    default="epochs",
    key="against",
    bind="query-params",
    required=True,
    help=explain("epoch"),
)
x, x_title = AXES[against]


def with_minutes(run, side: str) -> pd.DataFrame:
    minutes = cached.history(run)["seconds"].cumsum() / 60
    return cached.history(run).assign(minutes=minutes, side=side, run=run.name)


def curves(run, side: str) -> pd.DataFrame:
    """A row an epoch and split: what `learning_curves` takes."""
    history = with_minutes(run, side)
    renamed = {f"train_{measure}": "training", f"val_{measure}": "validation"}
    return history.rename(columns=renamed).melt(
        id_vars=list(dict.fromkeys(["side", "run", "epoch", x])), value_vars=list(renamed.values()), var_name="split"
    )


def when_reached(run) -> str:
    """E.g. "is right on 80% of the validation photos after 5 epochs (12 min)"."""
    when = summarize(cached.history(run), cached.accuracy(run)).reached[TARGETS[0]]
    target = f"{TARGETS[0]:.0%} of the validation photos"
    return f"is right on {target} after {summary.when(when)}" if when else f"never is right on {target}"


augmented = all(run.config.augment for _, run in chosen)
table = pd.concat([curves(run, side) for side, run in chosen])
st.vega_lite_chart(
    cached.chart(learning_curves, table, x, x_title, MEASURES[measure], measure == "accuracy"), width="stretch"
)
final = {side: cached.history(run).iloc[-1] for side, run in chosen}
best = {side: cached.history(run)["val_accuracy"].max() for side, run in chosen}
speed = " ".join(f"{side} {when_reached(run)}." for side, run in chosen)
how = ", mirrored and shifted at random" if augmented else ""
st.caption(
    f"{speed} The best validation accuracy of A is {best['A']:.1%}, of B {best['B']:.1%}. Full lines: validation "
    f"photos, kept apart from training. Dashed: training photos{how}. Hover over a line for its values."
)
if against == "minutes":
    st.caption("Runs trained at the same time slowed each other down: minutes say little about which is faster.")
smoothed = [side for side, run in chosen if run.config.label_smoothing]
if measure == "loss" and smoothed:
    st.caption(
        f"The training loss of {' and '.join(smoothed)} is higher because of how it is counted: full "
        "certainty counts as a mistake, too (label smoothing), so that a network does not learn to be too sure."
    )

st.header("The generalization gap", anchor=False, help=explain("generalization gap"))
gaps = pd.concat(
    with_minutes(run, side).assign(gap=lambda table: 100 * (table["train_accuracy"] - table["val_accuracy"]))
    for side, run in chosen
)
st.vega_lite_chart(cached.chart(gap, gaps, x, x_title), width="stretch")
end = {side: 100 * (row["train_accuracy"] - row["val_accuracy"]) for side, row in final.items()}
harder = "Below zero is no error: training photos are counted while the network still learns" + (
    ", and are mirrored and shifted, so they are harder." if augmented else "."
)
st.caption(
    "How much better a network is on its training photos than on validation photos, kept apart: memorizing "
    f"drives it up. At the end it is {end['A']:+.1f} points for A and {end['B']:+.1f} points for B. {harder}"
)
