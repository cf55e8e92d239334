"""The app as a process of its own, on a free port: for benchmarks, and for the tests in a browser."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from core.paths import ROOT

SECONDS = 90  # at most, until it answers
SHELL = "chromium-headless-shell"
# As systems call it.
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", SHELL)
# By the file's name: the page's title in the navigation.
TITLES = {
    "start": "Start",
    "lesson": "Lessons",
    "compare": "Which is better?",
    "surgery": "What if a block is cut?",
    "look_inside": "What do they see?",
    "mistakes": "What do they mix up?",
    "confidence": "How sure are they?",
    "learning_curves": "Which learns faster?",
    "depth": "Is deeper better?",
    "when_it_knows": "When does it know?",
    "landscape": "Bowl or mountains?",
    "robustness": "What if the photo is bad?",
    "transfer": "Learned before?",
    "gradient_flow": "Is the message lost?",
    "architectures": "What does it cost?",
    "race": "Watch them learn",
    "play": "Can you beat them?",
    "classroom": "Your class plays",
    "train": "Train networks",
}
OTHER_HEADINGS = {"start": "A computer learns", "compare": "shortcuts help"}  # words of those that are not the title
# That title, and words of the page's heading.
PAGES = {name: (title, OTHER_HEADINGS.get(name, title)) for name, title in TITLES.items()}
# The app's root, once a page's script has come to rest.
IDLE = "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"


@dataclass(frozen=True)
class RunningApp:
    url: str
    log: Path
    process: subprocess.Popen
    started: float  # by `time.perf_counter`

    @property
    def resident_bytes(self) -> int:
        """Of memory that the server holds."""
        return psutil.Process(self.process.pid).memory_info().rss


@contextmanager
def run_app(
    folder: Path,
    cwd: Path = ROOT,
    address: str = "127.0.0.1",
    below: str = "",
    script: Path = ROOT / "streamlit_app.py",
) -> Iterator[RunningApp]:
    """The app once it takes connections; ended afterward. Its log lies in `folder`, the user's own runs in `runs/`
    in it; it is started from `cwd`, and listens on `address` (0.0.0.0: on all that this machine has), `below` a path
    such as "/lab". `script`: of another app, to compare with."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true"]
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--server.port", str(port), "--server.address", address, "--server.baseUrlPath", below],
            cwd=cwd,
            env=os.environ | {"RESNET_LAB_RUNS": str(folder / "runs")},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        while not _answers(port):
            if process.poll() is not None or time.perf_counter() > started + SECONDS:
                raise RuntimeError(f"The app did not start: {log.read_text()}")
            time.sleep(0.02)
        yield RunningApp(f"http://127.0.0.1:{port}{below}", log, process, started)
    finally:
        process.terminate()
        process.wait(20)
        _end_trainings(folder / "runs")


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for `run_app` that is gone afterward; what this process trains goes to the runs in it too."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RESNET_LAB_RUNS"] = str(Path(folder) / "runs")
        yield Path(folder)


def find_chromium() -> str | None:
    """The path of the system's own; None, for Playwright's, where it has none."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


@contextmanager
def tab(height: int = 1000) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1440, "height": height})
        browser.close()


def settle(page: Page, must_show: str) -> None:
    """Wait until `must_show` is on the screen and the script has ended."""
    page.locator(must_show).first.wait_for(timeout=60_000)
    page.wait_for_selector(IDLE, timeout=60_000)


def heading(page: str) -> str:
    """What shows that this page of PAGES is there."""
    return f"h1:has-text('{PAGES[page][1]}')"


def page_path(page: str) -> str:
    """Within the app's address; the first page has none."""
    return "" if page == "start" else page


def _end_trainings(runs: Path) -> None:
    """Those in this folder, and the queue's keeper, which starts them: they are made to outlive the app."""
    theirs = [p for p in psutil.process_iter(["cmdline"]) if any(str(runs) in word for word in p.info["cmdline"] or ())]
    for process in theirs:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(theirs, timeout=20)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
