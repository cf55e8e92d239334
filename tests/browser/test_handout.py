"""The handout in a real Chromium: opened from the disk without a network, printed on both papers, nothing cut."""

import re
from pathlib import Path

import pytest

from core.runs.library import find_run
from core.sharing.handout.page import render
from tests.core.sharing.handout.test_page import LESSON
from ui.pair import take_home
from ui.pair.pair import Pair

pytestmark = pytest.mark.slow
PAIRS = {
    "twins": ("plain56-s0", "resnet56-s0"),
    "unfair and without weights": ("resnet50-frozen", "plain56-none"),
}
PAPERS = {"A4": 680, "Letter": 703}  # pixels between the margins of 15 mm
PAGE = re.compile(rb"/Type\s*/Page\b")
CUT = """() => [...document.querySelectorAll('body, body *:not(svg *)')]
    .filter(element => element.clientWidth && element.scrollWidth > element.clientWidth)
    .map(element => element.outerHTML.slice(0, 100))"""
# A chart's letters reach over its edge where the browser's font is wider than the one that the chart was laid out for.
CUT_IN_CHARTS = """() => [...document.querySelectorAll('svg text')].filter(text => {
    const letters = text.getBoundingClientRect(), chart = text.ownerSVGElement.getBoundingClientRect();
    return letters.left < chart.left - 1 || letters.right > chart.right + 1
        || letters.top < chart.top - 1 || letters.bottom > chart.bottom + 1;
}).map(text => text.textContent)"""
UNDRAWN = "() => [...document.images].filter(image => !image.naturalWidth).map(image => image.alt)"


@pytest.fixture(scope="module", params=PAIRS)
def file(request, tmp_path_factory) -> Path:
    a, b = map(find_run, PAIRS[request.param])
    path = tmp_path_factory.mktemp("handout") / "handout.html"
    path.write_bytes(take_home.handout_of(Pair(a, b, None)))
    return path


@pytest.fixture
def opened(browser, file):
    """The file in a tab without a network; it asks for nothing but itself, and complains of nothing."""
    context = browser.new_context(offline=True)
    page, asked, complaints = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(file.as_uri())
    yield page
    assert [url for url in asked if not url.startswith("data:image/")] == [file.as_uri()]
    assert complaints == []
    context.close()


@pytest.mark.parametrize("paper", PAPERS)
def test_it_prints_on_two_to_four_pages(opened, file, paper):
    assert file.stat().st_size <= 2_000_000
    assert 2 <= len(PAGE.findall(opened.pdf(format=paper))) <= 4


@pytest.mark.parametrize("paper", PAPERS)
def test_nothing_is_cut_on_paper(opened, paper):
    opened.emulate_media(media="print")
    opened.set_viewport_size({"width": PAPERS[paper], "height": 1000})
    assert opened.evaluate(CUT) == []
    assert opened.evaluate(CUT_IN_CHARTS) == []
    assert opened.evaluate(UNDRAWN) == []


@pytest.mark.parametrize("width", [320, 390, 794, 1440])
def test_nothing_is_cut_on_the_screen(opened, width):
    opened.set_viewport_size({"width": width, "height": 800})
    assert opened.evaluate(CUT) == []
    assert opened.evaluate(CUT_IN_CHARTS) == []


def test_a_short_lesson_prints_its_answers_on_a_page_of_their_own(browser, tmp_path):
    path = tmp_path / "lesson.html"
    path.write_text(render(LESSON), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert len(PAGE.findall(page.pdf(format="A4"))) == 2
    page.close()


def test_a_click_saves_it(lab):
    lab.open("compare?a=plain20-s0&b=resnet20-s0")
    with lab.page.expect_download() as download:
        lab.page.get_by_role("button", name="Handout to print").click()
    assert download.value.suggested_filename == "resnet-lab-plain20-s0-resnet20-s0.html"
    page = download.value.path().read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.count('alt="Where ') == 8  # two maps of each photo
