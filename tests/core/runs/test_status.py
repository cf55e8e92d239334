import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from core.errors import TrainingError
from core.runs import status
from core.runs.file_names import RESULT_FILE
from core.runs.status import Status
from core.runs.workers import HEARTBEAT_TIMEOUT, start_time


@pytest.fixture
def gone() -> Status:
    """The status of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    created = start_time(process.pid)
    process.communicate()
    return Status("training", epoch=3, epochs=8, pid=process.pid, pid_created=created)


def test_round_trip(tmp_path):
    said = Status("training", epoch=1, epochs=2, share=0.25, accuracy=0.5, seconds_left=60.0)
    status.write(tmp_path, said)
    assert status.read(tmp_path) == said
    assert said.process
    assert said.pid == os.getpid()


def test_training_whose_process_is_gone_has_failed(tmp_path, gone):
    status.write(tmp_path, gone)
    assert gone.process is None
    said = status.read(tmp_path)
    assert (said.state, said.epoch) == ("failed", 3)
    assert "ended without a word" in said.reason


def test_another_process_with_the_same_number_does_not_count(tmp_path):
    now = Status("training")
    earlier = replace(now, pid_created=now.pid_created - 3600)
    assert earlier.process is None
    status.write(tmp_path, earlier)
    assert status.read(tmp_path).state == "failed"


def test_clock_that_was_adjusted_a_little_changes_nothing(tmp_path):
    now = Status("training")
    status.write(tmp_path, replace(now, pid_created=now.pid_created - 1))
    assert status.read(tmp_path).state == "training"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere psutil's time is all that is known")
def test_clock_that_was_set_changes_nothing(tmp_path, monkeypatch):
    status.write(tmp_path, Status("training"))
    real = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: real(process) - 3600)  # as the boot time moved
    assert status.read(tmp_path).state == "training"


def test_training_that_noted_its_beginning_by_the_calendar_still_runs(tmp_path):
    """As one that was begun before the lab was updated."""
    status.write(tmp_path, Status("training", pid_created=psutil.Process().create_time()))
    assert status.read(tmp_path).state == "training"


def test_zombie_counts_as_gone():
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    said = Status("training", pid=process.pid, pid_created=start_time(process.pid))
    assert said.process
    process.stdin.close()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, but not reaped
    assert said.process is None
    process.wait()


@pytest.mark.parametrize("state", ["queued", "stopped", "failed"])
def test_other_states_stay_what_they_are(tmp_path, gone, state):
    said = replace(gone, state=state, reason="why")
    status.write(tmp_path, said)
    assert status.read(tmp_path) == said


def test_no_file_is_no_status(tmp_path):
    assert status.read(tmp_path) is None
    assert status.read(tmp_path / "gone") is None


def test_link_to_a_status_is_none(tmp_path):
    """It could as well lead to a device, which never ends."""
    status.write(tmp_path, Status("training"))
    (tmp_path / status.FILE).rename(tmp_path / "elsewhere")
    (tmp_path / status.FILE).symlink_to(tmp_path / "elsewhere")
    assert status.read(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "3",
        "{}",
        '{"state": "training", "color": 1}',
        b"\xff\xfe",
        "[" * 100_000,
        json.dumps(asdict(Status("training")) | {"reason": "x" * 1_000_000}),
        '{"state": "training"}',  # whose process?
        json.dumps(asdict(Status("dancing"))),
        json.dumps(asdict(Status("queued")) | {"queued": None}),
        json.dumps(asdict(Status("training")) | {"machine": ["other"]}),
        *(json.dumps(asdict(Status("training")) | {"pid": pid}) for pid in ("1", -5, 10**30, 1.5, None)),
        json.dumps(asdict(Status("training")) | {"share": "half"}),
        *(
            json.dumps(asdict(Status("stopped")) | damage)
            for damage in ({"accuracy": "high"}, {"seconds_left": [1]}, {"reason": 3})
        ),
    ],
)
def test_damaged_file_is_no_status_or_a_failed_one(tmp_path, content):
    (tmp_path / status.FILE).write_bytes(content if isinstance(content, bytes) else content.encode())
    said = status.read(tmp_path)
    assert said is None or said.state == "failed"


def test_only_one_process_may_train_a_run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as other:
        created = start_time(other.pid)
        theirs = Status("training", epoch=3, pid=other.pid, pid_created=created)
        status.write(folder, theirs)
        with pytest.raises(TrainingError, match=f"run is in training already, by process {other.pid}"):
            status.claim(folder)
        status.note_end(folder, "failed", "not mine")
        assert status.read(folder) == theirs
    (folder / ".status.json.abcdefgh.tmp").write_text("{")  # the other one was killed over it
    status.claim(folder)
    said = status.read(folder)
    assert (said.state, said.reason, said.epoch, said.pid) == ("training", "", 3, os.getpid())
    assert {path.name for path in folder.iterdir()} == {status.FILE, status.CLAIM_FILE}
    status.note_end(folder, "failed", "why")
    assert (status.read(folder).state, status.read(folder).reason) == ("failed", "why")
    status.release(folder)
    assert [path.name for path in folder.iterdir()] == [status.FILE]


def test_a_run_that_another_process_has_finished_meanwhile_is_not_claimed(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "test_logits.npz").touch()
    with pytest.raises(TrainingError, match="run is finished already"):
        status.claim(tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["test_logits.npz"]


def test_the_claim_of_a_process_that_ended_counts_no_more_even_if_nobody_asked_for_its_end(tmp_path):
    """A zombie, as in a container whose first process asks for none."""
    folder = tmp_path / "run"
    folder.mkdir()
    code = "import pathlib, sys, time; from core.runs import status; status.claim(pathlib.Path(sys.argv[1])); "
    with subprocess.Popen(
        [sys.executable, "-c", f"{code}print(1, flush=True); time.sleep(60)", str(folder)], stdout=-1
    ) as other:
        assert other.stdout.readline() == b"1\n"
        os.kill(other.pid, 9)
        while status.read(folder).state == "training":
            time.sleep(0.01)
        status.claim(folder)  # before wait()
        status.release(folder)


# A folder of runs that several machines share

THERE = {"machine": "other", "boot": "another kernel"}


def age(seconds: float, *paths: Path) -> None:
    for path in paths:
        os.utime(path, (time.time() - seconds,) * 2)


@pytest.mark.parametrize("place", [{"machine": "other"}, {"boot": "another container"}])
@pytest.mark.parametrize("sign", [status.FILE, status.CLAIM_FILE])
def test_a_training_elsewhere_goes_on_as_long_as_there_are_signs_of_it(tmp_path, place, sign):
    """Though its process's number means nothing here, or means another process."""
    for pid in (os.getpid(), 2**22 + 1):
        status.write(tmp_path, replace(Status("training", epoch=3, pid=pid), **place))
        (tmp_path / status.CLAIM_FILE).touch()
        age(10_000, tmp_path / status.FILE, tmp_path / status.CLAIM_FILE)
        age(HEARTBEAT_TIMEOUT - 30, tmp_path / sign)
        said = status.read(tmp_path)
        assert (said.state, said.here, said.process) == ("training", False, None)
        age(HEARTBEAT_TIMEOUT + 200, tmp_path / sign)
        said = status.read(tmp_path)
        assert (said.state, said.epoch) == ("failed", 3)
        assert re.search(rf"on {said.machine}, .* nothing was heard for 5 minutes; resume", said.reason)


