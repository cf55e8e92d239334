"""Loads what takes long (PyTorch, Grad-CAM, the test photos, the first pair) while the visitor still reads."""

import logging
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.jobs.processes import allow_open_files

LOG = logging.getLogger(__name__)
PATIENCE = 5.0  # seconds for the first visitor, whose page comes first: Python runs one thread at a time
_drawn = threading.Event()


@asynccontextmanager
async def while_serving(app: object) -> AsyncIterator[dict]:
    """The lifespan of the server: the warm-up follows the first page, and nobody waits for it."""
    allow_open_files()
    # Grad-CAM's progress bars would fill the server's log. tqdm looks once, when PyTorch imports it.
    os.environ.setdefault("TQDM_DISABLE", "1")
    threading.Thread(target=_after_the_first_page, name="warm-up", daemon=True).start()
    yield {}


def page_is_drawn() -> None:
    """To be told when a page's script has ended."""
    _drawn.set()


def _after_the_first_page() -> None:
    _drawn.wait(PATIENCE)
    warm_up()


def warm_up() -> None:
    """What is loaded here is in the caches when a page asks; a page that asks sooner loads it itself. Whatever is
    missing (PyTorch, a run) is told by the pages that need it."""
    try:
        from core.heatmaps import gradcam
        from core.runs.library import find_run
        from ui import cached, closer_look  # noqa: F401 (which brings the charts)
        from ui.pair_picker import TRANSFER

        photo = cached.test_images().pixels[0]
        for name in TRANSFER:
            predictor = cached.predictor(find_run(name))
            # The first heatmap takes longest: libraries are loaded, memory is laid out.
            gradcam.overlay(photo, predictor.predict(photo).heatmap)
    except Exception as error:  # whatever a damaged installation raises: the server serves all the same
        LOG.warning("Not warmed up: %s", error)
