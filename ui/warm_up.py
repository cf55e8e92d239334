"""Loads what takes long before a visitor asks for it: the first page's photos and answers while the browser still loads
the app, and all that the other pages need (PyTorch, Grad-CAM, charts) while the visitor reads the first one. Then it
gives back, again and again, what visitors who have gone no longer need."""

import gc
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core.classroom.rooms import ROOMS
from core.jobs.processes import allow_open_files, give_back_memory, share_arenas

LOG = logging.getLogger(__name__)
PATIENCE = 5.0  # seconds for the first visitor, whose page comes first: Python runs one thread at a time
TIDY = 60.0  # seconds; what visitors leave behind, such as photos of their own, holds itself in cycles
_drawn = threading.Event()


@asynccontextmanager
async def while_serving(app: object) -> AsyncIterator[dict]:
    """The lifespan of the server: most of the warm-up follows the first page, and nobody waits for it."""
    allow_open_files()
    share_arenas()
    # Grad-CAM's progress bars would fill the server's log. tqdm looks once, when PyTorch imports it.
    os.environ.setdefault("TQDM_DISABLE", "1")
    threading.Thread(target=_beside_the_visitors, name="beside the visitors", daemon=True).start()
    yield {}


def page_is_drawn() -> None:
    """To be told when a page's script has ended."""
    _drawn.set()


def _beside_the_visitors() -> None:
    warm_up(prepare_first_page)
    _drawn.wait(PATIENCE)
    warm_up(prepare_other_pages)
    gc.freeze()  # what is loaded now stays: the collections that follow need not look through all of PyTorch
    while True:
        time.sleep(TIDY)
        ROOMS.drop_old()
        gc.collect()
        give_back_memory()


def warm_up(prepare: Callable[[], None]) -> None:
    """What is loaded here is in the caches when a page asks; a page that asks sooner loads it itself. Whatever is
    missing (PyTorch, a run) is told by the pages that need it."""
    try:
        prepare()
    except Exception as error:  # whatever a damaged installation raises: the server serves all the same
        LOG.warning("Not warmed up: %s", error)


def prepare_first_page() -> None:
    from core.runs.library import find_run
    from ui import cached
    from ui.pair.pair import DEEP, TRANSFER

    cached.test_images()
    for names in (DEEP, TRANSFER):
        cached.disagreements(*map(find_run, names))


def prepare_other_pages() -> None:
    """By what *What do they see?* shows first: the first heatmap and the first chart take longest, since libraries are
    loaded and memory is laid out."""
    import pandas as pd

    from core.charts.answers import answers
    from core.charts.palette import WITH
    from core.runs.library import find_run
    from ui import cached
    from ui.pair.pair import TRANSFER, Pair
    from ui.pictures import closer_look
    from ui.pictures.picture_source import most_telling

    a, b = map(find_run, TRANSFER)
    pair = Pair(a, b)
    seen, style = cached.test_images().pixels[most_telling(pair)], closer_look.USUAL
    for side, run in pair:
        look = closer_look.look(side, run, seen, style)
        style.draw(seen, look.answer.heatmap)
    answers(pd.DataFrame({"class": ["cat"], "probability": [1.0], "said": ["100%"]}), WITH).to_dict()