def test_a_status_of_before_machines_were_recorded_is_of_this_one(tmp_path):
    values = {key: value for key, value in asdict(Status("training")).items() if key not in THERE}
    (tmp_path / status.FILE).write_text(json.dumps(values))
    assert (status.read(tmp_path).state, status.read(tmp_path).here) == ("training", True)


def test_only_one_machine_may_train_a_run_until_it_is_silent(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    folder.mkdir()
    status.claim(folder)
    status.require_claim(folder)
    mine = status._claims.pop(folder)
    with monkeypatch.context() as there:
        there.setattr(socket, "gethostname", lambda: "other")
        with pytest.raises(TrainingError, match="run is in training already, on "):
            status.claim(folder)
        (folder / status.FILE).unlink()  # by whatever accident
        with pytest.raises(TrainingError, match="run is in training already on "):
            status.claim(folder)
        age(HEARTBEAT_TIMEOUT + 1, folder / status.CLAIM_FILE)
        status.claim(folder)  # which resumes it
        theirs = status._claims.pop(folder)
    status._claims[folder] = mine
    with pytest.raises(TrainingError, match=r"run was taken over by process \d+ on other"):
        status.require_claim(folder)
    status.note_end(folder, "failed", "not mine")
    status.release(folder)
    assert (status.read(folder).machine, status.read(folder).state) == ("other", "training")
    assert (folder / status.CLAIM_FILE).exists()
    theirs.release()


def test_a_claim_that_was_removed_by_hand_ends_no_training(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    status.claim(folder)
    (folder / status.CLAIM_FILE).unlink()
    status.require_claim(folder)
    status.release(folder)


def test_the_lock_of_another_machine_counts_until_it_is_silent(tmp_path, monkeypatch):
    monkeypatch.setattr(status, "PATIENCE", 0.1)
    with status.lock(tmp_path):
        monkeypatch.setattr(socket, "gethostname", lambda: "other")
        with pytest.raises(TrainingError, match="try again"), status.lock(tmp_path):
            pass
        age(status.LOCK_SECONDS + 1, tmp_path / status.LOCK_FILE)
        monkeypatch.setattr(status, "PATIENCE", 5)
        with status.lock(tmp_path):
            pass


def test_lock_keeps_threads_apart(tmp_path):
    inside, most = [], []

    def work():
        for _ in range(5):
            with status.lock(tmp_path / "runs"):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 20


def test_lock_that_is_not_given_back_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(status, "PATIENCE", 0.1)
    with status.lock(tmp_path), pytest.raises(TrainingError, match="try again"), status.lock(tmp_path):
        pass


def test_a_training_waits_longer_for_the_lock_than_a_page(tmp_path, monkeypatch):
    """It would else have failed, with nobody there to try again."""
    monkeypatch.setattr(status, "PATIENCE", 0.0)
    (tmp_path / "run").mkdir()
    training = threading.Thread(target=status.claim, args=[tmp_path / "run"])
    with status.lock(tmp_path):
        training.start()
        time.sleep(0.5)
    training.join()
    status.require_claim(tmp_path / "run")
    status.release(tmp_path / "run")


def test_this_machine_is_known_when_the_network_calls_it_otherwise(monkeypatch):
    """On a Mac, the router gives the domain."""
    mine = Status("training")
    short = socket.gethostname().partition(".")[0]
    monkeypatch.setattr(socket, "gethostname", lambda: f"{short}.fritz.box")
    assert mine.here
    monkeypatch.setattr(socket, "gethostname", lambda: f"not-{short}")
    assert not mine.here


@pytest.mark.parametrize("state", ["training", "queued"])
def test_a_copy_of_a_folder_is_not_in_training_with_it(tmp_path, state):
    (tmp_path / "mine").mkdir()
    status.write(tmp_path / "mine", Status(state, epoch=3))
    shutil.copytree(tmp_path / "mine", tmp_path / "mine (copy)")
    assert status.read(tmp_path / "mine").state == state
    assert status.read(tmp_path / "mine (copy)") == replace(status.read(tmp_path / "mine"), state="stopped")


@pytest.mark.parametrize("theirs", ["stopped", "finished"])
def test_who_wakes_after_the_other_is_done_ends(tmp_path, theirs):
    """The other machine resumed the run, and has let go of it by now."""
    folder = tmp_path / "run"
    folder.mkdir()
    status.claim(folder)
    (folder / status.CLAIM_FILE).unlink()
    if theirs == "finished":
        (folder / status.FILE).unlink()
        (folder / RESULT_FILE).touch()
    else:
        status.write(folder, replace(Status("stopped"), machine="other"))
    with pytest.raises(TrainingError, match="run was taken over, since nothing was heard"):
        status.require_claim(folder)
    status.release(folder)


def test_where_nothing_can_be_written_the_lock_says_so(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(status.SoftFileLease, "acquire", refuse)
    with pytest.raises(TrainingError, match=f"{tmp_path} cannot be written"), status.lock(tmp_path):
        pass
