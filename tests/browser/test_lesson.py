"""A lesson as a teacher gives it, in a real browser: arrow keys, guess and reveal, projector."""

import re

import pytest
from playwright.sync_api import expect

from core.lessons import lesson
from core.paths import ROOT

pytestmark = pytest.mark.slow
POINT = 96 / 72  # pixels
STEPS = lesson.load(ROOT / "lessons" / "shortcuts.toml").steps
BY_KEYBOARD = 6  # steps: those after it are alike


def heading(lab, number: int):
    return expect(lab.page.locator("h1")).to_have_text(STEPS[number - 1].title)


def at(lab, number: int) -> bool:
    return f"Step {number} of" in lab.page.inner_text(".st-key-way")


def click_on(lab, key: str, done) -> None:
    """By a clicker, as often as it takes: first it scrolls to the end of a long step."""
    lab.page.evaluate("document.activeElement?.blur()")
    for _ in range(8):
        lab.page.keyboard.press(key)
        lab.page.wait_for_timeout(700)
        if done():
            return
    pytest.fail(f"{key} does not lead on")


def test_a_whole_lesson_by_keyboard(lab):
    """By Tab, Enter and arrows; every other step by the shortcuts of a teacher: arrows and A, or a clicker."""
    lab.open("lesson")
    on, reveal = (lab.page.locator(f".st-key-lesson_{name} button") for name in ("next", "reveal"))
    lab.reach(lab.page.locator(".st-key-begin_shortcuts button"))
    lab.page.keyboard.press("Enter")
    for number, step in enumerate(STEPS[:BY_KEYBOARD], start=1):
        heading(lab, number)
        lab.settle()
        by_shortcuts = number % 2
        if step.guess:
            guess = lab.page.locator("[class*=st-key-guess_]")
            lab.reach(guess.locator("button[role=radio], input").first)
            lab.page.keyboard.press("ArrowRight")  # moves in what has the focus, and not to the next step
            lab.page.keyboard.press("Enter")
            if step.guess.answers:
                expect(guess.locator("[aria-checked=true]")).to_have_text(list(step.guess.answers.values())[1])
            lab.settle()
            heading(lab, number)
            if by_shortcuts and number % 4 == 3:
                click_on(lab, "PageDown", lambda: reveal.count() == 0)
            elif by_shortcuts:
                lab.page.keyboard.press("a")
            else:
                lab.reach(reveal)
                lab.page.keyboard.press("Enter")
                expect(lab.page.locator("h1")).to_be_focused()
            expect(reveal).to_have_count(0)
            if step.guess.answers:
                expect(lab.page.get_by_role("img", name=re.compile("^(right|wrong)$")).first).to_be_visible()
            lab.settle()
        if number == 3:
            click_on(lab, "PageUp", lambda step=number - 1: at(lab, step))
            heading(lab, number - 1)
            lab.settle()
            lab.page.go_back()
            heading(lab, number)
            lab.settle()
        if by_shortcuts and number % 4 == 3:
            click_on(lab, "PageDown", lambda step=number + 1: at(lab, step))
        elif by_shortcuts:
            lab.page.keyboard.press("ArrowRight")
        else:
            lab.reach(on)
            lab.page.keyboard.press("Enter")
    heading(lab, BY_KEYBOARD + 1)
    lab.open(f"lesson?lesson=shortcuts&step={len(STEPS)}")
    lab.page.keyboard.press("ArrowRight")
    lab.settle()  # for a moment there are the titles of both pages
    expect(lab.page.locator("h1")).to_have_text("Lessons")
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
    lab.page.get_by_test_id("stVegaLiteChart").first.hover()
    lab.page.get_by_role("button", name=re.compile("^Fullscreen")).first.click()
    close = lab.page.get_by_role("button", name=re.compile("^Close fullscreen"))
    expect(close).to_be_visible()
    lab.page.keyboard.press("Escape")
    expect(close).to_have_count(0)
    lab.settle()
    expect(lab.page.get_by_test_id("stSidebar")).to_be_hidden()
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
