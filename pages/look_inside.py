"""One picture, both networks: what they answer, how sure they are, where they looked, and whether to believe it."""

from datetime import date

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis import metrics, out_of_distribution
from core.charts import poster
from core.charts.answers import answers
from core.charts.palette import COLORS
from core.data import pictures
from core.data.cifar10 import CLASSES
from core.errors import LabError
from core.heatmaps import gradcam
from core.runs.run import Run
from core.words import comparison as comparison_words
from core.words import settings
from ui import cached, missing_weights, picture_source
from ui.foreign_text import plain
from ui.run_picker import pair

TOP = 5  # classes
CLOSER = {"trust": "Can I trust these maps?", "shake": "Shake it", "cover": "Cover it up"}
LAST = "last"  # the layer, of each network its own: what `core predict` takes, too
OWN_ANSWER, TRUE_CLASS = "its own answer", "the true class"

chosen = pair()
names = settings.names(chosen.a, chosen.b)
st.title("What do they see, and where do they look?")
choice = picture_source.choose(chosen)
if choice is None:
    st.stop()

from ui import closer_look  # noqa: E402 (brings torch: only once there is a picture)

SIDE = closer_look.SIDE
predictors = {}
for side, run in chosen:
    try:
        if run.has_weights:
            with st.spinner("Waking the network ..."):
                predictors[side] = cached.predictor(run)
    except LabError as error:
        st.warning(plain(error))


