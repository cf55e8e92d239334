"""What a command computes for a run: read of both runs of a pair, or the command that does it, where nobody has yet."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import streamlit as st

from core.errors import LabError
from core.runs.run import Run
from ui import cached, permission
from ui.foreign_text import plain

Stored = TypeVar("Stored")
WEIGHTS_FIRST = "For that, its weights are needed, which are not here."


def read(
    runs: Iterable[tuple[str, Run]],
    load: Callable[[Run], Stored | None],
    missing: str,
    command: Callable[[Run], str],
    by_weights: bool = False,
) -> dict[str, Stored]:
    """By side, what `load` reads, of those `runs` (a pair, or sides of it) that have it. Of the others, `missing`, a
    sentence about "{side}", and the `command` that makes it, as where a file can't be read, which is named. No command
    where that needs the weights (`by_weights`), and they are not here."""
    found = {}
    for side, run in runs:
        try:
            known = cached.stored(load, run)
        except LabError as error:
            st.warning(plain(error), icon=":material/broken_image:")
            st.code(command(permission.shown(run)), language=None, wrap_lines=True)
            continue
        if known is None and by_weights and not run.has_weights:
            st.info(f"{missing.format(side=side)} {WEIGHTS_FIRST}")
        elif known is None:
            say(missing.format(side=side), command(permission.shown(run)))
        else:
            found[side] = known
    return found


def say(missing: str, command: str) -> None:
    st.info(f"{missing} Run this:")
    st.code(command, language=None, wrap_lines=True)
