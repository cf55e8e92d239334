import json
import os
import shutil
import tracemalloc
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from core import paths
from core.errors import RunError
from core.files import sha256_of
from core.jobs import trainings
from core.models.complexity import count_multiply_adds, count_parameters
from core.models.registry import build
from core.runs import run as run_module
from core.runs import store
from core.runs.library import damaged_runs, find_run, list_in, list_runs
from core.runs.run import HISTORY_COLUMNS, Run, open_run
from core.runs.store import new_folder
from core.settings.train_config import TrainConfig
from core.sharing.zip_archive import add_run, zip_run


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch) -> Path:
    """No runs ship with the app but what a test puts here."""
    monkeypatch.setattr(paths, "SHIPPED", tmp_path / "checkpoints")
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


# What is written is read again


def test_trained_run_is_read_as_it_was_written(make_run):
    run = make_run("good", depth=8, seed=2)
    assert run.name == "good"
    assert run.config == TrainConfig(depth=8, seed=2, data="shipped", epochs=1, batch_size=8, lr=0.05)
    assert run.finished
    assert run.has_weights
    model = run.load_model()
    assert run.parameters == count_parameters(model) == 75_290
    assert run.multiply_adds == count_multiply_adds(model, 32)
    history = run.history()
    assert [*history.columns] == [*HISTORY_COLUMNS]
    assert history["epoch"].tolist() == [1]
    layers, norms = run.gradients()
    assert (layers[0], layers[-1], norms.shape) == ("conv1.weight", "fc.weight", (1, 8))
    assert (run.test_logits().shape, run.test_logits().dtype) == ((10_000, 10), np.float32)
    assert "good" in (run.path / "README.md").read_text()


def test_model_has_the_saved_weights_ready_for_answers(make_run):
    run = make_run("good")
    model, saved = run.load_model(), load_file(run.path / "model.safetensors")
    initial = build(run.config).state_dict()
    assert all(torch.equal(value, saved[name]) for name, value in model.state_dict().items())
    assert not any(torch.equal(value, initial[name]) for name, value in saved.items())
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_history_and_norms_survive(tmp_path):
    history = [dict.fromkeys(HISTORY_COLUMNS, 1 / 3) | {"epoch": epoch} for epoch in (1, 2, 3)]
    store.save_progress(tmp_path, history, ["a.weight", "b.weight"], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    run = Run(tmp_path, TrainConfig(), {})
    pd.testing.assert_frame_equal(run.history(), pd.DataFrame(history, columns=list(HISTORY_COLUMNS)))
    layers, norms = run.gradients()
    assert layers == ["a.weight", "b.weight"]
    assert norms.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert run.relative_steps() is None  # not recorded
    store.save_progress(tmp_path, history, layers, norms.tolist(), (norms / 8).tolist())
    assert (run.relative_steps() == norms / 8).all()


def test_half_precision_weights_become_float32(make_run):
    run = make_run("half")
    weights = {k: v.half() if v.is_floating_point() else v for k, v in run.load_model().state_dict().items()}
    model = replace_weights(run.path, weights).load_model()
    assert {value.dtype for value in model.state_dict().values()} == {torch.float32, torch.int64}


def test_last_change_moves_when_a_file_is_replaced(make_run):
    run = make_run("good")
    os.utime(run.path, (1, 1))
    store.save_test_logits(run.path, run.test_logits())
    assert run.last_change > 1


def test_run_without_weights_shows_its_charts_and_says_how_to_get_them(make_run):
    run = make_run("light")
    (run.path / "model.safetensors").unlink()
    assert not run.has_weights
    run.history(), run.gradients(), run.test_logits()
    with pytest.raises(RunError, match=r"light has no weights .* python -m core train resnet8"):
        run.load_model()
    (run.path / "test_logits.npz").unlink()
    with pytest.raises(RunError, match=r"light has no weights .* is not finished; .* train --run .*/light"):
        run.load_model()


def test_run_in_training_is_listed_and_not_finished(make_run):
    run = make_run("half-way")
    (run.path / "test_logits.npz").unlink()
    (run.path / "model.safetensors").unlink()
    (listed,), problems = list_runs()
    assert (listed.finished, listed.has_weights, problems) == (False, False, [])
    assert len(listed.history()) == 1


# Which runs there are


def test_no_folders_are_no_runs(shipped, own_runs):
    shipped.rmdir()
    assert not own_runs.exists()
    assert list_runs() == ([], [])


def test_shipped_runs_come_first_and_stray_files_do_not_matter(make_run, shipped, own_runs):
    for name in ("b", "a"):
        make_run(name)
    shutil.move(make_run("z").path, shipped / "z")
    (own_runs / "notes.txt").write_text("not a run")
    found, problems = list_runs()
    assert [run.name for run in found] == ["z", "a", "b"]
    assert problems == []


def test_own_runs_lie_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("RESNET_LAB_RUNS", str(tmp_path / "elsewhere"))
    assert paths.own_runs_dir() == tmp_path / "elsewhere"
    monkeypatch.delenv("RESNET_LAB_RUNS")
    assert paths.own_runs_dir() == paths.ROOT / "runs"


def test_find_run_by_name_and_by_path(make_run, tmp_path):
    run = make_run("good")
    assert find_run("good").path == run.path
    elsewhere = shutil.copytree(run.path, tmp_path / "elsewhere")
    assert find_run(str(elsewhere)).path == elsewhere


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("probes.json", True),
        ("a-new-study.npz", True),
        ("status.json", False),
        ("train.log", False),
        (".claim", False),
        ("resume.safetensors", False),
        ("kept-00001.safetensors", False),
        ("walk-unfinished.npz", False),
    ],
)
def test_each_file_that_is_shown_makes_another_version(make_run, file, counts):
    run = make_run("x")
    before = run.version
    (run.path / file).write_text("new")
    assert (run.version != before) == counts


