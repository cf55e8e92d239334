"""What a visitor does, done in a real browser with the runs that ship."""

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from playwright.sync_api import expect

from benchmarks.running_app import PAGES, page_path, run_app
from core.paths import ROOT
from tests.browser.axe import violations
from tests.browser.conftest import opened

pytestmark = pytest.mark.slow
PLAIN, RESNET = "plain20-s0", "resnet20-s0"
# A page of each kind: the first one, with a picker, with PyTorch, with a fragment, with a form, with a room.
COMPARING = ("compare", "surgery", "look_inside", "mistakes", "learning_curves", "gradient_flow")
PRIMARY = "rgb(0, 114, 178)"  # of .streamlit/config.toml, light
COUNT_PAINTED = """(color) => [...document.querySelectorAll('*')].filter(element => {
    const style = getComputedStyle(element);
    return [style.color, style.backgroundColor, style.borderTopColor].includes(color);
}).length"""
# Of headings, buttons, links and labels, those whose text is wider than their box.
CUT = """[...document.querySelectorAll('h1, h2, h3, h4, [data-testid=stMain] button, [data-testid=stPageLink] a, \
[data-testid=stMetricLabel], [data-testid=stMetricLabel] *, [data-testid=stMetricValue], \
[data-testid=stMetricValue] *, [data-testid=stSidebarNavLink] span')].filter(element => {
    const shown = element.getBoundingClientRect().right > 0 && getComputedStyle(element).overflowX !== 'visible';
    return shown && element.scrollWidth > element.clientWidth + 1;
}).map(element => element.innerText)"""
# Texts whose contrast with what lies behind them is too small; marks and what is switched off need none.
FAINT = """[...document.querySelectorAll('[data-testid=stMain] *')].flatMap(element => {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && /\\w/.test(node.textContent));
    if (!own || !element.offsetParent || !element.innerText.trim()) return [];
    if (element.closest('[disabled], [aria-disabled=true], [data-testid=stSliderThumbValue]')) return [];
    const numbers = color => color.match(/[\\d.]+/g).map(Number);
    const luminance = color => color.slice(0, 3).map(part => part / 255)
        .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    let [behind, seen] = [null, 1];
    for (let at = element; at && at.nodeType === 1; at = at.parentElement) {
        const style = getComputedStyle(at), color = numbers(style.backgroundColor);
        seen *= parseFloat(style.opacity);
        if (!behind && (color[3] ?? 1) > 0.9) behind = color;
    }
    if (seen < 0.1) return [];  // shown when it is pointed at
    behind = behind ?? [255, 255, 255];
    const letters = numbers(getComputedStyle(element).color), share = (letters[3] ?? 1) * seen;
    const mixed = letters.slice(0, 3).map((part, i) => part * share + behind[i] * (1 - share));
    const [low, high] = [luminance(mixed), luminance(behind)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05) < 4.5 ? [element.innerText] : [];
})"""
PLANTED = """() => { const place = document.querySelector('[data-testid=stMain] h1').parentElement;
    place.insertAdjacentHTML('beforeend', `<p style="color: #ccc; background: #fff">hardly seen</p>
        <h3 style="width: 50px; overflow: hidden; white-space: nowrap">a heading much longer than its box</h3>
        <img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" width="20" height="20">`); }"""
ICON = "document.querySelector('link[rel*=icon]').href"
LINKS = "[...document.querySelectorAll('a')].map(link => link.href)"
BROKEN_PICTURES = "[...document.images].filter(each => !each.complete || !each.naturalWidth).map(each => each.src)"
STEP = re.compile(r"step \d+ of \d+")
TRIES, PATIENCE = 4, 20_000  # clicks at most, and milliseconds between them


def test_the_first_visit_to_a_new_server_may_be_to_a_page(browser, tmp_path):
    """Beside a main script, Streamlit would run a file of a folder `pages/` without the frame round it, or say that
    there is no such page."""
    with run_app(tmp_path, cwd=tmp_path) as app, opened(browser, app) as lab:
        first_visit(lab, "compare")


