"""The warm-up fills the caches that pages read, and whatever it lacks, the server serves."""

import asyncio
import logging
import platform
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.heatmaps.predictor import Predictor
from core.paths import ROOT
from tests.pages.opened import new_app, open_page
from tests.required import skip_unless_required
from ui import cached, warm_up


@pytest.mark.slow
def test_the_first_pair_is_ready(monkeypatch):
    """And what *What do they see?* shows first is answered already."""
    warm_up.prepare_first_page()
    warm_up.prepare_other_pages()
    monkeypatch.setattr(Predictor, "predict", lambda *_: pytest.fail("asked again"))
    app = open_page(new_app(), "look_inside")
    assert len(app.get("image")) >= 3


def test_a_thread_without_a_page_can_do_it(caplog):
    """No spinner, no "missing ScriptRunContext"."""
    with caplog.at_level(logging.WARNING):
        thread = threading.Thread(target=warm_up.warm_up, args=[warm_up.prepare_other_pages])
        thread.start()
        thread.join(60)
    assert not thread.is_alive()
    said = [record.getMessage() for record in caplog.records]
    assert [line for line in said if "No runtime found" not in line] == []  # there is no server in this test


def test_without_pytorch_the_server_starts_all_the_same(monkeypatch, caplog):
    def missing(*_):
        raise ModuleNotFoundError("No module named 'torch'")

    monkeypatch.setattr(cached, "prediction", missing)
    with caplog.at_level(logging.WARNING):
        warm_up.warm_up(warm_up.prepare_other_pages)
    assert "No module named 'torch'" in caplog.text


def test_the_server_does_not_wait_for_it(monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")  # is set there, and must not outlive this test
    begun, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr(warm_up, "warm_up", lambda _: begun.set() or go_on.wait(10))
    monkeypatch.setattr(warm_up, "PATIENCE", 0.1)  # no page is drawn here

    async def serve() -> bool:
        async with warm_up.while_serving(None):
            return begun.wait(10)

    with ThreadPoolExecutor(1) as pool:  # Playwright may have a loop in this thread
        assert pool.submit(asyncio.run, serve()).result()
    go_on.set()


@pytest.mark.parametrize(("soft", "hard", "then"), [(256, 1_024, 1_024), (256, 5_000, 4_096), (4_500, 5_000, 4_500)])
def test_the_server_may_open_as_many_files_as_visitors_need(soft, hard, then):
    """In a process of its own: the hard limit can't be raised again."""
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}));"
        "import asyncio; from ui import warm_up; warm_up.warm_up = lambda _: None; warm_up.PATIENCE = 0\n"
        "async def serve():\n"
        "    async with warm_up.while_serving(None):\n"
        "        print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])\n"
        "asyncio.run(serve())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) == then


LEFT_BEHIND = """
    import asyncio, gc, psutil
    from ui import warm_up

    class Visitor:
        def __init__(self):
            self.photos = [b"x" * 5_000 for _ in range(20_000)]
            self.me = self

    def megabytes():
        return psutil.Process().memory_info().rss / 1e6

    async def serve():
        async with warm_up.while_serving(None):
            visitor = Visitor()
            kept, before = visitor.photos[::100], megabytes()
            del visitor
            await asyncio.sleep(1)
            print(before - megabytes())

    gc.disable()
    warm_up.warm_up, warm_up.PATIENCE, warm_up.TIDY = lambda _: None, 0, 0.1
    asyncio.run(serve())
"""


@pytest.mark.slow
def test_what_visitors_leave_behind_is_given_back():
    if platform.libc_ver()[0] != "glibc":
        skip_unless_required("Other C libraries give memory back by themselves.")
    command = [sys.executable, "-c", textwrap.dedent(LEFT_BEHIND)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert float(done.stdout) > 60  # of 100


ARENAS = """
    import asyncio, ctypes, threading
    from ui import warm_up

    async def serve():
        async with warm_up.while_serving(None):
            together = threading.Barrier(8)
            threads = [threading.Thread(target=lambda: together.wait() and bytes(100_000)) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    warm_up.warm_up, warm_up.PATIENCE = lambda _: None, 0
    asyncio.run(serve())
    libc = ctypes.CDLL(None)
    libc.fdopen.restype = ctypes.c_void_p
    out = ctypes.c_void_p(libc.fdopen(1, b"w"))
    libc.malloc_info(0, out)
    libc.fflush(out)
"""


def test_threads_share_two_arenas():
    """In many, what is free lies scattered: three classes with photos of their own left 212 MB more behind, not 16."""
    if platform.libc_ver()[0] != "glibc":
        skip_unless_required("Other C libraries have no arenas.")
    command = [sys.executable, "-c", textwrap.dedent(ARENAS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert 1 <= done.stdout.count("<heap nr=") <= 2
