"""Projector mode, and links that leave parts of the lab out."""

import json
import re
from pathlib import Path

import pytest
import streamlit
from streamlit.runtime.context import ContextProxy

from core.charts.palette import PROJECTOR, SCREEN
from core.classroom import address
from core.paths import ROOT
from tests.pages.opened import charts, linked, new_app, open_page

STREAMLITS = re.compile(r"\bst[A-Z][A-Za-z]+")  # names that Streamlit's parts bear in the browser


def visit(page: str, **link):
    app = new_app()
    for name, value in link.items():
        app.query_params[name] = value
    return open_page(app, page)


def styles(app) -> str:
    return "".join(html.proto.body for html in app.get("html"))


def letters(app) -> int:
    spec = json.loads(charts(app)[0].proto.spec)
    return spec["config"]["axis"]["labelFontSize"]


def test_on_a_projector_there_is_the_page_alone_and_it_is_large():
    app = visit("learning_curves", projector="1")
    assert "stSidebar" in styles(app)
    assert "html { font-size: 27px; }" in styles(app)
    assert not app.selectbox
    assert letters(app) == PROJECTOR.letters > SCREEN.letters
    app.button(key="projector_off").click().run()
    assert "projector" not in app.query_params
    assert app.selectbox(key="a")
    assert letters(app) == SCREEN.letters


@pytest.mark.parametrize("page", ["look_inside", "mistakes"])
def test_the_letters_of_bars_and_tables_are_large_there_too(page):
    assert letters(visit(page, projector="1")) == PROJECTOR.letters


@pytest.mark.parametrize("path", sorted((ROOT / "core" / "charts").glob("*.py")), ids=lambda path: path.stem)
def test_no_chart_has_letters_of_its_own(path):
    """On a projector it would keep them."""
    assert path.stem == "palette" or "ontSize" not in path.read_text(encoding="utf-8")


def test_what_the_browser_is_told_of_streamlits_page_is_there():
    bundle = Path(streamlit.__file__).parent / "static" / "static" / "js"
    there = {name for file in bundle.glob("*.js") for name in STREAMLITS.findall(file.read_text(encoding="utf-8"))}
    ours = [*(ROOT / "ui" / "static").glob("*.[cj]s*"), ROOT / "ui" / "screen.py"]
    for file in ours:
        named = set(STREAMLITS.findall(file.read_text(encoding="utf-8")))
        assert named
        assert named <= there


def test_the_switch_works_whatever_the_link_says():
    app = visit("depth", projector="0")
    app.button(key="projector_on").click().run()
    assert linked(app, "projector") == "1"
    assert "stSidebar" in styles(app)


def test_the_mode_holds_on_every_page():
    app = visit("depth", projector="1")
    app.query_params.clear()
    app = open_page(app, "mistakes")
    assert linked(app, "projector") == "1"
    assert app.selectbox(key="true") is not None


def test_the_switch_is_in_the_menu():
    app = visit("compare")
    app.button(key="projector_on").click().run()
    assert "html { font-size: 27px; }" in styles(app)


@pytest.mark.parametrize(
    ("hide", "menu", "picker", "controls"),
    [("nav", False, True, True), ("picker", True, False, True), ("nav,picker,controls", False, False, False)],
)
def test_a_link_leaves_parts_out(hide, menu, picker, controls):
    app = visit("learning_curves", hide=hide)
    assert ("[data-testid=stSidebar]," not in styles(app)) == menu
    assert (len([box for box in app.selectbox if box.key == "a"]) == 1) == picker
    assert ("stCheckbox" not in styles(app)) == controls


def test_what_is_unknown_hides_nothing():
    app = visit("compare", hide="everything,<script>", projector="yes")
    assert app.selectbox(key="a")
    assert "everything" not in styles(app)


def test_what_is_shared_makes_nobody_the_teacher():
    app = visit("compare", teacher="secret", me="secret", a="plain20-s0", b="resnet20-s0")
    app.session_state["share"] = True
    app.run()
    shared = app.sidebar.code[0].value
    assert "secret" not in shared
    assert "a=plain20-s0&b=resnet20-s0" in shared


def test_what_is_shared_leads_other_devices_here(monkeypatch):
    monkeypatch.setattr(ContextProxy, "url", property(lambda self: "http://localhost:8501/look_inside"))
    monkeypatch.setattr(address, "on_the_network", lambda: "192.168.1.20")
    app = visit("look_inside", source="My photo")
    app.session_state["share"] = True
    app.run()
    assert app.sidebar.code[0].value.startswith("http://192.168.1.20:8501/look_inside?")
    assert [caption.value for caption in app.sidebar.caption] == [
        "For devices on the same network as this computer.",
        "Your own photo is not part of the link.",
    ]
    monkeypatch.setattr(address, "on_the_network", lambda: None)
    assert "works on this computer alone" in app.run().sidebar.caption[0].value


def test_what_is_shared_holds_all_that_is_chosen():
    app = visit("surgery", a="plain20-s0", b="resnet20-s0", off=["5", "6"])
    app.session_state["share"] = True
    app.run()
    assert "off=5&off=6" in app.sidebar.code[0].value


def test_the_photo_that_is_shown_at_first_is_shared(monkeypatch):
    monkeypatch.setattr(ContextProxy, "url", property(lambda self: "http://localhost:8501/look_inside"))
    app = visit("look_inside")
    app.session_state["share"] = True
    app.run()
    shown = app.number_input(key="image").value
    assert f"image={shown}" in app.sidebar.code[0].value


def test_a_link_too_long_for_a_code_is_shared_as_text():
    app = visit("compare", **{f"note_{number}": "x" * 900 for number in range(4)})
    app.session_state["share"] = True
    app.run()
    assert not app.exception
    assert "too long for a QR code" in app.sidebar.caption[0].value
