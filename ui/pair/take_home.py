"""A button that saves a pair, or a lesson, as a handout to print: one HTML file."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

import numpy as np
import streamlit as st

from core.charts.palette import colors
from core.data import pictures
from core.errors import LabError
from core.lessons.lesson import Lesson, first_pair
from core.runs.run import Run
from core.sharing.handout.handout import Drawing, Map
from ui import cached
from ui.foreign_text import plain
from ui.pair import network_drawing
from ui.pair.pair import Pair
from ui.pair.runs import finished_runs, problem_of

SIDE = 160  # pixels of a map
HELP = (
    "Two to four pages: both networks, charts, photos, and questions with answers. One HTML file, which needs no "
    "internet. If none comes, others keep this computer busy: try again in a minute."
)


def offer(pair: Pair) -> None:
    name = f"resnet-lab-{pair.a.name}-{pair.b.name}.html"
    _button("take_home", name, (pair.a, pair.b), lambda: handout_of(pair))


def offer_lesson(lesson: Lesson) -> None:
    """Nothing where it shows no two networks."""
    if runs := first_pair(lesson):
        name = f"resnet-lab-{lesson.name}.html"
        _button(f"take_home_{lesson.name}", name, runs, lambda: handout_of_lesson(lesson))


def _button(key: str, file_name: str, runs: tuple[Run, Run], make: Callable[[], bytes]) -> None:
    why_not = next(filter(None, map(problem_of, runs)), None)  # once it is clicked, Streamlit would not tell
    # "ignore": drawing the page again at a click, Streamlit could drop the file's address; the button would spin on.
    st.download_button(
        "Handout to print",
        make,
        file_name,
        "text/html",
        key=key,
        icon=":material/print:",
        on_click="ignore",
        help=plain(why_not) if why_not else HELP,
        disabled=why_not is not None,
    )


def handout_of(pair: Pair) -> bytes:
    return _of_pair(pair.a, pair.b, finished_runs(), date.today())


def handout_of_lesson(lesson: Lesson) -> bytes:
    return _of_lesson(lesson, finished_runs(), date.today())


# Streamlit makes a download anew whenever a browser asks for it.
@st.cache_resource(max_entries=16, hash_funcs=cached.RUN_KEY, show_spinner=False)
def _of_pair(a: Run, b: Run, runs: list[Run], made: date) -> bytes:
    """`runs`: among which there may be trainings from other seeds."""
    from core.sharing.handout.page import render  # with the charts, slow to load: only once somebody wants it
    from core.sharing.handout.pairs import of_pair

    with cached.a_core():
        return render(of_pair(a, b, made, runs=runs, **_pictures(a, b))).encode()


@st.cache_resource(max_entries=16, hash_funcs=cached.RUN_KEY, show_spinner=False)
def _of_lesson(lesson: Lesson, runs: list[Run], made: date) -> bytes:
    """`runs`: all that it may tell of."""
    from core.lessons.handout import of_lesson, pair_of
    from core.sharing.handout.page import render

    with cached.a_core():
        return render(of_lesson(lesson, made=made, **_pictures(*pair_of(lesson)))).encode()


def _pictures(a: Run, b: Run) -> dict[str, Any]:
    """What the app has at hand for `of_pair`: the photos, drawings of twins, and maps where weights are here."""
    pair = {"A": a, "B": b}
    twins = all(run.config.is_twin for run in pair.values())
    tints = colors(a.config, b.config)
    drawings = {side: _drawing(run, tints[side]) for side, run in pair.items()} if twins else {}
    return {"images": cached.test_images(), "drawings": drawings, "maps": _maps(pair)}


def _drawing(run: Run, color: str) -> Drawing:
    return Drawing(network_drawing.network(run.config, color), network_drawing.in_words(run.config))


def _maps(pair: dict[str, Run]) -> dict[str, Callable[[np.ndarray], Map]]:
    """What draws a network's map over a photo, for those whose weights are here and whole; the others have none."""
    found = {}
    for side, run in pair.items():
        with suppress(LabError):
            if run.has_weights:
                draw = _drawn_by(side, run)
                draw(cached.test_images().pixels[0])  # raises where weights are damaged, or no map can be made of them
                found[side] = draw
    return found


def _drawn_by(side: str, run: Run) -> Callable[[np.ndarray], Map]:
    from core.heatmaps import gradcam
    from ui.pictures.closer_look import in_words

    def draw(pixels: np.ndarray) -> Map:
        heatmap = cached.prediction(run, pixels, None, gradcam.USUAL, None).heatmap
        drawn = gradcam.overlay(np.asarray(pictures.enlarge(pixels, SIDE)), heatmap)
        return Map(drawn, in_words(f"Where {side} looked", heatmap))

    return draw