def map_style() -> closer_look.MapStyle:
    """The controls of the heatmaps, folded away: the defaults serve."""
    both = list(predictors.values())
    last = list(dict.fromkeys(one.layers[-1] for one in both))
    shared = [name for name in both[0].layers if name in both[-1].layers and last != [name]]

    def cells(layer: str) -> str:
        sides = [one.cells(one.layers[-1] if layer == LAST else layer) for one in both]
        return " and ".join(dict.fromkeys(f"{side} × {side}" for side in sides))

    with st.expander("Change the heatmaps", icon=":material/tune:"):
        first, second, third = st.columns(3)
        method = first.selectbox(
            "Method",
            list(gradcam.METHODS),
            key="method",
            bind="query-params",
            format_func=lambda name: gradcam.METHODS[name].name + (" (slow)" if gradcam.METHODS[name].slow else ""),
            help="\n\n".join(f"**{method.name}**: {method.idea}" for method in gradcam.METHODS.values()),
        )
        layer = second.selectbox(
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
        target = third.selectbox(
            "Show what points to …",
            targets,
            key="target",
            bind="query-params",
            disabled=not gradcam.METHODS[method].of_class,
            help="Each network can be asked what in the picture points to any of the ten classes.",
        )
        strength = first.slider(
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
    """A network's answer, where it looked, and its most probable classes; without a `look`, there is no heatmap."""
    label = CLASSES[probabilities.argmax()]
    mark = "" if choice.truth is None else (" ✓" if label == choice.truth else " ✗")
    st.subheader(f"{side}: {label}{mark}", anchor=False)
    st.markdown(f"**{plain(run.name)}** is {probabilities.max():.0%} sure.")
    if look:
        caption = method.caption(side, look.explained)
        st.image(style.draw(look.seen, look.answer.heatmap), caption=caption, width=SIDE, alt=caption)
    else:
        st.caption("No heatmap: its weights are not here. This answer was kept.")
    top = np.argsort(-probabilities)[:TOP]
    table = pd.DataFrame({"class": [CLASSES[i] for i in top], "probability": probabilities[top]})
    st.vega_lite_chart(cached.chart(answers, table, side), width="stretch", key=f"answers_{side}")


def show_kept_answer(side: str, run: Run) -> None:
    """Of a network without weights: what it said of the test photos, which every run keeps."""
    if choice.number is None:
        st.subheader(f"{side}: no answer", anchor=False)
        st.markdown(f"The weights of **{plain(run.name)}** are not here: it can't be asked anything new.")
        return
    logits = cached.test_logits(run)[choice.number]
    show_answer(side, run, metrics.probabilities(logits[None])[0], look=None)


def show_familiarity() -> None:
    """Of a picture whose class nobody knows: whether it is probably none of the ten."""
    ranks = {
        look.side: out_of_distribution.rank(look.answer.logits, cached.test_logits(look.run))
        for look in looks
        if choice.truth is None and out_of_distribution.unfamiliar(look.answer.logits, cached.test_logits(look.run))
    }
    if ranks:
        who = " and ".join(f"{names[side]} (only {100 * rank:.0f} of 100 test photos)" for side, rank in ranks.items())
        st.info(
            "**This may be none of the ten things.** Few photos of those look so unfamiliar to "
            f"{who}. A network cannot say “none of these”: it answers all the same. This is only a hint; often none "
            "appears.",
            icon=":material/psychology_alt:",
        )


def column(look: closer_look.Look) -> poster.Column:
    heatmap = style.draw(look.seen, look.answer.heatmap)
    network, caption = settings.describe(look.run), method.caption("it", look.explained)
    return poster.Column(look.side, look.run.name, network, look.answer.logits, heatmap, caption)


def comparison_png() -> bytes:
    footer = f"ResNet Lab, {date.today():%d %B %Y}\nHeatmaps: {method.name}, bright\n{method.bright}"
    return poster.poster(looks[0].seen, choice.title, [column(look) for look in looks], footer)


verdict = st.container()
picture, *others = st.columns(3)
seen = pictures.to_pixels(choice.square)
looks: list[closer_look.Look] = []
if predictors:
    style = map_style()
    method = gradcam.METHODS[style.method]
    for side, run in chosen:
        with closer_look.each_for_itself():
            looks += [closer_look.look(side, run, seen, style)] if side in predictors else []
if len(looks) == 2:
    labels = {look.side: look.answer.label for look in looks}
    sure = {look.side: look.answer.confidence for look in looks}
    verdict.markdown("#### " + comparison_words.answers(names, labels, sure, choice.truth))
with verdict:
    show_familiarity()
with picture:
    st.subheader(choice.title, anchor=False)
    st.markdown(f"What the networks really see: **{len(seen)} × {len(seen)}** pixels.")
    st.image(pictures.enlarge(seen, SIDE), width=SIDE, alt=f"{choice.title}, as the networks see it")
    if choice.square.width > len(seen):
        st.image(choice.square.resize((SIDE, SIDE)), caption="What you see", width=SIDE, alt=choice.title)
    if len(looks) == 2:
        maps = [look.answer.heatmap for look in looks]
        if st.toggle("A minus B", key="difference", bind="query-params", help="Where their heatmaps differ."):
            st.image(
                gradcam.overlay_difference(np.asarray(pictures.enlarge(seen, SIDE)), *maps, [*COLORS.values()]),
                caption="Orange: A looked more; blue: B looked more",
                width=SIDE,
                alt="The difference of both heatmaps",
            )
look_of = {look.side: look for look in looks}
for place, (side, run) in zip(others, chosen, strict=True):
    with place:
        if look := look_of.get(side):
            show_answer(side, run, look.answer.probabilities, look)
        elif not run.has_weights:
            show_kept_answer(side, run)
missing_weights.offer(chosen)
if not looks:
    st.stop()
with st.container(horizontal=True):
    # "ignore": drawing the page again at a click, Streamlit could drop the file's address; the button would spin on.
    st.download_button(
        "Picture of this comparison",
        comparison_png,
        "resnet-lab.png",
        "image/png",
        key="poster",
        icon=":material/image:",
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
st.caption(f"A heatmap is bright {method.bright}. It is coarse, and says at best where a network looked, not why.")

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
    closer_look.shake(looks, chosen, style)
elif closer == "cover":
    closer_look.cover(looks, style)
