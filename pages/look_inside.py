"""One picture, both networks: what they answer, how sure they are, where they looked, and whether to believe it."""

from datetime import date

import numpy as np
import streamlit as st

from core.analysis import calibration, metrics
from core.analysis.out_of_distribution import familiarity
from core.analysis.transfer import pretraining_pairs
from core.charts import poster
from core.charts.answers import answers
from core.charts.palette import told_apart
from core.data import pictures
from core.data.cifar10 import CLASSES
from core.errors import LabError
from core.heatmaps import gradcam
from core.runs.run import Run
from core.words import calibration as calibration_words
from core.words import capitalized, settings
from core.words import comparison as comparison_words
from core.words.glossary import explain
from ui import cached, chart
from ui.curious import curious_charts
from ui.foreign_text import plain
from ui.lesson import way_back
from ui.pair import missing_weights, pair_picker
from ui.pair.pair_picker import TRANSFER
from ui.pictures import photos, picture_source

TOP = 5  # classes
SEEN = 150  # pixels on the screen of what the networks see
CLOSER = {"trust": "Can I trust these maps?", "shake": "Shake it", "cover": "Cover it up"}
LAST = "last"  # the layer, of each network its own: what `core predict` takes, too
OWN_ANSWER, TRUE_CLASS = "its own answer", "the true class"
OWN = (
    "Your own pictures usually differ from the small photos that the networks learned from: expect more mistakes than "
    "on the test photos, and don't rely on the percentages."
)

pair = pair_picker.choose(TRANSFER)
st.title("What do they see?")
way_back.offer()
names = pair.names
choice = picture_source.choose(pair)
if choice is None:
    st.stop()

from ui.pictures import closer_look  # noqa: E402 (brings torch: only once there is a picture)

SIDE = closer_look.SIDE
map_sizes = {}
for side, run in pair:
    try:
        if run.has_weights:
            with st.spinner("Waking the network ..."):
                map_sizes[side] = cached.map_sizes(run)
    except LabError as error:
        st.warning(plain(error))


def map_style() -> closer_look.MapStyle:
    """The controls of the heatmaps, folded away: the defaults serve."""
    both = list(map_sizes.values())
    last = list(dict.fromkeys(list(one)[-1] for one in both))
    shared = [name for name in both[0] if name in both[-1] and last != [name]]

    def cells(layer: str) -> str:
        sides = [list(one.values())[-1] if layer == LAST else one[layer] for one in both]
        return " and ".join(dict.fromkeys(f"{side} × {side}" for side in sides))

    with st.popover("Heatmaps", icon=":material/tune:", help="How they are made and drawn."):
        method = st.selectbox(
            "Method",
            list(gradcam.METHODS),
            key="method",
            bind="query-params",
            format_func=lambda name: gradcam.METHODS[name].name + (" (slow)" if gradcam.METHODS[name].slow else ""),
            help="\n\n".join(f"**{method.name}**: {method.idea}" for method in gradcam.METHODS.values()),
        )
        layer = st.selectbox(
            "Layer",
            [*shared, LAST],
            index=len(shared),
            key="layer",
            bind="query-params",
            format_func=lambda name: f"{' and '.join(last) if name == LAST else name}: {cells(name)} cells",
            help="Where in the network to look. Early layers see edges, finely; the last one, the usual choice, sees "
            "whole things, coarsely.",
        )
        targets = [OWN_ANSWER, *([TRUE_CLASS] if choice.truth else []), *CLASSES]
        target = st.selectbox(
            "Show what points to …",
            targets,
            key="target",
            bind="query-params",
            disabled=not gradcam.METHODS[method].of_class,
            help="Each network can be asked what in the picture points to any of the ten classes.",
        )
        strength = st.slider(
            "Strength",
            0,
            100,
            50,
            key="strength",
            bind="query-params",
            help="0: the picture alone; 100: the map alone.",
        )
        st.caption(gradcam.METHODS[method].idea)
    wanted = {OWN_ANSWER: None, TRUE_CLASS: choice.truth}.get(target, target)
    return closer_look.MapStyle(
        method, None if layer == LAST else layer, CLASSES.index(wanted) if wanted else None, strength / 100
    )


