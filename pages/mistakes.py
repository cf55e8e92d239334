"""What each network takes for what: confusion matrices, their difference, the photos of a cell, figures by class."""

import numpy as np
import pandas as pd
import streamlit as st

from core.charts.answers import confusion, per_class
from core.data.cifar10 import CLASSES
from core.words.glossary import phrase
from ui import cached, photos
from ui.run_picker import pair

MEASURES = {
    "recall": f"recall: {phrase('recall')}",
    "precision": f"precision: {phrase('precision')}",
    "f1": f"F1: {phrase('f1')}",
}
WHOSE = {"A": "A's answers", "B": "B's answers", "difference": "what changes from A to B"}
SHOWN = 18  # photos of a cell

chosen = pair()
matrices = {side: cached.confusion(run) for side, run in chosen}
difference = matrices["B"] - matrices["A"]
mistakes_only = ~np.eye(len(CLASSES), dtype=bool)


def take_click(whose: str) -> None:
    cells = st.session_state[f"confusion_{whose}"].selection.get("cell")
    if cells:
        st.session_state.update(whose=whose, true=cells[0]["true"], answer=cells[0]["answer"])


def show_matrix(whose: str, matrix: pd.DataFrame, title: str, largest: int) -> None:
    chart = cached.chart(confusion, matrix, title, largest, whose == "difference")
    st.vega_lite_chart(chart, on_select=lambda: take_click(whose), key=f"confusion_{whose}", width="stretch")


def show_photos(said: dict[str, np.ndarray], whose: str, true: str, answer: str) -> None:
    """The photos of class `true` that got `answer`; for the difference, those that got it from one network alone."""
    of_class = cached.test_labels() == CLASSES.index(true)
    if whose == "difference":
        groups = {
            f"Only A says {answer}": of_class & said["A"] & ~said["B"],
            f"Only B says {answer}": of_class & said["B"] & ~said["A"],
        }
    else:
        groups = {f"{whose} says {answer}, and it is {true}": of_class & said[whose]}
    for number, (title, mask) in enumerate(groups.items()):
        indices = np.flatnonzero(mask)
        more = f", the first {SHOWN} shown" if len(indices) > SHOWN else ""
        st.markdown(f"**{title}**: {len(indices)} photos{more}")
        if len(indices):
            photos.strip(indices[:SHOWN], chosen, key=f"photos_{number}")


st.title("What do they mix up?")
worst = {side: matrix.where(mistakes_only, 0).stack() for side, matrix in matrices.items()}
st.markdown("A row is what a photo **is**, a column what the network **says**. **Click a cell to see its photos.**")

largest = int(max(counts.max() for counts in worst.values()))
first, second, third = st.columns(3)
with first:
    show_matrix("A", matrices["A"], f"A: {chosen.a.name}", largest)
with second:
    show_matrix("B", matrices["B"], f"B: {chosen.b.name}", largest)
with third:
    largest_change = max(1, int(difference.where(mistakes_only, 0).abs().to_numpy().max()))
    show_matrix("difference", difference, "B minus A", largest_change)
(true_a, answer_a), (true_b, answer_b) = (worst[side].idxmax() for side in ("A", "B"))
st.caption(
    f"A's most common mistake: {true_a} taken for {answer_a}, {worst['A'].max()} of 1,000. B's: {true_b} taken for "
    f"{answer_b}, {worst['B'].max()}. On the right, off the diagonal: blue is a mistake that B makes more often, "
    "orange one that it makes less often; on the diagonal, blue is what B gets right more often. Small changes may be "
    "luck: other random numbers to begin with (another seed) can shift a cell by more than ten."
)

with st.container(horizontal=True):
    whose = st.selectbox(
        "Of", list(WHOSE), key="whose", bind="query-params", format_func=WHOSE.get, help="Which of the three tables."
    )
    true = st.selectbox("What it is", CLASSES, index=3, key="true", bind="query-params", help="The row.")
    answer = st.selectbox("The answer", CLASSES, index=5, key="answer", bind="query-params", help="The column.")
show_photos(
    {side: cached.test_logits(run).argmax(axis=1) == CLASSES.index(answer) for side, run in chosen}, whose, true, answer
)

st.header("Class by class", anchor=False)
measure = st.segmented_control(
    "Measure",
    list(MEASURES),
    default="f1",
    key="class_measure",
    bind="query-params",
    required=True,
    format_func=lambda name: MEASURES[name].split(":")[0],
    help="  \n".join(MEASURES.values()),
)
scores = pd.concat(
    cached.per_class(run).reset_index().assign(side=side, run=run.name, value=lambda table: table[measure])
    for side, run in chosen
)
st.vega_lite_chart(cached.chart(per_class, scores, MEASURES[measure]), width="stretch")
change = scores.pivot(index="class", columns="side", values="value").eval("B - A").mul(100)
st.caption(
    f"From A to B, {measure} changes most for {change.abs().idxmax()}: {change[change.abs().idxmax()]:+.1f} points. "
    f"It rises for {int((change > 0).sum())} of the ten classes."
)
wide = pd.concat({side: cached.per_class(run).drop(columns="images") for side, run in chosen}, axis=1)
wide.columns = [f"{measure} {side}" for side, measure in wide.columns]
percent = {name: st.column_config.NumberColumn(format="percent") for name in wide.columns}
st.dataframe(wide[sorted(wide.columns)], column_config=percent, key="per_class")
st.caption("Click the name of a column to sort by it.")
