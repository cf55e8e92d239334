"""Keeps the server's memory clean at little cost."""

import gc
import sys

_frozen_modules = 0


def spare_modules_from_collection() -> None:
    """Take what lives as long as the server, the imported modules, out of the garbage collector's sight.

    Streamlit collects all garbage after every rerun. To look through torch's half a million objects each time would
    cost more than a page does; what a visitor leaves behind later is still found.
    """
    global _frozen_modules
    if len(sys.modules) > _frozen_modules:
        gc.collect()  # or the garbage of now would be kept, too
        gc.freeze()
        _frozen_modules = len(sys.modules)
