"""What each network takes for what: the most common mix-ups as photos, then all of them as tables."""

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis import metrics
from core.charts.answers import confusion, per_class
from core.charts.palette import told_apart
from core.data import doubted_labels
from core.data.cifar10 import CLASSES
from core.words import capitalized, with_article
from core.words import mistakes as mistake_words
from core.words.glossary import phrase
from ui import cached, chart
from ui.curious import curious_charts
from ui.pair import looks, pair_picker
from ui.pictures import answers_by_epoch, photos

MEASURES = {
    "recall": f"recall: {phrase('recall')}",
    "precision": f"precision: {phrase('precision')}",
    "f1": f"F1: {phrase('f1')}",
}
WHOSE = {"A": "A: {A}", "B": "B: {B}", "difference": "What changes from A to B"}
SHOWN = 12  # photos of a cell
MOST_COMMON, OF_EACH = 3, 5  # mix-ups, and photos of each

pair = pair_picker.choose()
matrices = {side: cached.confusion(run) for side, run in pair}
difference = matrices["B"] - matrices["A"]
said = {side: cached.test_answers(run) for side, run in pair}


def show_most_common() -> None:
    """The pairs of classes that both networks together mix up most, one way round, as photos."""
    both = metrics.most_common_mistakes(matrices["A"] + matrices["B"], MOST_COMMON)
    for column, (true, answer, _) in zip(st.columns(MOST_COMMON), both, strict=True):
        with column, st.container(border=True, key=f"mix_up_{true}_{answer}", height="stretch"):
            st.header(f"{true} → “{answer}”", anchor=False)
            counts = {side: metrics.count(matrix, true, answer) for side, matrix in matrices.items()}
            st.markdown(mistake_words.of_both(pair.names, true, answer, counts))
            st.markdown("Photos that fooled one of the two, or both:")
            fooled = fooled_by(true, answer)
            photos.row(np.flatnonzero(fooled["A"] | fooled["B"])[:OF_EACH], key=f"mixed_up_{true}_{answer}")


def fooled_by(true: str, answer: str) -> dict[str, np.ndarray]:
    """By side, which test photos of class `true` got this answer."""
    return {side: metrics.answered(answers, cached.test_labels(), true, answer) for side, answers in said.items()}


def take_click(name: str) -> None:
    if clicked := chart.take_click(name, "cell"):
        st.session_state.update(true=clicked["true"], answer=clicked["answer"])


def show_matrix(whose: str, chosen: tuple[str, str]) -> None:
    """Full color is where either of them has most: the same for both. `chosen`: the cell that is outlined."""
    name = f"confusion_{whose}"
    matrix = difference if whose == "difference" else matrices[whose]
    counts = [difference] if whose == "difference" else matrices.values()
    describe = mistake_words.largest_change if whose == "difference" else mistake_words.most_common
    chart.show(
        confusion,
        matrix,
        max(1, *(metrics.most_common_mistake(each.abs())[2] for each in counts)),
        told_apart(pair.colors) if whose == "difference" else None,
        chosen,
        on_select=lambda: take_click(name),
        key=chart.click_key(name),
        width="stretch",
        alt=describe(*metrics.largest_mistake(matrix)),
    )


def show_photos(whose: str, true: str, answer: str) -> None:
    """The photos of class `true` that got `answer`; for the difference, those that got it from one network alone."""
    says = fooled_by(true, answer)
    if whose == "difference":
        groups = {
            f"Only A says {answer}": says["A"] & ~says["B"],
            f"Only B says {answer}": says["B"] & ~says["A"],
        }
    else:
        groups = {f"{whose} says {answer}; it is {with_article(true)}": says[whose]}
    for number, (title, mask) in enumerate(groups.items()):
        indices = np.flatnonzero(mask)
        st.markdown(mistake_words.of_cell(title, len(indices), SHOWN))
        if len(indices):
            photos.strip(indices[:SHOWN], pair, key=f"photos_{number}")


