"""The warm-up fills the caches that pages read, and whatever it lacks, the server serves."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from ui import cached, warm_up


def test_the_first_pair_is_ready(monkeypatch):
    woken = []
    monkeypatch.setattr(cached, "classifier", lambda run: woken.append(run.name))
    warm_up.warm_up()
    assert woken == ["plain20-s0", "resnet20-s0"]


def test_without_pytorch_the_server_starts_all_the_same(monkeypatch, caplog):
    def missing(run):
        raise ModuleNotFoundError("No module named 'torch'")

    monkeypatch.setattr(cached, "classifier", missing)
    with caplog.at_level(logging.WARNING):
        warm_up.warm_up()
    assert "No module named 'torch'" in caplog.text


def test_the_server_does_not_wait_for_it(monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr(warm_up, "warm_up", lambda: begun.set() or go_on.wait(10))

    async def serve() -> bool:
        async with warm_up.while_serving(None):
            return begun.wait(10)

    with ThreadPoolExecutor(1) as pool:  # Playwright may have a loop in this thread
        assert pool.submit(asyncio.run, serve()).result()
    go_on.set()
