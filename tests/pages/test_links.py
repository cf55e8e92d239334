"""Links as people type them: no value of any parameter makes a page fail."""

import re
from itertools import cycle

import pytest

from core.paths import ROOT
from tests.pages.opened import new_app, open_page

PAGES = sorted(page.stem for page in (ROOT / "pages").glob("*.py"))
SOURCES = [path.read_text(encoding="utf-8") for room in ("pages", "ui") for path in (ROOT / room).glob("*.py")]
BOUND = re.compile(r'key="(\w+)",\s*bind="query-params"')
READ = re.compile(r'st\.query_params(?:\.get\(|\[)"(\w+)"')
PARAMETERS = sorted({name for source in SOURCES for pattern in (BOUND, READ) for name in pattern.findall(source)})


def test_the_parameters_are_found():
    assert {"who", "measure", "image", "off", "lesson", "step", "seed", "race", "host", "projector"} <= set(PARAMETERS)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "values",
    [[""], ["Infinity"], ["-1", "<b>x</b>", "a,b", "1e400", "٣", "nan", "%00", "x" * 5_000]],
    ids=["empty", "endless", "all sorts"],
)
def test_no_value_makes_a_page_fail(page, values):
    app = new_app()
    for name, value in zip(PARAMETERS, cycle(values)):
        app.query_params[name] = value
    open_page(app, page)
