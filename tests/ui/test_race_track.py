"""Two runners on a track: where they stand, and that all of it is inside the drawing."""

from itertools import product
from xml.etree import ElementTree

import pytest

from core.charts.palette import COLORS, INK
from core.jobs.races import recorded_races
from core.jobs.races.pairs import RACES
from ui.race import race_track

SVG = "{http://www.w3.org/2000/svg}"
NAMES = {"A": "Plain network", "B": "ResNet"}


def parts(svg: str, tag: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(svg).findall(SVG + tag)


def test_the_farther_right_the_more_is_right():
    a, b = parts(race_track.track(NAMES, {"A": 0.1, "B": 0.5}), "circle")
    assert (a.get("fill"), b.get("fill")) == (COLORS["A"], COLORS["B"])
    assert float(b.get("cx")) == race_track.WIDTH / 2
    guessing = next(
        line for line in parts(race_track.track(NAMES, {"A": 0.1, "B": 1}), "line") if line.get("stroke-dasharray")
    )
    assert float(a.get("cx")) == float(guessing.get("x1"))


@pytest.mark.parametrize("dark", [False, True])
def test_each_runner_has_its_name_and_number_and_all_letters_are_those_of_the_page(dark):
    texts = parts(race_track.track(NAMES, {"A": 0.104, "B": 0.517}, dark), "text")
    assert [text.text for text in texts if text.get("font-weight")] == ["Plain network 10%", "ResNet 52%"]
    assert {text.text for text in texts if not text.get("font-weight")} == {"0%", "10%: guessing", "50%", "100%"}
    assert {text.get("fill") for text in texts} == {INK[dark]}


@pytest.mark.parametrize(("name", "share"), [*product(RACES, [0, 0.25, 0.5, 0.75, 1])])
def test_no_name_is_cut_at_an_edge(name, share):
    for names in (RACES[name].names, recorded_races.load(recorded_races.path(name)).names):
        for text in parts(race_track.track(dict(zip("AB", names, strict=True)), {"A": share, "B": share}), "text"):
            half = len(text.text) * race_track.LETTER * float(text.get("font-size")) / 2
            if text.get("font-weight"):
                assert half <= float(text.get("x")) <= race_track.WIDTH - half


def test_letters_are_read_on_a_phone():
    """Where 720 pixels of the drawing are 358 of the screen."""
    sizes = [float(text.get("font-size")) for text in parts(race_track.track(NAMES, {"A": 0, "B": 0}), "text")]
    assert min(sizes) * 358 / race_track.WIDTH > 10


def test_a_name_is_text_and_a_share_beyond_the_track_stays_on_it():
    svg = race_track.track({"A": "<script>&", "B": "b"}, {"A": -3, "B": 7})
    a, b = parts(svg, "circle")
    assert (float(a.get("cx")), float(b.get("cx"))) == (race_track.place(0), race_track.place(1))
    assert parts(svg, "script") == []
    assert parts(svg, "text")[-2].text.startswith("<script>&")
