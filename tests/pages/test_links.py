"""Links as people type them: no value of any parameter makes a page fail."""

import re
from itertools import cycle
from urllib.parse import parse_qsl

import pytest
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest

from benchmarks.running_app import PAGES as HEADINGS
from core.data.distortions import SLIDERS
from core.paths import ROOT
from tests.pages.opened import new_app, open_page, said
from ui import link
from ui.classroom import class_link

PAGES = sorted(page.stem for page in (ROOT / "pages").glob("*.py"))
SOURCES = [path.read_text(encoding="utf-8") for folder in ("pages", "ui") for path in (ROOT / folder).rglob("*.py")]
BOUND = re.compile(r'key="(\w+)",\s*bind="query-params"')
READ = re.compile(r'(?:st\.query_params(?:\.get\(|\[)|link\.number\()"(\w+)"')
NAMED_ELSEWHERE = {"a", "b", "admin", *class_link.WHOSE, *(f"shake_{name}" for name in SLIDERS)}
FOUND = {name for source in SOURCES for pattern in (BOUND, READ) for name in pattern.findall(source)}
PARAMETERS = sorted(FOUND | NAMED_ELSEWHERE)
LEADS_ON = {"start": {"a", "b"}, "train": {"race"}}  # to another page
FRAME = (ROOT / "ui" / "frame.py").read_text(encoding="utf-8")
ICONS = dict(re.findall(r'pages/(\w+)\.py", title="[^"]+", icon="([^"]+)"', FRAME))
# Who has played, cut or trained something there is led on: the tests of these pages see to it.
FIRST_TO_BE_USED = {"lesson", "race", "play", "classroom", "surgery", "train"}
OF_NO_PAIR = {"depth", "architectures", "train"}
OF_A_PHOTO = "Look inside"
ALL_SORTS = ["-1", "<b>x</b>", "a,b", "٣", "%00", "x" * link.LONGEST]
NO_VALUES = ["", " ", "Infinity", "1e400", "nan"]


def test_the_parameters_are_found():
    assert {"who", "measure", "image", "off", "lesson", "step", "seed", "race", "projector"} <= FOUND


@pytest.mark.parametrize(
    ("value", "unusable"),
    [*((value, True) for value in (*NO_VALUES, "x" * (link.LONGEST + 1))), ("0", False), ("x", False)],
)
def test_what_no_widget_can_take_is_known(value, unusable):
    assert link._is_unusable(value) == unusable


def test_what_no_widget_can_take_is_left_out_of_the_link():
    app = visit("look_inside", cycle(NO_VALUES))
    assert not set(app.query_params) & set(PARAMETERS) - {"a", "b", "image"}  # which the page itself writes


def test_a_link_is_repaired_at_once_however_much_it_holds(monkeypatch):
    sent, change = [], QueryParams._send_query_param_msg
    monkeypatch.setattr(QueryParams, "_send_query_param_msg", lambda params: sent.append(params) or change(params))
    app = AppTest.from_string("from ui import link; link.repair()")
    for number in range(2 * link.MOST):
        app.query_params[f"p{number}"] = "" if number % 2 else ["1", "2"]
    app.query_params["p0"] = "x" * 519_000
    sent.clear()
    app.run()
    assert len(sent) == 1
    assert app.query_params == {f"p{number}": ["1", "2"] for number in range(2, link.MOST, 2)}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("turn", [0, pytest.param(2, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)])
def test_no_value_makes_a_page_fail(page, turn):
    """In turn, each parameter has three of them."""
    visit(page, cycle(ALL_SORTS[turn:] + ALL_SORTS[:turn]))


def visit(page, values):
    app = new_app()
    for name, value in zip(PARAMETERS, values, strict=False):
        if name not in LEADS_ON.get(page, ()):
            app.query_params[name] = value
    app = open_page(app, page)
    assert HEADINGS[page][1] in said(app, "title", "header")
    return app


@pytest.mark.parametrize("page", sorted(set(PAGES) - FIRST_TO_BE_USED))
def test_each_page_leads_on_to_another_with_the_pair_that_it_compares(page):
    app = open_page(new_app(), page)
    folded = [link.proto for fold in app.expander for link in fold.get("page_link")]
    links = [link.proto for link in app.main.get("page_link")]
    onward = [link for link in links if link.label != OF_A_PHOTO and link not in folded]
    assert onward
    for link_on in onward:
        assert link_on.label
        assert link_on.page != page
        assert link_on.icon == ICONS[link_on.page]
        if "a" in app.query_params and link_on.page not in OF_NO_PAIR:
            assert {"a", "b"} <= dict(parse_qsl(link_on.query_string)).keys()
