import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from core import files
from core.errors import RunError
from core.files import remove_leftovers, require_writable, write_atomically, write_json, write_text
from core.paths import ROOT

# Writes, again and again, four megabytes of one letter; each time another letter.
WRITER = """
import sys
from itertools import cycle
from pathlib import Path
from core.files import write_atomically
print("ready", flush=True)
for letter in cycle(b"abcdefgh"):
    write_atomically(Path(sys.argv[1]), lambda file: [file.write(bytes([letter]) * 65_536) for _ in range(64)])
"""


def test_where_nothing_can_be_written_is_known_before(tmp_path, monkeypatch):
    require_writable(tmp_path / "not" / "there yet")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"below cannot be written \(Not a directory\)"):
        require_writable(tmp_path / "file" / "below")


def test_where_not_even_the_first_folder_is_there_nothing_can_be_written(tmp_path, monkeypatch):
    """On a drive of Windows that is not there."""
    monkeypatch.setattr(Path, "exists", lambda path: False)
    with pytest.raises(RunError, match=r"runs cannot be written \(No such file or directory\)"):
        require_writable(tmp_path / "gone" / "runs")


@pytest.mark.slow
def test_killed_while_writing_leaves_a_whole_file(tmp_path):
    path = tmp_path / "file.bin"
    in_the_middle = 0
    for attempt in range(50):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE)
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(0.02 + 0.001 * attempt)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        if path.exists():
            content = path.read_bytes()
            assert len(content) == 64 * 65_536
            assert content == content[:1] * len(content)
        in_the_middle += len(list(tmp_path.glob(".file.bin.*"))) > 0
        remove_leftovers(tmp_path)
        assert list(tmp_path.iterdir()) in ([], [path])
    assert path.exists()
    assert in_the_middle  # else nothing was shown


@pytest.fixture
def replace_denied(monkeypatch):
    """replace_denied(times): os.replace is denied so often; as on Windows, while another process reads the file."""
    original, calls = os.replace, []

    def deny(times: int) -> list:
        def replace(*paths):
            calls.append(time.monotonic())
            if len(calls) <= times:
                raise PermissionError(13, "Access is denied")
            original(*paths)

        monkeypatch.setattr(os, "replace", replace)
        return calls

    return deny


def test_a_file_that_is_denied_for_a_moment_is_written_all_the_same(tmp_path, replace_denied, monkeypatch):
    pauses = []
    monkeypatch.setattr(files.time, "sleep", pauses.append)
    calls = replace_denied(4)
    write_text(tmp_path / "file.txt", "text")
    assert (tmp_path / "file.txt").read_text() == "text"
    assert len(calls) == 5
    assert all(later == 2 * earlier > 0 for earlier, later in itertools.pairwise(pauses))


def test_what_stays_denied_is_said_after_a_while(tmp_path, replace_denied, monkeypatch):
    calls, now = replace_denied(1_000), [0.0]
    clock = SimpleNamespace(monotonic=lambda: now[-1], sleep=lambda seconds: now.append(now[-1] + seconds))
    monkeypatch.setattr(files, "time", clock)
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    with pytest.raises(PermissionError):
        write_text(tmp_path / "file.txt", "text")
    assert now == pytest.approx([0, 0.01, 0.03, 0.07])
    assert len(calls) == 4
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_modes_is_written_to(tmp_path, monkeypatch):
    """Windows's disks below Linux, some network shares."""

    def deny(*args, **kwargs):
        raise PermissionError(1, "Operation not permitted")

    for name in ("chmod", "fchmod", "lchmod", "chown"):
        monkeypatch.setattr(os, name, deny, raising=False)
    write_text(tmp_path / "file.txt", "text")
    assert (tmp_path / "file.txt").read_text() == "text"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, MemoryError])
def test_failure_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def fail(file):
        file.write(b"half of the new")
        raise error

    with pytest.raises(error):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_success_leaves_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    for text in ("old", "a newer text"):
        write_text(path, text)
        assert path.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [path]
    assert os.stat(path).st_mode & 0o777 == 0o644  # others may read it, unlike what mkstemp makes


def test_data_is_on_the_disk_before_the_name(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        original = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, n=name, f=original: (calls.append(n), f(*args)))
    write_text(tmp_path / "file.txt", "text")
    assert calls == ["fsync", "replace"]


def test_json_and_text_are_utf8(tmp_path):
    write_json(tmp_path / "file.json", {"name": "Zoë", "n": 1.5})
    assert json.loads((tmp_path / "file.json").read_text(encoding="utf-8")) == {"name": "Zoë", "n": 1.5}
    write_text(tmp_path / "file.txt", "Zoë")
    assert (tmp_path / "file.txt").read_bytes() == "Zoë".encode()


def test_folder_that_is_missing_raises(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "gone" / "file.txt", "text")


def test_leftovers_are_the_labs_own(tmp_path):
    users = {".config.json.swp", ".notes.md", ".notes.markdown", ".notes.personal"}
    for name in (*users, ".status.json.abcdefgh.tmp", ".claim.break.123"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == users


def test_what_is_written_when_its_process_is_killed_is_a_leftover(tmp_path):
    def killed(file):
        remove_leftovers(tmp_path)
        assert list(tmp_path.iterdir()) == []
        raise InterruptedError

    with pytest.raises(InterruptedError):
        write_atomically(tmp_path / "file.txt", killed)
