"""The server's memory does not grow with visitors who come and go."""

import pytest

from benchmarks.running_app import IDLE, run_app

pytestmark = pytest.mark.slow
MEGABYTE = 1024 * 1024


@pytest.fixture
def server(tmp_path):
    with run_app(tmp_path) as app:
        yield app.url, lambda: app.resident_bytes / MEGABYTE


def visit(page, url: str) -> None:
    """A session of its own: the one that the page had before ends."""
    page.goto(f"{url}/look_inside?image=0&a=plain20-s0&b=resnet20-s0")
    page.wait_for_selector("h3")
    page.wait_for_selector(IDLE)


def test_memory_stays_with_many_visitors(server, browser):
    """After a warm-up: 50 visits one after another, then 15 open tabs."""
    url, megabytes = server
    context = browser.new_context()
    page = context.new_page()
    for _ in range(10):
        visit(page, url)
    before = megabytes()
    for _ in range(50):
        visit(page, url)
    assert megabytes() - before <= 20
    before = megabytes()
    for _ in range(15):
        visit(context.new_page(), url)
    assert megabytes() - before <= 15 * 5
    context.close()