def show_table() -> None:
    """All mix-ups of one network, or what changes between both, and beside it the photos of one cell."""
    st.markdown("A row is what a photo **is**, a column what the network **says**. **Click a cell to see its photos.**")
    whose = st.segmented_control(
        "Whose answers",
        list(WHOSE),
        default="A",
        key="whose",
        bind="query-params",
        required=True,
        format_func=lambda side: WHOSE[side].format(A=capitalized(pair.names["A"]), B=capitalized(pair.names["B"])),
        help="Which of three tables.",
    )
    left, right = st.columns(2)
    with right:
        with st.container(horizontal=True):
            true = st.selectbox("What it is", CLASSES, index=3, key="true", bind="query-params")
            answer = st.selectbox("The answer", CLASSES, index=5, key="answer", bind="query-params")
        show_photos(whose, true, answer)
    with left:
        show_matrix(whose, (true, answer))


def show_classes() -> None:
    measure = st.segmented_control(
        "Measure",
        list(MEASURES),
        default="recall",
        key="class_measure",
        bind="query-params",
        required=True,
        format_func=lambda name: MEASURES[name].split(":")[0],
        help="  \n".join(MEASURES.values()),
    )
    tables = {side: cached.per_class(run) for side, run in pair}
    scores = pd.concat(
        tables[side].reset_index().assign(side=side, run=run.name, value=lambda table: table[measure])
        for side, run in pair
    )
    finding = mistake_words.class_change(measure, metrics.class_change(tables["A"][measure], tables["B"][measure]))
    chart.show(per_class, scores, MEASURES[measure], colors=pair.colors, width="stretch", key="classes", alt=finding)
    st.markdown(finding)
    wide = pd.concat(
        [table.drop(columns="images").add_suffix(f" {side}") for side, table in tables.items()], axis="columns"
    )
    percent = {name: st.column_config.NumberColumn(format="percent") for name in wide.columns}
    st.dataframe(wide[sorted(wide.columns)], column_config=percent, key="per_class", alt=finding)


def show_doubts() -> None:
    """The photos whose label people doubted, and what they are worth to both networks."""
    doubts = doubted_labels.load()
    rather = [image for image, doubt in doubts.items() if doubt.preferred]
    undoubted = np.setdiff1d(np.arange(len(cached.test_labels())), list(doubts))
    shares = {side: (cached.accuracy(run).value, cached.accuracy(run, undoubted).value) for side, run in pair}
    found = mistake_words.doubted(len(doubts), len(rather))
    st.markdown(f"{found} {mistake_words.with_and_without(pair.names, shares)}")
    photos.strip(rather, pair, key="doubted")
    st.caption(
        "Northcutt, Athalye and Mueller 2021, [Pervasive Label Errors in Test Sets Destabilize Machine Learning "
        "Benchmarks](https://arxiv.org/abs/2103.14749); the votes: [label-errors]"
        "(https://github.com/cleanlab/label-errors). Everything else in this lab counts the labels as they are."
    )


st.title("What do they mix up?")
looks.legend(pair)
show_most_common()
st.caption(
    "With 20 layers, differences of up to twenty or so can be luck: with other random numbers at the start, one "
    "network's trainings differed by up to 18. For other networks it is not known: with them, luck may do more."
)
with st.expander(
    "Every mix-up in one table", icon=":material/grid_on:", key="all_mix_ups", bind="query-params"
) as all_mix_ups:
    if all_mix_ups.open:
        show_table()
with st.expander(
    "How did the mix-ups change during training?", icon=":material/history:", key="by_epoch", bind="query-params"
) as by_epoch:
    if by_epoch.open:
        answers_by_epoch.show(pair)
with st.expander(
    "Are the labels themselves right?", icon=":material/fact_check:", key="doubts", bind="query-params"
) as doubts:
    if doubts.open:
        show_doubts()
st.page_link("../pages/confidence.py", icon=":material/speed:", query_params=pair.link)


def show_details() -> None:
    st.markdown(
        "The numbers on the diagonal are right answers, of 1,000 photos each. In “what changes,” a cell has the color "
        "of the network that gives this answer more often."
    )
    st.header("Class by class", anchor=False)
    show_classes()


with curious_charts() as details:
    if details.open:
        show_details()
