"""What both networks would answer after each block: of one picture, live, and of all test photos."""

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis import calibration, probes
from core.charts.probes import READERS, opinions, right_by_block
from core.data import pictures
from core.data.cifar10 import CLASSES
from core.runs.run import Run
from core.words import probes as probe_words
from core.words.glossary import explain
from core.words.settings import describe
from ui import cached, chart
from ui.curious import curious
from ui.foreign_text import plain
from ui.fragment import errors_shown
from ui.pair import missing_weights, not_yet, pair_picker, studies
from ui.pair.pair import DEEP
from ui.pictures import photos, picture_source

SEEN = 120  # pixels on the screen of what the networks see
WHY = """
**What is asked.** A network's last layer turns what the last block hands on into an answer. Here it gets what an \
*earlier* block hands on (averaged over the picture, as always), though it was made for the last one alone. Only \
blocks of the last of three stages can be asked this way: before, there are fewer channels than it reads.

**Why a ResNet can answer early.** A block with a shortcut adds to what is there. So one reader *can* understand \
several blocks, and each block corrects the answer a little: Jastrzębski et al. 2018, [Residual connections encourage \
iterative inference](https://arxiv.org/abs/1710.04773). It need not: the last layer of the ResNet of 56 layers without \
BatchNorm can read only its last three blocks. A plain block has nothing to add to: it writes everything anew, in a \
code that only the next block has to read.

**So the plain network does know something.** That is what the dashed line is for: a **simple reader** (a linear \
probe: Alain and Bengio 2016, [Understanding intermediate layers](https://arxiv.org/abs/1610.01644)) that was fitted \
to each block separately, and is scored on other photos. It shows what can be found there, by a reader that learned \
from thousands of photos with their names. The solid line shows what the network's own last layer can read. To ask the \
last layer early is known from language models as the *logit lens*.
"""

pair = pair_picker.choose(DEEP, fits=lambda config: config.is_twin)
st.title("When does it know?")
st.markdown(
    "A picture goes through a network block by block. **We stop after each of the last blocks and ask the network: "
    "what do you see?**",
    help=explain("block"),
)
asked = {side: probes.blocks(run.config) for side, run in pair}
choice = picture_source.choose(pair)
missing_weights.offer(pair)


def ask(run: Run, seen: np.ndarray) -> list[probes.Opinion]:
    """Nothing where the network can't be read, which is then said."""
    with errors_shown():
        if run.has_weights:
            return probes.opinions(cached.logits_by_block(run, seen), cached.stored(calibration.load, run))
    return []


def show_opinions(side: str, run: Run, said: list[probes.Opinion], truth: str | None) -> None:
    labels = [one.label for one in said]
    mark = "" if truth is None else photos.mark(labels[-1] == truth)
    st.markdown(f":small[{side}: {plain(describe(run))}]")
    st.header(f"{labels[-1]} {mark}", anchor=False)
    shares, guesses = np.stack([one.shares for one in said]), probe_words.guesses(labels)
    chart.show(
        opinions,
        list(asked[side]),
        shares,
        guesses,
        CLASSES.index(truth or labels[-1]),
        pair.colors[side],
        width="stretch",
        key=f"opinions_{side}",
        alt=probe_words.in_turn(side, guesses, shares.max(axis=1)),
    )


def show_picture(choice: picture_source.Choice) -> None:
    """The picture, both networks' opinions of it, and when each settled on its answer."""
    seen = pictures.to_pixels(choice.square)
    answers = {side: said for side, run in pair if (said := ask(run, seen))}
    picture, finding = st.columns([1, 4])
    with picture:
        st.image(pictures.png_address(seen), caption=choice.title, width=SEEN, alt=f"{choice.title}, as they see it")
    if not answers:
        return
    with finding:
        labels = {side: [one.label for one in said] for side, said in answers.items()}
        st.markdown(f"## {probe_words.settle(pair.names, labels, asked)}")
        st.caption(probe_words.how_to_read(known=choice.truth is not None))
    for place, (side, run) in zip(st.columns(2), pair, strict=True):
        if side in answers:
            with place, st.container(border=True, key=f"knows_{side}", height="stretch"):
                show_opinions(side, run, answers[side], choice.truth)


if choice:
    show_picture(choice)
st.header("How often is it right, block by block?", anchor=False)
found = not_yet.read(
    pair,
    probes.load,
    "**{side}** has not been asked about many photos yet.",
    lambda run: f"{probes.COMMAND} {run.name}",
    by_weights=True,
    study=studies.probe,
)
if found:
    table = pd.concat(
        pd.DataFrame({"block": asked[side], "accuracy": shares}).assign(side=side, run=pair[side].name, reader=reader)
        for side, of_side in found.items()
        for reader, shares in zip(READERS, (of_side.own, of_side.probe), strict=True)
    )
    finding = " ".join(probe_words.over_many(side, of_side, asked[side]) for side, of_side in found.items())
    chart.show(right_by_block, table, colors=pair.colors, width="stretch", key="right_by_block", alt=finding)
    st.caption(
        "Solid: its own last layer, asked early. Dashed: a simple reader, a new last layer that was trained for that "
        "block alone. Dotted: guessing."
    )
    for side, of_side in found.items():
        st.markdown(probe_words.over_many(f"**{side}** ({plain(describe(pair[side]))})", of_side, asked[side]))
st.page_link("../pages/surgery.py", icon=":material/content_cut:", query_params=pair.link)
with curious():
    st.markdown(WHY)
    for side, of_side in found.items():
        st.markdown(probe_words.details(side, of_side, asked[side]))
    if len(found) == 2:
        st.code(f"{probes.COMMAND} {pair.a.name} {pair.b.name}", language=None, wrap_lines=True)
