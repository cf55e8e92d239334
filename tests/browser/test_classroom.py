"""A class in a real browser: a teacher's screen and three phones."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from core.data.cifar10 import CLASSES

pytestmark = pytest.mark.slow
PHONE = {"width": 390, "height": 844}
SECONDS = 90_000


@pytest.fixture
def new_phone(browser, app):
    """new_phone(code): one that has followed the QR code's link; closed afterwards."""
    contexts = []

    def open_phone(code: str) -> Page:
        contexts.append(browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True))
        contexts[-1].set_default_timeout(SECONDS)
        page = contexts[-1].new_page()
        page.goto(f"{app.url}/classroom?room={code}")
        return page

    yield open_phone
    for context in contexts:
        context.close()


def open_room(lab) -> str:
    lab.open("classroom")
    lab.page.get_by_role("button", name="Open a room").click()
    expect(lab.page.get_by_role("img", name="A QR code")).to_be_visible()
    code = lab.page.locator(".class-code").inner_text()
    assert re.fullmatch("[A-Z]{4}", code)
    return code


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def answer(phone: Page, name: str):
    return phone.locator(".st-key-ballot").get_by_role("button", name=name, exact=True)


def test_three_phones_and_a_teacher_play_a_whole_game(lab, new_phone):
    code = open_room(lab)
    phones = [new_phone(code) for _ in range(3)]
    for phone in phones:
        expect(phone.get_by_text("You are in")).to_be_visible()
    expect(lab.page.get_by_text("3 joined")).to_be_visible()
    lab.page.get_by_role("button", name="Start").click()
    for number in range(3):  # of ten; the rest is alike
        for phone, name in zip(phones, ("cat", "cat", CLASSES[number]), strict=True):
            answer(phone, name).click()
            expect(phone.get_by_text("You chose")).to_be_visible()
        if number == 0:
            assert_all_fits(phones[0])
            answer(phones[0], "dog").click()
            expect(phones[0].get_by_text("You chose “dog”")).to_be_visible()
        expect(lab.page.get_by_text("3 of 3 have voted: all")).to_be_visible()
        lab.page.get_by_role("button", name="Reveal").click()
        expect(lab.page.locator("h1")).to_contain_text("It is a")
        chart = lab.page.locator("[data-testid=stVegaLiteChart]").locator("svg, canvas")
        expect(chart).to_be_visible()
        if number == 0:  # though the screen polls, the chart is not drawn anew, which would flicker
            chart.evaluate("chart => { chart.dataset.kept = 'yes' }")
            lab.page.wait_for_timeout(2_500)
            expect(chart).to_have_attribute("data-kept", "yes")
        for phone in phones:
            expect(phone.locator("h1")).to_contain_text(re.compile("Right!|Not this time"))
            expect(phone.locator(".st-key-ballot")).to_have_count(0)
        lab.page.get_by_role("button", name="End" if number == 2 else "Next").click()
    expect(lab.page.locator("[data-testid=stMetric]")).to_have_count(4)
    for phone in phones:
        expect(phone.locator("h1")).to_contain_text("of 3")
    assert lab.exceptions == []
    lab.page.get_by_role("button", name="Close the room").click()
    for phone in phones:
        expect(phone.get_by_text("This room is no longer open")).to_be_visible()
    expect(lab.page.get_by_role("button", name="Open a room")).to_be_visible()


def assert_all_fits(phone: Page) -> None:
    buttons = phone.locator(".st-key-ballot button")
    assert buttons.count() == 10
    boxes = [button.bounding_box() for button in buttons.all()]
    assert max(box["y"] + box["height"] for box in boxes) <= PHONE["height"]
    assert min(box["height"] for box in boxes) >= 44  # what a thumb hits
    assert len({box["x"] for box in boxes}) == 2
    assert phone.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_a_class_answers_a_lesson_and_stays_for_the_next(lab, new_phone):
    lab.open("lesson?lesson=shortcuts&step=1")
    guess = lab.page.get_by_role("button", name="Let the class guess")
    guess.click()
    expect(lab.page.get_by_role("img", name="A QR code")).to_be_visible()
    phones = [new_phone(lab.page.locator(".class-code").inner_text()) for _ in range(2)]
    expect(lab.page.get_by_text("2 joined")).to_be_visible()
    lab.page.get_by_role("button", name="Start").click()
    for screen in (lab.page, *phones):
        expect(screen.get_by_role("img", name="The photo that the question is about")).to_be_visible()
    expect(lab.page.get_by_text("This photo is new to it.")).to_be_visible()
    answer(phones[0], "horse").focus()
    phones[0].keyboard.press("Enter")
    expect(phones[0].get_by_text("You chose “horse”")).to_be_visible()
    expect(answer(phones[0], "horse")).to_be_focused()
    lab.page.get_by_role("button", name="Reveal").click()
    expect(phones[0].get_by_role("alert")).to_have_text("Right. Horse")
    lab.page.get_by_role("button", name="Back to the lesson").click()
    expect(lab.page.get_by_text("says horse, and is right")).to_be_visible()
    lab.page.wait_for_url("**teacher=1**")
    lab.page.reload()
    expect(lab.page.get_by_text("says horse, and is right")).to_be_visible()
    lab.page.get_by_role("button", name="Next").click()
    guess.click()
    for phone in phones:  # at once, and without joining again
        answer(phone, "The one with shortcuts").click()
        expect(phone.get_by_text("You chose")).to_be_visible()
    lab.page.get_by_role("button", name="Reveal").click()
    expect(phones[0].get_by_text("2 of 2")).to_be_visible()
    expect(phones[1].get_by_text("1 of 2")).to_be_visible()
    lab.page.get_by_role("button", name="See the scores").click()
    lab.page.get_by_role("button", name="Close the room").click()
    for phone in phones:
        expect(phone.get_by_text("This room is no longer open")).to_be_visible()
    assert lab.exceptions == []


