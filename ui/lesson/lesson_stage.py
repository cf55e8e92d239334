"""A lesson on the screen: its steps one by one, each with a guess before the answer."""

import threading
from contextlib import suppress

import streamlit as st

from core.errors import LabError
from core.lessons import class_question
from core.lessons import lesson as lessons_of
from core.lessons.facts import Fact
from core.lessons.guide import guide
from core.lessons.lesson import Call, Guess, Lesson, Step
from core.lessons.views import VIEWS
from core.runs.run import Run
from core.words import capitalized
from core.words.play import lesson as lesson_words
from ui import cached, link, screen
from ui.classroom import class_link
from ui.foreign_text import emphasized, plain
from ui.fragment import errors_shown
from ui.lesson import lesson_class, lesson_views
from ui.pair import take_home
from ui.pair.runs import finished_runs
from ui.pictures import photos
from ui.pictures.picture_source import OWN_PHOTO

CLOSE = 5.0  # how far off a guess may be to be called close, in its unit


def show() -> None:
    class_link.hide_token()
    lessons, problems = _lessons(lessons_of.version(), finished_runs())
    name = st.query_params.get("lesson", "")
    if name in lessons and st.query_params.pop("begin", ""):
        _begin(lessons[name])
    if name in lessons:
        _show(lessons[name])
        return
    st.title("Lessons")
    if done := lessons.get(st.session_state.get("_lesson_done", "")):
        _show_end(done)
    if name:
        st.warning("There is no such lesson here. These are the lessons that we have.", icon=":material/link_off:")
    if not lessons and not problems:
        st.info("There are no lessons here: the folder that `RESNET_LAB_LESSONS` names has none.")
    lesson_class.show_room()
    for column, one in zip(st.columns(max(2, len(lessons))), lessons.values(), strict=False):
        with column, st.container(border=True, key=f"lesson_{one.name}", height="stretch"):
            _show_card(one)
    for problem in problems:
        st.warning(plain(problem), icon=":material/report:")


def _show_end(lesson: Lesson) -> None:
    aims = "".join(f"\n- {emphasized(aim)}" for aim in lesson.aims)
    st.success(f"**That was “{plain(lesson.title)}”.** Now you should be able to:\n{aims}", icon=":material/school:")
    with st.container(horizontal=True):
        st.page_link("../pages/play.py", label="Can you beat them?", icon=":material/sports_esports:")
        st.page_link(
            "../pages/look_inside.py",
            label="Try your own photo",
            icon=":material/photo_camera:",
            query_params=OWN_PHOTO,
        )


@st.cache_resource(max_entries=4, hash_funcs=cached.RUN_KEY, show_spinner=False)
def _lessons(version: list[tuple], runs: list[Run]) -> tuple[dict[str, Lesson], list[str]]:
    """As `lesson.list_lessons`: read anew where a file has changed, or the runs by which they are checked."""
    return lessons_of.list_lessons()


@st.cache_data(max_entries=256, hash_funcs=cached.RUN_KEY, show_spinner=False)
def _fact(call: Call, runs: list[Run]) -> Fact:
    """What a lesson asks for; `runs`: all that it may read, as some facts are of all trainings of a recipe."""
    return lessons_of.compute(call)


@st.cache_data(max_entries=32, hash_funcs=cached.RUN_KEY, show_spinner=False)
def _guide(lesson: Lesson, runs: list[Run]) -> str:
    return guide(lesson, emphasized)


def _show_card(lesson: Lesson) -> None:
    st.header(plain(lesson.title), anchor=False)
    st.markdown(emphasized(lesson.about))
    st.markdown(f":material/schedule: About {lesson.minutes:.0f} minutes, {len(lesson.steps)} steps.")
    with st.container(horizontal=True):
        if st.button("Begin", key=f"begin_{lesson.name}", type="primary", icon=":material/play_arrow:"):
            _begin(lesson)
            st.rerun()
        take_home.offer_lesson(lesson)
    with st.expander("For the teacher", icon=":material/school:"), errors_shown():
        st.markdown(_guide(lesson, finished_runs()))


def _show(lesson: Lesson) -> None:
    number = _step_number(lesson)
    step = lesson.steps[number - 1]
    _show_navigation(lesson, number)
    st.title(plain(step.title))
    key = (lesson.name, number)
    revealed = _is_revealed(key)
    if not revealed:
        st.markdown(emphasized(step.say))
    view = step.reveal if revealed and step.reveal else step.show
    with errors_shown():
        if revealed and step.guess:
            _show_outcome(step.guess, key)
        if view:
            lesson_views.show(view)
        if step.why and (revealed or not step.guess):
            st.markdown(emphasized(step.why))
        if step.guess and not revealed:
            _ask(step, step.guess, key)
    if not screen.projector() and (step.note or step.mistake):
        with st.popover("For the teacher", icon=":material/school:", help="What to say, and what to expect."):
            st.markdown(f"{step.minutes:g} min. {emphasized(step.note)}")
            if step.mistake:
                st.markdown(f"Possible wrong answer: {emphasized(step.mistake)}")
    _prepare(lesson.steps[number : number + 1])


