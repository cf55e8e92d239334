"""What is left when photos get worse: of one picture, live, and of many test photos."""

import pandas as pd
import streamlit as st

from core.analysis import robustness
from core.analysis.questions import Question, fair_pairs
from core.charts.answers import answers as answer_bars
from core.charts.answers import right_by_strength
from core.data import corruptions, pictures
from core.data.corruptions import CORRUPTIONS, STRENGTHS
from core.runs.run import Run
from core.words import calibration as calibration_words
from core.words import comparison as comparison_words
from core.words import robustness as robustness_words
from core.words.settings import describe, names, setting_name
from ui import cached, chart
from ui.curious import curious
from ui.foreign_text import plain
from ui.fragment import errors_shown
from ui.pair import missing_weights, not_yet, pair_picker, studies
from ui.pair.runs import finished_runs
from ui.pictures import photos, picture_source

SIDE = 96  # pixels on the screen: two side by side fit a small laptop
BARS = 3
ALL, ONE = "all", "one"
ALL_KINDS = f"all {len(CORRUPTIONS)} kinds together"
WHY = f"""
**What is done to the photos.** {len(CORRUPTIONS)} of the 15 kinds of CIFAR-10-C, each at five strengths: Hendrycks \
and Dietterich 2019, [Benchmarking neural network robustness to common corruptions and \
perturbations](https://arxiv.org/abs/1903.12261). Steps and strengths are the authors' own, for pictures of 32 × 32 \
pixels; the code is our own, so its random parts differ, and a pixel may be a shade off. \
*{corruptions.LEFT_OUT.capitalize()}* is left out: it needs photographs of ice. Every network gets the same spoiled \
photos.

**Why three figures.** A network that is better on clean photos is usually better on bad ones, too. And it has more to \
lose. The last question is fairer: of the photos that *both* know, how much does each keep? It is not perfectly fair, \
either: more of the weaker network's right answers were close calls. All kinds and strengths count alike there.

**What the interval says.** How far luck with the photos goes. Another training, from another seed, is another \
network: that luck is not in it.
"""

pair = pair_picker.choose()
st.title("What if the photo is bad?")
st.markdown("Fog, grain, a shaky hand: **spoil the photo step by step. Who stays right?**")


def choose_corruption() -> tuple[str, int]:
    kinds, strengths = st.columns([3, 2])
    kind = kinds.selectbox(
        "What spoils it",
        list(CORRUPTIONS),
        key="spoil",
        bind="query-params",
        format_func=lambda kind: CORRUPTIONS[kind].label,
        help="In parentheses: the name that researchers use.",
    )
    strength = strengths.slider(
        "How strongly",
        0,
        max(STRENGTHS),
        3,
        key="how_bad",
        bind="query-params",
        help="0 leaves the photo as it is; 1 to 5 are the strengths of the published test.",
    )
    return kind, strength


def show_answer(side: str, run: Run, seen, truth: str | None) -> str | None:
    """The class that a network names; None where it can't be read, which is then said."""
    shares = None
    with errors_shown():
        shares = cached.probabilities(run, seen)
    if shares is None:
        return None
    likely = calibration_words.likeliest(shares, BARS)
    label = str(likely["class"].iloc[0])
    st.markdown(f":small[{side}: {plain(describe(run))}]")
    st.header(f"{label} {'' if truth is None else photos.mark(label == truth)}", anchor=False)
    chart.show(
        answer_bars,
        likely,
        pair.colors[side],
        width="stretch",
        key=f"answer_{side}",
        alt=calibration_words.answers(side, likely),
    )
    return label


def show_picture(choice: picture_source.Choice, kind: str, strength: int) -> None:
    """The picture as it is and spoiled, and what both say of the spoiled one."""
    clean = pictures.to_pixels(choice.square)
    spoiled = corruptions.corrupt(clean, kind, strength, seed=choice.number or 0) if strength else clean
    sentence, (shown, *places) = st.empty(), st.columns([1, 1, 1])
    with shown, st.container(horizontal=True):
        st.image(pictures.png_address(clean), caption=choice.title, width=SIDE, alt=choice.title)
        if strength:
            what = CORRUPTIONS[kind].label
            st.image(pictures.png_address(spoiled), caption=what, width=SIDE, alt=f"{choice.title}, spoiled: {what}")
    labels = {}
    for place, (side, run) in zip(places, pair, strict=True):
        with place, st.container(border=True, key=f"says_{side}", height="stretch"):
            if run.has_weights and (label := show_answer(side, run, spoiled, choice.truth)):
                labels[side] = label
    if len(labels) == 2:
        sentence.markdown(f"## {comparison_words.answers(pair.names, labels, choice.truth, choice.unknown)}")


