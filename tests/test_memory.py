"""The server's memory does not grow with visitors who come and go; what they may send that no page sends is dropped."""

import asyncio

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from benchmarks.running_app import RunningApp, run_app
from benchmarks.screens import Screen

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with run_app(tmp_path_factory.mktemp("server")) as app:
        yield app


async def visit(server: RunningApp) -> Screen:
    """A session of its own, which has seen both answers and both maps."""
    screen = await Screen(server.url, "look_inside", "image=0&a=plain20-s0&b=resnet20-s0").open()
    await screen.read("Look closer")
    return screen


async def size_at_rest(server: RunningApp) -> int:
    """In bytes, once the server has loaded all that it loads in the background."""
    size, before = server.resident_bytes, 0
    while size - before > 2**20:
        await asyncio.sleep(3)
        size, before = server.resident_bytes, size
    return size


async def growth(server: RunningApp) -> tuple[float, float]:
    """Megabytes: after a warm-up 50 visits one after another, then 15 open tabs."""
    for _ in range(10):
        await (await visit(server)).close()
    sizes = [await size_at_rest(server)]
    for _ in range(50):
        await (await visit(server)).close()
    sizes.append(server.resident_bytes)
    tabs = [await visit(server) for _ in range(15)]
    sizes.append(server.resident_bytes)
    for tab in tabs:
        await tab.close()
    before, after, with_tabs = (size / 2**20 for size in sizes)
    return after - before, with_tabs - after


def test_memory_stays_with_many_visitors(server):
    visits, tabs = asyncio.run(growth(server))
    assert visits <= 20
    assert tabs <= 15 * 5


async def answered(server: RunningApp, *messages: BackMsg) -> set[str | None]:
    """The kinds of what the server sends back."""
    screen = await visit(server)
    # That it no longer runs is told after what it has drawn; then it sends nothing more by itself.
    await screen.wait(lambda: screen.drawn and not screen.running)
    screen.kinds.clear()
    for message in (*messages, BackMsg(app_heartbeat=True)):
        await screen._send(message)
    await screen.wait(lambda: "heartbeat_ack" in screen.kinds)
    await screen.close()
    return screen.kinds


def test_a_message_that_no_page_sends_is_dropped(server):
    assert asyncio.run(answered(server, BackMsg(set_run_on_save=True))) == {"heartbeat_ack"}