def first_visit(lab, name: str) -> None:
    page = lab.page
    page.emulate_media(color_scheme="light")
    lab.open(page_path(name))
    expect(page.locator("h1")).to_contain_text(PAGES[name][1])
    assert page.locator("[data-testid=stDialog], [data-testid=stException]").count() == 0
    assert page.locator("[data-testid=stSidebarNavLink]").count() == len(PAGES)
    assert page.evaluate(ICON).startswith("data:image/svg+xml")
    own = [link for link in page.evaluate(LINKS) if link.startswith(lab.url.removesuffix("/lab"))]
    assert [link for link in own if not link.startswith(f"{lab.url}/")] == []
    page.wait_for_function(f"{BROKEN_PICTURES}.length === 0")
    if name == "start":  # which has a button in the theme's color
        assert page.evaluate(COUNT_PAINTED, PRIMARY) > 0


def test_every_page_of_the_app_is_tried():
    assert len(PAGES) == len(list((ROOT / "pages").glob("*.py")))


@pytest.mark.parametrize("name", PAGES)
def test_the_first_visit_may_be_to_any_page_which_is_whole_can_be_read_and_shared(lab, name):
    first_visit(lab, name)
    assert_readable(lab, name, [(720, 450), (1440, 1000)])
    lab.page.emulate_media(color_scheme="dark")
    lab.page.reload()
    lab.settle()
    assert_readable(lab, name, [(390, 844), (960, 600)])
    assert violations(lab.page) == []
    lab.page.get_by_test_id("stSidebarUserContent").get_by_role("button", name="Share").click()
    address = f"{lab.url}/{page_path(name)}".rstrip("/")
    expect(lab.page.locator("[data-testid=stCode]", has_text=address)).to_be_visible()
    expect(lab.page.get_by_alt_text("The link of this page as a QR code")).to_be_in_viewport(ratio=1)


def assert_readable(lab, name: str, sizes: list[tuple[int, int]]) -> None:
    """960 x 600 and 720 x 450 are what 1440 x 900 shows at a zoom of 150% and 200%. Contrast is at least 4.5 to 1
    (WCAG 2.1, 1.4.3)."""
    for width, height in sizes:
        lab.page.set_viewport_size({"width": width, "height": height})
        lab.page.wait_for_timeout(300)  # the browser alone draws anew
        assert_whole(lab, name)
        assert lab.page.evaluate(CUT) == [], width
        assert lab.page.evaluate(FAINT) == [], width


def test_what_cannot_be_read_is_found(lab):
    """Or the test above could not fail: a faint text, a heading that is cut off, and a picture without words."""
    lab.open(page_path("depth"))
    lab.page.evaluate(PLANTED)
    assert lab.page.evaluate(FAINT) == ["hardly seen"]
    assert lab.page.evaluate(CUT) == ["a heading much longer than its box"]
    assert "image-alt" in {rule for rule, *_ in violations(lab.page)}


def test_every_page_is_reached_by_the_menu_and_left_by_one_press_of_back_and_the_pair_holds(lab):
    lab.open(f"compare?a={PLAIN}&b={RESNET}")
    order = ["compare", *PAGES]
    for name in order[1:]:
        lab.go_to(name)
        assert_whole(lab, name)
        if name in COMPARING:
            assert {key: query(lab)[key] for key in "ab"} == {"a": [PLAIN], "b": [RESNET]}, name
    for name in order[-2::-1]:
        lab.page.go_back()
        expect(lab.page.locator("h1")).to_contain_text(PAGES[name][1], timeout=20_000)
        lab.settle()  # the server drops the pictures of a page that was left, those still on their way too
    assert lab.exceptions == []


def assert_whole(lab, name: str) -> None:
    expect(lab.page.locator("h1")).to_contain_text(PAGES[name][1])
    assert lab.exceptions == []
    overflow = lab.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, f"{name} is wider than the screen"


