"""Finished runs on their way among those that ship."""

import os
from pathlib import Path

import pytest

from core import files
from core.commands import ship
from core.errors import RunError
from core.runs import reproduction
from core.runs.run import open_run
from core.sharing import shipping


@pytest.fixture
def shipped(tmp_path):
    (tmp_path / "shipped").mkdir()
    return tmp_path / "shipped"


def test_run_ships_with_its_weights_and_a_card_and_nothing_else(make_run, shipped):
    run = make_run("good")
    (run.path / "status.json").write_text("{}")
    (run.path / "README.md").write_text("an old card")
    copy = shipping.ship(run, shipped)
    assert {path.name for path in copy.path.iterdir()} == {path.name for path in run.path.iterdir()} - {"status.json"}
    assert copy.load_model()
    assert copy.facts == run.facts
    assert "python -m core evaluate good" in (copy.path / "README.md").read_text()
    assert [path.name for path in shipped.iterdir()] == ["good"]


def test_run_without_weights_says_how_to_make_them(make_run, shipped):
    copy = shipping.ship(make_run("good"), shipped, weights=False)
    assert not copy.has_weights
    assert len(copy.test_logits()) == 10_000
    card = (copy.path / "README.md").read_text()
    assert "weights are not kept here" in card
    assert reproduction.command(copy) in card


def test_another_run_of_its_name_is_replaced_only_when_asked(make_run, shipped):
    run = make_run("good")
    shipping.ship(run, shipped, weights=False)
    with pytest.raises(RunError, match="exists already"):
        shipping.ship(run, shipped)
    assert shipping.ship(run, shipped, replace=True).has_weights
    assert [path.name for path in shipped.iterdir()] == ["good"]


def test_a_replacement_that_fails_leaves_the_old_run(make_run, shipped, monkeypatch):
    run, rename = make_run("good"), Path.rename
    shipping.ship(run, shipped, weights=False)

    def fail(path: Path, target: Path) -> Path:
        if target == shipped / "good" and path.parent.name.startswith(".ship-") and path.name == "good":
            raise PermissionError
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    monkeypatch.setattr(files, "PATIENCE", 0)
    with pytest.raises(RunError):
        shipping.ship(run, shipped, replace=True)
    assert [path.name for path in shipped.iterdir()] == ["good"]
    assert not open_run(shipped / "good").has_weights


def test_a_replacement_that_is_killed_in_the_middle_loses_no_run(make_run, shipped, monkeypatch):
    """From the moment on at which it would put the new one in the old one's place, it does nothing more."""
    run, rename = make_run("good"), Path.rename
    shipping.ship(run, shipped, weights=False)

    def killed(path: Path, target: Path) -> Path:
        if path == shipped / "good":
            return rename(path, target)
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(RunError):
            shipping.ship(run, shipped, replace=True)
    for path in shipped.iterdir():
        os.utime(path, (1, 1))
    shipping.ship(make_run("other"), shipped, weights=False)
    with pytest.raises(RunError, match="exists already"):
        shipping.ship(run, shipped)
    assert not open_run(shipped / "good").has_weights
    assert shipping.ship(run, shipped, replace=True).has_weights
    assert sorted(path.name for path in shipped.iterdir()) == ["good", "other"]


def test_a_run_of_which_there_is_a_link_is_replaced_and_no_link_is_left(make_run, shipped):
    run, elsewhere = make_run("good"), make_run("elsewhere").path
    (shipped / "good").symlink_to(elsewhere, target_is_directory=True)
    for _ in range(2):
        shipping.ship(run, shipped, replace=True)
    assert [path.name for path in shipped.iterdir()] == ["good"]
    assert not (shipped / "good").is_symlink()
    assert open_run(elsewhere).has_weights


def test_unfinished_run_does_not_ship(make_run, shipped):
    run = make_run("half")
    (run.path / "test_logits.npz").unlink()
    with pytest.raises(RunError, match="half is not complete"):
        shipping.ship(run, shipped)
    assert list(shipped.iterdir()) == []


def test_command_ships_several(make_run, shipped):
    make_run("one"), make_run("two")
    assert ship.main(["one", "two", "--to", str(shipped), "--without-weights"]) == 0
    assert [open_run(shipped / name).has_weights for name in ("one", "two")] == [False, False]


def test_nowhere_to_ship_to_is_one_sentence(make_run, tmp_path):
    with pytest.raises(RunError, match="cannot be written"):
        shipping.ship(make_run("good"), tmp_path / "no such folder")
