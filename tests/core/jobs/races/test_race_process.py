"""A race is a real process: there is one at a time, it is followed from outside, and it stops."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict

import psutil
import pytest

from core import paths
from core.classroom import tokens
from core.errors import LabError, ModelError, TrainingError
from core.files import write_json
from core.jobs.races import race_process
from core.jobs.races.frames import Frame
from tests.core.jobs.races.made_frame import made_frame


def wait_until(condition, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)


@pytest.fixture(autouse=True)
def _no_race_stays(own_runs):
    yield
    if race := race_process.current():
        race_process._end(race)


def test_there_was_none():
    assert race_process.current() is None
    assert race_process.FramesReader().read() == ([], "")
    race_process.stop("any token")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"name": "20"}',
        '{"name": "no such", "pid": 1, "pid_created": 1}',
        '{"name": "20", "pid": 1, "pid_created": 1, "host": 7}',
    ],
)
def test_a_damaged_file_counts_as_none(own_runs, text):
    own_runs.mkdir()
    (own_runs / race_process.RACE_FILE).write_text(text)
    assert race_process.current() is None


def test_a_race_on_another_machine_is_on_until_it_is_silent(own_runs):
    own_runs.mkdir()
    (own_runs / race_process.FRAMES_FILE).touch()
    race = race_process.StartedRace("20", tokens.digest("token"), machine="other", boot="another kernel")
    write_json(own_runs / race_process.RACE_FILE, asdict(race))
    with pytest.raises(TrainingError, match="A race is already on"):
        race_process.start("20")
    with pytest.raises(TrainingError, match="runs on other"):
        race_process.stop("token")
    os.utime(own_runs / race_process.FRAMES_FILE, (1, 1))
    assert not race_process.current().alive


@pytest.fixture
def asleep(monkeypatch) -> None:
    """A race is a process that only waits."""

    def detached(command, log):
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

    monkeypatch.setattr(race_process.processes, "detached", detached)


def test_a_race_that_cannot_be_written_down_does_not_run_on_unseen(asleep, own_runs, monkeypatch):
    def full(path, value):
        raise OSError(28, "No space left on device")

    begun = []
    detached = race_process.processes.detached
    monkeypatch.setattr(race_process.processes, "detached", lambda *a: begun.append(detached(*a)) or begun[0])
    monkeypatch.setattr(race_process, "write_json", full)
    with pytest.raises(LabError, match="full"):
        race_process.start("20")
    assert begun[0].wait(10)
    assert race_process.current() is None


def test_only_who_started_a_race_stops_it(asleep, own_runs):
    race, token = race_process.start("20")
    assert race_process.current() == race
    for other in ("", "garbage", token[:-1], token.upper(), race.host, "\udcff é"):
        assert not race.hosted_by(other)
        with pytest.raises(TrainingError, match="Only the person who started"):
            race_process.stop(other)
    assert race_process.current().alive
    race_process.stop(token)
    assert not race_process.current().alive
    race_process.start("20")
    race_process.stop("", in_charge=True)
    assert not race_process.current().alive


def test_the_token_is_in_no_file(asleep, own_runs):
    _, token = race_process.start("20")
    assert len(token) >= 22  # 128 bits
    written = b"".join(path.read_bytes() for path in own_runs.iterdir() if path.is_file())
    assert token.encode() not in written
    assert race_process.current().host.encode() in written


def test_the_token_of_one_race_stops_no_other(asleep):
    _, first = race_process.start("20")
    race_process.stop(first)
    _, second = race_process.start("20")
    assert first != second
    with pytest.raises(TrainingError):
        race_process.stop(first)
    assert race_process.current().alive


def test_nobody_stops_a_race_of_before_there_were_tokens(asleep, own_runs):
    race, _ = race_process.start("20")
    old = {key: value for key, value in asdict(race).items() if key != "host"}
    (own_runs / race_process.RACE_FILE).write_text(json.dumps(old))
    assert race_process.current().alive
    with pytest.raises(TrainingError):
        race_process.stop("")


def test_without_internet_the_recording_is_pointed_to(own_runs, monkeypatch):
    def fail(config):
        raise ModelError("<urlopen error> put it into /a/folder")

    monkeypatch.setattr("core.models.weights.initial_weights.initial_weights", fail)
    own_runs.mkdir()
    race_process.run(race_process.RACES["pretrained"], own_runs / race_process.FRAMES_FILE)
    frames, failure = race_process.FramesReader().read()
    assert frames == []
    assert "45 MB" in failure
    assert "recorded race" in failure
    assert "folder" not in failure


@pytest.mark.slow
def test_life_of_a_race():
    """One test, since a start costs seconds: of two that begin at once one does; it shows frames, and it stops."""
    refused, tokens = [], []

    def press():
        try:
            tokens.append(race_process.start("20")[1])
        except TrainingError as error:
            refused.append(str(error))

    visitors = [threading.Thread(target=press) for _ in range(2)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert len(refused) == 1
    assert "already on" in refused[0]
    race = race_process.current()
    assert race.alive
    wait_until(lambda: race_process.FramesReader().read()[0])
    (first, *_), failure = race_process.FramesReader().read()
    assert failure == ""
    assert first.step == 1
    assert first.steps % 281 == 0  # 281 batches of 32 make an epoch of the 9,000 training images
    assert first.standings["A"].gradient_norms
    start = time.monotonic()
    race_process.stop(*tokens)
    assert time.monotonic() - start < race_process.PATIENCE + 2
    assert not psutil.pid_exists(race.pid) or psutil.Process(race.pid).status() == psutil.STATUS_ZOMBIE
    assert not race_process.current().alive
    assert race_process.FramesReader().read()[0][0] == first  # what was shown stays


def line_of(frame: Frame) -> str:
    return json.dumps(asdict(frame)) + "\n"


@pytest.mark.parametrize("other", ['{"step": 2, "st', "3\n", '{"step": 2, "steps": 2}\n', "no JSON\n"])
def test_what_is_no_frame_is_passed_over(own_runs, other):
    own_runs.mkdir()
    frame = made_frame(1, 2)
    (own_runs / race_process.FRAMES_FILE).write_text(line_of(frame) + other)
    assert race_process.FramesReader().read() == ([frame], "")


def test_a_failure_is_told(own_runs, monkeypatch):
    def fail(source):
        raise TrainingError("There are no photos.")

    monkeypatch.setattr("core.data.cifar10.load_training", fail)
    own_runs.mkdir()
    race_process.run(race_process.RACES["20"], own_runs / race_process.FRAMES_FILE)
    assert race_process.FramesReader().read() == ([], "There are no photos.")


def test_no_race_where_training_is_off(monkeypatch):
    monkeypatch.setenv("RESNET_LAB_TRAINING", "off")
    with pytest.raises(TrainingError, match="switched off"):
        race_process.start("20")
    assert not (paths.own_runs_dir() / race_process.RACE_FILE).exists()


def test_each_frame_is_read_once_however_often_one_looks(own_runs, monkeypatch):
    own_runs.mkdir()
    parsed, loads = [], json.loads
    monkeypatch.setattr(race_process.json, "loads", lambda text: parsed.append(text) or loads(text))
    reader = race_process.FramesReader()
    for step in range(1, 41):
        with (own_runs / race_process.FRAMES_FILE).open("a") as file:
            file.write(line_of(made_frame(step, 40)))
        assert [frame.step for frame in reader.read()[0]] == [*range(1, step + 1)]
    assert len(parsed) == 40


def test_a_line_that_was_half_written_is_read_when_it_is_whole(own_runs):
    own_runs.mkdir()
    file, reader = own_runs / race_process.FRAMES_FILE, race_process.FramesReader()
    frames = [made_frame(step, 2) for step in (1, 2)]
    first, second = map(line_of, frames)
    file.write_text(first + second[:9])
    assert reader.read() == (frames[:1], "")
    file.write_text(first + second)
    assert reader.read() == (frames, "")


@pytest.mark.parametrize("steps", [1, 9])
def test_the_next_race_is_read_from_its_beginning(own_runs, steps):
    """Whether its file is shorter or longer than what was read of the race before."""
    own_runs.mkdir()
    reader = race_process.FramesReader()
    for pid, frames in ((7, [made_frame(step, 9) for step in (1, 2, 3)]), (8, [made_frame(7, 9)] * steps)):
        write_json(own_runs / race_process.RACE_FILE, asdict(race_process.StartedRace("20", pid=pid)))
        (own_runs / race_process.FRAMES_FILE).write_text("".join(map(line_of, frames)))
        assert reader.read() == (frames, "")
