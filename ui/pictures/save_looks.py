"""Two buttons that save both looks at a picture: as one PNG to share, and as a table of the numbers."""

import functools
from datetime import date

import streamlit as st

from core.charts import poster
from core.words import calibration as calibration_words
from core.words import settings
from ui.pair.pair import Pair
from ui.pictures.closer_look import Look


def offer(pair: Pair, title: str, looks: list[Look]) -> None:
    """`title`: of the picture; `looks`: one at least."""
    with st.container(horizontal=True):
        # "ignore": drawing the page again at a click, Streamlit could drop the file's address; the button would spin
        # on.
        st.download_button(
            "Save as a picture to share",
            functools.cache(lambda: _png(pair, title, looks)),  # Streamlit asks again whenever the browser does
            f"resnet-lab-{'-'.join(dict.fromkeys(look.answer.label for look in looks))}.png",
            "image/png",
            key="poster",
            icon=":material/share:",
            on_click="ignore",
            help="One PNG: the picture, both answers, both heatmaps, names and date.",
        )
        st.download_button(
            "Table of the numbers",
            lambda: poster.table(_columns(pair, looks)).to_csv(index=False),
            "resnet-lab.csv",
            "text/csv",
            key="numbers",
            icon=":material/table:",
            on_click="ignore",
            help="A CSV table: each class's probability and logit, for both networks.",
        )


def _png(pair: Pair, title: str, looks: list[Look]) -> bytes:
    method = looks[0].method
    runs = "\n".join(f"{look.side}: {look.run.name}" for look in looks)
    day = date.today()
    footer = f"ResNet Lab, {day:%B} {day.day}, {day.year}\nHeatmaps: {method.name}, bright\n{method.bright}\n{runs}"
    return poster.poster(looks[0].seen, title, _columns(pair, looks), footer)


def _columns(pair: Pair, looks: list[Look]) -> list[poster.Column]:
    return [
        poster.Column(
            side=look.side,
            run=look.run.name,
            network=settings.describe(look.run),
            probabilities=look.answer.probabilities,
            said=[calibration_words.short(each) for each in look.answer.probabilities],
            logits=look.answer.logits,
            heatmap=look.drawn,
            caption=look.method.caption("it", look.explained),
            color=pair.colors[look.side],
        )
        for look in looks
    ]
