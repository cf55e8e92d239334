"""A network that starts from scratch against the same one, pretrained."""

import pandas as pd
import streamlit as st

from core.analysis import transfer
from core.analysis.training_summary import summarize
from core.analysis.transfer import PretrainingPair
from core.charts.filters import MOST
from core.charts.transfer import BEGINNINGS, label_budget, weight_change
from core.errors import RunError
from core.runs.run import Run, WeightChange
from core.words import transfer as transfer_words
from core.words.glossary import explain, phrase
from core.words.settings import network_name
from core.words.trainings import figures as figure_words
from ui import cached, chart, link, tables
from ui.curious import curious_charts
from ui.foreign_text import plain
from ui.pair import figures_table
from ui.pair.runs import readable_runs, show_command
from ui.pictures import photos
from ui.pictures.picture_source import OWN_PHOTO

COMMANDS = """python -m core train resnet50 --data shipped --epochs 8
python -m core train resnet50 --data shipped --epochs 8 --init imagenet"""
BADLY_TRAINED = 0.5  # right answers on its own few training photos, which a good recipe makes it memorize
MORE_EPOCHS = 3  # where labels are few, or the steps would be few, too
SHORT = 10  # epochs at most of a training that had little time
CALLED = dict(zip("AB", BEGINNINGS, strict=True))
FILTERS, SHEET = 300, 36  # pixels of a sheet of filters, and how many there are at first sight
BEGIN = {
    "A": "Its first filters are **noise**: it knows nothing about pictures.",
    "B": "Its first filters are **stripes and patches of color**, which every photo contains.",
}

st.title("Learned before?")
st.markdown(
    "One network here starts **from scratch**, with random numbers. The other is the same network, but it first "
    "learned from **ImageNet**, more than a million photos of a thousand kinds of things: it is **pretrained**. Then "
    "both learn from the same photos. Does the head start help?",
    help=explain("ImageNet", "pretrained", "from scratch", "filter", "points", "label", "recipe", "learning rate"),
)


def choose(pairs: list[PretrainingPair]) -> PretrainingPair:
    """The pair that the link names, where it is one of these; else the one chosen before, or the first."""
    names = {" and ".join(run.name for run in pair): pair for pair in pairs}
    if len(names) == 1:
        return pairs[0]
    if linked := named_in_link(names):
        st.session_state["pretraining_pair"] = linked
    name = st.selectbox(
        "Which network, and how many photos?",
        list(names),
        key="pretraining_pair",
        persist_state="session",
        on_change=lambda: write_link(names[st.session_state["pretraining_pair"]]),
        format_func=lambda name: f"{transfer_words.network(names[name].pretrained.config)} ({name})",
        help="Pairs of runs that differ in their initial weights alone: one from scratch, one pretrained.",
    )
    write_link(names[name])
    return names[name]


def named_in_link(names: dict[str, PretrainingPair]) -> str | None:
    if (older := st.query_params.pop("duel", None)) in names:  # as links once had it
        return older
    linked = {st.query_params.get(side) for side in "ab"}
    return next((name for name, pair in names.items() if {run.name for run in pair} == linked), None)


def write_link(pair: PretrainingPair) -> None:
    link.write(a=pair.scratch.name, b=pair.pretrained.name)


def budgets(alike: list[PretrainingPair]) -> pd.DataFrame:
    """A row a run of pairs that differ in how many photos they learned from."""
    return tables.label_budget(alike, CALLED)


def changes(both: PretrainingPair) -> dict[str, WeightChange]:
    """How the layers moved, by side; for a run that does not tell, the reason."""
    found = {}
    for side, run in zip(CALLED, both, strict=True):
        try:
            found[side] = cached.stored(Run.weight_change, run)
        except RunError as error:
            st.info(f"How far the layers of {plain(run.name)} moved is not known: {plain(error)}")
    return found


