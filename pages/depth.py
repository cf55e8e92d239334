"""Is deeper better? Right answers against depth, plain networks and ResNets of one recipe, beside He et al.'s."""

import pandas as pd
import streamlit as st

from core.analysis.depths import depth
from core.analysis.depths.gentle_start import gentle_start, was_tried
from core.charts.depth import Axes, degradation
from core.errors import RunError
from core.runs.run import Run
from core.words import depth as depth_words
from core.words.glossary import explain
from ui import cached, chart, link, tables
from ui.curious import curious_charts
from ui.foreign_text import plain
from ui.pair.runs import finished_runs, show_command

NO_REFERENCE = depth.PUBLISHED[:0]
ROOM_BELOW = 3  # points below the lowest

st.title("Is deeper better?")
st.markdown(
    "A network with more **layers** can do whatever one with fewer can, and more. So deeper should never be worse, at "
    "least on its training photos. Is that true?",
    help=explain("layer", "plain network", "ResNet", "points", "recipe"),
)


def read(runs: list[Run]) -> pd.DataFrame:
    """A row a run; those that can't be read are reported."""
    figures = []
    for run in runs:
        try:
            figures.append(cached.figures(run))
        except RunError as error:
            st.warning(plain(error), icon=":material/folder_off:")
    return depth.table(figures) if figures else pd.DataFrame()


def find(recipe: depth.Recipe, rows: pd.DataFrame) -> depth.Finding:
    """`rows`: of those that can be read."""
    return tables.depth_finding([run for run in recipe.runs if run.name in set(rows["run"])])


def choose_recipe(recipes: list[depth.Recipe]) -> depth.Recipe:
    named = depth_words.by_name(recipes)
    if not named:
        st.info("None of the runs here is a plain network or a ResNet made for CIFAR-10.")
        link.to_experiment("Train such a pair")
        st.stop()
    name = st.selectbox(
        "Trained with",
        list(named),
        key="recipe",
        bind="query-params",
        help="Runs are compared only if their settings differ in nothing but depth, shortcuts and seed.",
    )
    return named[name]


def take_click(rows: pd.DataFrame, name: str) -> None:
    if clicked := chart.take_click(name, "point"):
        run = str(clicked["run"])
        st.session_state["_point"] = run  # the menu leaves the link
        link.write(point=run)
        st.session_state["layers"] = int(rows.loc[rows["run"] == run, "depth"].iloc[0])


def show(rows: pd.DataFrame, axes: Axes, y: str, title: str, published: pd.DataFrame = NO_REFERENCE) -> None:
    name = f"depth_{y}"
    spread = depth.spread(rows, y)
    chart.show(
        degradation,
        rows,
        spread,
        published,
        y,
        title,
        axes,
        on_select=lambda: take_click(rows, name),
        key=chart.click_key(name),
        width="stretch",
        alt=f"{title}: {depth_words.means(spread)}",
    )


def link_to_pair(both: dict[str, str]) -> None:
    """`both`: the names of the runs by network."""
    query = {"a": both["plain"], "b": both["ResNet"]}
    with st.container(horizontal=True, width="content"):
        st.page_link("../pages/compare.py", label="Compare these two", icon=":material/balance:", query_params=query)
        st.page_link(
            "../pages/learning_curves.py",
            label="See how they learned",
            icon=":material/show_chart:",
            query_params=query,
        )


