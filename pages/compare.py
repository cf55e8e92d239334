"""The first page: two networks, the one thing in which they differ, and which of them does better."""

import streamlit as st

from core.analysis import comparison
from core.analysis.training_summary import summarize
from core.charts.palette import COLORS
from core.data.cifar10 import CLASSES
from core.runs.run import Run
from core.words import comparison as comparison_words
from core.words import summary
from core.words.glossary import explain
from core.words.settings import describe, differing_in_words, fairness_in_words, network_name
from ui import cached, figures_table, network_drawing, photos
from ui.foreign_text import plain
from ui.run_picker import pair

SHORTCUTS = {
    True: "Each block (2 layers) has a **shortcut** (skip connection): what came in is added to what comes out.",
    False: "Each block (2 layers) must pass on everything by itself: there is **no way around** it.",
}
BEGINNING = {
    True: "It has learned from other photos before, and now **continues from there** (transfer learning).",
    False: "It begins with **random numbers**, and must learn everything from these photos.",
}
QUESTIONS = {"skip": "Do shortcuts help a network learn?", "init": "Does it help to have learned before?"}
COSTS = {"Parameters": explain("parameters"), "Multiply-adds a photo": explain("multiply-adds")}
OPEN = "Which network does better?"

chosen = pair()
fairness = comparison.fairness(chosen.a, chosen.b)
verdict = cached.verdict(chosen.a, chosen.b)
disagreements = cached.disagreements(chosen.a, chosen.b)

one_began_anew = chosen.a.config.pretrained != chosen.b.config.pretrained
question = next(iter(fairness.differing)) if fairness.fair else ""
st.title(QUESTIONS[question] if question == "skip" or (question == "init" and one_began_anew) else OPEN)
(st.markdown if fairness.fair else st.warning)(fairness_in_words(fairness))
if not fairness.fair and len(fairness.differing):
    st.dataframe(differing_in_words(fairness.differing), hide_index=True, width="content", key="unfair")


def figures_of(run: Run) -> dict[str, str]:
    """A column of the table of figures."""
    costs = (f"{run.parameters:,}", f"{run.multiply_adds / 1e6:.1f} million")
    return summary.figures(summarize(cached.history(run), cached.accuracy(run))) | dict(zip(COSTS, costs, strict=True))


def show_network(side: str, run, share, color: str) -> None:
    cifar = run.config.family == "cifar"
    with st.container(border=True, key=f"network_{side}", height="stretch"):
        kind = f"**{side}: {network_name(run.config)}**, " if cifar else f"**{side}:** "
        st.markdown(kind + plain(describe(run)))
        st.image(network_drawing.network(run.config, color), width="stretch", alt=f"Drawing of network {side}")
        st.metric(
            "right on photos it has never seen",
            f"{share.value:.1%}",
            delta=f"{verdict.points:+.1f} points vs A" if side == "B" else None,
            delta_color="off" if verdict.could_be_luck else "normal",
            delta_arrow="off" if verdict.could_be_luck else "auto",
            help=summary.MEANINGS[summary.ACCURACY],
        )
        st.markdown(SHORTCUTS[run.config.skip] if cifar else BEGINNING[run.config.pretrained])


def show_example(index: int) -> None:
    truth = CLASSES[cached.test_labels()[index]]
    with st.container(border=True, key="example", height="stretch", horizontal_alignment="center"):
        st.markdown("**One photo, two answers**")
        st.image(photos.enlarged_test_image(index, 192), width=192, alt=f"Test photo {index}: {truth}")
        for side, run in chosen:
            answer = CLASSES[cached.test_logits(run)[index].argmax()]
            st.markdown(f"{side} says **{answer}** {'✓' if answer == truth else '✗'}")


left, middle, right = st.columns([5, 3, 5])
with left:
    show_network("A", chosen.a, verdict.a, COLORS["A"])
with right:
    show_network("B", chosen.b, verdict.b, COLORS["B"])
with middle:
    better = "B right, A wrong" if verdict.b.value >= verdict.a.value else "A right, B wrong"
    if len(disagreements[better]):
        show_example(int(disagreements[better][0]))
st.subheader(comparison_words.headline(verdict), anchor=False)
st.markdown(comparison_words.explanation(verdict))

st.header("The figures", anchor=False)
figures_table.show({f"{side}: {plain(run.name)}": figures_of(run) for side, run in chosen}, summary.MEANINGS | COSTS)

st.header("Where they disagree", anchor=False)
st.caption("Test photos as the networks see them: 32 × 32 pixels, enlarged. First those where both are most sure.")
who = st.segmented_control(
    "Which disagreements",
    list(disagreements),
    default="B right, A wrong",
    key="who",
    bind="query-params",
    required=True,
    help="By who is right; where both are wrong, they give different answers.",
)
st.caption(f"Of the 10,000 test photos {len(disagreements[who]):,} are of this kind.")
if len(disagreements[who]):
    photos.strip(disagreements[who][:12], chosen, key="disagreements")
else:
    st.info("There is no such photo.")
