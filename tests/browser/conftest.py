"""The real app, in a process of its own, opened in a real Chromium."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from benchmarks.running_app import IDLE, PAGES, SHELL, RunningApp, find_chromium, run_app
from tests.required import skip_unless_required

# A camera that shows a test picture, and whose use nobody has to allow.
ARGUMENTS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
ARGUMENTS += ["--font-render-hinting=none"]  # as where somebody looks: letters are not widened to whole pixels
MOST_TABS = 90  # to go round a page
SECONDS = 90  # a machine that trains at the same time is slow

expect.set_options(timeout=SECONDS * 1000)


@dataclass
class Lab:
    """The app in a browser's tab. `complaints`: errors in the browser's console and requests that left this machine."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str = "") -> None:
        self.page.goto(f"{self.url}/{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until the page's script has come to rest and its pictures are there."""
        self.page.wait_for_selector("h1", timeout=SECONDS * 1000)
        for _ in range(2):  # at rest twice: a click takes a moment to start the script
            self.page.wait_for_timeout(200)
            self.page.wait_for_selector(IDLE, timeout=SECONDS * 1000)
        self.page.wait_for_function("[...document.images].every(image => image.complete)", timeout=SECONDS * 1000)

    def go_to(self, name: str, heading: str = "") -> None:
        """By the menu, to a page of PAGES; `heading`: words of its title, where it has another now."""
        self.page.locator("[data-testid=stSidebarNavLink]", has_text=re.compile(re.escape(PAGES[name][0]))).click()
        # Else the page before would be at rest.
        expect(self.page.locator("h1")).to_contain_text(heading or PAGES[name][1])
        self.settle()

    def reach(self, target: Locator, key: str = "Tab") -> None:
        """By keyboard alone; and what has the focus looks so."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press(key)
            if target.evaluate("element => element === document.activeElement"):
                break
        else:
            pytest.fail(f"{target} is not reached by {key}")
        self.page.wait_for_timeout(200)  # looks fade in
        focused = self._around(target)
        target.evaluate("element => element.blur()")
        self.page.wait_for_timeout(200)
        assert self._around(target) != focused, f"nobody sees that {target} has the focus"
        target.focus()

    def _around(self, target: Locator) -> bytes:
        box = target.bounding_box()
        left, top = max(0, box["x"] - 8), max(0, box["y"] - 8)
        return self.page.screenshot(
            clip={"x": left, "y": top, "width": box["width"] + 16, "height": box["height"] + 16}, caret="hide"
        )

    def click_middle(self, mark: Locator) -> None:
        """Of a chart's mark, which Playwright's own click takes to be covered."""
        box = mark.bounding_box()
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    @property
    def exceptions(self) -> list[str]:
        return self.page.locator("[data-testid=stException]").all_inner_texts()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        try:  # a browser of the system, or else Playwright's own, if it was installed
            yield playwright.chromium.launch(executable_path=shutil.which(SHELL) or find_chromium(), args=ARGUMENTS)
        except PlaywrightError:
            skip_unless_required("No Chromium: install it, or run `.venv/bin/playwright install chromium`.")


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The running app as behind a proxy: below a path, and from another working directory, where its own runs lie."""
    folder = tmp_path_factory.mktemp("app")
    with run_app(folder, cwd=folder, below="/lab") as running:
        yield running


@pytest.fixture
def lab(browser, app):
    with opened(browser, app) as lab:
        yield lab


@contextmanager
def opened(browser: Browser, app: RunningApp) -> Iterator[Lab]:
    """A tab that nobody has opened before, about which neither the browser nor the server's log has to complain."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(SECONDS * 1000)
    page = context.new_page()
    lab = Lab(page, app.url)
    page.on("console", lambda message: _note_console(lab, message))
    page.on("pageerror", lambda error: lab.complaints.append(str(error)))
    page.on("request", lambda request: _note_if_abroad(lab, request.url))
    page.on("response", lambda response: _note_if_refused(lab, response))
    yield lab
    context.close()
    assert lab.complaints == []
    for trouble in ("Traceback", "missing ScriptRunContext", "Stack (most recent call last)"):
        assert trouble not in app.log.read_text()


def _note_console(lab: Lab, message) -> None:
    # Which request it was that failed, the console does not say; `_note_if_refused` does.
    if message.type == "error" and "Failed to load resource" not in message.text:
        lab.complaints.append(message.text)


def _note_if_refused(lab: Lab, response) -> None:
    # Streamlit's own page first looks for its server below the address of a page other than the first.
    if response.status >= 400 and "/_stcore/" not in response.url:
        lab.complaints.append(f"{response.status} for {response.url}")


def _note_if_abroad(lab: Lab, address: str) -> None:
    if address.startswith(("http", "ws")) and "//127.0.0.1" not in address:
        lab.complaints.append(f"asked for {address}")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A real picture to upload: test image 1, a ship, four times as large and not square."""
    from PIL import Image

    from core.data import cifar10

    path = tmp_path / "ship.png"
    Image.fromarray(cifar10.load_test().pixels[1]).resize((192, 128)).save(path)
    return path
