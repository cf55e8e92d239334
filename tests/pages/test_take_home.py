"""The button that saves a pair as a handout."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.errors import LabError
from core.lessons.lesson import list_lessons
from core.runs.library import find_run
from tests.pages.opened import open_page
from ui import cached
from ui.pair import take_home
from ui.pair.pair import Pair
from ui.training import runs_table


@pytest.fixture
def pair(make_run) -> Pair:
    return Pair(make_run("mine-plain", skip=False), make_run("mine-residual", skip=True), None)


def test_compare_offers_it(app):
    labels = [button.proto.label for button in open_page(app, "compare").get("download_button")]
    assert labels == ["Handout to print"]


@pytest.mark.parametrize("damage", ["missing", "empty"])
def test_why_it_cannot_be_made_is_said_before_a_click(app, own_runs, damage):
    history = own_runs / "mine-residual" / "history.csv"
    history.unlink()
    if damage == "empty":
        history.touch()
    (button,) = open_page(app, "compare").get("download_button")
    assert button.proto.disabled
    assert {"missing": "history.csv is missing.", "empty": "history.csv cannot be read"}[damage] in button.proto.help


def test_it_takes_a_turn_and_nothing_in_it_takes_another(pair, monkeypatch):
    monkeypatch.setattr(cached, "_cores", threading.BoundedSemaphore(1))
    monkeypatch.setattr(cached, "PATIENCE", 0.01)
    take_home._of_lesson.clear()
    lesson = next(iter(list_lessons()[0].values()))
    for make in (lambda: take_home.handout_of(pair), lambda: take_home.handout_of_lesson(lesson)):
        with cached.a_core(), pytest.raises(LabError, match="busy"):
            make()
        assert make().startswith(b"<!DOCTYPE html>")


def test_it_says_what_compare_says_of_other_seeds(app):
    app.query_params["a"], app.query_params["b"] = "plain20-s0", "resnet20-s0"
    page = take_home.handout_of(Pair(find_run("plain20-s0"), find_run("resnet20-s0"), None)).decode()
    headings = [header.value for header in open_page(app, "compare").header]
    (of_seeds,) = (heading for heading in headings if heading.startswith("In each of 3 trainings"))
    assert of_seeds in page


def test_twins_are_drawn_and_their_maps_too(pair):
    page = take_home.handout_of(pair).decode()
    assert page.startswith("<!DOCTYPE html>")
    assert page.count('class="drawing"') == 2
    assert page.count('alt="3 blocks in a row, ') == 2
    assert page.count('alt="Where ') == 8


def test_however_often_a_download_is_asked_for_it_is_made_once(pair, monkeypatch):
    lesson, made = next(iter(list_lessons()[0].values())), []
    monkeypatch.setattr("core.sharing.handout.page.render", lambda handout: made.append(handout) or "page")
    monkeypatch.setattr("core.sharing.zip_archive.zip_run", lambda run: made.append(run) or b"zip")
    for make in (
        lambda: take_home.handout_of(pair),
        lambda: take_home.handout_of_lesson(lesson),
        lambda: runs_table._zipped(pair.a),
    ):
        made.clear()
        with ThreadPoolExecutor(20) as browsers:
            [browsers.submit(make) for _ in range(20)]
        assert len(made) == 1
    take_home._of_lesson.clear()


def test_damaged_weights_cost_their_own_maps_alone(pair):
    (pair.a.path / "model.safetensors").write_bytes(b"damaged")
    page = take_home.handout_of(pair).decode()
    assert "Where A looked" not in page
    assert page.count('alt="Where B looked: ') == 4


def test_networks_of_other_kinds_are_not_drawn():
    pair = Pair(find_run("resnet50-scratch-1percent"), find_run("resnet50-imagenet-1percent"), None)
    page = take_home.handout_of(pair).decode()
    assert 'class="drawing"' not in page
    assert 'alt="Where ' not in page  # these have no weights here


def test_a_map_is_as_large_as_its_photo(pair):
    drawn = take_home._drawn_by("B", pair.b)(np.zeros((32, 32, 3), np.uint8))
    assert drawn.pixels.shape == (take_home.SIDE, take_home.SIDE, 3)
