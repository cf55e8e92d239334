"""The picker of the pair that a page compares: by the question that two networks answer, or freely by name.

The choice holds on every page that compares, and is kept in the link as ?a=NAME&b=NAME.
"""

from collections.abc import Callable

import streamlit as st

from core.analysis.questions import Question
from core.runs.library import NAME, damaged_runs, list_runs
from core.runs.run import Run
from core.settings.train_config import TrainConfig
from core.words import questions as question_words
from core.words.comparison import trained_elsewhere
from core.words.settings import describe
from ui import cached, link, screen
from ui.foreign_text import plain
from ui.pair import not_yet
from ui.pair.pair import DEEP, Names, Pair
from ui.pair.runs import finished_runs

SIDES = ("a", "b")


def choose(default: Names = DEEP, fits: Callable[[TrainConfig], bool] = lambda _: True) -> Pair:
    """Draw the picker. Gives the pair chosen, here or on another page; where none was, or it does not fit this page,
    the `default`. Where nothing is trained yet, says so, offers to train, and ends the page."""
    finished = finished_runs()
    runs = {run.name: run for run in finished if fits(run.config)}
    if not runs:
        st.info("There are no trained networks of this kind yet.")
        link.to_experiment("Train a pair now")
        st.stop()
    _follow_link({run.name: run for run in finished}, default)
    questions = question_words.labels(cached.questions(list(runs.values())))
    chosen: Names | None = st.session_state.get("_pair")
    fitting = chosen if chosen and set(chosen) <= runs.keys() else None
    pair = fitting or _first_pair(default, list(questions.values()), list(runs))
    label = next((label for label, question in questions.items() if question.names == frozenset(pair)), None)
    if not screen.hidden("picker"):
        _draw(questions, label, runs, pair)
    if chosen and not fitting:
        st.caption(":material/info: The pair that you chose can't be shown on this page, so it shows another.")
    _write_link(pair)
    a, b = (runs[name] for name in pair)
    # A training that was repeated has a question that is not in the list.
    question = questions[label] if label else next(iter(cached.questions([a, b])), None)
    return Pair(a, b, question)


def require_history(pair: Pair) -> None:
    """Where a network of the pair was trained elsewhere, say so, and end the page."""
    if elsewhere := {side: plain(run.name) for side, run in pair if run.imported}:
        st.info(trained_elsewhere(elsewhere), icon=":material/move_to_inbox:")
        st.page_link("../pages/compare.py", label="Which of the two is better?", icon=":material/balance:")
        st.stop()


def offer_pair(
    a: str,
    b: str,
    label: str,
    help: str,
    key: str = "everywhere",
    load: Callable[[Run], object] | None = None,
) -> None:
    """A button that makes two runs A and B; nothing where they are chosen already, or one is not here, or `load` reads
    nothing of it: it would lead to a page with nothing to see."""
    offered, runs = {a, b}, {run.name: run for run in finished_runs()}
    _, shown = st.session_state.get("_written", (None, ()))
    if offered == set(shown) or not offered <= runs.keys():
        return
    if load and not all(not_yet.is_there(load, runs[name]) for name in offered):
        return
    st.button(label, key=key, icon=":material/compare_arrows:", on_click=_take, args=(a, b), help=help)


def rename(before: str, after: str) -> None:
    """Where a run that is chosen gets another name, it stays chosen."""
    if pair := st.session_state.get("_pair"):
        st.session_state["_pair"] = tuple(after if name == before else name for name in pair)


def _draw(questions: dict[str, Question], label: str | None, runs: dict[str, Run], pair: Names) -> None:
    freely = f"{pair[0]} against {pair[1]}"
    st.session_state.update(question=label or freely, a=pair[0], b=pair[1])
    with st.container(horizontal=True, vertical_alignment="bottom", key="pair"):
        st.selectbox(
            "Which two networks?",
            list(questions) if label else [freely, *questions],
            key="question",
            on_change=lambda: _take_question(questions),
            help="Two networks that differ in one thing, so the difference has one cause. Your choice stays on every "
            "page and is part of the link.",
        )
        with st.popover("Choose freely", icon=":material/tune:", help="Any two networks, by name."):
            for side in SIDES:
                st.selectbox(
                    f"Network {side.upper()}",
                    list(runs),
                    key=side,
                    on_change=lambda: _take(*(st.session_state[side] for side in SIDES)),
                    format_func=lambda name: f"{describe(runs[name])} ({name})",
                    help="Any trained network. Pick one that differs from the other in one thing.",
                )


def _take_question(questions: dict[str, Question]) -> None:
    if question := questions.get(st.session_state["question"]):
        _take(question.a.name, question.b.name)


def _take(a: str, b: str) -> None:
    st.session_state["_pair"] = (a, b)


def _first_pair(default: Names, questions: list[Question], names: list[str]) -> Names:
    if set(default) <= set(names):
        return default
    if questions:
        return questions[0].a.name, questions[0].b.name
    return names[0], names[-1]


def _write_link(pair: Names) -> None:
    st.session_state["_written"] = st.context.url, pair
    link.write(**dict(zip(SIDES, pair, strict=True)))


def _follow_link(runs: dict[str, Run], default: Names) -> None:
    """Choose what the link says, where it is new (opened, or gone back to); report and replace a name unknown here.

    New is what this page did not write itself: another page may have shown, and written, the same pair in the place of
    the one that was chosen. Not the widget's own binding to the link: that leaves a default out of the link, and drops
    an unknown name silently.
    """
    linked = tuple(st.query_params.get(key) for key in SIDES)
    new = any(linked) and (st.context.url, linked) != st.session_state.get("_written")
    before: Names | None = st.session_state.get("_pair")
    if not new and before is None:
        return
    wanted = [(name if new else None) or other for name, other in zip(linked, before or default, strict=True)]
    fallback = _first_pair(default, [], list(runs))
    st.session_state["_pair"] = tuple(
        _known(name, side, runs, other) for side, name, other in zip("AB", wanted, fallback, strict=True)
    )


def _known(wanted: str, side: str, runs: dict[str, Run], default: str) -> str:
    if wanted in runs:
        return wanted
    # Whoever made the link may have written anything; only what can be a name is said again.
    called = f"“{wanted}”" if NAME.fullmatch(wanted) else "of that name"
    why = f"There is no run {called} here"
    if wanted in {run.name for run in list_runs()[0]}:
        why = f"{called} is not finished"
    elif wanted in damaged_runs():
        why = f"{called} is damaged (see Train networks, All runs)"
    st.warning(f"{plain(why)}; {side} shows {plain(default)} instead.", icon=":material/link_off:")
    return default
