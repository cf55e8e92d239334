"""A race to watch, in a process of its own: start it, follow it, stop it. There is one at a time, for all who watch.

Two files in the folder of the user's runs tell of it: RACE_FILE names the pair and the process that trains it,
FRAMES_FILE has a line for each frame. So a race outlives the page, the browser and the server. Who starts a race gets a
token to stop it with; without it, only who is in charge of the lab can. RACE_FILE holds no more than its sha256.
"""

import json
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from core import paths
from core.classroom import tokens
from core.errors import LabError, ModelError, TrainingError, plain_reason
from core.files import write_json, writing
from core.jobs import processes
from core.jobs.limits import require_training_allowed, training_allowed
from core.jobs.races.frames import Frame
from core.jobs.races.pairs import RACES, FairPair
from core.runs import status
from core.runs.workers import Worker, start_time

RACE_FILE, FRAMES_FILE, LOG_FILE = ".race.json", ".race.jsonl", ".race.log"
PHOTOS = (1, 6, 13, 4)  # test images, clear ones of four classes, that both networks are asked about again and again
SECONDS = 110.0  # of training; with all that is shown meanwhile a race takes two to three minutes
PATIENCE = 5.0  # seconds that a race gets to end when asked
NO_DOWNLOAD = (
    "The weights of the pretrained network ({size}) could not be downloaded; is there internet here? The recorded race "
    "needs none."
)


@dataclass(frozen=True)
class StartedRace(Worker):
    """The race that was started last, whatever became of it, and the process that trains it."""

    name: str  # of RACES
    host: str = ""  # sha256 of the token of who started it; "": nobody's

    @property
    def identity(self) -> tuple[int, float]:
        """Another for each race."""
        return self.pid, self.pid_created

    def hosted_by(self, token: str) -> bool:
        """Whether this is the token that was given to who started the race."""
        return tokens.same(token, self.host)

    @property
    def pair(self) -> FairPair:
        return RACES[self.name]

    @property
    def alive(self) -> bool:
        return self.is_alive(paths.own_runs_dir() / FRAMES_FILE)


def start(name: str) -> tuple[StartedRace, str]:
    """Begin a race of RACES; with the token by which it can be stopped. Raises LabError if one is on, training is
    switched off, or nothing can be written."""
    require_training_allowed()
    root = paths.own_runs_dir()
    with writing(root), status.lock(root):
        before = current()
        if before and before.alive:
            raise TrainingError("A race is already on: here it is.")
        (root / FRAMES_FILE).unlink(missing_ok=True)
        process = processes.detached(
            [sys.executable, "-m", "core", "background", "race", name, str(root)], root / LOG_FILE
        )
        processes.reap_in_background(process)
        token = tokens.new_token()
        try:
            created = start_time(process.pid)
            race = StartedRace(name, tokens.digest(token), pid=process.pid, pid_created=created)
            write_json(root / RACE_FILE, asdict(race))
        except BaseException:  # nobody could see it, or stop it
            process.kill()
            raise
    return race, token


def current() -> StartedRace | None:
    """The race that was started last; None if there was none."""
    try:
        values = json.loads((paths.own_runs_dir() / RACE_FILE).read_text(encoding="utf-8"))
        race = StartedRace(**values)
        sound = race.name in RACES and type(values["pid"]) is int and isinstance(race.host, str)
        return race if sound else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def stop(token: str, in_charge: bool = False) -> None:
    """End the race that is on; what it has shown so far stays to be seen. Does nothing where training is off.

    Raises TrainingError for a token other than the one that `start` gave, unless who asks is `in_charge` here."""
    race = current()
    if race is None or not training_allowed():
        return
    if not (in_charge or race.hosted_by(token)):
        raise TrainingError("Only the person who started the race can stop it.")
    if not race.here:
        raise TrainingError(f"The race runs on {race.machine}, and can't be stopped from here; it ends by itself.")
    _end(race)


def _end(race: StartedRace) -> None:
    process = race.process
    if process:
        with suppress(psutil.Error):
            process.terminate()
            _, left = psutil.wait_procs([process], PATIENCE)
            for stubborn in left:
                stubborn.kill()


class FramesReader:
    """Follows the race from outside: reads each frame once, for as many as watch. For several threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._race: tuple | None = None  # which race has been read so far
        self._start_over()

    def read(self) -> tuple[list[Frame], str]:
        """All frames of the race so far, and why it failed ("" if it has not)."""
        root = paths.own_runs_dir()
        with self._lock:
            try:
                now = current()
                race = root, now and now.identity
                if race != self._race or (root / FRAMES_FILE).stat().st_size < self._offset:
                    self._race = race
                    self._start_over()
                self._read_on(root / FRAMES_FILE)
            except OSError:
                self._start_over()
            return list(self._frames), self._failure

    def _start_over(self) -> None:
        self._frames: list[Frame] = []
        self._offset, self._failure = 0, ""

    def _read_on(self, path: Path) -> None:
        with path.open("rb") as file:
            file.seek(self._offset)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]  # the last line may still be being written
        self._offset += len(whole)
        for line in whole.splitlines():
            with suppress(ValueError):
                values = json.loads(line)
                if isinstance(values, dict) and "failure" in values:
                    self._failure = self._failure or str(values["failure"])
                else:
                    self._frames.append(Frame.from_json(values))


def run(pair: FairPair, file: Path) -> None:
    from core.data import cifar10
    from core.data.batches import to_tensors
    from core.jobs.races.race import Race, halve_threads, paced

    halve_threads()
    with file.open("w", encoding="utf-8", buffering=1) as out:
        try:
            photos = to_tensors(cifar10.load_test())[0][list(PHOTOS)]
            images = cifar10.load_training("shipped")
            _fetch_weights(pair)
            for frame in Race(paced(pair, images, SECONDS), images, photos).frames():
                out.write(json.dumps(asdict(frame)) + "\n")
        except (LabError, OSError, MemoryError, RuntimeError) as error:
            out.write(json.dumps({"failure": plain_reason(error) or str(error)}) + "\n")


def _fetch_weights(pair: FairPair) -> None:
    """Before the networks are timed, so that one need not wait to hear that there is no internet."""
    from core.models.weights.initial_weights import initial_weights

    if not pair.download:
        return
    try:
        for config in pair.configs.values():
            initial_weights(config)
    except ModelError:
        raise TrainingError(NO_DOWNLOAD.format(size=pair.download)) from None
