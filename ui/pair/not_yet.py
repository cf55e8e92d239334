"""What a study computes for a run: read of both runs of a pair, or a button or a command that makes it, where nobody
has yet."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import streamlit as st

from core.errors import LabError
from core.files import require_writable
from core.runs.run import Run
from ui import cached, permission
from ui.foreign_text import plain
from ui.pair.studies import OnPart

Stored = TypeVar("Stored")
Study = Callable[[Run, OnPart], None]
WEIGHTS_FIRST = "For that, its weights are needed, which are not here."


def read(
    runs: Iterable[tuple[str, Run]],
    load: Callable[[Run], Stored | None],
    missing: str,
    command: Callable[[Run], str],
    by_weights: bool = False,
    study: Study | None = None,
) -> dict[str, Stored]:
    """By side, what `load` reads, of those `runs` (a pair, or sides of it) that have it. Of the others, `missing`, a
    sentence about "{side}", and what makes it, as `offer` does; so, too, where a file can't be read, which is named.
    Nothing where that needs the weights (`by_weights`), and they are not here."""
    found = {}
    for side, run in runs:
        try:
            known = cached.stored(load, run)
        except LabError as error:
            st.warning(plain(error), icon=":material/broken_image:")
            offer(side, run, "", command, study)
            continue
        if known is None and by_weights and not run.has_weights:
            st.info(f"{missing.format(side=side)} {WEIGHTS_FIRST}")
        elif known is None:
            offer(side, run, missing.format(side=side), command, study)
        else:
            found[side] = known
    return found


def is_there(load: Callable[[Run], object], run: Run) -> bool:
    """Whether `load` reads something of it."""
    try:
        return cached.stored(load, run) is not None
    except LabError:
        return False


def offer(side: str, run: Run, missing: str, command: Callable[[Run], str], study: Study | None = None) -> None:
    """A button that makes it here and now, where there is such a `study` and the visitor may; else the command."""
    if study is None or permission.refusal():
        if missing:
            st.info(f"{missing} Run this:")
        st.code(command(permission.shown(run)), language=None, wrap_lines=True)
        return
    if missing:
        st.info(missing)
    if st.button(f"Do it now for {side}", key=f"{study.__name__}_{side}", help="Kept in the run's folder."):
        _make(side, run, study)


def _make(side: str, run: Run, study: Study) -> None:
    bar = st.progress(0.0, f"{side} is being asked. Please stay on this page ...")

    def on_part(done: int, total: int, of: str) -> None:
        bar.progress(done / total, f"{side} is being asked: {done:,} of {total:,} {of}. Please stay on this page ...")

    try:
        require_writable(run.path)  # else what took minutes could not be kept
        with cached.a_core():
            study(run, on_part)
    except LabError as error:
        st.error(plain(error), icon=":material/broken_image:")
    else:
        st.rerun()
