"""A lesson: its file read and checked, so that a mistake in it is told by file, step and what is wrong."""

import inspect
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.data.cifar10 import TEST_IMAGES
from core.errors import LabError, RunError
from core.files import entries
from core.jobs.races.pairs import RACES
from core.lessons.facts import FACTS, Fact
from core.lessons.views import REQUIREMENTS, VIEWS
from core.paths import lessons_dir
from core.runs.library import NAME, find_run
from core.runs.run import Run

PAIR = {"a": Run, "b": Run}
FEWEST_ANSWERS, MOST_ANSWERS, MOST_STEPS, LONGEST_TEXT = 2, 4, 40, 600
FARTHEST = 1_000_000  # from zero, that a slider for a guess may begin or end


@dataclass(frozen=True)
class Call:
    """A view or a fact by its name, with its parameters as the file has them."""

    name: str
    parameters: dict[str, str | int]


@dataclass(frozen=True)
class Guess:
    """A question before the answer. Offers `answers`, {key: words}, or a number between `low` and `high`."""

    ask: str
    fact: Call
    answers: dict[str, str] = field(default_factory=dict)
    low: float = 0.0
    high: float = 100.0
    unit: str = ""


@dataclass(frozen=True)
class Step:
    """One screen. `show`: from the start; `reveal`: once the answer is asked for, in its place. `why`: the reason, with
    the finding. `note`, `mistake`: for the teacher: what to say, and what people may answer wrongly and why."""

    title: str
    say: str
    minutes: float
    show: Call | None = None
    guess: Guess | None = None
    reveal: Call | None = None
    why: str = ""
    note: str = ""
    mistake: str = ""


@dataclass(frozen=True)
class Lesson:
    name: str  # of its file
    title: str
    about: str
    aims: list[str]
    steps: list[Step]
    offline: str  # what to try where there is no network

    @property
    def minutes(self) -> float:
        return sum(step.minutes for step in self.steps)


def list_lessons() -> tuple[dict[str, Lesson], list[str]]:
    """All lessons by name, and a sentence for each file that has a mistake, or for their folder."""
    lessons, problems = {}, []
    try:
        files = lesson_files(lessons_dir())
    except RunError as error:
        return {}, [str(error)]
    for path in files:
        try:
            lessons[path.stem] = load(path)
        except LabError as error:
            problems.append(str(error))
    return lessons, problems


def lesson_files(folder: Path) -> list[Path]:
    """In the order of their names; without hidden ones, which editors and systems put beside those of a teacher. Raises
    RunError where nobody may look."""
    return sorted(path for path in entries(folder) if path.match("[!.]*.toml"))


def version() -> list[tuple]:
    """Another whenever what `list_lessons` reads is another, so it can key a cache."""
    try:
        return [(str(path), *_last_changes(path)) for path in lesson_files(lessons_dir())]
    except RunError as error:
        return [(str(error),)]


def _last_changes(path: Path) -> tuple[int, ...]:
    """Of what it holds, and of who may read it."""
    try:
        at = path.stat()
    except OSError:  # a link that leads nowhere, or a folder in which nobody may look
        return ()
    return at.st_mtime_ns, at.st_ctime_ns