def test_find_run_says_what_is_wrong_with_a_damaged_one(make_run):
    (make_run("bad").path / "config.json").write_text("{")
    with pytest.raises(RunError, match="cannot be read as a run's config"):
        find_run("bad")


@pytest.mark.parametrize("name", ["nobody", "", "../good", "a\0b", "x" * 300, "é" * 200])
def test_unknown_run_lists_the_known(make_run, name):
    make_run("good")
    with pytest.raises(RunError, match="Known: good"):
        find_run(name)


@pytest.mark.parametrize("name", ["a", "resnet20-8ep-s0", "A.b_c-9", "x" * 64])
def test_new_folder(own_runs, name):
    assert new_folder(own_runs, name) == own_runs / name
    assert (own_runs / name).is_dir()


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "-x", "a/b", "../a", "a b", "a\n", "ä", "x" * 65, "<b>"])
def test_bad_names_are_refused(own_runs, name):
    with pytest.raises(RunError, match="cannot be a run's name"):
        new_folder(own_runs, name)
    assert not own_runs.exists()


def test_taken_names_are_refused(own_runs, shipped, tmp_path):
    new_folder(own_runs, "mine")
    with pytest.raises(RunError, match=r"^mine exists already\. Choose another name\.$"):
        new_folder(own_runs, "mine")
    (shipped / "theirs").mkdir()
    with pytest.raises(RunError, match="theirs is the name of a run that ships"):
        new_folder(own_runs, "theirs")
    with pytest.raises(RunError, match="theirs exists already"):
        new_folder(shipped, "theirs")
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be made"):
        new_folder(tmp_path / "file", "name")


# Bad folders: one kind of error, and the others still open


def replace_weights(folder: Path, weights: dict) -> Run:
    """Other weights, with their right sha256."""
    sha256 = store.save_weights(folder, weights)
    run = open_run(folder)
    store.save_facts(folder, run.config, run.facts | {"sha256": sha256})
    return open_run(folder)


