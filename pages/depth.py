"""Does depth help? Error against depth, plain networks and ResNets of one recipe, beside what He et al. published."""

import pandas as pd
import streamlit as st

from core.analysis import depth, metrics
from core.charts.depth import Axes, degradation
from core.errors import RunError
from core.words import depth as depth_words
from core.words.settings import limits
from ui import cached
from ui.foreign_text import plain
from ui.run_picker import finished_runs, pair, show_command

NO_REFERENCE = depth.PUBLISHED[:0]
HE_ET_AL = (
    "Faint: He et al. 2015; the ResNets' values are from Table 6 (110: mean of five runs), the plain "
    "networks' were read off Figure 6 and are good to about a point; their plain network of 110 layers, not drawn, "
    "erred on more than 60%. Theirs learned for longer, by another recipe: compare the shapes, not the points. "
)

chosen = pair()
networks_of_sides = depth.networks_like(chosen.a.config, chosen.b.config)
st.title("Does depth help?")
st.markdown(
    "More layers can do whatever fewer layers can, and more. So a deeper network should never be worse on the photos "
    "it **learns from** (its training photos). Is it so? **Click a point to see its pair on every page.**"
)


def read(runs) -> pd.DataFrame:
    """A row a run; those that can't be read are reported."""
    figures = []
    for run in runs:
        try:
            figures.append(cached.figures(run))
        except RunError as error:
            st.warning(plain(error), icon=":material/folder_off:")
    return depth.table(figures) if figures else pd.DataFrame()


def take_click(key: str, rows: pd.DataFrame) -> None:
    points = st.session_state[key].selection.get("point")
    if points:
        both = depth.pair_of(rows, points[0]["run"])
        if len(both) == 1:
            st.toast("No twin of this depth has been trained; the other network stays.", icon=":material/info:")
        sides = dict(zip(networks_of_sides, ("a", "b"), strict=True))
        st.session_state.update({sides[network]: run for network, run in both.items()})


def show(rows: pd.DataFrame, error: str, title: str, published: pd.DataFrame) -> None:
    spread, key = depth.spread(rows, error), f"depth_{error}"
    st.vega_lite_chart(
        cached.chart(degradation, rows, spread, published, error, title, axes, networks_of_sides),
        on_select=lambda: take_click(key, rows),
        key=key,
        width="stretch",
    )


recipes = depth_words.by_name(depth.recipes(finished_runs()))
if not recipes:
    st.info("None of the runs here is a plain network or a ResNet made for CIFAR-10.")
    st.page_link("../pages/train.py", label="Train such a pair", icon=":material/fitness_center:")
    st.stop()
recipe = next(iter(recipes))
if len(recipes) > 1:
    recipe = st.selectbox(
        "Trained with",
        list(recipes),
        key="recipe",
        bind="query-params",
        help="Runs are compared only if their settings differ in nothing but depth, shortcuts and seed.",
    )
else:
    st.caption(f"All runs share one recipe: {recipe}.")
runs = recipes[recipe].runs
rows = read(runs)
if rows.empty:
    st.stop()

side_of = {run.name: side for side, run in chosen}
rows = rows.assign(side=rows["run"].map(side_of).fillna(""))
if not rows["side"].any() and any(run.name in side_of for other in recipes.values() for run in other.runs):
    st.caption(":material/info: A and B had other settings: choose them in “Trained with” to see both here.")
setting = runs[0].config
comparable = setting.data == "full" and setting.norm == "batch" and not limits(setting)  # as He et al. trained
published = depth.PUBLISHED if comparable else NO_REFERENCE
highest = float(1.08 * max([rows[["train_error", "test_error"]].max().max(), *published["error"]]))
depths = sorted({*map(int, rows["depth"]), *map(int, published["depth"])})
axes = Axes(depths, error=highest)
left, right = st.columns(2)
with left:
    st.subheader("Is deeper better on new photos?", anchor=False)
    show(rows, "test_error", "test error (%)", published)
with right:
    st.subheader("And on its training photos?", anchor=False)
    show(rows, "train_error", "training error (%)", NO_REFERENCE)
wrong = {
    run.name: ~metrics.right(cached.test_logits(run), cached.test_labels())
    for run in runs
    if run.name in set(rows["run"])
}
st.markdown(f"**{depth_words.finding(depth.finding(rows, wrong))}**")
with st.expander("How to read these pictures"):
    st.markdown(
        f"Each point is a run{', the large ones are A and B' if rows['side'].any() else ''}; side by side are runs "
        "that began with different random numbers (seeds). Lines join the mean at each depth; bars show the range. "
        + ("The dashed line at 90% is guessing. " if axes.shows_guessing else "")
        + (HE_ET_AL if comparable else "")
        + "Training error is from the epoch whose weights were kept, as recorded in training: "
        + ("on photos mirrored and shifted at random, " if setting.augment else "")
        + "while the network was still changing. Where luck is not named, it alone would do as much less than "
        "one time in twenty: luck with the photos and, where a network was trained with several seeds at some depth, "
        "with the seeds, whose spread is then taken to be the same at all depths. All depths share one recipe; with "
        "another, the gaps may be larger or smaller."
    )
if len(precisions := depth.precisions(rows)) > 1:
    st.caption(
        f"Training calculated in {depth_words.precisions(precisions)}. These round differently, so part of what "
        "changes between these depths may come from that."
    )
if rows.groupby("network")["depth"].nunique().min() < 2 or rows["network"].nunique() < 2:
    st.info(
        "More depths make the plot. This command made one of these runs; with another number of layers, once as "
        "`plain` and once as `resnet`, it makes a pair that appears here.",
        icon=":material/add_circle:",
    )
    show_command(runs[-1])
    st.page_link("../pages/train.py", label="Train another depth", icon=":material/fitness_center:")

with st.expander("All these runs, as numbers"):
    named = {"run": "run", "depth": "layers", "seed": "seed", "epochs": "epochs", "minutes": "minutes"}
    named |= {"train_error": "training error", "val_error": "validation error", "test_error": "test error"}
    percent = st.column_config.NumberColumn(format="%.2f %%")
    st.dataframe(
        rows[list(named)].rename(columns=named),
        hide_index=True,
        key="depth_runs",
        column_config={name: percent for name in named.values() if name.endswith("error")}
        | {"minutes": st.column_config.NumberColumn(format="%.0f")},
    )