def show_answer(side: str, run: Run, probabilities: np.ndarray, look: closer_look.Look | None) -> None:
    """A network's answer and where it looked; without a `look`, there is no heatmap."""
    label = CLASSES[probabilities.argmax()]
    mark = "" if choice.truth is None else " " + photos.mark(label == choice.truth)
    st.markdown(f":small[{side}: {capitalized(names[side])}]")
    st.header(f"{label}{mark}", anchor=False)
    st.markdown(f"{calibration_words.share(probabilities.max())} sure", help=explain("how sure"))
    if look:
        caption = method.caption(side, look.explained)
        alt = closer_look.in_words(caption, look.answer.heatmap)
        st.image(style.draw(look.seen, look.answer.heatmap), caption=caption, width="stretch", alt=alt)
    else:
        st.markdown("No heatmap: its weights are not here. This answer was kept.")


def show_how_sure(side: str, probabilities: np.ndarray) -> None:
    likely = calibration_words.likeliest(probabilities, TOP)
    alt = calibration_words.answers(side, likely)
    st.markdown(f"**{side}: {capitalized(names[side])}**")
    chart.show(answers, likely, pair.colors[side], width="stretch", key=f"answers_{side}", alt=alt)


def show_kept_answer(side: str, run: Run) -> None:
    """Of a network without weights: what it said of the test photos, which every run keeps."""
    if choice.number is None:
        st.header(f"{side}: no answer", anchor=False)
        st.markdown(f"The weights of **{plain(run.name)}** are not here: it can't be asked anything new.")
        return
    show_answer(side, run, cached.test_probabilities(run, choice.number), look=None)


def unfamiliar() -> dict[str, float]:
    """{side: how few of 100 test photos look so unfamiliar to it}, for those to whom this picture does."""
    found = {look.side: familiarity(look.answer.logits, cached.test_logits(look.run)) for look in looks}
    return {side: each.rank for side, each in found.items() if each.strange}


def show_verdict() -> None:
    labels = {look.side: look.answer.label for look in looks}
    strange = unfamiliar()
    doubtful = bool(strange) and choice.truth is None and not choice.unknown
    who = "both networks" if len(strange) > 1 else " and ".join(names[side] for side in strange)
    doubt = f"It looks strange to {who}. " * doubtful
    st.header(doubt + comparison_words.answers(names, labels, choice.truth, choice.unknown), anchor=False)
    if choice.truth and choice.truth not in labels.values():
        st.markdown(comparison_words.why_both_are_wrong(len(seen), bool(strange)))
    if choice.truth is None and not choice.unknown:
        st.caption(OWN)
    if doubtful:
        st.info(
            "Hardly any test photo looks as strange. It may be none of the ten things: a network can't say “none of "
            "these,” so it answers all the same.",
            icon=":material/psychology_alt:",
        )


def difference_in_words(of_a: np.ndarray, of_b: np.ndarray) -> str:
    more = {"A": (of_a - of_b).clip(0), "B": (of_b - of_a).clip(0)}
    return ". ".join(closer_look.in_words(f"Where {side} looked more", one) for side, one in more.items())


def column(look: closer_look.Look) -> poster.Column:
    heatmap = style.draw(look.seen, look.answer.heatmap)
    said = [calibration_words.short(each) for each in look.answer.probabilities]
    network, caption = settings.describe(look.run), method.caption("it", look.explained)
    color = pair.colors[look.side]
    answer = look.answer
    return poster.Column(
        look.side, look.run.name, network, answer.probabilities, said, answer.logits, heatmap, caption, color
    )


def comparison_png() -> bytes:
    runs = "\n".join(f"{look.side}: {look.run.name}" for look in looks)
    footer = f"ResNet Lab, {date.today():%d %B %Y}\nHeatmaps: {method.name}, bright\n{method.bright}\n{runs}"
    return cached.comparison_png(looks[0].seen, choice.title, [column(look) for look in looks], footer)


