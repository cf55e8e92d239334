"""The warm-up fills the caches that pages read, and whatever it lacks, the server serves."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from core.heatmaps.predictor import Predictor
from ui import cached, warm_up


def test_the_first_pair_is_ready(monkeypatch):
    drawn = []
    predict = Predictor.predict

    def note(self, seen):
        drawn.append((prediction := predict(self, seen)).heatmap)
        return prediction

    monkeypatch.setattr(Predictor, "predict", note)
    woken = []
    predictor = cached.predictor
    monkeypatch.setattr(cached, "predictor", lambda run: woken.append(run.name) or predictor(run))
    warm_up.warm_up()
    assert woken == ["resnet50-scratch", "resnet50-imagenet"]
    assert [heatmap.shape for heatmap in drawn] == [(32, 32)] * 2


def test_a_thread_without_a_page_can_do_it(caplog):
    """No spinner, no "missing ScriptRunContext"."""
    with caplog.at_level(logging.WARNING):
        thread = threading.Thread(target=warm_up.warm_up)
        thread.start()
        thread.join(60)
    assert caplog.text == ""


def test_without_pytorch_the_server_starts_all_the_same(monkeypatch, caplog):
    def missing(run):
        raise ModuleNotFoundError("No module named 'torch'")

    monkeypatch.setattr(cached, "predictor", missing)
    with caplog.at_level(logging.WARNING):
        warm_up.warm_up()
    assert "No module named 'torch'" in caplog.text


def test_the_server_does_not_wait_for_it(monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")  # is set there, and must not outlive this test
    begun, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr(warm_up, "warm_up", lambda: begun.set() or go_on.wait(10))
    monkeypatch.setattr(warm_up, "PATIENCE", 0.1)  # no page is drawn here

    async def serve() -> bool:
        async with warm_up.while_serving(None):
            return begun.wait(10)

    with ThreadPoolExecutor(1) as pool:  # Playwright may have a loop in this thread
        assert pool.submit(asyncio.run, serve()).result()
    go_on.set()
