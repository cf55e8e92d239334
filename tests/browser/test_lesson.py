"""A lesson as a teacher gives it, in a real browser: arrow keys, guess and reveal, projector."""

import pytest
from playwright.sync_api import expect

from core.lessons import lesson
from core.paths import ROOT

pytestmark = pytest.mark.slow
POINT = 96 / 72  # pixels
STEPS = lesson.load(ROOT / "lessons" / "shortcuts.toml").steps


def heading(lab, number: int):
    return expect(lab.page.locator("h1")).to_have_text(STEPS[number - 1].title)


def test_arrow_keys_lead_on_and_back_and_a_shows_the_answer(lab):
    lab.open("lesson?lesson=shortcuts&step=1")
    heading(lab, 1)
    lab.page.keyboard.press("ArrowRight")
    heading(lab, 2)
    lab.settle()
    lab.page.get_by_text("The one without shortcuts", exact=True).click()
    lab.settle()
    lab.page.keyboard.press("a")
    expect(lab.page.get_by_text("You guessed “The one without shortcuts”")).to_be_visible()
    lab.settle()
    lab.page.keyboard.press("ArrowLeft")
    heading(lab, 1)
    lab.settle()
    lab.page.go_back()
    heading(lab, 2)
    assert lab.exceptions == []


def test_a_step_has_a_link_of_its_own(lab, browser):
    lab.open("lesson?lesson=shortcuts&step=5")
    heading(lab, 5)
    other = browser.new_context().new_page()
    other.goto(lab.page.url)
    expect(other.locator("h1")).to_have_text(STEPS[4].title, timeout=60_000)
    other.context.close()


def test_on_a_projector_letters_are_large_and_there_is_nothing_but_the_step(lab):
    lab.page.set_viewport_size({"width": 1280, "height": 720})
    lab.open("lesson?lesson=shortcuts&step=2&projector=1")
    heading(lab, 2)
    sizes = lab.page.locator("[data-testid=stMain] p").evaluate_all(
        "all => all.filter(e => e.offsetParent).map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    body = lab.page.get_by_text(STEPS[1].say[:30]).evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    assert body >= 20 * POINT
    assert min(sizes) >= 14 * POINT
    expect(lab.page.get_by_test_id("stSidebar")).to_be_hidden()
    lab.page.keyboard.press("ArrowRight")
    heading(lab, 3)
    assert "projector=1" in lab.page.url
    lab.settle()
    lab.page.keyboard.press("a")
    letters = lab.page.locator("[data-testid=stVegaLiteChart] svg text").first
    expect(letters).to_be_visible()
    assert letters.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 24
    lab.settle()
    lab.page.keyboard.press("Escape")
    expect(lab.page.get_by_test_id("stSidebar")).to_be_visible()
    assert lab.exceptions == []


def test_a_link_shows_one_view_alone(lab):
    lab.open("learning_curves?hide=nav,picker,controls")
    expect(lab.page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(lab.page.locator(".st-key-question")).to_have_count(0)
    lab.page.get_by_text("For the curious").click()
    expect(lab.page.locator("[data-testid=stMain] [data-testid=stButtonGroup]").first).to_be_hidden()
    assert lab.exceptions == []


def test_what_is_on_the_screen_is_shared_by_a_code(lab):
    lab.open("lesson?lesson=shortcuts&step=3")
    lab.page.get_by_role("button", name="Share").click()
    expect(lab.page.get_by_role("img", name="QR code")).to_be_visible()
    expect(lab.page.get_by_text("lesson=shortcuts&step=3")).to_be_visible()
    assert lab.exceptions == []