verdict = st.container()
both, picture = st.columns([2, 1])
seen = pictures.to_pixels(choice.square)
looks: list[closer_look.Look] = []
if map_sizes:
    with picture:
        style = map_style()
    method = gradcam.METHODS[style.method]
    for side, run in pair:
        with closer_look.each_for_itself():
            looks += [closer_look.look(side, run, seen, style)] if side in map_sizes else []
if len(looks) == 2:
    with verdict:
        show_verdict()
look_of = {look.side: look for look in looks}
with both, st.container(horizontal=True, wrap=False, vertical_alignment="bottom", key="answers"):
    for side, run in pair:
        with st.container(width="stretch", gap="xsmall"):
            if look := look_of.get(side):
                show_answer(side, run, look.answer.probabilities, look)
            elif not run.has_weights:
                show_kept_answer(side, run)
with picture:
    st.markdown(f"What the networks see: **{len(seen)} × {len(seen)}** pixels")
    with st.container(horizontal=True, key="pictures"):
        st.image(
            pictures.png_address(seen),
            caption=choice.title,
            width=SEEN,
            alt=f"{choice.title}, as the networks see it",
        )
        if choice.square.width > len(seen):
            st.image(choice.square.resize((SEEN, SEEN)), caption="What you see", width=SEEN, alt=choice.title)
    if pretraining_pairs([pair.a, pair.b]):  # here, as the maps are to be seen without scrolling
        st.caption("Two networks look at one picture. One of them learned from other photos first.")
missing_weights.offer(pair)
if not looks:
    st.stop()
with st.container(horizontal=True):
    # "ignore": drawing the page again at a click, Streamlit could drop the file's address; the button would spin on.
    st.download_button(
        "Save as a picture to share",
        comparison_png,
        f"resnet-lab-{'-'.join(dict.fromkeys(look.answer.label for look in looks))}.png",
        "image/png",
        key="poster",
        icon=":material/share:",
        on_click="ignore",
        help="One PNG: the picture, both answers, both heatmaps, names and date.",
    )
    st.download_button(
        "Table of the numbers",
        lambda: poster.table([column(look) for look in looks]).to_csv(index=False),
        "resnet-lab.csv",
        "text/csv",
        key="numbers",
        icon=":material/table:",
        on_click="ignore",
        help="A CSV table: each class's probability and logit, for both networks.",
    )


def show_details() -> None:
    st.markdown(f"A heatmap is bright {method.bright}. It is coarse, and says at best where a network looked, not why.")
    if choice.truth is None:
        st.markdown(
            "Where a picture may be none of the ten things, a note says so. With two networks of 20 layers it noticed "
            "about half of the crops of three other pictures, and 9 of 100 handwritten digits (docs/results.md). So "
            "without a note it may still be none of them."
        )
        for side, rank in unfamiliar().items():
            fewest = f"only {100 * rank:.0f}" if rank >= 0.005 else "fewer than 1"
            st.markdown(f"To {side}, {fewest} in 100 test photos look stranger than this picture.")
    for place, look in zip(st.columns(len(looks)), looks, strict=True):
        with place:
            show_how_sure(look.side, look.answer.probabilities)
            raw = metrics.probabilities(look.answer.logits[None]).max()
            st.markdown(calibration_words.as_it_came(raw, cached.stored(calibration.load, look.run)))
    if len(looks) == 2:
        maps = [look.answer.heatmap for look in looks]
        if st.toggle("Where their heatmaps differ", key="difference", bind="query-params", help="A's minus B's."):
            st.image(
                gradcam.overlay_difference(
                    np.asarray(pictures.enlarge(seen, SIDE)), *maps, list(told_apart(pair.colors))
                ),
                caption="In A's color: A looked more there; in B's color: B did",
                width=SIDE,
                alt=difference_in_words(*maps),
            )


with curious_charts() as details:
    if details.open:
        show_details()
st.header("Look closer", anchor=False)
closer = st.pills(
    "Look closer",
    list(CLOSER),
    key="closer",
    bind="query-params",
    format_func=CLOSER.get,
    label_visibility="collapsed",
    help="Three experiments with this picture.",
)
if closer == "trust":
    closer_look.trust(looks, style)
elif closer == "shake":
    closer_look.shake(looks, pair, style)
elif closer == "cover":
    closer_look.cover(looks, style)