def test_the_start_page_is_understood_without_scrolling(lab):
    """Both cards side by side; on a phone the first one."""
    lab.open()
    headings = lab.page.locator(".st-key-card_skip h3").all_inner_texts()
    assert len(headings) == 2
    assert all(re.fullmatch(r"\d\d% right", heading) for heading in headings)
    assert_seen(lab, ["h1", ".st-key-card_skip", ".st-key-card_init"], [(1440, 900), (960, 600)])
    assert_seen(lab, ["h1", ".st-key-card_skip"], [(390, 844)])


def assert_seen(lab, parts: list[str], sizes: list[tuple[int, int]]) -> None:
    """Without scrolling."""
    for width, height in sizes:
        lab.page.set_viewport_size({"width": width, "height": height})
        lab.page.wait_for_timeout(500)
        for part in parts:
            assert bottom(lab, part) <= height, (part, width)


def test_both_answers_and_both_maps_are_seen_without_scrolling_and_taken_home(lab):
    lab.open("look_inside?image=33")
    expect(lab.page.locator(".st-key-answers img")).to_have_count(2)
    assert_seen(lab, [".st-key-answers img"], [(1440, 900), (960, 600)])
    for name, beginning in (("Save as a picture to share", b"\x89PNG"), ("Table of the numbers", b"class,A_run")):
        lab.settle()
        download = insist(partial(download_by, lab, name))
        assert download.path().read_bytes().startswith(beginning)
    assert lab.exceptions == []


def test_on_a_phone_the_menu_closes_after_a_choice_and_there_is_a_way_home(lab):
    lab.page.set_viewport_size({"width": 390, "height": 844})
    lab.open("mistakes")
    menu = lab.page.get_by_test_id("stSidebarNavLink").first
    lab.page.get_by_test_id("stExpandSidebarButton").click()
    expect(menu).to_be_in_viewport()
    lab.go_to("learning_curves")
    expect(menu).not_to_be_in_viewport()
    lab.page.get_by_role("button", name="Navigate to home page").last.click()
    expect(lab.page.locator("h1")).to_contain_text(PAGES["start"][1])


def test_a_click_on_a_block_cuts_it_and_a_second_one_puts_it_back(lab):
    lab.open(f"surgery?a={PLAIN}&b={RESNET}")
    metric = lab.page.locator("[data-testid=stMetricValue]")
    expect(metric).to_have_count(2)
    whole = metric.all_inner_texts()

    def click() -> None:
        block = lab.page.locator(".st-key-surgery_A svg [aria-label*='5: click']").first
        lab.click_middle(block)

    click()
    lab.page.wait_for_url("**off=5**", timeout=PATIENCE)
    lab.settle()
    assert metric.all_inner_texts() != whole
    click()
    lab.page.wait_for_url(lambda address: "off=5" not in address, timeout=PATIENCE)
    lab.settle()
    assert metric.all_inner_texts() == whole
    assert lab.exceptions == []


def test_a_whole_game_by_keyboard(lab):
    lab.open("play?seed=7")
    for number in range(10):
        expect(lab.page.get_by_text(f"Photo {number + 1} of 10")).to_be_visible()
        lab.settle()
        if number:
            lab.page.keyboard.press("4")
        else:
            lab.reach(lab.page.locator(".st-key-say_cat button"))
            lab.page.keyboard.press("Enter")
        expect(lab.page.get_by_text("You: cat")).to_be_visible()
        lab.settle()
        lab.page.keyboard.press("Enter")
        lab.page.keyboard.press("Enter")  # as the impatient do
    expect(lab.page.get_by_text("of 10", exact=False).first).to_be_visible()
    expect(lab.page.get_by_role("button", name="Ten other photos")).to_be_visible()
    assert lab.exceptions == []