def _is_revealed(key: tuple[str, int]) -> bool:
    """Here, or on the screen where the class voted on it."""
    return key in st.session_state.get("_guesses", {}) or lesson_class.has_revealed(key)


def _step_number(lesson: Lesson) -> int:
    number = min(max(link.number("step") or 1, 1), len(lesson.steps))
    link.write(step=str(number))
    return number


def _begin(lesson: Lesson) -> None:
    """Perhaps for the next class: what the one before guessed and saw is forgotten."""
    guesses = st.session_state.get("_guesses", {})
    st.session_state["_guesses"] = {key: guess for key, guess in guesses.items() if key[0] != lesson.name}
    lesson_views.forget_race()
    lesson_class.begin(lesson.name)
    _go(lesson, 1)


def _go(lesson: Lesson, number: int) -> None:
    st.session_state.pop("_lesson_done", None)
    st.query_params.update(lesson=lesson.name, step=str(number), **class_link.link_to_led_room())


def _show_navigation(lesson: Lesson, number: int) -> None:
    """Back, how far one is, and on: at the same place on every step, so that nobody has to look for them."""
    last = number == len(lesson.steps)
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key="way"):
        st.button(
            "Back",
            key="lesson_back",
            icon=":material/arrow_back:",
            shortcut="Left",
            disabled=number == 1,
            on_click=_go,
            args=(lesson, number - 1),
        )
        minutes = f"{lesson.steps[number - 1].minutes:g} min"
        place = f"{plain(lesson.title)} · Step {number} of {len(lesson.steps)} · {minutes}"
        st.progress(number / len(lesson.steps), place)
        st.button(
            "The end" if last else "Next",
            key="lesson_next",
            icon=":material/arrow_forward:",
            icon_position="right",
            shortcut="Right",
            type="primary",
            on_click=_leave if last else _go,
            args=(lesson,) if last else (lesson, number + 1),
        )


def _leave(lesson: Lesson) -> None:
    st.session_state["_lesson_done"] = lesson.name
    for key in ("lesson", "step"):
        st.query_params.pop(key, None)


def _ask(step: Step, guess: Guess, key: tuple[str, int]) -> None:
    """The question, what one can answer, and the button that reveals; the guess is kept until then."""
    st.markdown(f"## {emphasized(guess.ask)}")
    name = f"guess_{key[0]}_{key[1]}"
    untouched = None if guess.answers else (guess.low + guess.high) / 2
    if guess.answers:
        st.pills(
            "Your guess",
            list(guess.answers),
            key=name,
            format_func=lambda answer: plain(guess.answers[answer]),
            label_visibility="collapsed",
        )
    else:
        unit = f"%g {guess.unit.replace('%', '%%')}"
        st.slider("Your guess", guess.low, guess.high, untouched, 1.0, key=name, format=unit)
    with st.container(horizontal=True, key="guessing"):
        st.button(
            "Reveal",
            key="lesson_reveal",
            type="primary",
            icon=":material/visibility:",
            shortcut="A",  # Enter presses again what was clicked last, a guess
            on_click=_reveal,
            args=(key, name, untouched),
        )
        if st.button("Let the class guess", key="class_guess", icon=":material/groups:", help="On their phones."):
            right = _fact(guess.fact, finished_runs()).right
            lesson_class.ask(class_question.of_step(*key, step, right))


def _reveal(key: tuple[str, int], widget: str, untouched: float | None) -> None:
    """What the widget says by now: a last change comes with the click. `untouched`: what it says where nobody has
    guessed, which counts as no guess, as it does where nothing was picked."""
    said = st.session_state.get(widget)
    st.session_state.setdefault("_guesses", {})[key] = None if said == untouched else said
    lesson_class.reveal(key)


def _show_outcome(guess: Guess, key: tuple[str, int]) -> None:
    fact = _fact(guess.fact, finished_runs())
    given = st.session_state.get("_guesses", {}).get(key)
    st.markdown(f"## {_judged(guess, given, fact.right)}{plain(capitalized(fact.finding))}")


def _judged(guess: Guess, given: str | float | None, right: str | float) -> str:
    """What came of the guess, in a few words."""
    if given is None:
        return ""
    if isinstance(right, str):
        words = lesson_words.guessed_answer(plain(guess.answers.get(str(given), "")))
        return f"{photos.mark(given == right)} {words} "
    off = abs(float(given) - right)
    close = off <= CLOSE
    return f"{photos.mark(close)} {lesson_words.guessed_number(float(given), off, close)} "


def _runs(call: Call, kinds: dict[str, type]) -> list[Run]:
    """The runs that a view with these `kinds` of parameters shows."""
    given = lessons_of.arguments(call, kinds)
    return [value for value in given.values() if isinstance(value, Run)]


def _prepare(steps: list[Step]) -> None:
    """Read what the next step needs while this one is looked at."""
    runs = finished_runs()

    def read() -> None:
        for step in steps:
            with suppress(LabError):
                if step.guess:
                    _fact(step.guess.fact, runs)
                for view in (step.show, step.reveal):
                    for run in _runs(view, VIEWS[view.name]) if view else []:
                        cached.accuracy(run), cached.history(run)

    threading.Thread(target=read, daemon=True).start()
