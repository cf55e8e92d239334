"""What README and docs/ say can be typed, and what they point at is there."""

import inspect
import re
from dataclasses import fields
from importlib import import_module  # noqa: TID251
from pathlib import Path

import pytest

from core.__main__ import COMMANDS
from core.lessons.facts import FACTS
from core.lessons.lesson import Guess, Lesson, Step
from core.lessons.views import VIEWS
from core.paths import ROOT
from core.sharing.files import LARGEST

README, RUNS, CONTRIBUTING = ROOT / "README.md", ROOT / "checkpoints" / "README.md", ROOT / "docs" / "contributing.md"
PAGES = [README, RUNS, *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}
# Up to the end of the code, or of the indented line, where two spaces begin a remark.
COMMAND = re.compile(r"-m core[ .]([a-z][a-z_-]*)((?: ?[^\s`]+)*)")
TYPED = sorted({match.groups() for text in TEXTS.values() for match in COMMAND.finditer(text)})


def words(arguments: str) -> list[str]:
    """As one would type them: what may be left out is given, of a choice the first, a number as an option's value."""
    given = re.sub(r"[\[\]]|\.\.\.|\\\|\S*", "", arguments)
    return re.sub(r"(--\S+ )[A-Z]+\b", r"\g<1>1", given).split()


def test_there_is_something_to_look_at():
    assert len(TYPED) > 30


def test_each_command_has_its_row():
    rows = re.findall(r"^\| `python -m core ([a-z-]+)", TEXTS[ROOT / "docs" / "command-line.md"], re.MULTILINE)
    assert set(rows) == set(COMMANDS)


def test_each_page_is_in_the_readmes_table():
    shown = re.findall(r'title="([^"]+)"', (ROOT / "ui" / "frame.py").read_text(encoding="utf-8"))
    named = re.findall(r"\*\*([^*]+)\*\*", "".join(re.findall(r"^\| (\*\*.+?) \|", TEXTS[README], re.MULTILINE)))
    assert sorted(named) == sorted(shown)


def test_each_file_of_a_run_is_explained():
    assert set(re.findall(r"`([\w.]+)`", first_cells(RUNS, "file"))) == set(LARGEST)


@pytest.mark.parametrize(("head", "known"), [("view", VIEWS), ("fact", FACTS)])
def test_what_a_lesson_can_show_and_ask_is_listed(head, known):
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", table(CONTRIBUTING, head), re.MULTILINE))
    takes = {name: each if head == "view" else inspect.signature(each).parameters for name, each in known.items()}
    assert rows == {name: ", ".join(f"`{key}`" for key in keys) for name, keys in takes.items()}


@pytest.mark.parametrize(("head", "kind"), [("lesson", Lesson), ("step", Step), ("guess", Guess)])
def test_the_keys_of_a_lesson_are_listed(head, kind):
    known = {each.name for each in fields(kind)} - {"name"}  # that of its file
    assert set(re.findall(r"`\[*(\w+)\]*`", first_cells(CONTRIBUTING, f"key of (?:the|a) {head}"))) == known


def table(page: Path, head: str) -> str:
    """The rows of the table whose first column has this head."""
    found = re.search(rf"^\| {head} \|.*\n\|[-|]+\n((?:\|.*\n?)+)", TEXTS[page], re.MULTILINE)
    assert found
    return found[1]


def first_cells(page: Path, head: str) -> str:
    return "\n".join(row.split(" | ")[0] for row in table(page, head).splitlines())


@pytest.mark.parametrize(("name", "arguments"), TYPED, ids=lambda part: part[:60])
def test_every_command_exists_and_takes_these_arguments(name, arguments):
    parser = import_module(f"core.{name.replace('-', '_')}").parser()
    parser.parse_args(words(arguments))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path):
    links = [link for link in re.findall(r"\]\(([^)]+)", TEXTS[page]) if "://" not in link]
    assert [link for link in links if not leads_somewhere(page, *link.partition("#")[::2])] == []


def leads_somewhere(page: Path, file: str, heading: str) -> bool:
    target = page.parent / file if file else page
    return target.exists() and (not heading or heading in anchors(target.read_text(encoding="utf-8")))


def anchors(text: str) -> set[str]:
    """As GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_benchmark_exists(page: Path):
    names = re.findall(r"-m benchmarks\.(\w+)", TEXTS[page])
    assert [name for name in names if not (ROOT / "benchmarks" / f"{name}.py").exists()] == []


def test_the_readme_is_short():
    assert len(TEXTS[README].splitlines()) <= 150
