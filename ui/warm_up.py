"""Loads what takes long (PyTorch, Grad-CAM, the test photos, the first pair) while the visitor still reads."""

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LOG = logging.getLogger(__name__)


@asynccontextmanager
async def while_serving(app: object) -> AsyncIterator[dict]:
    """The lifespan of the server: the warm-up begins with it, and nobody waits for it."""
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    yield {}


def warm_up() -> None:
    """What is loaded here is in the caches when a page asks; a page that asks sooner loads it itself. Whatever is
    missing (PyTorch, a run) is told by the pages that need it."""
    try:
        from core.runs.library import find_run
        from ui import cached
        from ui.run_picker import DEFAULTS

        cached.test_images()
        for name in DEFAULTS.values():
            cached.classifier(find_run(name))
        import pytorch_grad_cam  # noqa: F401 (for the first heatmap)
    except Exception as error:  # whatever a damaged installation raises: the server serves all the same
        LOG.warning("Not warmed up: %s", error)
