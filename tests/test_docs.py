"""What README and docs/ say can be typed, and what they point at is there."""

import re
from importlib import import_module  # noqa: TID251
from pathlib import Path

import pytest

from core.__main__ import COMMANDS
from core.paths import ROOT

PAGES = [ROOT / "README.md", ROOT / "checkpoints" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
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
    assert {name.replace("_", "-") for name, _ in TYPED} == set(COMMANDS)


@pytest.mark.parametrize(("name", "arguments"), TYPED, ids=lambda part: part[:60])
def test_every_command_exists_and_takes_these_arguments(name, arguments):
    parser = import_module(f"core.{name.replace('-', '_')}").parser()
    parser.parse_args(words(arguments))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path):
    links = [link for link in re.findall(r"\]\(([^)#]+)", TEXTS[page]) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_benchmark_exists(page: Path):
    names = re.findall(r"-m benchmarks\.(\w+)", TEXTS[page])
    assert [name for name in names if not (ROOT / "benchmarks" / f"{name}.py").exists()] == []


def test_the_readme_is_short():
    assert len(TEXTS[ROOT / "README.md"].splitlines()) <= 150