def raw_weights(content: bytes):
    """A file of weights of any content, with its right sha256."""

    def change(folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(content)
        run = open_run(folder)
        store.save_facts(folder, run.config, run.facts | {"sha256": sha256_of(folder / "model.safetensors")})

    return change


def weights(change):
    """Weights after `change` of the state dict, with their right sha256."""

    def apply(folder: Path) -> None:
        state = load_file(folder / "model.safetensors")
        change(state)
        replace_weights(folder, state)

    return apply


def put(name: str, content: bytes | str):
    return lambda folder: (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def drop(name: str):
    return lambda folder: (folder / name).unlink()


def as_folder(name: str):
    return lambda folder: ((folder / name).unlink(), (folder / name).mkdir())


def cut(name: str, share: float = 0.5):
    def change(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(len(content) * share)])

    return change


def flip(name: str):
    """One bit in the middle of a file."""

    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return change


def facts(change):
    """config.json after `change` of its values."""

    def apply(folder: Path) -> None:
        values = json.loads((folder / "config.json").read_text())
        change(values)
        (folder / "config.json").write_text(json.dumps(values))

    return apply


def config(**fields):
    return facts(lambda values: values["config"].update(fields))


def history(change):
    def apply(folder: Path) -> None:
        change(pd.read_csv(folder / "history.csv")).to_csv(folder / "history.csv", index=False)

    return apply


def npz(name: str, **arrays):
    return lambda folder: np.savez_compressed(folder / name, **arrays)


LOGITS = np.zeros((10_000, 10), dtype=np.float32)
NAMES, NORMS = np.array(["a", "b"]), np.ones((3, 2), dtype=np.float32)


def with_value(value: float, dtype=np.float32) -> np.ndarray:
    logits = LOGITS.astype(dtype)
    logits[77, 3] = value
    return logits


def claim_of_many_rows(folder: Path) -> None:
    """A header that promises 10^12 rows, and no data."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 10), }".ljust(117) + b"\n"
    with zipfile.ZipFile(folder / "test_logits.npz", "w") as file:
        file.writestr("logits.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)


OPEN = {
    "empty config": put("config.json", ""),
    "config cut": cut("config.json"),
    "config a pickle": put("config.json", b"\x80\x04\x95\x05\0\0\0\0\0\0\0\x8c\x01a\x94."),
    "config not utf-8": put("config.json", b'{"config": "\xff"}'),
    "config a list": put("config.json", "[]"),
    "config a string": put("config.json", '"config"'),
    "config null": put("config.json", "null"),
    "config of 1.1 MB": facts(lambda values: values.update(note="x" * 1_100_000)),
    "config nested deeply": put("config.json", "[" * 200_000),
    "number of 5,000 digits": put("config.json", '{"config": ' + "9" * 5_000 + "}"),
    "config a folder": as_folder("config.json"),
    "config missing": drop("config.json"),
    "no settings": facts(lambda values: values.pop("config")),
    "settings a list": facts(lambda values: values.update(config=list(values["config"]))),
    "setting unknown": config(color="red"),
    "unknown family": config(family="vit"),
    "boolean for a number": config(epochs=True),
    "text for a number": config(lr="0.1"),
    "number for a boolean": config(skip=1),
    "lr not a number": config(lr=float("nan")),
    "unknown schedule": config(schedule="linear"),
    "no such depth": config(depth=21),
    "depth of millions": config(depth=6_000_002),
    "no architecture": facts(lambda values: values.pop("architecture")),
    "a file from elsewhere without a name": facts(lambda values: values.update(imported={"sha256": "x"})),
    "a file from elsewhere called 5": facts(lambda values: values.update(imported={"file": 5, "sha256": "x"})),
    "a file from elsewhere of an odd normalization": facts(
        lambda values: values.update(imported={"file": "x.pth", "normalization": ["y"]})
    ),
    "architecture a text": facts(lambda values: values.update(architecture="resnet8")),
    "parameters a text": facts(lambda values: values["architecture"].update(parameters="75290")),
    "parameters a boolean": facts(lambda values: values["architecture"].update(parameters=True)),
}
READ = {
    "history": {
        "missing": drop("history.csv"),
        "empty": put("history.csv", ""),
        "binary": put("history.csv", bytes(range(256)) * 8),
        "a folder": as_folder("history.csv"),
        "no rows": history(lambda table: table[:0]),
        "column missing": history(lambda table: table.drop(columns="lr")),
        "columns in another order": history(lambda table: table[table.columns[::-1]]),
        "text": history(lambda table: table.assign(val_loss="low")),
        **{
            f"{column} of {value}": history(lambda table, column=column, value=value: table.assign(**{column: value}))
            for column, value in {
                "epoch": 0,
                "lr": -0.1,
                "train_loss": -1,
                "train_accuracy": 1.5,
                "val_accuracy": -0.01,
                "val_loss": np.inf,
                "seconds": -1,
                "images_seen": -360,
            }.items()
        },
        "hole": history(lambda table: table.assign(val_loss=None)),
        "a cell too many": lambda folder: (folder / "history.csv").write_text(
            ",".join(HISTORY_COLUMNS) + "\n" + ",".join("123456789") + "\n"
        ),
        "a row of 200,000 cells": lambda folder: (folder / "history.csv").write_text(
            ",".join(HISTORY_COLUMNS) + "\n" + "," * 200_000
        ),
    },
    "gradients": {
        "missing": drop("gradients.npz"),
        "cut": cut("gradients.npz"),
        "no zip": put("gradients.npz", b"no"),
        "pickled": npz("gradients.npz", layers=np.array([{}, {}]), norms=NORMS),
        "array missing": npz("gradients.npz", layers=NAMES),
        "a layer too few": npz("gradients.npz", layers=NAMES[:1], norms=NORMS),
        "whole numbers": npz("gradients.npz", layers=NAMES, norms=NORMS.astype(int)),
        "names that are numbers": npz("gradients.npz", layers=np.arange(2), norms=NORMS),
        "one dimension": npz("gradients.npz", layers=np.array("a"), norms=NORMS[:, 0]),
        "no epoch": npz("gradients.npz", layers=NAMES, norms=NORMS[:0]),
        "steps of other epochs": npz("gradients.npz", layers=NAMES, norms=NORMS, steps=NORMS[:2]),
        "steps in whole numbers": npz("gradients.npz", layers=NAMES, norms=NORMS, steps=NORMS.astype(int)),
    },
    "test_logits": {
        "missing": drop("test_logits.npz"),
        "cut": cut("test_logits.npz"),
        "bit flipped": flip("test_logits.npz"),
        "no zip": put("test_logits.npz", b"no"),
        "a bare array": lambda folder: (
            np.save(folder / "x.npy", LOGITS),
            (folder / "x.npy").rename(folder / "test_logits.npz"),
        ),
        "pickled": npz("test_logits.npz", logits=LOGITS.astype(object)),
        "array missing": npz("test_logits.npz", other=LOGITS),
        "a class too few": npz("test_logits.npz", logits=LOGITS[:, :9]),
        "an image too few": npz("test_logits.npz", logits=LOGITS[1:]),
        "turned": npz("test_logits.npz", logits=LOGITS.T),
        "whole numbers": npz("test_logits.npz", logits=LOGITS.astype(int)),
        "NaN": npz("test_logits.npz", logits=with_value(np.nan)),
        "infinite": npz("test_logits.npz", logits=with_value(-np.inf)),
        "infinite as float32": npz("test_logits.npz", logits=with_value(1e300, np.float64)),
        "promises more than memory": claim_of_many_rows,
    },
    "load_model": {
        "missing": drop("model.safetensors"),
        "cut": cut("model.safetensors"),
        "bit flipped": flip("model.safetensors"),
        "no sha256": facts(lambda values: values.pop("sha256")),
        "sha256 null": facts(lambda values: values.update(sha256=None)),
        "empty, right sha256": raw_weights(b""),
        "pickle, right sha256": raw_weights(b"\x80\x04."),
        "huge header, right sha256": raw_weights(b"\xff" * 7 + b"\x7f{}"),
        "of another depth": lambda folder: replace_weights(folder, build(TrainConfig(depth=14)).state_dict()),
        "without norm": lambda folder: replace_weights(folder, build(TrainConfig(depth=8, norm="none")).state_dict()),
        "tensor missing": weights(lambda state: state.pop("fc.bias")),
        "tensor unknown": weights(lambda state: state.update(extra=torch.zeros(1))),
        "100 classes": weights(lambda state: state.update({"fc.bias": torch.zeros(100)})),
        "NaN": weights(lambda state: state["layer1.0.conv1.weight"].view(-1)[5:6].fill_(torch.nan)),
        "infinite in BatchNorm": weights(lambda state: state["bn1.running_var"][:1].fill_(torch.inf)),
        "config of another depth": config(depth=14),
        "unknown network": config(family="torchvision", network="resnet77", depth=20),
    },
}


def test_folders_of_other_things_are_no_runs(make_run, own_runs):
    run = make_run("mine")
    for name in ("lost+found", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information"):
        (own_runs / name / "inside").mkdir(parents=True)
    (own_runs / "papers").mkdir()
    (own_runs / "papers" / "thesis.pdf").touch()  # somebody's own
    shutil.copytree(run.path, own_runs / "mine (copy)")
    found, (problem,) = list_in(own_runs)
    assert [each.path for each in found] == [run.path]
    assert "mine (copy) has a name that no run can have" in problem


@pytest.mark.parametrize("asked", ["iterdir", "is_dir"])
def test_a_folder_of_runs_that_nobody_may_list_is_a_problem_and_no_error(own_runs, monkeypatch, asked):
    """Root may list everything: so the answer that others get is given here."""
    own_runs.mkdir()
    ask = getattr(Path, asked)

    def denied(path: Path):
        if path == own_runs:
            raise PermissionError(13, "Permission denied", str(path))
        return ask(path)

    monkeypatch.setattr(Path, asked, denied)
    assert list_in(own_runs) == ([], [f"{own_runs} can't be read: Permission denied."])
    assert list_runs() == ([], [f"{own_runs} can't be read: Permission denied."])
    assert damaged_runs() == {}
    assert trainings.states() == {}
    with pytest.raises(RunError, match="runs can't be read: Permission denied"):
        trainings.add(b"")


def test_a_config_that_is_too_large_is_named_once(make_run):
    run = make_run("large")
    OPEN["config of 1.1 MB"](run.path)
    with pytest.raises(RunError) as told:
        open_run(run.path)
    assert str(told.value) == f"{run.path / 'config.json'}: It is too large for a config."


def test_a_run_into_whose_folder_nobody_may_look_is_no_run(make_run, monkeypatch):
    """Root may look everywhere: so the answer that others get is given here."""
    closed, stat = make_run("closed").path, os.stat

    def denied(path, *args, **kwargs):
        if str(path).startswith(f"{closed}{os.sep}"):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *args, **kwargs)

    monkeypatch.setattr(os, "stat", denied)
    with pytest.raises(RunError, match="There is no run 'closed'"):
        find_run("closed")


@pytest.mark.parametrize("damage", OPEN.values(), ids=OPEN.keys())
def test_damaged_config_is_a_problem_and_the_others_open(make_run, damage):
    bad, good = make_run("bad").path, make_run("good").path
    damage(bad)
    with pytest.raises(RunError, match="bad"):
        open_run(bad)
    found, problems = list_runs()
    assert [run.path for run in found] == [good]
    assert len(problems) == 1
    assert "bad" in problems[0]


@pytest.mark.parametrize(
    ("read", "damage"),
    [pytest.param(read, kinds[kind], id=f"{read} {kind}") for read, kinds in READ.items() for kind in kinds],
)
def test_damaged_file_is_named_and_the_others_are_read(make_run, read, damage):
    bad = make_run("bad")
    getattr(bad, read)()
    damage(bad.path)
    with pytest.raises(RunError) as caught:
        getattr(open_run(bad.path), read)()
    assert "bad" in str(caught.value)
    for other in READ.keys() - {read, "load_model"}:
        getattr(bad, other)()
    assert "bad" in [run.name for run in list_runs()[0]]


DAMAGE = OPEN | {f"{read} {kind}": damage for read, kinds in READ.items() for kind, damage in kinds.items()}
for allowed in ("load_model missing", "gradients missing"):  # a run trained elsewhere has neither
    DAMAGE.pop(allowed)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_run_in_a_zip_is_refused(make_run, own_runs, damage):
    folder = make_run("bad").path
    damage(folder)
    (own_runs / "bad").rename(own_runs.parent / "bad")
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in (own_runs.parent / "bad").iterdir():
            archive.write(path, f"bad/{path.name}")
    with pytest.raises(RunError) as caught:
        add_run(buffer.getvalue())
    assert "\n" not in str(caught.value)
    assert str(own_runs) not in str(caught.value)
    assert list(own_runs.iterdir()) == []


def test_message_about_weights_that_do_not_fit_is_one_line(make_run):
    bad = make_run("bad")
    replace_weights(bad.path, build(TrainConfig(depth=14)).state_dict())
    with pytest.raises(RunError, match="do not fit resnet8") as caught:
        open_run(bad.path).load_model()
    assert "\n" not in str(caught.value)


def test_file_that_unpacks_to_much_is_not_unpacked(make_run):
    bad = make_run("bad")
    np.savez_compressed(bad.path / "test_logits.npz", logits=np.zeros((1_000_000, 10), dtype=np.float32))
    assert (bad.path / "test_logits.npz").stat().st_size < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(RunError):
            bad.test_logits()
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_link_out_of_the_folder_is_a_problem(make_run, own_runs, tmp_path):
    make_run("good")
    outside = shutil.move(make_run("moved").path, tmp_path / "outside")
    (own_runs / "link").symlink_to(outside)
    found, problems = list_runs()
    assert [run.name for run in found] == ["good"]
    assert len(problems) == 1
    assert "link is a link that leads out of" in problems[0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files here")
@pytest.mark.parametrize("name", ["config.json", "history.csv", "test_logits.npz", "README.md"])
@pytest.mark.parametrize("target", [__file__, "/dev/zero", None], ids=["file", "device", "pipe"])
def test_run_whose_file_is_a_link_or_never_ends_is_a_problem(make_run, name, target):
    make_run("good")
    bad = make_run("bad")
    (bad.path / name).unlink()
    (bad.path / name).symlink_to(target) if target else os.mkfifo(bad.path / name)
    found, (problem,) = list_runs()
    assert [run.name for run in found] == ["good"]
    assert f"{name} is a link, a device or a pipe" in problem
    with pytest.raises(RunError, match="is a link"):
        zip_run(bad)


def test_run_of_links_is_opened_where_its_path_was_given(make_run, tmp_path):
    """As the Hugging Face Hub's cache holds what was fetched."""
    run, links = make_run("good"), tmp_path / "snapshot"
    links.mkdir()
    for path in run.path.iterdir():
        (links / path.name).symlink_to(path)
    assert find_run(str(links)).config == run.config


def test_name_of_a_shipped_run_is_a_problem(make_run, shipped):
    shutil.copytree(make_run("good").path, shipped / "good")
    make_run("other")
    found, problems = list_runs()
    assert [run.path for run in found] == [shipped / "good", paths.own_runs_dir() / "other"]
    assert len(problems) == 1
    assert "good has the name of a shipped run" in problems[0]


@pytest.mark.parametrize("name", ["two words", "<b>bold", "[a](b)", "ä", "x" * 65, "a&b=c"])
def test_folder_with_a_name_that_no_run_can_have_is_a_problem(make_run, name):
    make_run("good")
    make_run(name)
    found, problems = list_runs()
    assert [run.name for run in found] == ["good"]
    assert len(problems) == 1
    assert name in problems[0]


@pytest.mark.parametrize(
    "damage",
    [
        drop("resume.safetensors"),
        cut("resume.safetensors"),
        put("resume.safetensors", b"no"),
        lambda folder: save_file({"a": torch.zeros(1)}, folder / "resume.safetensors"),
        lambda folder: save_file({"a": torch.zeros(1)}, folder / "resume.safetensors", {"state": "{"}),
        lambda folder: save_file({"a": torch.zeros(1)}, folder / "resume.safetensors", {"other": "{}"}),
    ],
)
def test_damaged_state_is_told(tmp_path, damage):
    store.save_state(tmp_path, {"a": torch.zeros(3)}, {"epoch": 1})
    tensors, values = store.load_state(tmp_path)
    assert (tensors["a"].tolist(), values) == ([0, 0, 0], {"epoch": 1})
    damage(tmp_path)
    with pytest.raises(RunError, match=r"resume\.safetensors cannot be read .* can't be resumed"):
        store.load_state(tmp_path)


# What is kept of the weights


def test_large_models_are_stored_in_half_precision_but_for_running_statistics(tmp_path):
    large = {"conv.weight": torch.full((1500, 1500), 1 / 3), "bn.running_var": torch.full((4,), 1e-9)}
    large["bn.num_batches_tracked"] = torch.tensor(7)
    store.save_weights(tmp_path, large)
    saved = load_file(tmp_path / "model.safetensors")
    assert [value.dtype for value in saved.values()] == [
        large["bn.num_batches_tracked"].dtype,
        torch.float32,
        torch.half,
    ]
    assert saved["bn.running_var"].tolist() == large["bn.running_var"].tolist()
    assert all(torch.equal(value, saved[name]) for name, value in store.as_stored(large).items())
    exploded = large | {"conv1.weight": torch.tensor([70_000.0, -1.0])}
    store.save_weights(tmp_path, exploded)
    assert load_file(tmp_path / "model.safetensors")["conv1.weight"].tolist() == [70_000, -1]
    small = {"conv.weight": torch.full((10, 10), 1 / 3)}
    store.save_weights(tmp_path, small)
    assert load_file(tmp_path / "model.safetensors")["conv.weight"].dtype == torch.float32


def test_change_of_the_weights_by_hand(make_run):
    run = make_run("moved")
    before = {"conv1.weight": torch.ones(2, 3, 3, 3), "bn.weight": torch.ones(2), "fc.weight": torch.ones(10, 2)}
    after = {name: value * 1.5 for name, value in before.items()} | {"fc.weight": torch.ones(10, 2)}
    store.save_weight_change(run.path, before, after)
    change = run.weight_change()
    assert change.layers == ["conv1.weight", "fc.weight"]
    assert change.relative_change.tolist() == pytest.approx([0.5, 0])
    assert (change.filters_before == 1).all()
    assert (change.filters_after == 1.5).all()
    assert change.filters_after.shape == (2, 3, 3, 3)


def test_change_of_weights_that_began_as_zeros_is_finite(make_run):
    run = make_run("moved")
    first = {"conv1.weight": torch.ones(2, 3, 3, 3)}
    before = first | {"moved.weight": torch.zeros(10, 2), "still.weight": torch.zeros(10, 2)}
    store.save_weight_change(run.path, before, before | {"moved.weight": torch.full((10, 2), 3.0)})
    assert run.weight_change().relative_change.tolist() == [0, 1, 0]


def test_run_without_a_record_of_change_says_so(make_run):
    with pytest.raises(RunError, match=r"weight_change\.npz is missing"):
        make_run("old").weight_change()


@pytest.mark.parametrize(
    "changes",
    [
        {"relative_change": np.array([1.0, np.nan])},
        {"relative_change": np.array([1.0])},
        {"filters_after": np.ones((2, 3, 3), np.float16)},
        {"filters_before": np.ones((2, 3, 3, 4), np.float16)},
        {"layers": np.array([{}, {}], dtype=object)},
        {name: np.ones((2, 3, 1, 33), np.float16) for name in ("filters_before", "filters_after")},  # to be drawn
    ],
)
def test_damaged_record_of_change_is_refused(make_run, changes):
    run = make_run("bad")
    filters = np.ones((2, 3, 3, 3), np.float16)
    good = {"layers": np.array(["a", "b"]), "relative_change": np.ones(2)}
    np.savez(run.path / "weight_change.npz", **good | {"filters_before": filters, "filters_after": filters} | changes)
    with pytest.raises(RunError, match=r"weight_change\.npz"):
        run.weight_change()


def change_of(layers: bytes) -> bytes:
    """A weight_change.npz with this as its file of layers."""
    file = BytesIO()
    np.savez(file, relative_change=np.ones(2), **dict.fromkeys(("filters_before", "filters_after"), np.ones(1)))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("layers.npy", layers)
    return file.getvalue()


def test_texts_of_no_letters_are_counted_before_they_are_made(make_run):
    """Each would take 8 bytes as Python's, and takes none in the file."""
    run, layers = make_run("bomb"), BytesIO()
    header = {"descr": "<U0", "fortran_order": False, "shape": (1_000_000_000,)}
    np.lib.format.write_array_header_1_0(layers, header)
    (run.path / "weight_change.npz").write_bytes(change_of(layers.getvalue()))
    with pytest.raises(RunError, match="it unpacks to too much"):
        run.weight_change()


def test_a_member_that_is_no_array_is_damage(make_run):
    run = make_run("bad")
    (run.path / "weight_change.npz").write_bytes(change_of(b"no array"))
    with pytest.raises(RunError, match="layers is no array"):
        run.weight_change()


@pytest.mark.parametrize("number", [0, -1, 10**30, 1.5, True])
def test_numbers_that_no_network_has_are_damage(make_run, number):
    run = make_run("bad")
    facts = json.loads((run.path / "config.json").read_text())
    for odd in ({"training_images": number}, {"architecture": facts["architecture"] | {"multiply_adds": number}}):
        (run.path / "config.json").write_text(json.dumps(facts | odd))
        with pytest.raises(RunError, match="must be whole numbers, from 1"):
            open_run(run.path)


def test_what_a_run_from_elsewhere_tells_of_training_images_counts_for_nothing(make_run):
    """The pages tell by it who has a history."""
    run = make_run("mine")
    assert run.training_images
    store.save_facts(run.path, run.config, run.facts | {"imported": {"file": "x.pth"}})
    assert open_run(run.path).training_images is None


def test_filters_that_grew_beyond_float16_are_kept(make_run):
    run = make_run("thrown")
    before = {"conv1.weight": torch.ones(2, 3, 3, 3), "fc.weight": torch.ones(10, 2)}
    store.save_weight_change(run.path, before, before | {"conv1.weight": torch.full((2, 3, 3, 3), 70_000.0)})
    assert (run.weight_change().filters_after == 70_000).all()


def test_weights_that_cannot_be_read_are_told(make_run, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    run = make_run("mine")
    monkeypatch.setattr(run_module, "sha256_of", refuse)
    with pytest.raises(RunError, match=r"model\.safetensors cannot be read \(Permission denied\)"):
        run.load_model()
