"""A button that saves a pair as a handout to print: one HTML file."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import streamlit as st

from core.data import pictures
from core.errors import LabError
from core.runs.run import Run
from ui import cached, network_drawing
from ui.pair_picker import Pair

SIDE = 160  # pixels of a map


def offer(pair: Pair) -> None:
    # "ignore": drawing the page again at a click, Streamlit could drop the file's address; the button would spin on.
    st.download_button(
        "Take it home",
        lambda: handout_of(pair),
        f"resnet-lab-{pair.a.name}-{pair.b.name}.html",
        "text/html",
        key="take_home",
        icon=":material/print:",
        on_click="ignore",
        help="A handout to print, three or four pages: both networks, charts, photos, and questions with answers. "
        "One HTML file, which needs no internet.",
    )


def handout_of(pair: Pair) -> bytes:
    from core.handout.page import render  # with the charts, slow to load: only once somebody wants it
    from core.handout.pairs import of_pair

    twins = all(run.config.family == "cifar" for _, run in pair)
    drawings = {side: network_drawing.network(run.config, pair.colors[side]) for side, run in pair} if twins else {}
    handout = of_pair(pair.a, pair.b, images=cached.test_images(), drawings=drawings, maps=_maps(pair))
    return render(handout).encode()


def _maps(pair: Pair) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """What draws a network's map over a photo, for those whose weights are here and whole; the others have none."""
    found = {}
    for side, run in pair:
        with suppress(LabError):
            if run.has_weights:
                draw = _drawn_by(run)
                draw(cached.test_images().pixels[0])  # raises where weights are damaged, or no map can be made of them
                found[side] = draw
    return found


def _drawn_by(run: Run) -> Callable[[np.ndarray], np.ndarray]:
    from core.heatmaps import gradcam

    def draw(pixels: np.ndarray) -> np.ndarray:
        heatmap = cached.prediction(run, pixels, None, "GradCAM", None).heatmap
        return gradcam.overlay(np.asarray(pictures.enlarge(pixels, SIDE)), heatmap)

    return draw