def test_who_comes_back_is_known_and_a_stranger_is_not(lab, new_phone):
    code = open_room(lab)
    phone = new_phone(code)
    expect(phone.get_by_text("You are in")).to_be_visible()
    phone.wait_for_url("**me=**")
    phone.wait_for_function("document.cookie.includes('resnet_lab_class')")  # by which it is known again
    name, me = phone.locator("h1").inner_text(), query(phone)["me"]
    phone.goto(f"{lab.url}/classroom?room={code}")  # scans the code again
    expect(phone.locator("h1")).to_have_text(name)
    phone.wait_for_url("**me=**")
    assert query(phone)["me"] == me
    lab.page.get_by_role("button", name="Start").click()
    answer(phone, "frog").click()
    expect(lab.page.get_by_text("1 of 1 has voted")).to_be_visible()
    phone.reload()
    expect(phone.get_by_text("You chose “frog”")).to_be_visible()
    lab.page.reload()
    expect(lab.page.get_by_role("button", name="Reveal")).to_be_visible()
    assert query(lab.page) == {"room": [code], "teacher": ["1"]}
    stranger = new_phone(f"{code}&teacher=1")  # from the wall
    expect(stranger.get_by_text("does not lead to the teacher's screen")).to_be_visible()
    expect(stranger.get_by_role("button", name="Reveal")).to_have_count(0)
    stranger.get_by_role("textbox").fill(f"{code[:2]} {code[2:].lower()}")
    lab.page.get_by_role("button", name="Close the door").click()
    expect(lab.page.get_by_text("The door is closed")).to_be_visible()
    stranger.get_by_role("button", name="Join with a code").click()
    expect(stranger.get_by_text("The door is closed: no new phone can join.")).to_be_visible()
    phone.reload()
    expect(phone.get_by_text("You chose “frog”")).to_be_visible()
    lab.page.get_by_role("button", name="Open the door").click()
    expect(lab.page.get_by_text("Late? Join")).to_be_visible()
    stranger.reload()
    expect(stranger.locator(".st-key-ballot button")).to_have_count(10)
    lab.page.get_by_role("button", name="End").click()
    expect(stranger.locator("h1")).to_have_text("The game is over")
    lab.page.get_by_role("button", name="Close the room").click()
    expect(stranger.get_by_text("no longer open")).to_be_visible()


def test_the_teachers_screen_needs_no_scrolling(lab, new_phone):
    code = open_room(lab)
    phone = new_phone(code)
    expect(phone.get_by_text("You are in")).to_be_visible()
    expect(lab.page.get_by_text("1 joined")).to_be_visible()
    assert_in_sight(lab, lab.page.get_by_role("button", name="Start"), lab.page.get_by_role("img", name="A QR code"))
    lab.page.get_by_role("button", name="Start").click()
    expect(lab.page.get_by_text("0 of 1 have voted")).to_be_visible()
    reveal = lab.page.get_by_role("button", name="Reveal")
    assert_in_sight(lab, lab.page.get_by_role("img", name="The photo to name"), reveal)
    lab.page.get_by_role("button", name="Reveal").click()
    chart = lab.page.locator("[data-testid=stVegaLiteChart]")
    expect(chart.locator("svg, canvas")).to_be_visible()
    assert_in_sight(lab, chart)
    lab.page.get_by_role("button", name="End").click()
    lab.page.get_by_role("button", name="Close the room").click()
    expect(lab.page.get_by_role("button", name="Open a room")).to_be_visible()


def assert_in_sight(lab, *parts: Locator) -> None:
    for width, height in ((1440, 900), (960, 600)):
        lab.page.set_viewport_size({"width": width, "height": height})
        lab.page.wait_for_timeout(500)  # the browser alone draws anew
        for part in parts:
            box = part.bounding_box()
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= height
            assert box["x"] + box["width"] <= width
