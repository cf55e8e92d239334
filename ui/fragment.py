"""A part of a page that is redrawn by itself, and that says in a sentence what it can't do."""

from collections.abc import Callable
from functools import wraps

import streamlit as st

from core.errors import LabError
from ui import gc_freeze
from ui.foreign_text import plain


def fragment(run_every: str | None = None) -> Callable:
    """`st.fragment`; a LabError in it, as when somebody has deleted the run meanwhile, is shown and ends it."""

    def decorate(draw: Callable) -> Callable:
        @wraps(draw)
        def guarded(*args, **kwargs):
            try:
                draw(*args, **kwargs)
            except LabError as error:
                st.error(plain(error), icon=":material/broken_image:")
            finally:  # as after a page: a class's phones ask each second, also while PyTorch is being loaded
                gc_freeze.spare_modules_from_collection()

        return st.fragment(guarded, run_every=run_every)

    return decorate
