"""A network that starts from nothing against the same one that has learned before."""

import pandas as pd
import streamlit as st

from core.analysis import transfer
from core.analysis.training_summary import summarize
from core.charts.filters import MOST, filter_sheet
from core.charts.transfer import label_budget, weight_change
from core.errors import RunError
from core.words import summary
from core.words import transfer as transfer_words
from core.words.settings import limits, network_name
from ui import cached, figures_table
from ui.foreign_text import plain
from ui.run_picker import offer_pair, pair, readable_runs, show_command

COMMANDS = """python -m core train resnet50 --data shipped --epochs 8
python -m core train resnet50 --data shipped --epochs 8 --init imagenet"""
MORE_EPOCHS = 3  # where labels are few, or the steps would be few, too
WHAT_LEARNS = {"": "everything", "backbone": "the last layer alone"}
SAME_RECIPE = "Only runs that are equal in all else are compared: learning rates and epochs, too."
ONE_RECIPE = (
    "Both had the same recipe and the same time. The runs that ship have the one chosen for the pretrained network: "
    "from scratch, with larger steps and more time, the other should come far closer."
)

chosen = pair()
st.title("Does it help to have learned before?")
st.markdown(
    "Nobody starts every lesson from zero. A network can begin with what another training taught it, on other photos "
    "(**transfer learning**), instead of with random numbers (**from scratch**). All else is the same."
)

finished = readable_runs()
pairs = transfer.pretraining_pairs(finished)
if not pairs:
    st.info(
        "There is no such pair among the runs here: two that differ in their initial weights alone, one of them from "
        "scratch. These two commands make one, in a few hours on a laptop (the first time, 100 MB of ImageNet weights "
        "are downloaded):",
        icon=":material/school:",
    )
    st.code(COMMANDS, language="bash")
    st.caption("Smaller and quicker: `resnet18` or `mobilenet_v3_small` instead of `resnet50`.")
    st.page_link("../pages/train.py", label="Or train one here", icon=":material/fitness_center:")
    st.stop()


def choose() -> transfer.PretrainingPair:
    """The pair chosen above, where it is one of these; else the first, or one of a list."""
    names = {" and ".join(run.name for run in both): both for both in pairs}
    above = [name for name, both in names.items() if {run.name for run in both} == {run.name for _, run in chosen}]
    if above or len(names) == 1:
        return names[above[0] if above else next(iter(names))]
    name = st.selectbox(
        "Pair",
        list(names),
        key="duel",
        bind="query-params",
        format_func=lambda name: f"{name}: {network_of(names[name])}",
        help="Pairs of runs that differ in their initial weights alone: from scratch, and learned before.",
    )
    return names[name]


def network_of(both: transfer.PretrainingPair) -> str:
    """What both are, e.g. "ResNet-50, 10% of the photos"."""
    config = both.pretrained.config
    return ", ".join([network_name(config), *limits(config)])


def sides(both: transfer.PretrainingPair) -> dict[str, str]:
    """Run's name -> "A" or "B": as chosen above, where both are the pair chosen there."""
    above = {run.name: side for side, run in chosen}
    if all(run.name in above for run in both):
        return above
    return {both.scratch.name: "A", both.pretrained.name: "B"}


def show_verdict() -> None:
    summaries = {run.name: summarize(cached.history(run), cached.accuracy(run)) for run in both}
    st.header("The verdict", anchor=False)
    could_be_luck = cached.verdict(both.scratch, both.pretrained).could_be_luck
    benefit = transfer.Benefit(*(summaries[run.name] for run in both), could_be_luck)
    st.markdown(transfer_words.benefit(benefit))
    columns = {
        f"{side_of[run.name]}: {words}": summary.figures(summaries[run.name])
        for run, words in zip(both, ("from scratch", "pretrained"), strict=True)
    }
    figures_table.show(columns, summary.MEANINGS)
    st.caption(ONE_RECIPE)
    st.page_link(
        "../pages/learning_curves.py",
        label="Their learning curves",
        icon=":material/show_chart:",
        query_params={side_of[run.name].lower(): run.name for run in both},
    )


def show_budgets() -> None:
    st.header("How many labeled photos does it take?", anchor=False)
    rows = []
    for other in transfer.comparable(both, pairs):
        if not all(run.training_images for run in other):
            st.info(f"How many photos {plain(' and '.join(run.name for run in other))} learned from is not recorded.")
            continue
        for side, run in zip(order, other, strict=True):
            share, epochs = cached.accuracy(run), run.config.epochs
            steps = cached.history(run)["images_seen"].iloc[-1] // run.config.batch_size
            rows.append((side, run.name, run.training_images, epochs, steps, share.value, share.low, share.high))
    table = pd.DataFrame(rows, columns=["side", "run", "images", "epochs", "steps", "accuracy", "low", "high"])
    if table["images"].nunique() < 2:
        st.info(
            "Two runs with fewer labels would show it. These commands make them, with a tenth of the labels, each seen "
            f"{MORE_EPOCHS} times as often:"
        )
        for run in both:
            share = round(0.1 * run.config.train_fraction, 6)
            show_command(run, train_fraction=share, epochs=MORE_EPOCHS * run.config.epochs)
        return
    st.vega_lite_chart(cached.chart(label_budget, table), width="stretch")
    scratch, learned = (table[table["side"] == side].set_index("images")["accuracy"] for side in order)
    few, many = scratch.index.min(), scratch.index.max()
    st.caption(
        f"With {few:,} labeled photos learning before is worth {100 * (learned[few] - scratch[few]):+.1f} points, "
        f"with {many:,} it is {100 * (learned[many] - scratch[many]):+.1f}. Luck: a point at most. "
        f"{lessons_in_words(table)}"
        "The weights kept are those that did best on the validation photos, which have labels, too."
    )