def show_chosen(rows: pd.DataFrame) -> None:
    """The pair of the point that was clicked, or of the depth that was chosen, and the way to it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        layers = st.selectbox(
            "Layers",
            sorted(set(map(int, rows["depth"]))),
            index=None,
            key="layers",
            bind="query-params",
            placeholder="layers",
            label_visibility="collapsed",
            width=130,
            help="Which two networks to compare: those of this depth.",
        )
        if layers is None:
            st.markdown("**Click a point**, or choose a depth, to compare two networks.", width="content")
            return
        runs = rows.loc[rows["depth"] == layers, "run"].tolist()
        clicked: str = st.query_params.get("point") or st.session_state.get("_point", "")
        both = depth.pair_of(rows, clicked if clicked in runs else runs[0])
        right = rows.set_index("run")["test_right"]
        words = depth_words.of_pair(layers, {name: right[run] for name, run in both.items()})
        st.markdown(words, width="content")
        if len(both) == 2:
            link_to_pair(both)
        else:
            st.markdown("No twin of this depth has been trained.", width="content")


def show_deeper(recipe: depth.Recipe, recipes: list[depth.Recipe]) -> None:
    """What is known of more layers than this recipe has, by another."""
    deeper = depth.deeper(recipe, recipes)
    rows = read(deeper.runs) if deeper else pd.DataFrame()
    if deeper and len(rows) and (found := find(deeper, rows)).depths:
        st.markdown(depth_words.deeper(found, deeper))
        link_to_pair(depth.pair_of(rows, rows.loc[rows["depth"] == found.depths[-1], "run"].iloc[0]))


def show_details(
    recipe: depth.Recipe, recipes: list[depth.Recipe], rows: pd.DataFrame, axes: Axes, found: depth.Finding
) -> None:
    st.markdown(depth_words.finding(found))
    st.header("And on the photos that it learns from?", anchor=False)
    show(rows, axes, "train_right", "right on training photos (%)")
    augmented = recipe.runs[0].config.augment
    st.markdown(
        depth_words.how_to_read(
            shows_guessing=axes.shows_guessing,
            beside_he_et_al=depth.as_he_et_al(recipe),
            augmented=augmented,
            tuned=depth.was_tuned(recipe),
        )
    )
    clipped = depth.clipped(recipe, recipes)
    gentle = read(clipped.runs if clipped else [])
    if was_tried(run.config for run in recipe.runs):
        st.markdown(depth_words.first_steps(gentle_start(rows, gentle)))
    if mixed := depth_words.mixed_precisions(depth.precisions(rows)):
        st.markdown(mixed)
    named = {"run": "run", "depth": "layers", "seed": "seed", "epochs": "epochs", "minutes": "minutes"}
    named |= {"train_right": "right in training", "val_error": "validation error", "test_right": "right on test photos"}
    percent = st.column_config.NumberColumn(format="%.2f%%")
    st.dataframe(
        rows[list(named)].rename(columns=named),
        hide_index=True,
        key="depth_runs",
        column_config={name: percent for key, name in named.items() if key.endswith(("error", "right"))}
        | {"minutes": st.column_config.NumberColumn(format="%.0f")},
        alt=f"The {len(rows)} runs of this recipe, a row each. {depth_words.finding(found)}",
    )
    show_other_recipes(recipe, recipes)


def show_other_recipes(recipe: depth.Recipe, recipes: list[depth.Recipe]) -> None:
    alike = [each for each in recipes if depth.comparable(each, recipe)]
    found = tables.depth_by_recipe([each.runs for each in alike], own=alike.index(recipe))
    if found.empty:
        return
    st.header("Does this hold for other recipes, too?", anchor=False)
    percent = st.column_config.NumberColumn(format="%.2f%%")
    st.dataframe(
        depth_words.recipe_table(found, alike),
        hide_index=True,
        key="depth_recipes",
        column_config=dict.fromkeys(depth_words.NETWORK_WORDS.values(), percent)
        | {depth_words.AHEAD: st.column_config.NumberColumn(format="%.2f")},
        alt=depth_words.by_recipe(found),
    )
    st.markdown(depth_words.other_recipes(found, alike))


recipes = depth.recipes(finished_runs())
place, details = st.container(), curious_charts()
with details:
    recipe = choose_recipe(recipes)
rows = read(recipe.runs)
if rows.empty:
    st.stop()
published = depth.PUBLISHED if depth.as_he_et_al(recipe) else NO_REFERENCE
lowest = min([rows[["train_right", "test_right"]].min().min(), *published["right"]])
depths = sorted({*map(int, rows["depth"]), *map(int, published["depth"])})
axes = Axes(depths, lowest=max(0.0, float(lowest) - ROOM_BELOW))
found = find(recipe, rows)
with place:
    show(rows, axes, "test_right", "right on new photos (%)", published)
    if len(published):
        st.caption(
            "Hollow points and dotted lines: what the inventors of the ResNet (Kaiming He and others) published in "
            "2015, for comparison."
        )
    st.markdown(f"## {depth_words.headline(found)}")
    augmented = recipe.runs[0].config.augment
    if said := depth_words.below_headline(found, augmented):
        st.markdown(said)
    show_chosen(rows)
    show_deeper(recipe, recipes)
with details:
    if details.open:
        show_details(recipe, recipes, rows, axes, found)
if rows.groupby("network")["depth"].nunique().min() < 2 or rows["network"].nunique() < 2:
    st.info(
        "More depths make the plot. This command made one of these runs; with another number of layers, once as "
        "`plain` and once as `resnet`, it makes a pair that appears here.",
        icon=":material/add_circle:",
    )
    show_command(recipe.runs[-1])
    link.to_experiment("Train another depth")