def show_sides(table: pd.DataFrame, moved: dict[str, WeightChange]) -> None:
    """What each begins with, and what it makes of the fewest photos and of the most."""
    numbers = sorted({int(table["images"].min()), int(table["images"].max())}) if len(table) else []
    for column, side in zip(st.columns(2), CALLED, strict=True):
        with column, st.container(border=True, key=f"beginning_{side}", height="stretch"):
            st.header("Starts from scratch" if side == "A" else "Is pretrained", anchor=False)
            with st.container(horizontal=True, vertical_alignment="center"):
                if side in moved:
                    sheet = photos.filters_address(moved[side].filters_before[:SHEET], columns=6)
                    st.image(sheet, width=FILTERS // 2, alt=transfer_words.first_filters(side == "B", SHEET))
                with st.container(width="stretch"):
                    st.markdown(BEGIN[side])
                    if numbers:
                        st.markdown("**How many it gets right, once it learned from:**")
                    for number in numbers:
                        value = table.query("side == @side and images == @number")["accuracy"].iloc[0]
                        st.metric(f"{number:,} photos", f"{value:.0%}")


def show_budgets(both: PretrainingPair, alike: list[PretrainingPair], table: pd.DataFrame) -> None:
    if table["images"].nunique() < 2:
        st.info(
            "Two runs with fewer labels would show it. These commands make them, with a tenth of the labels, each seen "
            f"{MORE_EPOCHS} times as often:"
        )
        for run in both:
            share = round(0.1 * run.config.train_fraction, 6)
            show_command(run, train_fraction=share, epochs=MORE_EPOCHS * run.config.epochs)
        return
    st.header("How many photos does it take?", anchor=False)
    named = table.assign(side=table["side"].map(CALLED))
    chart.show(label_budget, named, width="stretch", key="budgets", alt=transfer_words.by_photos(named))
    found = transfer.head_start(table)
    st.markdown(f"### {transfer_words.head_start(found)}")
    fewest = next(one.scratch for one in alike if one.scratch.training_images == found.few)
    training_accuracy = cached.history(fewest)["train_accuracy"].iloc[-1]
    if training_accuracy < BADLY_TRAINED:
        st.markdown(transfer_words.badly_trained(found.few, training_accuracy))


def show_verdict(both: PretrainingPair) -> None:
    st.header("The whole comparison", anchor=False)
    scratch, pretrained = (summarize(cached.history(run), cached.accuracy(run)) for run in both)
    could_be_luck = cached.verdict(both.scratch, both.pretrained).could_be_luck
    st.markdown(transfer_words.benefit(transfer.Benefit(scratch, pretrained, could_be_luck)))
    columns = {
        f"{side}: {words}": figure_words.figures(of_side)
        for of_side, (side, words) in zip((scratch, pretrained), CALLED.items(), strict=True)
    }
    figures_table.show(columns, figure_words.MEANINGS)
    st.page_link(
        "../pages/learning_curves.py",
        label="Their learning curves",
        icon=":material/show_chart:",
        query_params={"a": both.scratch.name, "b": both.pretrained.name},
    )


def show_frozen(both: PretrainingPair, finished: list[Run]) -> None:
    st.header("Does all of it have to learn again?", anchor=False)
    frozen = transfer.frozen_variants(both, finished)
    if not frozen:
        st.info("A run in which only the last layer learns, and all else is the same, would show it. This makes one:")
        show_command(both.pretrained, freeze="backbone")
        return
    runs = [both.pretrained, *frozen]
    table = {
        "what learns": [transfer_words.what_learns(run.config.freeze) for run in runs],
        "test accuracy": [f"{cached.accuracy(run).value:.1%}" for run in runs],
        "training time": [f"{cached.figures(run)['minutes']:.0f} min" for run in runs],
    }
    st.table(pd.DataFrame(table, index=[plain(run.name) for run in runs]))
    st.markdown(transfer_words.MINUTES)
    verdict = cached.verdict(frozen[0], both.pretrained)
    st.markdown(transfer_words.fine_tuning(verdict.points, verdict.could_be_luck))


def show_change(both: PretrainingPair, moved: dict[str, WeightChange]) -> None:
    st.header("Which layers changed most?", anchor=False)
    if not moved:
        return
    names = dict(zip(CALLED, (run.name for run in both), strict=True))
    rows = pd.concat(
        transfer.layer_changes(one).assign(side=CALLED[side], run=names[side]) for side, one in moved.items()
    )
    shown = rows.query("change > 0")
    if shown.empty:
        st.info("In both, all but the last layer stayed as it was.")
        return
    found = {side: transfer.moved(one) for side, one in moved.items()}
    chart.show(weight_change, shown, width="stretch", key="moved", alt=transfer_words.moved(found))
    st.markdown(transfer_words.layers_changed(found))
    st.header("The first layer's filters, before and after", anchor=False)
    for side, one in moved.items():
        st.markdown(f"**{side}, {CALLED[side]}**")
        with st.container(horizontal=True):
            for filters, when in ((one.filters_before, "before training"), (one.filters_after, "after it")):
                alt = f"Filters, {when}: training changed them by {one.relative_change[0]:.0%} of their size"
                caption = transfer_words.filters(when, len(filters), MOST)
                st.image(photos.filters_address(filters), caption=caption, width=FILTERS, alt=alt)
    st.markdown(f"Each small square is one filter: {phrase('filter')}.")


def show_details(
    both: PretrainingPair, finished: list[Run], table: pd.DataFrame, moved: dict[str, WeightChange]
) -> None:
    show_verdict(both)
    if len(table):
        st.markdown(transfer_words.training_lengths(transfer.training_lengths(table)))
    show_frozen(both, finished)
    show_change(both, moved)


finished = readable_runs()
pairs = transfer.pretraining_pairs(finished)
if not pairs:
    st.info(
        "There is no such pair among the runs here: two that differ in their initial weights alone, one of them from "
        "scratch. These two commands make one, in a few hours on a laptop (the first time, 100 MB of ImageNet weights "
        "are downloaded):",
        icon=":material/school:",
    )
    st.code(COMMANDS, language=None)
    st.caption("Smaller and quicker: `resnet18` or `mobilenet_v3_small` instead of `resnet50`.")
    link.to_experiment("Or train one here")
    st.stop()
place, details = st.container(), curious_charts()
with details:
    both = choose(pairs)
    st.markdown(
        f"**A**: {network_name(both.scratch.config)} from scratch, `{both.scratch.name}`.  \n"
        f"**B**: the same, pretrained, `{both.pretrained.name}`."
    )
with place:
    moved = changes(both)
    alike = transfer.comparable(both, pairs)
    table = budgets(alike)
    show_sides(table, moved)
    show_budgets(both, alike, table)
    right = {run.name: cached.accuracy(run).value for run in both}
    from_scratch, epochs = right[both.scratch.name], both.scratch.config.epochs
    if epochs <= SHORT and from_scratch < right[both.pretrained.name]:
        st.markdown(transfer_words.short_training(from_scratch, epochs))
    st.markdown(transfer_words.SMALLER_ELSEWHERE)
    st.page_link(
        "../pages/look_inside.py",
        label="Show both of them your own photo",
        icon=":material/photo_camera:",
        query_params={"a": both.scratch.name, "b": both.pretrained.name, **OWN_PHOTO},
    )
with details:
    if details.open:
        show_details(both, finished, table, moved)