def lessons_in_words(table: pd.DataFrame) -> str:
    """How long each learned: with few photos, often fewer steps, to which part of what is lost is due."""
    lessons = table.groupby("images", as_index=False)[["epochs", "steps"]].first()
    words = ", ".join(
        f"{row.steps:,} with {row.images:,} photos (each seen {row.epochs} times)" for row in lessons.itertuples()
    )
    few, many = lessons["steps"].iloc[[0, -1]]
    due = ": part of what few labels cost is that they gave fewer steps" if few < many else ""
    return f"Learning steps: {words}{due}. "


def show_frozen() -> None:
    st.header("Must all of it learn again?", anchor=False)
    frozen = transfer.frozen_variants(both, finished)
    if not frozen:
        st.info("A run in which only the last layer learns, and all else is the same, would show it. This makes one:")
        show_command(both.pretrained, freeze="backbone")
        return
    runs = [both.pretrained, *frozen]
    table = {
        "what learns": [WHAT_LEARNS.get(run.config.freeze, f"what comes after {run.config.freeze}") for run in runs],
        "test accuracy": [f"{cached.accuracy(run).value:.1%}" for run in runs],
        "training time": [f"{cached.history(run)['seconds'].sum() / 60:.0f} min" for run in runs],
    }
    st.table(pd.DataFrame(table, index=[plain(run.name) for run in runs]))
    verdict = cached.verdict(frozen[0], both.pretrained)
    worth = "no more than luck explains" if verdict.could_be_luck else f"{verdict.points:+.1f} points"
    st.caption(
        "Where only the last layer learns, what was learned before serves as it is (feature extraction). Letting "
        f"everything learn (fine-tuning) is worth {worth} here. {SAME_RECIPE}"
    )


def show_change() -> None:
    st.header("What moved, and what stayed?", anchor=False)
    changes = {}
    for run in both:
        try:
            changes[run.name] = run.weight_change()
        except RunError as error:
            st.info(f"How far the layers of {plain(run.name)} moved is not known: {plain(error)}")
    tables = [
        pd.DataFrame({"layer": change.layers, "change": change.relative_change, "side": side_of[name], "run": name})
        for name, change in changes.items()
    ]
    if not tables:
        return
    numbered = [table.assign(number=range(1, len(table) + 1))[:-1] for table in tables]  # the last layer is new
    moved = pd.concat(numbered).query("change > 0")
    if moved.empty:
        st.info("In both, all but the last layer stayed as it was.")
        return
    st.vega_lite_chart(cached.chart(weight_change, moved), width="stretch")
    most = {table["run"][0]: f"layer {table['change'][:-1].idxmax() + 1} of {len(table)}" for table in tables}
    still = {name: int((table["change"][:-1] == 0).sum()) for name, table in zip(changes, tables, strict=True)}
    frozen = "".join(f" {count} layers of {side_of[name]} did not move." for name, count in still.items() if count)
    middle = {table["run"][0]: f"{table['change'][:-1].median():.1%}" for table in tables}
    words = [f"{side_of[name]} changed a typical layer by {middle[name]}, most of all {most[name]}" for name in changes]
    st.caption(
        f"{'; '.join(words)}.{frozen} The last layer, which is new to both, is left out. Changes are measured "
        "against the size that a layer's weights had at the start. Random ones often begin larger than learned ones, "
        "so a smaller change does not mean that less was learned."
    )
    st.subheader("The first layer's filters: what it looks for in a picture", anchor=False)
    for run in both:
        if run.name in changes:
            change = changes[run.name]
            words = "pretrained" if run.config.pretrained else "from scratch"
            st.markdown(f"**{side_of[run.name]}, {words}**")
            with st.container(horizontal=True):
                for filters, when in ((change.filters_before, "before training"), (change.filters_after, "after it")):
                    sheet = filter_sheet(filters)
                    some = f", the first {MOST} of {len(filters)}" if len(filters) > MOST else ""
                    st.image(sheet, caption=when + some, width=330, alt=f"Filters, {words}, {when}")
    st.caption(
        "Each small square is one filter, as a picture: what it responds to most. Stripes and color patches find "
        "edges and colors, which every photo has: so what was learned on other photos serves here too."
    )


both = choose()
side_of = sides(both)
order = [side_of[run.name] for run in both]
if side_of.keys() != {run.name for _, run in chosen}:
    st.caption(":material/info: Another pair is chosen above; on this page, A and B are these two.")
st.markdown(
    f"**{order[0]}**: {network_name(both.scratch.config)} from scratch, `{both.scratch.name}`.  \n"
    f"**{order[1]}**: the same, pretrained, `{both.pretrained.name}`."
)
offer_pair(
    both.scratch.name,
    both.pretrained.name,
    "Make these two A and B on every page",
    help="They then become the pair chosen above.",
)
show_verdict()
show_budgets()
show_frozen()
show_change()