def show_curves(found: dict[str, robustness.Answers], kind: str, strength: int) -> None:
    st.header("How often are they right?", anchor=False)
    drawn = st.segmented_control(
        "Which spoiled photos",
        [ALL, ONE],
        default=ALL,
        required=True,
        key="drawn",
        bind="query-params",
        format_func={ALL: ALL_KINDS.capitalize(), ONE: "This kind alone"}.__getitem__,
        label_visibility="collapsed",
        help="The mean over all kinds, or the one that is chosen above.",
    )
    kinds, what = (list(CORRUPTIONS), ALL_KINDS) if drawn == ALL else ([kind], CORRUPTIONS[kind].label)
    tables = {side: robustness.by_strength(answers, kinds) for side, answers in found.items()}
    now = {side: table.set_index("strength")["right"][strength] for side, table in tables.items()}
    finding = robustness_words.at_strength(pair.names, now, what, strength)
    st.markdown(finding)
    table = pd.concat(table.assign(side=side, run=pair[side].name) for side, table in tables.items())
    chart.show(right_by_strength, table, strength, colors=pair.colors, width="stretch", key="by_strength", alt=finding)
    st.caption(f"Of the first {robustness.PHOTOS:,} test photos. Dashed: where the slider stands. Dotted: guessing.")
    for side, answers in found.items():
        st.markdown(robustness_words.lost(pair.names[side], answers.clean.mean(), robustness.lost(answers)))


def show_kept(kept: robustness.Kept) -> None:
    st.header("Of the photos that both get right, who keeps more?", anchor=False)
    st.markdown(f"### {robustness_words.headline(pair.names, kept)}")
    st.markdown(robustness_words.of_both(pair.names, kept))


def other_pairs() -> list[tuple[Question, robustness.Kept]]:
    """What each pair keeps that differs in the same one thing as this one, where both have been asked."""
    alike = fair_pairs(pair.question.setting, finished_runs()) if pair.question else []
    return [(each, kept) for each in alike if (kept := cached.kept_of_spoiled(each.a, each.b))]


def show_pairs(pairs: list[tuple[Question, robustness.Kept]]) -> None:
    points = st.column_config.NumberColumn(format="%+.1f")
    st.dataframe(
        robustness_words.pairs_table(pairs),
        hide_index=True,
        key="pairs",
        column_config=dict.fromkeys(robustness_words.POINTS, points),
        alt=robustness_words.each_pair(pairs),
    )


choice = picture_source.choose(pair)
missing_weights.offer(pair)
kind, strength = choose_corruption()
if choice:
    show_picture(choice, kind, strength)
found = not_yet.read(
    pair,
    robustness.load_complete,
    "**{side}** has not been asked about many spoiled photos yet. A small network takes minutes, a large one hours.",
    lambda run: f"{robustness.COMMAND} {run.name}",
    by_weights=True,
    study=studies.corrupt if all(run.config.is_twin for _, run in pair) else None,  # others take hours
)
if found:
    show_curves(found, kind, strength)
kept = cached.kept_of_spoiled(pair.a, pair.b) if len(found) == 2 and pair.a.path != pair.b.path else None
pairs = other_pairs()
if kept:
    show_kept(kept)
    if pair.question and (over := robustness.over_pairs([kept for _, kept in pairs])):
        called, what = names(pair.question.a, pair.question.b), setting_name(pair.question.setting)
        of_seeds = robustness_words.over_seeds(robustness.over_seeds(pairs))
        st.markdown(f"{robustness_words.over_pairs(over, what, called)} {of_seeds}".strip())
st.page_link("../pages/depth.py", icon=":material/stacks:")
with curious():
    st.markdown(WHY)
    if comparable := [(each, kept) for each, kept in pairs if kept.comparable]:
        show_pairs(comparable)
    st.code(f"{robustness.COMMAND} {pair.a.name} {pair.b.name}", language=None, wrap_lines=True)
