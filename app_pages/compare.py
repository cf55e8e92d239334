"""The first page: two networks, the one thing in which they differ, and which of them does better."""

import pandas as pd
import streamlit as st

from core import comparison
from core.cifar10 import CLASSES
from core.palette import COLOUR_A, COLOUR_B
from ui import cached, drawing, pictures
from ui.run_picker import pair

SHORT_CUTS = {
    True: "Every block has a **short cut** (skip connection) around it: what came in is added to what comes out.",
    False: "Each block must pass on everything by itself: there is **no way around** it.",
}
BEGINNING = {
    True: "It has learnt from other photos before, and now **goes on from there** (transfer learning).",
    False: "It begins with **random numbers**, and must learn everything from these photos.",
}
QUESTIONS = {"skip": "Do short cuts help a network learn?", "init": "Does it help to have learnt before?"}
OPEN = "Which network does better?"

chosen = pair()
fairness = comparison.fairness(chosen.a, chosen.b)
verdict = cached.verdict(chosen.a, chosen.b)
disagreements = cached.disagreements(chosen.a, chosen.b)

st.title(QUESTIONS.get(fairness.names[0], OPEN) if fairness.fair else OPEN)
(st.markdown if fairness.fair else st.warning)(fairness.sentence)
if not fairness.fair and len(fairness.differing):
    st.dataframe(fairness.differing, hide_index=True, width="content", key="unfair")


def show_network(side: str, run, share, colour: str) -> None:
    cifar = run.config.family == "cifar"
    with st.container(border=True, key=f"network_{side}", height="stretch"):
        st.markdown(f"**{side}: {comparison.network_name(run.config)}**, {comparison.describe(run)}")
        st.image(drawing.network(run.config, colour), width="stretch")
        st.metric(
            "right on photos it has never seen",
            f"{share.value:.1%}",
            delta=None if side == "A" else f"{100 * (verdict.b.value - verdict.a.value):+.1f} points against A",
            help=comparison.FIGURE_MEANINGS["Test accuracy"],
        )
        st.markdown(SHORT_CUTS[run.config.skip] if cifar else BEGINNING[run.config.pretrained])


def show_example(index: int) -> None:
    truth = CLASSES[cached.test_labels()[index]]
    with st.container(border=True, key="example", height="stretch", horizontal_alignment="center"):
        st.markdown("**One photo, two answers**")
        st.image(pictures.enlarged_test_image(index, 192), width=192)
        for side, run in chosen:
            answer = CLASSES[cached.test_logits(run)[index].argmax()]
            st.markdown(f"{side} says **{answer}** {'✓' if answer == truth else '✗'}")


left, middle, right = st.columns([5, 3, 5])
with left:
    show_network("A", chosen.a, verdict.a, COLOUR_A)
with right:
    show_network("B", chosen.b, verdict.b, COLOUR_B)
with middle:
    better = "B right, A wrong" if verdict.b.value >= verdict.a.value else "A right, B wrong"
    if len(disagreements[better]):
        show_example(int(disagreements[better][0]))
st.subheader(verdict.headline, anchor=False)
st.markdown(verdict.sentence)

st.header("The figures", anchor=False)
columns = {
    f"{side}: {run.name}": comparison.figures(run, cached.history(run), cached.accuracy(run)) for side, run in chosen
}
table = pd.DataFrame(columns).assign(**{"What it means": comparison.FIGURE_MEANINGS})
st.table(table)

st.header("Where they disagree", anchor=False)
st.caption("Test photos as the networks see them: 32 × 32 points of colour, enlarged. The surest disagreements first.")
who = st.segmented_control(
    "Which disagreements",
    list(disagreements),
    default="B right, A wrong",
    key="who",
    bind="query-params",
    required=True,
    format_func=lambda name: f"{name} ({len(disagreements[name])})",
    help="How many of the 10,000 test photos there are of each kind stands in brackets.",
)
if len(disagreements[who]):
    pictures.strip(disagreements[who][:12], chosen, key="disagreements")
else:
    st.info("There is no such photo.")
