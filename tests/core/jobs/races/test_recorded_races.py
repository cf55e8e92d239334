"""The recordings that ship are whole, and a file that is not is refused in a sentence."""

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest

from core.data.cifar10 import CLASSES
from core.errors import DataError
from core.jobs.races import race_process, recorded_races
from core.jobs.races.pairs import RACES
from core.jobs.races.recorded_races import Facts, RecordedRace
from tests.core.jobs.races.made_frame import made_frame


@pytest.fixture
def race() -> RecordedRace:
    frames = [made_frame(step, 400, (0.361, 0.361), seconds=step / 2) for step in range(1, 401)]
    facts = Facts("2026-11-28", "python", 2, {"cpu": "some CPU", "threads": 2})
    return RecordedRace("20", ("Plain", "ResNet"), facts, frames)


@pytest.fixture
def file(tmp_path, race):
    path = tmp_path / "race.json.gz"
    recorded_races.save(path, race)
    return path


@pytest.mark.parametrize("name", RACES)
def test_a_recording_of_each_race_ships(name):
    race = recorded_races.load(recorded_races.path(name))
    assert race.name == name
    assert recorded_races.path(name).stat().st_size <= recorded_races.LARGEST
    assert 60 <= len(race.frames) <= recorded_races.MOST_FRAMES
    steps, seconds = ([getattr(frame, key) for frame in race.frames] for key in ("step", "seconds"))
    assert np.all(np.diff(steps) > 0)
    assert np.all(np.diff(seconds) >= 0)
    assert steps[0] == 1
    assert {frame.steps for frame in race.frames} == {steps[-1]}
    assert steps[-1] == 281 * race.facts.epochs  # batches of 32 of 9,000 photos
    assert race.facts.command.startswith(f"python -m benchmarks.record_race {name}")
    assert {"cpu", "threads", "torch", "python"} <= race.facts.environment.keys()
    for frame in race.frames:
        for standing in frame.standings.values():
            assert 0 <= standing.accuracy <= 1
            assert np.shape(standing.probabilities) == (len(race_process.PHOTOS), len(CLASSES))
            assert np.shape(standing.gradient_norms)[0] >= 20
    assert all(0 < standing.validation < 1 for standing in race.frames[-1].standings.values())


def test_what_is_saved_is_read_again_thinned_and_rounded(file, race):
    read = recorded_races.load(file)
    assert replace(read, frames=[]) == replace(race, frames=[])
    assert len(read.frames) == recorded_races.MOST_FRAMES
    assert (read.frames[0].step, read.frames[-1].step) == (1, 400)
    assert read.frames[-1].standings["A"].loss == 1.23
    assert read.frames[-1].standings["A"].validation == 0.361
    assert read.seconds == 200


def test_a_race_with_much_to_tell_has_fewer_frames(tmp_path, race, monkeypatch):
    monkeypatch.setattr(recorded_races, "LARGEST", 2_000)
    recorded_races.save(tmp_path / "race", race)
    assert (tmp_path / "race").stat().st_size <= 2_000
    assert recorded_races.load(tmp_path / "race").frames[-1].step == 400


def test_a_share_of_the_time_shows_the_frames_of_that_time(file):
    race = recorded_races.load(file)
    assert race.until(-1) == race.until(0) == race.frames[:1]
    assert race.until(0.5)[-1].seconds == pytest.approx(100, abs=2)
    assert race.until(1) == race.until(7) == race.frames


def without(values: dict, *keys: str) -> dict:
    return {key: value for key, value in values.items() if key not in keys}


def every_frame(values: dict, change) -> dict:
    return values | {"frames": [change(frame) for frame in values["frames"]]}


def told(frame: dict, change) -> dict:
    return frame | {"standings": {side: change(standing) for side, standing in frame["standings"].items()}}


def without_loss(standing: dict) -> dict:
    return without(standing, "loss")


def no_result(standing: dict) -> dict:
    return standing | {"validation": None}


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda values: without(values, "frames"), "KeyError"),
        (lambda values: values | {"frames": []}, "it has no frames"),
        (lambda values: values | {"frames": values["frames"][:-1]}, "its steps do not lead to the end"),
        (lambda values: values | {"frames": values["frames"][::-1]}, "its steps do not lead to the end"),
        (lambda values: every_frame(values, lambda frame: without(frame, "standings")), "a frame lacks something"),
        (lambda values: every_frame(values, lambda frame: told(frame, without_loss)), "a frame lacks something"),
        (lambda values: every_frame(values, lambda frame: told(frame, no_result)), "the last frame has no result"),
        (lambda values: every_frame(values, lambda frame: frame | {"seconds": "x"}), "time is no number"),
        (lambda values: values | {"frames": 3}, "TypeError"),
        (lambda values: values | {"names": ["one"]}, "it does not name two networks"),
        (lambda values: values | {"facts": {}}, "TypeError"),
        (lambda values: values | {"facts": values["facts"] | {"recorded": "yesterday"}}, "ValueError"),
        (lambda values: values | {"facts": values["facts"] | {"environment": {}}}, "where it was recorded"),
        (lambda values: values | {"more": 1}, "TypeError"),
        (lambda values: [], "TypeError"),
    ],
)
def test_a_recording_that_says_too_little_is_refused(file, spoil, problem):
    values = json.loads(gzip.decompress(file.read_bytes()))
    file.write_bytes(gzip.compress(json.dumps(spoil(values)).encode()))
    with pytest.raises(DataError, match=rf"damaged \(.*{problem}"):
        recorded_races.load(file)


@pytest.mark.parametrize("keep", [0, 5, 200, -20])
def test_half_a_file_is_refused(file, keep):
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"race\.json\.gz is damaged"):
        recorded_races.load(file)


def test_no_file_and_no_gzip_are_refused(tmp_path):
    with pytest.raises(DataError, match="missing"):
        recorded_races.load(tmp_path / "none")
    (tmp_path / "text").write_text("{}")
    with pytest.raises(DataError, match="damaged"):
        recorded_races.load(tmp_path / "text")
