"""The runs that pages choose from, and the command that makes another one."""

import streamlit as st

from core.errors import RunError
from core.runs import reproduction
from core.runs.library import list_runs
from core.runs.run import Run
from ui import cached, permission
from ui.foreign_text import plain


def finished_runs() -> list[Run]:
    """All that can be chosen. What is wrong with other folders is told by the page Train networks."""
    return [run for run in list_runs()[0] if run.finished]


def readable_runs() -> list[Run]:
    """The finished runs whose answers can be read, and the history of those trained here; the others are reported."""
    found = []
    for run in finished_runs():
        if problem := problem_of(run):
            st.warning(f"{plain(problem)} So {plain(run.name)} is left out here.", icon=":material/folder_off:")
        else:
            found.append(run)
    return found


@st.cache_data(max_entries=1_000, hash_funcs=cached.RUN_KEY, show_spinner=False)
def problem_of(run: Run) -> str | None:
    """What can't be read of a finished run, in a sentence; None where its answers and its history are there."""
    try:
        cached.accuracy(run)
        if not run.imported:
            cached.history(run)
    except RunError as error:
        return str(error)
    return None


def show_command(run: Run, **changes) -> None:
    """The command that makes another run like `run`, but for these settings."""
    run = permission.shown(run)
    st.code(
        "\n".join([*reproduction.preparation(run), reproduction.command_with(run, **changes)]),
        language=None,
        wrap_lines=True,
    )