def load(path: Path) -> Lesson:
    """Raises LabError that names the file, the step and what is wrong."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows's editors put a mark before UTF-8
    except OSError as error:
        raise LabError(f"{path.name} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise LabError(f"{path.name} is not written in UTF-8; save it anew with that encoding.") from None
    except (ValueError, RecursionError) as error:  # of TOML, of a number with thousands of digits, of lists in lists
        raise LabError(f"{path.name} is not valid TOML: {error}.") from None
    try:
        if not NAME.fullmatch(path.stem):
            raise LabError("its name must be made of letters, digits, dots, dashes and underscores.")
        return _lesson(path.stem, table)
    except LabError as error:
        raise LabError(f"{path.name}: {error}") from None


def first_pair(lesson: Lesson) -> tuple[Run, Run] | None:
    """The first two networks that a view of it shows side by side, if one does. Raises RunError where one is gone."""
    views = (view for step in lesson.steps for view in (step.show, step.reveal) if view)
    for view in views:
        if PAIR.items() <= VIEWS[view.name].items():
            runs = arguments(view, VIEWS[view.name])
            return runs["a"], runs["b"]
    return None


def compute(call: Call) -> Fact:
    """The fact that a lesson asks for. Raises LabError where a run is missing or damaged."""
    fact = FACTS[call.name]
    return fact(**arguments(call, _parameters_of(fact)))


def arguments(call: Call, kinds: dict[str, type]) -> dict[str, Any]:
    """The parameters with runs in place of their names."""
    return {name: find_run(str(value)) if kinds[name] is Run else value for name, value in call.parameters.items()}


def _lesson(name: str, table: dict) -> Lesson:
    _only(table, {"title", "about", "aims", "offline", "steps"})
    steps = table.get("steps")
    if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
        raise LabError(f"it needs 1 to {MOST_STEPS} steps, each headed [[steps]].")
    aims = table.get("aims", [])
    if not isinstance(aims, list) or not all(isinstance(aim, str) for aim in aims):
        raise LabError("aims must be a list of sentences.")
    checked = []
    for number, step in enumerate(steps, start=1):
        try:
            checked.append(_step(step))
        except LabError as error:
            raise LabError(f"step {number}: {error}") from None
    texts = {key: _text(table, key, required=key == "title") for key in ("title", "about", "offline")}
    return Lesson(name, aims=aims, steps=checked, **texts)


def _step(table: dict) -> Step:
    _only(table, {"title", "say", "minutes", "show", "guess", "reveal", "why", "note", "mistake"})
    minutes = table.get("minutes", 1)
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes <= 120:
        raise LabError("minutes must be a number above 0 and at most 120.")
    guess = _guess(table["guess"]) if "guess" in table else None
    if "reveal" in table and guess is None:
        raise LabError("there is something to reveal, and no guess before it.")
    return Step(
        title=_text(table, "title"),
        say=_text(table, "say"),
        minutes=minutes,
        show=_view(table, "show"),
        guess=guess,
        reveal=_view(table, "reveal"),
        **{key: _text(table, key, required=False) for key in ("why", "note", "mistake")},
    )


def _view(table: dict, key: str) -> Call | None:
    if key not in table:
        return None
    named = _table(table[key], key)
    name = _text(named, "view")
    if name not in VIEWS:
        raise LabError(f"{key}: there is no view {name!r}. Known: {', '.join(VIEWS)}.")
    call = _call(name, {k: v for k, v in named.items() if k != "view"}, VIEWS[name], f"{key} ({name})")
    try:
        if name in REQUIREMENTS:
            REQUIREMENTS[name](**arguments(call, VIEWS[name]))
    except LabError as error:
        raise LabError(f"{key} ({name}): {error}") from None
    return call


def _guess(table: Any) -> Guess:
    table = _table(table, "guess")
    name = _text(table, "fact")
    if name not in FACTS:
        raise LabError(f"guess: there is no fact {name!r}. Known: {', '.join(FACTS)}.")
    kinds = _parameters_of(FACTS[name])
    fact = _call(name, {k: table[k] for k in kinds if k in table}, kinds, f"guess ({name})")
    _only(table, {"ask", "fact", "answers", "low", "high", "unit", *kinds})
    ask = _text(table, "ask")
    right = compute(fact).right
    if isinstance(right, str):
        return Guess(ask, fact, answers=_answers(table, right))
    low, high = table.get("low", 0), table.get("high", 100)
    moderate = all(
        isinstance(end, int | float) and not isinstance(end, bool) and abs(end) <= FARTHEST for end in (low, high)
    )
    if not moderate or not low < high:
        raise LabError(f"guess: low and high must be numbers from {-FARTHEST:,} to {FARTHEST:,}, low the smaller.")
    if not low <= right <= high:
        raise LabError(f"guess: the right answer is not between low ({low}) and high ({high}).")
    return Guess(ask, fact, low=float(low), high=float(high), unit=_text(table, "unit", required=False))


def _answers(table: dict, right: str) -> dict[str, str]:
    answers = _table(table.get("answers"), "answers")
    if not FEWEST_ANSWERS <= len(answers) <= MOST_ANSWERS:
        raise LabError(f"guess: it needs {FEWEST_ANSWERS} to {MOST_ANSWERS} answers.")
    for key in answers:
        _text(answers, key)
    if right not in answers:
        raise LabError(f"guess: the right answer, as the runs have it, is {right!r}, and is not among the answers.")
    return dict(answers)


def _call(name: str, given: dict, kinds: dict[str, type], where: str) -> Call:
    if missing := kinds.keys() - given.keys():
        raise LabError(f"{where}: {' and '.join(sorted(missing))} {'is' if len(missing) == 1 else 'are'} missing.")
    _only(given, set(kinds))
    for key, value in given.items():
        _check_parameter(key, value, kinds[key], where)
    return Call(name, dict(given))


def _check_parameter(key: str, value: Any, kind: type, where: str) -> None:
    if kind is int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < TEST_IMAGES:
            raise LabError(f"{where}: {key} must be a whole number from 0 to {TEST_IMAGES - 1}.")
    elif not isinstance(value, str):
        raise LabError(f"{where}: {key} must be a name in quotes.")
    elif kind is Run:
        if not NAME.fullmatch(value):
            raise LabError(f"{where}: {key} is not the name of a run.")
        try:
            if not find_run(value).finished:
                raise LabError(f"{where}: {key}: {value} is not finished.")
        except RunError:
            raise LabError(f"{where}: there is no run {value!r} here.") from None
    elif key == "race" and value not in RACES:
        raise LabError(f"{where}: there is no race {value!r}. Known: {', '.join(RACES)}.")


def _parameters_of(function: Callable) -> dict[str, type]:
    return {name: each.annotation for name, each in inspect.signature(function).parameters.items()}


def _table(value: Any, key: str) -> dict:
    if not isinstance(value, dict):
        raise LabError(f"{key} must be a table.")
    return value


def _text(table: dict, key: str, required: bool = True) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise LabError(f"{key} must be a text of at most {LONGEST_TEXT} letters.")
    if required and not value.strip():
        raise LabError(f"{key} is missing.")
    return " ".join(value.split())


def _only(table: dict, known: set[str]) -> None:
    if not isinstance(table, dict):
        raise LabError("it must be a table.")
    if unknown := sorted(set(table) - known):
        verb = "is" if len(unknown) == 1 else "are"
        raise LabError(f"{' and '.join(map(repr, unknown))} {verb} not known here. Known: {', '.join(sorted(known))}.")