def test_a_file_that_is_no_picture_is_refused_in_one_sentence_and_a_picture_gets_two_heatmaps(lab, photo, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    heatmaps = lab.page.get_by_text(re.compile("^Where [AB] looked for"))
    lab.open("look_inside")
    lab.page.get_by_text("My photo", exact=True).click()
    lab.page.locator("input[type=file]").set_input_files(bad)
    expect(lab.page.locator("[data-testid=stAlert]")).to_have_count(1)
    lab.settle()
    assert lab.exceptions == []
    expect(heatmaps).to_have_count(0)
    lab.page.locator("input[type=file]").set_input_files(photo)
    expect(heatmaps).to_have_count(2)
    expect(lab.page.locator("[data-testid=stAlert]")).to_have_count(0)
    lab.settle()
    assert lab.exceptions == []
    sizes = lab.page.locator("[data-testid=stImage] img").evaluate_all("all => all.map(i => i.naturalWidth)")
    assert len(sizes) == 4  # two heatmaps, what the networks see, what you see
    assert min(sizes) > 0


def test_a_click_on_a_confusion_cell_shows_its_photos(lab):
    """The cells in row 10 (trucks), columns 2 and 1 (mistaken for automobiles, and for airplanes), which no network of
    ours leaves empty."""
    lab.open("mistakes")
    lab.page.get_by_text("Every mix-up in one table").click()
    cells = lab.page.locator("[class*=st-key-confusion_] svg g.mark-rect path")

    def click(column: int, answer: str) -> None:
        cell = cells.nth(10 * 9 + column)
        cell.scroll_into_view_if_needed()  # where pictures above are still being loaded, it moves
        lab.click_middle(cell)
        lab.page.wait_for_url(f"**answer={answer}**", timeout=PATIENCE)

    for whose, column, answer in (
        ("A: The plain network", 1, "automobile"),
        ("What changes from A to B", 0, "airplane"),
    ):
        lab.page.get_by_role("radio", name=whose).click()
        lab.settle()
        insist(partial(click, column, answer))
        lab.settle()
        assert query(lab)["true"] == ["truck"]
        assert lab.page.locator("[class*=st-key-photos_] img").count() > 0


def test_a_click_on_a_point_of_depth_leads_to_its_pair(lab):
    plain, resnet = "plain8-s0", "resnet8-s0"
    lab.open("depth")
    point = lab.page.locator(f"[data-testid=stVegaLiteChart] svg path[aria-label*='{plain}']").first
    link = lab.page.locator(f"a[href*='{plain}']", has_text="Compare these two")  # beside that of a deeper pair

    def click() -> None:
        point.scroll_into_view_if_needed()
        lab.click_middle(point)
        link.wait_for(timeout=PATIENCE)

    insist(click)
    link.click()
    lab.settle()
    expect(lab.page.locator("h1")).to_contain_text(PAGES["compare"][1])
    assert {key: query(lab)[key] for key in "ab"} == {"a": [plain], "b": [resnet]}
    lab.page.go_back()
    expect(lab.page.locator("h1")).to_contain_text(PAGES["depth"][1])


def test_a_photo_is_taken_with_the_camera(lab):
    """Chromium's own test camera."""
    lab.page.context.grant_permissions(["camera"])
    lab.open("look_inside")
    lab.page.get_by_text("Webcam", exact=True).click()
    lab.page.wait_for_function("document.querySelector('[data-testid=stCameraInput] video')?.readyState >= 2")
    lab.page.get_by_role("button", name="Take Photo").click()
    expect(lab.page.get_by_text(re.compile("^Where [AB] looked for"))).to_have_count(2)
    lab.settle()
    assert lab.exceptions == []


def test_look_inside_by_keyboard_and_a_link_opens_the_same_view(lab, browser):
    """A photo chosen, the heatmaps made otherwise, the photo shaken: by Tab, Enter and arrows."""
    page, press = lab.page, lab.page.keyboard.press
    lab.open(f"look_inside?a={RESNET}&b={PLAIN}&image=33")
    lab.reach(page.get_by_role("button", name="Choose", exact=True))
    press("Enter")
    lab.reach(page.locator(".st-key-image input"))
    press("Control+a")
    page.keyboard.type("77")
    press("Enter")
    press("Escape")
    expect(caption(page, "Test photo 77")).to_be_visible()
    lab.reach(page.get_by_role("button", name="Heatmaps"))
    press("Enter")
    lab.reach(page.locator(".st-key-method input"))
    press("ArrowDown")
    press("ArrowDown")
    press("Enter")
    page.wait_for_url("**method=**")
    lab.settle()
    press("Escape")
    lab.reach(page.locator(".st-key-closer button[role=radio]").first)
    press("ArrowRight")
    press("Enter")
    slider = page.locator(".st-key-shake_rotation input")
    lab.reach(slider)
    for _ in range(3):
        press("ArrowRight")
    expect(page.get_by_text("“Rotation” changes")).to_be_visible()
    lab.settle()
    assert query(lab)["shake_rotation"] == ["3"]
    said = re.compile("^[AB] (still|now) says")
    words = page.locator("h2").all_inner_texts(), page.get_by_text(said).all_inner_texts()
    other = browser.new_context().new_page()
    other.goto(page.url)
    expect(caption(other, "Test photo 77")).to_be_visible(timeout=60_000)
    expect(other.get_by_text(said)).to_have_count(2)
    assert (other.locator("h2").all_inner_texts(), other.get_by_text(said).all_inner_texts()) == words
    other.context.close()
    lab.reach(page.get_by_role("button", name="Undo all"))
    press("Enter")
    expect(slider).to_have_value("0")
    lab.settle()
    assert lab.exceptions == []


def test_an_unknown_run_in_a_link_is_reported(lab):
    lab.open("?a=nobody")
    expect(lab.page.locator("[data-testid=stAlert]").first).to_contain_text("nobody")
    assert query(lab)["a"] != ["nobody"]


def test_a_race_is_seen_by_all_goes_on_unwatched_and_its_host_stops_it(lab, browser):
    """All sit at the server, and so might stop it, too; only those who do not hold it are offered another."""
    lab.open("race?race=20")
    lab.page.get_by_role("button", name="Run it live").click()
    step, stop = lab.page.get_by_text(STEP), lab.page.get_by_role("button", name="Stop the race")
    expect(step).to_be_visible()
    expect(lab.page.get_by_role("img", name="Right answers")).to_be_visible()
    (token,) = (each["value"] for each in lab.page.context.cookies() if each["name"] == "resnet_lab_race")
    assert token not in lab.page.url
    lab.page.get_by_text("For the curious").click()
    expect(lab.page.locator("[data-testid=stVegaLiteChart] svg, [data-testid=stVegaLiteChart] canvas")).to_have_count(3)
    for host, others in (("", 1), (token, 0)):
        other = browser.new_context().new_page()
        if host:
            other.context.add_cookies([{"name": "resnet_lab_race", "value": host, "url": lab.url}])
        other.goto(f"{lab.url}/race")
        expect(other.get_by_text(STEP)).to_be_visible(timeout=60_000)
        expect(other.get_by_role("button", name="Stop the race")).to_have_count(1)
        expect(other.get_by_role("button", name="Watch a recorded race instead")).to_have_count(others)
        other.context.close()
    lab.go_to("compare")  # look away
    lab.go_to("race", "20 layers")
    before = step.inner_text()
    expect(step).not_to_have_text(before)
    lab.page.reload()
    expect(stop).to_be_visible()
    assert lab.exceptions == []
    stop.click()
    expect(lab.page.get_by_text("no winner")).to_be_visible()
    late = browser.new_context().new_page()
    late.goto(f"{lab.url}/race")
    expect(late.get_by_role("button", name="Run it live")).to_be_visible(timeout=60_000)
    expect(late.get_by_text("no winner")).to_have_count(0)
    late.context.close()
    lab.page.get_by_role("button", name="Another race").click()
    expect(lab.page.get_by_role("button", name="Run it live")).to_be_visible()
    assert "resnet_lab_race" not in {each["name"] for each in lab.page.context.cookies()}
    assert lab.exceptions == []


def test_a_recorded_race_replays_without_internet(lab):
    """And with a phone's screen, on which the four photos stay side by side."""
    lab.page.set_viewport_size({"width": 390, "height": 844})
    lab.page.context.route(lambda address: "//127.0.0.1" not in address, lambda route: route.abort())
    lab.open("race?race=56")
    lab.page.get_by_role("radio", name="ResNet", exact=True).click()
    lab.settle()
    lab.page.get_by_role("button", name="Watch a recorded race").click()
    track = lab.page.get_by_role("img", name="Right answers")
    expect(track).to_be_visible()
    first = track.get_attribute("alt")
    expect(track).not_to_have_attribute("alt", first)
    tops = lab.page.locator(".st-key-race_photos img").evaluate_all(
        "all => all.map(i => i.getBoundingClientRect().top)"
    )
    assert len(tops) == 4
    assert len(set(tops)) == 1
    assert lab.exceptions == []
    lab.page.reload()
    expect(lab.page.get_by_role("button", name="Watch a recorded race")).to_be_visible()
    assert lab.exceptions == []


def test_an_old_link_to_a_race_leads_to_it_and_it_is_seen_without_scrolling(lab):
    """Track and photos."""
    lab.open("train?race=56")
    lab.page.wait_for_url("**/race?*race=56*", timeout=PATIENCE)
    expect(lab.page.get_by_role("radio", name="56 layers")).to_be_checked()
    lab.page.get_by_role("button", name="Watch a recorded race").click()
    expect(lab.page.locator(".st-key-race_photos img")).to_have_count(4)
    assert_seen(lab, [".st-key-race_photos"], [(1440, 900), (960, 600)])


def test_an_experiment_is_set_up_and_started_by_keyboard_goes_on_unwatched_and_stops(lab):
    lab.open("train")
    expect(lab.page.get_by_text(re.compile("measured by training for a second"))).to_be_visible()
    lab.reach(lab.page.locator(".st-key-cifar_epochs input"))
    lab.page.keyboard.press("Control+a")
    lab.page.keyboard.type("9")
    lab.page.keyboard.press("Enter")
    lab.settle()
    start = lab.page.locator(".st-key-start button")
    lab.reach(start)
    lab.page.keyboard.press("Enter")
    lab.page.keyboard.press("Enter")  # as the impatient do: it starts no more than the two
    expect(lab.page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    lab.open("")  # look away
    lab.open("train?section=All+runs")
    stop = lab.page.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_visible()

    def stop_it() -> None:
        lab.reach(stop)
        lab.page.keyboard.press("Enter")
        lab.page.get_by_role("button", name="Resume").wait_for(timeout=PATIENCE)

    insist(stop_it)
    lab.page.get_by_role("combobox", name="Do something with").click()  # the twin, which is trained now or soon
    expect(lab.page.get_by_role("option")).to_have_count(2)
    lab.page.get_by_role("option").nth(1).click()

    def click() -> None:  # which is missed where the button is drawn anew, as the twin's training begins
        if stop.is_visible():
            stop.click(timeout=PATIENCE)
        stop.wait_for(state="hidden", timeout=PATIENCE)

    insist(click)
    assert lab.exceptions == []


def insist(attempt: Callable[[], object]) -> object:
    """As people do: click again where nothing comes of it, since a page that is still being drawn may miss a click."""
    for _ in range(TRIES - 1):
        try:
            return attempt()
        except PlaywrightTimeoutError:
            pass
    return attempt()


def download_by(lab, name: str):
    with lab.page.expect_download(timeout=PATIENCE) as download:
        lab.page.get_by_role("button", name=name).click()
    return download.value


def caption(page, words: str):
    return page.locator("[data-testid=stImageCaption]", has_text=words).first


def bottom(lab, selector: str) -> float:
    """Where the lowest of these parts of the page ends, in pixels from the top of the window."""
    return max(lab.page.locator(selector).evaluate_all("all => all.map(e => e.getBoundingClientRect().bottom)"))


def query(lab) -> dict[str, list[str]]:
    return parse_qs(urlsplit(lab.page.url).query)
