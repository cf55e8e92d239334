"""A part of a page that is redrawn by itself, and that says in a sentence what it can't do."""

from collections.abc import Callable
from functools import wraps

import streamlit as st

from core.errors import LabError
from ui.foreign_text import plain


def fragment(run_every: str | float | None = None) -> Callable:
    """`st.fragment`; a LabError in it, as when somebody has deleted the run meanwhile, is shown and ends it."""

    def decorate(draw: Callable) -> Callable:
        @wraps(draw)
        def guarded(*args, **kwargs):
            try:
                draw(*args, **kwargs)
            except LabError as error:
                st.error(plain(error), icon=":material/broken_image:")

        return st.fragment(guarded, run_every=run_every)

    return decorate
