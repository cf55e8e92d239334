"""Two networks, the one thing in which they differ, and which of them is right more often."""

import streamlit as st

from core.analysis import comparison, transfer
from core.analysis.comparison import A_ALONE, B_ALONE
from core.analysis.training_summary import summarize
from core.data.cifar10 import CLASSES
from core.runs.run import Run
from core.words import comparison as comparison_words
from core.words import questions
from core.words.glossary import explain
from core.words.settings import describe, differing_in_words, differing_listed, fairness_in_words, headed
from core.words.trainings import figures as figure_words
from ui import cached
from ui.curious import curious
from ui.foreign_text import plain
from ui.pair import figures_table, network_drawing, pair_picker, take_home
from ui.pair.runs import finished_runs
from ui.pictures import photos

SHORTCUTS = {
    True: "Each block (2 layers) has a **shortcut** (skip connection): what came in is added to what comes out.",
    False: "Everything must go through each block (2 layers): there is **no way around** it.",
}
BEGINNING = {
    True: "It has learned from other photos before, and now **continues from there** (transfer learning).",
    False: "It begins with **random numbers**, and must learn everything from these photos.",
}
ELSEWHERE = "It was **trained elsewhere**; how, and on which photos, is not known here."
TERMS = ("network", "layer", "block", "ResNet", "points", "seed")
SHOWN = 12  # photos

pair = pair_picker.choose()
fairness = comparison.fairness(pair.a, pair.b)
verdict = cached.verdict(pair.a, pair.b)
disagreements = cached.disagreements(pair.a, pair.b)

st.title(questions.title(pair.question))
if pair.a.path == pair.b.path:
    st.info(comparison_words.SAME_RUN, icon=":material/content_copy:")
    st.stop()
if fairness.fair:
    st.markdown(fairness_in_words(fairness), help=explain(*TERMS, *["ImageNet"] * ("init" in fairness.differing)))
else:
    st.warning(fairness_in_words(fairness))
if not fairness.fair and len(fairness.differing):
    unfair = differing_in_words(fairness.differing)
    alt = differing_listed(fairness.differing)
    st.dataframe(unfair, hide_index=True, height="content", key="unfair", alt=alt)


def figures_of(run: Run) -> dict[str, str]:
    """A column of the table of figures."""
    accuracy = cached.accuracy(run)
    known = (
        figure_words.figures_of_imported(accuracy)
        if run.imported
        else figure_words.figures(summarize(cached.history(run), accuracy))
    )
    return known | figure_words.costs(run)


def show_network(side: str, run: Run) -> None:
    share = cached.accuracy(run)
    with st.container(border=True, key=f"network_{side}", height="stretch"):
        st.markdown(headed(side, run.config, plain(describe(run))))
        drawing = network_drawing.network(run.config, pair.colors[side])
        st.image(drawing, width="stretch", alt=f"{side}: {network_drawing.in_words(run.config)}")
        st.metric("right on new photos", f"{share.value:.1%}", help=figure_words.ON_NEW_PHOTOS)
        st.markdown(SHORTCUTS[run.config.skip] if run.config.is_twin else _beginning(run))


def _beginning(run: Run) -> str:
    return ELSEWHERE if run.imported else BEGINNING[run.config.pretrained]


def show_example(index: int) -> None:
    """A photo on which the better one alone is right."""
    truth = CLASSES[cached.test_labels()[index]]
    with st.container(border=True, key="example", height="stretch", horizontal_alignment="center"):
        st.markdown(f"**Only {'A' if verdict.better_alone == A_ALONE else 'B'} is right here**")
        st.image(photos.address(index), width=192, alt=f"Test photo {index}: {truth}")
        st.caption("Blurry? This is all they see: 32 × 32 pixels.")
        for side, run in pair:
            answer = CLASSES[cached.test_answers(run)[index]]
            st.markdown(f"{side} says **{answer}** {photos.mark(answer == truth)}")


left, middle, right = st.columns([4, 3, 4])
with left:
    show_network("A", pair.a)
with right:
    show_network("B", pair.b)
with middle:
    if len(examples := disagreements[verdict.better_alone]):
        show_example(int(examples[0]))
seeds = comparison.over_seeds(pair.a, pair.b, finished_runs(), cached.verdict)
heading, more = comparison_words.heading(verdict, seeds, pair.names)
about_interval = explain("95% interval") if seeds and len(seeds.points) > 1 else None
st.header(heading, anchor=False, help=about_interval)
st.markdown(more)
if all(run.config.norm == "none" for _, run in pair) and pair.a.config.skip != pair.b.config.skip:
    st.markdown(comparison_words.WITHOUT_BATCH_NORM)
with st.container(horizontal=True, vertical_alignment="center"):
    if all(run.config.is_twin for _, run in pair):
        st.page_link(
            "../pages/surgery.py",
            label="Cut a block out of both",
            icon=":material/content_cut:",
            query_params=pair.link,
        )
    if transfer.pretraining_pairs([pair.a, pair.b]):
        st.page_link(
            "../pages/transfer.py",
            label="How many photos does it take?",
            icon=":material/school:",
            query_params=pair.link,
        )
    take_home.offer(pair)

st.header("Where they disagree", anchor=False)
who = st.segmented_control(
    "Which photos",
    list(disagreements),
    default=B_ALONE,
    key="who",
    bind="query-params",
    required=True,
    help="By who is right; where both are wrong, they give different answers. The photos on which both are most sure "
    "come first. "
    "You see what the networks see: 32 × 32 pixels, enlarged.",
)
st.markdown(comparison_words.of_this_kind(len(disagreements[who])))
if len(disagreements[who]):
    photos.strip(disagreements[who][:SHOWN], pair, key="disagreements")
else:
    st.info("There is no such photo.")

with curious():
    st.markdown(f"{comparison_words.explanation(verdict)} {comparison_words.MANY_PAIRS}")
    st.markdown(comparison_words.ORDER[comparison.same_order(pair.a, pair.b)])
    figures = {f"{side}: {plain(run.name)}": figures_of(run) for side, run in pair}
    figures_table.show(figures, figure_words.MEANINGS | figure_words.COST_MEANINGS)
    for side, run in pair:
        if run.validation_was_seen:
            st.warning(figure_words.validation_was_seen(side), icon=":material/visibility:")
    if pair.a.config.is_twin and pair.b.config.is_twin:
        st.page_link(
            "../pages/depth.py",
            label="At other depths, and with other recipes",
            icon=":material/stacks:",
        )
