"""All runs in a table, those in training with their progress; and what can be done with one of them."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pandas as pd
import streamlit as st

from core import paths
from core.analysis.comparison import differing
from core.charts.learning import learning_curves
from core.charts.palette import SIDES, colors
from core.errors import LabError, RunError
from core.jobs import trainings
from core.runs import library
from core.runs.run import Run, open_run
from core.runs.status import Status
from core.sharing import zip_archive
from core.sharing.files import hide_folders
from core.words.trainings import curves as curve_words
from core.words.trainings import status as status_words
from ui import cached, chart, permission
from ui.foreign_text import plain, without_places
from ui.fragment import fragment
from ui.pair import pair_picker
from ui.training import network_upload

POLL = "2s"  # each look takes its share of the cores from the training
STATES = {
    "training": "in training",
    "queued": "waiting",
    "stopped": "stopped",
    "failed": "failed",
    "finished": "finished",
    "shipped": "finished, ships with the lab",
    "damaged": "damaged: it can only be deleted",
}
SCORED = {
    "training": "being scored on the test photos",
    "finished": "finished, trained elsewhere",
}  # of an imported network
LARGEST_ZIP = 10  # MB, as for all uploads (.streamlit/config.toml)


def show() -> None:
    states = trainings.states()
    for problem in library.list_runs()[1]:
        st.warning(plain(problem), icon=":material/folder_off:")
    if any(status.state in ("training", "queued") for status in states.values()):
        _watch()
    else:
        _show_table(states)
    why_not = permission.refusal()
    if why_not:
        st.caption(f":material/lock: {why_not}")
    _show_actions(states, may_change=not why_not)
    if not why_not:
        _offer_to_add()


@fragment(run_every=POLL)
def _watch() -> None:
    """Redrawn every two seconds while anything is in training; training goes on if nobody looks."""
    states = trainings.states()
    now = {name: status.state for name, status in states.items()}
    before = st.session_state.setdefault("_states", now)
    if now != before:
        st.session_state["_states"] = now
        st.rerun()  # what can be done with them has changed
    _show_table(states)
    _show_curves([name for name, status in states.items() if status.state == "training"])


def _show_table(states: dict[str, Status]) -> None:
    found, _ = library.list_runs()
    order = {name: i for i, name in enumerate(states)}  # as they are trained; then the finished ones
    rows = [_row(run, states.get(run.name)) for run in sorted(found, key=lambda run: order.get(run.name, len(order)))]
    rows += [
        {"run": name, "state": STATES["damaged"], "progress": None, "accuracy": None, "MB": _size(folder) / 1e6}
        for name in library.damaged_runs()
        for folder in [paths.own_runs_dir() / name]
    ]
    columns = {
        "progress": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
        "accuracy": st.column_config.NumberColumn(
            format="percent", help="On the test photos; while in training, on the photos it learns from."
        ),
        "MB": st.column_config.NumberColumn(format="%.1f"),
    }
    alt = f"All {len(rows)} runs, a row each: state, progress and right answers"
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns, width="stretch", key="runs_table", alt=alt)


def _row(run: Run, status: Status | None) -> dict:
    return {
        "run": run.name,
        "state": _state(run, status),
        "progress": min(1.0, status.share) if status else 1.0,
        "accuracy": status.accuracy if status else _accuracy(run),
        "MB": _size(run.path) / 1e6,
    }


def _state(run: Run, status: Status | None) -> str:
    done = "shipped" if run.path.parent == paths.SHIPPED else "finished"
    state = status.state if status else done
    called = SCORED.get(state, STATES[state]) if run.imported else STATES[state]
    if status is None:
        return called
    reason = f": {without_places(hide_folders(run, status.reason))}" if status.reason else ""
    return status_words.state(called, status) + reason


def _size(folder: Path) -> int:
    """Bytes. Of a run in training, files come and go."""
    size = 0
    with suppress(OSError):  # the folder itself may go
        for file in folder.iterdir():
            with suppress(OSError):
                size += file.stat().st_size
    return size


def _accuracy(run: Run) -> float | None:
    try:
        return cached.accuracy(run).value
    except RunError:
        return None


def _show_curves(names: list[str]) -> None:
    """Accuracy by epoch of those in training, of two at most."""
    tables, configs, histories = [], [], {}
    for side, name in zip(SIDES, names, strict=False):
        try:
            run = open_run(paths.own_runs_dir() / name)
            history = run.history()
        except RunError:
            continue  # no epoch has ended yet
        configs.append(run.config)
        histories[name] = history
        history = history.rename(columns={"train_accuracy": "training", "val_accuracy": "validation"})
        tables.append(history.melt("epoch", ["training", "validation"], "split").assign(run=name, side=side))
    if tables:
        chart.show(
            learning_curves,
            pd.concat(tables),
            "epoch",
            "epochs",
            "share of right answers",
            True,
            colors=colors(configs[0], configs[-1]),
            width="stretch",
            key="live_curves",
            alt=curve_words.validation(histories, "accuracy"),
        )
        st.caption(status_words.in_one_picture({table["side"][0]: table["run"][0] for table in tables}))


def _show_actions(states: dict[str, Status], may_change: bool) -> None:
    own = [run for run in library.list_runs()[0] if run.path.parent != paths.SHIPPED]
    damaged = library.damaged_runs()
    if not own and not damaged:
        st.info("You have no runs of your own yet.")
        return
    name = _choose_run([*(run.name for run in own), *damaged])
    if name in damaged:
        if may_change:
            _delete(name)
        return
    run = next(run for run in own if run.name == name)
    status = states.get(name)
    with st.container(horizontal=True):
        if may_change:
            _training_actions(run, status)
        if status is None:
            _download(run)
            _offer_comparison(run, own)


def _choose_run(names: list[str]) -> str:
    """One that has just been renamed stays chosen."""
    if renamed := st.session_state.pop("_renamed", None):
        st.session_state["chosen_run"] = renamed[1]
    return st.selectbox("Do something with", names, key="chosen_run", help="One of your own runs.")


def _training_actions(run: Run, status: Status | None) -> None:
    """What changes a run: it is stopped while it trains or waits; else resumed, renamed or deleted. `status`: None of
    one that is finished."""
    if status and status.state == "training" and not status.here:
        st.caption(f"It is in training on another machine, {plain(status.machine)}. Stop it there.")
        return
    if status and status.state in ("training", "queued"):
        _action("Stop", "stop", run.name, trainings.stop, help="What was learned is kept, and it can be resumed later.")
        return
    if status and status.diverged:
        st.caption("Its training broke down (diverged), and would again. *Is the message lost?* shows where.")
    elif status:
        _action("Resume", "play_arrow", run.name, trainings.resume, help="From where it stopped; nothing is lost.")
    _rename(run.name)
    _delete(run.name)


def _offer_comparison(run: Run, own: list[Run]) -> None:
    """With its twin, if there is one; the more promising of the two is B."""
    pair = [run, *twins(run, own)[-1:]]
    pair.sort(key=lambda each: (each.config.skip, each.config.pretrained))
    link = dict(zip("ab", (each.name for each in pair), strict=True)) if len(pair) == 2 else {"b": run.name}
    st.page_link("../pages/compare.py", label="Compare it", icon=":material/balance:", query_params=link)


def twins(run: Run, others: list[Run]) -> list[Run]:
    """The finished runs that differ from `run` in one thing, the most telling last: those of another seed, which tell
    of luck alone, come first; then the older ones."""
    fair = [(set(differing(run, other)), other) for other in others if other.finished]
    fair = [(names, other) for names, other in fair if len(names) == 1]
    ordered = sorted(fair, key=lambda pair: (not pair[0] & {"seed", "split_seed"}, pair[1].last_change))
    return [other for _, other in ordered]


def _action(
    label: str,
    icon: str,
    name: str,
    do: Callable[..., None],
    *args,
    help: str,
    type: Literal["primary", "secondary"] = "secondary",
) -> None:
    """A button that does `do(name, *args)`. Its key names the run: a press that comes when that run is gone (it was
    clicked twice, or deleted elsewhere) must not be one of the button of the run chosen next."""
    if st.button(label, key=f"do_{label}_{name}", icon=f":material/{icon}:", help=help, type=type):
        try:
            do(name, *args)
        except LabError as error:
            st.error(plain(error))
        else:
            st.rerun()


def _rename_to(name: str, new: str) -> None:
    trainings.rename(name, new)
    pair_picker.rename(name, new)
    st.session_state["_renamed"] = name, new


def _rename(name: str) -> None:
    with st.popover("Rename", icon=":material/edit:"):
        new = st.text_input("New name", name, key=f"new_name_{name}", help="Letters, digits, dot, dash and underscore.")
        _action("Rename it", "edit", name, _rename_to, new, help="Its folder gets this name.")


def _delete(name: str) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"Delete **{plain(name)}** for good?")
        _action("Delete it", "delete", name, trainings.delete, help="It can't be brought back.", type="primary")


def _download(run: Run) -> None:
    why_not = _why_not_zipped(run)  # said here: what goes wrong once it is clicked, Streamlit keeps to itself
    st.download_button(
        "Download",
        lambda: _zipped(run),
        f"{run.name}.zip",
        "application/zip",
        key="download_run",
        icon=":material/download:",
        on_click="ignore",
        help=plain(why_not) if why_not else "The run's folder as a zip file: for a friend, or another machine.",
        disabled=why_not is not None,
    )


@st.cache_data(max_entries=64, hash_funcs=cached.RUN_KEY, show_spinner=False)
def _why_not_zipped(run: Run) -> str | None:
    return zip_archive.why_not_zipped(run)


@st.cache_resource(max_entries=2, hash_funcs=cached.RUN_KEY, show_spinner=False)
def _zipped(run: Run) -> bytes:
    """Streamlit makes a download anew whenever a browser asks for it."""
    return zip_archive.zip_run(run)


def _offer_to_add() -> None:
    with st.expander("Add a run from a zip file", icon=":material/upload:"):
        file = st.file_uploader(
            "A run's folder as a zip file",
            type="zip",
            key="zip",
            max_upload_size=LARGEST_ZIP,
            help="As downloaded here. A larger one: `python -m core add-run FILE.zip`.",
        )
        name = st.text_input("Name", key="zip_name", placeholder="as in the zip", help="What to call it here.")
        if file and st.button("Add it", key="add_run", help="It is checked first: nothing in it is executed."):
            try:
                run = trainings.add(file.getvalue(), name or None)
            except LabError as error:
                st.error(plain(error))
            else:
                st.toast(f"{plain(run.name)} was added.", icon=":material/check:")
                if others := zip_archive.left_out(file.getvalue()):
                    st.toast(f"Left out, not part of a run: {plain(', '.join(others))}.", icon=":material/info:")
                st.rerun()
    with st.expander("Add a network that was trained elsewhere", icon=":material/move_to_inbox:"):
        network_upload.show()
