import json
from dataclasses import asdict

import pytest

from core.jobs.races.frames import Frame
from tests.core.jobs.races.made_frame import made_frame


@pytest.mark.parametrize("step", [1, 9])
def test_a_frame_is_read_as_it_was_written(step):
    frame = made_frame(step, 9)
    frame.standings["A"].gradient_norms[0] = float("inf")
    assert Frame.from_json(json.loads(json.dumps(asdict(frame)))) == frame


def changed(**changes) -> dict:
    return asdict(made_frame(9, 9)) | changes


def told(**changes) -> dict:
    values = changed()
    return values | {"standings": values["standings"] | {"B": values["standings"]["B"] | changes}}


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (3, "a frame lacks something"),
        ([], "a frame lacks something"),
        ({"step": 1}, "a frame lacks something"),
        (changed(more=1), "has too much"),
        (told(more=1), "has too much"),
        (changed(standings=3), "a frame lacks something"),
        (changed(standings={}), "not of two networks"),
        (changed(standings={"A": changed()["standings"]["A"]}), "not of two networks"),
        (changed(step=0), "at no step"),
        (changed(step=10), "at no step"),
        (changed(step=True), "at no step"),
        (changed(step="9"), "at no step"),
        (changed(seconds="<b>"), "time is no number"),
        (told(loss=None), "other numbers than networks give"),
        (told(accuracy="0.5"), "other numbers than networks give"),
        (told(gradient_norms=["0.1"]), "other numbers than networks give"),
        (told(gradient_norms=0.1), "other numbers than networks give"),
        (told(probabilities=[[0.1] * 9]), "other numbers than networks give"),
        (told(probabilities=[0.1] * 10), "other numbers than networks give"),
        (told(probabilities=0.1), "other numbers than networks give"),
        (told(validation=None), "the last frame has no result"),
    ],
)
def test_what_is_no_frame_is_refused(values, problem):
    with pytest.raises(ValueError, match=problem):
        Frame.from_json(values)
