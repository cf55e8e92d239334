"""What visitors from other computers, with other browsers and habits, meet in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from benchmarks.running_app import IDLE, PAGES, run_app
from core.classroom import address
from tests.required import skip_unless_required

pytestmark = pytest.mark.slow
# As a browser's translation does: a font element in a font element in the place of each text.
TRANSLATE = """() => {
    const all = document.createTreeWalker(document.querySelector('[data-testid=stMain]'), NodeFilter.SHOW_TEXT);
    const texts = [];
    while (all.nextNode()) texts.push(all.currentNode);
    for (const text of texts) {
        if (!text.data.trim() || text.parentElement.closest('script, style, svg, [translate=no]')) continue;
        const [outer, inner] = [document.createElement('font'), document.createElement('font')];
        inner.textContent = '~' + text.data;
        outer.append(inner);
        text.replaceWith(outer);
    }
}"""


def test_another_computer_may_look_and_with_the_printed_link_change_things(browser, tmp_path):
    """Seen from this machine's address in its network, it is another computer."""
    network = address.on_the_network()
    if not network:
        skip_unless_required("This machine is in no network: it has no address from which it looks like another one.")
    with run_app(tmp_path, address="0.0.0.0") as app:
        context = browser.new_context()
        page = context.new_page()
        url = app.url.replace("127.0.0.1", network)
        start = page.locator(".st-key-start button")

        def visit(link: str) -> None:
            page.goto(link)
            expect(page.locator("h1")).to_have_text("Train networks")
            page.wait_for_selector(IDLE)

        visit(f"{url}/train")
        expect(page.get_by_text("You may look and play")).to_be_visible()
        expect(start).to_have_count(0)
        token = re.search(r"admin=[\w-]+", app.log.read_text())[0]
        visit(f"{url}/train?{token}")
        expect(start).to_be_visible()
        assert "admin" not in page.url
        page.get_by_role("link", name="Which is better?").click()
        page.get_by_role("link", name="Train networks").click()
        expect(start).to_be_visible()
        visit(f"{app.url}/train")
        expect(start).to_be_visible()
        context.close()


def test_back_undoes_a_choice_before_it_leaves_the_page(lab):
    lab.open()
    lab.go_to("compare")
    first = lab.page.url
    question = lab.page.get_by_role("combobox", name="Which two networks?")
    question.click()
    lab.page.get_by_role("option").nth(1).click()
    lab.page.wait_for_url(lambda url: url != first)
    lab.settle()
    lab.page.go_back()
    lab.page.wait_for_url(first)
    expect(lab.page.locator("h1")).to_contain_text(PAGES["compare"][1])
    lab.page.go_back()
    expect(lab.page.locator("h1")).to_contain_text(PAGES["start"][1])


def test_an_upload_is_there_when_one_comes_back_by_the_menu_or_by_back(lab, photo):
    lab.open("look_inside")
    lab.page.get_by_text("My photo", exact=True).click()
    lab.page.locator("input[type=file]").set_input_files(photo)
    heatmaps = lab.page.get_by_text(re.compile("^Where [AB] looked for"))
    expect(heatmaps).to_have_count(2)
    for back in (lambda: lab.go_to("look_inside"), lab.page.go_back):
        lab.settle()
        lab.go_to("start")
        back()
        expect(heatmaps).to_have_count(2)
    lab.page.get_by_role("button", name="Remove my photo").click()
    expect(heatmaps).to_have_count(0)


def test_a_test_photo_goes_along_to_the_next_page_and_into_its_link(lab):
    lab.open("look_inside?image=7")
    expect(lab.page.get_by_text("Test photo 7:").first).to_be_visible()
    lab.go_to("robustness")
    expect(lab.page.get_by_text("Test photo 7:").first).to_be_visible()
    lab.page.wait_for_url(lambda url: "image=7" in url)


def test_where_the_browser_translates_the_words_are_those_of_the_photo_on_the_screen(lab, browser):
    lab.open("look_inside?image=33")
    lab.page.evaluate(TRANSLATE)
    expect(lab.page.locator("h1")).to_have_text("~What do they see?")
    lab.page.get_by_role("button", name="Another one").click()
    lab.page.wait_for_url(lambda url: "image=33" not in url)
    lab.settle()
    lab.page.wait_for_timeout(1_000)
    other = browser.new_context().new_page()
    other.goto(lab.page.url)
    expect(other.locator("h2")).to_have_count(4)
    assert words(lab.page) == words(other)
    other.context.close()
    lab.page.evaluate(TRANSLATE)
    lab.go_to("compare")
    assert lab.exceptions == []


def words(page) -> list[str]:
    """Of both networks' answers, translated or not."""
    expect(page.locator("[data-testid=stImageCaption]")).to_have_count(3)
    said = page.locator("[data-testid=stMain] :is(h2, [data-testid=stImageCaption])").all_inner_texts()
    return [text.replace("~", "").strip() for text in said]
