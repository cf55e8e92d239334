"""The pair of runs, A and B, chosen once above every page and kept in the link as ?a=NAME&b=NAME."""

from dataclasses import dataclass

import streamlit as st

from core.errors import RunError
from core.runs.library import NAME, damaged_runs, list_runs
from core.runs.run import Run
from core.words.glossary import explain
from core.words.settings import describe
from ui import cached
from ui.foreign_text import plain

DEFAULTS = {"a": "plain20-s0", "b": "resnet20-s0"}
HELP = f"{explain('run')} The choice holds on every page and is part of the link."


@dataclass(frozen=True)
class Pair:
    a: Run
    b: Run

    def __iter__(self):
        """("A", run), ("B", run)."""
        return iter((("A", self.a), ("B", self.b)))


def show() -> None:
    """Draw the picker; `pair()` then gives its choice to the page."""
    found, _ = list_runs()  # what is wrong with other folders is told by the page Train
    runs = {run.name: run for run in found if run.finished}
    unfinished = {run.name for run in found} - runs.keys()
    st.session_state["_runs"] = runs
    if not runs:
        return
    for column, key in zip(st.columns(2), ("a", "b"), strict=True):
        _follow_link(key, list(runs), unfinished)
        column.selectbox(
            f"Network {key.upper()}",
            list(runs),
            key=key,
            format_func=lambda name: f"{name}: {describe(runs[name])}",
            help=HELP,
        )
    _write_link()


def pair() -> Pair:
    """The runs chosen. Where there are none yet, says so, offers to train, and ends the page."""
    runs = st.session_state["_runs"]
    if not runs:
        st.info("There are no trained networks yet.")
        st.page_link("../pages/train.py", label="Train a pair now", icon=":material/fitness_center:")
        st.stop()
    return Pair(runs[st.session_state["a"]], runs[st.session_state["b"]])


def finished_runs() -> list[Run]:
    """All that can be chosen."""
    return list(st.session_state["_runs"].values())


def readable_runs() -> list[Run]:
    """The finished runs whose history and answers can be read; the others are reported."""
    found = []
    for run in finished_runs():
        try:
            cached.history(run), cached.accuracy(run)
        except RunError as error:
            st.warning(f"{plain(error)} So {plain(run.name)} is left out here.", icon=":material/folder_off:")
        else:
            found.append(run)
    return found


def offer_pair(a: str, b: str, label: str, help: str, key: str = "everywhere") -> None:
    """A button that makes two runs A and B; nothing where they are chosen already, or one is not here."""
    offered, chosen = {a, b}, {st.session_state[side] for side in DEFAULTS}
    if offered == chosen or not offered <= st.session_state["_runs"].keys():
        return
    st.button(
        label,
        key=key,
        icon=":material/compare_arrows:",
        on_click=lambda: st.session_state.update(a=a, b=b),
        help=help,
    )


def show_command(run: Run, **changes) -> None:
    """The command that makes another run like `run`, but for these settings."""
    st.code("\n".join([*run.preparation, run.command_with(**changes)]), language="bash")


def _write_link() -> None:
    """Both at once: each writing is a step of the browser's Back."""
    choice = {key: st.session_state[key] for key in DEFAULTS}
    st.session_state.update({f"_link_{key}": name for key, name in choice.items()})
    if any(st.query_params.get(key) != name for key, name in choice.items()):
        st.query_params.update(choice)


def _follow_link(key: str, names: list[str], unfinished: set[str]) -> None:
    """Choose what the link says, where it is new (opened, or gone back to); report and replace a name unknown here.

    Not the widget's own binding to the link: that leaves a default out of the link, and drops an unknown name silently.
    """
    link, written = st.query_params.get(key), st.session_state.get(f"_link_{key}")
    wanted = link if link is not None and link != written else st.session_state.get(key)
    before, after = st.session_state.get("_renamed", (None, None))
    wanted = after if wanted == before else wanted
    if wanted in names:
        st.session_state[key] = wanted
        return
    default = DEFAULTS[key] if DEFAULTS[key] in names else names[0 if key == "a" else -1]
    if wanted is not None:
        # Whoever made the link may have written anything; only what can be a name is said again.
        called = f"“{wanted}”" if NAME.fullmatch(wanted) else "of that name"
        why = f"There is no run {called} here"
        if wanted in unfinished:
            why = f"{called} is not finished"
        elif wanted in damaged_runs():
            why = f"{called} is damaged (see Train, All runs)"
        st.warning(f"{plain(why)}; {key.upper()} shows {plain(default)} instead.", icon=":material/link_off:")
    st.session_state[key] = default
