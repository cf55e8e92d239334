"""A part of a page that is redrawn by itself, and that says in a sentence what it can't do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

import streamlit as st

from core.errors import LabError, plain_reason
from ui.foreign_text import plain


@contextmanager
def errors_shown() -> Iterator[None]:
    """What can be mended, as where somebody has deleted the run meanwhile, or memory ends, is shown in its place, and
    ends this alone: what comes after is still drawn."""
    try:
        yield
    except (LabError, OSError, MemoryError, RuntimeError) as error:
        reason = plain_reason(error)
        if reason is None:
            raise
        st.error(plain(reason), icon=":material/broken_image:")


def fragment(run_every: str | float | None = None) -> Callable:
    """`st.fragment`, with `errors_shown`."""

    def decorate(draw: Callable) -> Callable:
        @wraps(draw)
        def guarded(*args, **kwargs):
            with errors_shown():
                draw(*args, **kwargs)

        return st.fragment(guarded, run_every=run_every)

    return decorate
