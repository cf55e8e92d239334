"""Runs that are handed on and taken. Damaged runs in a sound zip are in tests/core/runs/test_run.py; here are the zips
themselves."""

import io
import json
import shutil
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from core import paths
from core.analysis import metrics, probes, surgery
from core.commands import add_run as command
from core.commands import export, run_command
from core.data import cifar10
from core.errors import RunError
from core.models.torchvision_nets import describe_pretrained
from core.models.weights.initial_weights import describe_initial_weights, initial_weights
from core.runs import library, store
from core.runs.library import find_run
from core.runs.run import Run, open_run
from core.settings.train_config import TrainConfig
from core.sharing import zip_archive
from core.sharing.files import LARGEST
from core.sharing.hub import export_hub
from core.sharing.zip_archive import add_run, zip_run

HOSTILE = "![x](https://example.org/p.png) [Sign in](https://example.org)"
Contents = dict[str, bytes]  # of the files in a run's folder, by name


@pytest.fixture
def contents(make_run, own_runs) -> Contents:
    """The files of a good run, which is then gone."""
    folder = make_run("good").path
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(own_runs)
    return files


def zipped(contents: Contents, folder: str = "good/", compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    def fill(archive: zipfile.ZipFile) -> None:
        for name, content in contents.items():
            archive.writestr(folder + name, content)

    return write_zip(fill, compression)


def write_zip(fill: Callable[[zipfile.ZipFile], object], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        fill(archive)
    return buffer.getvalue()


def commented(contents: Contents, comment: bytes) -> bytes:
    def fill(archive: zipfile.ZipFile) -> None:
        for name, content in contents.items():
            archive.writestr(f"good/{name}", content)
        archive.comment = comment

    return write_zip(fill)


def comparable(run: Run) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.path.iterdir() if path.name != "README.md"}


# Good ones


def test_run_comes_back_from_its_zip(make_run):
    run = make_run("good")
    (run.path / "status.json").write_text("{}")  # not to be handed on
    data = zip_run(run)
    (run.path / "status.json").unlink()
    copy = add_run(data, "copy")
    assert copy.path == paths.own_runs_dir() / "copy"
    assert comparable(copy) == comparable(run)
    assert (copy.path / "README.md").read_text().startswith("# copy\n")
    assert {found.name for found in library.list_runs()[0]} >= {"good", "copy"}
    shutil.rmtree(run.path)
    assert add_run(data).name == "good"


def test_strangers_card_is_not_kept(contents):
    run = add_run(zipped(contents | {"README.md": b"# [Click](http://example.com)"}))
    assert "example.com" not in (run.path / "README.md").read_text()


def test_zips_made_by_other_tools_are_taken(contents, tmp_path):
    def finder(archive: zipfile.ZipFile) -> None:
        archive.mkdir("good")
        for name, content in contents.items():
            archive.writestr(f"good/{name}", content)
            archive.writestr(f"__MACOSX/good/._{name}", b"clutter")
        archive.writestr("good/.DS_Store", b"clutter")

    for name, content in contents.items():
        (tmp_path / "flat").mkdir(exist_ok=True)
        (tmp_path / "flat" / name).write_bytes(content)
    flat = Path(shutil.make_archive(str(tmp_path / "made"), "zip", tmp_path / "flat")).read_bytes()
    assert comparable(add_run(write_zip(finder))) == comparable(add_run(flat, "flat"))


BESIDE = {  # what people's tools leave in a run's folder
    "Thumbs.db": "Thumbs.db",
    "desktop.ini": "desktop.ini",
    ".DS_Store": ".DS_Store",
    "._config.json": "._config.json",
    "train.log": "train.log",
    "status.json": "status.json",
    "notes.txt": "notes.txt",
    "run.sh": "run.sh",
    "resume.safetensors": "resume.safetensors",
    "Config.json": "Config.json",
    "tensorboard/events.out.tfevents.1": "tensorboard",
    "inner/config.json": "inner",
    "inner/test_logits.npz": "inner",
}


@pytest.mark.parametrize("slash", ["/", "\\"])
@pytest.mark.parametrize("above", ["good/", "", "Downloads/my runs/good/"])
def test_what_is_no_part_of_a_run_is_left_out_and_told(contents, own_runs, above, slash):
    def fill(archive: zipfile.ZipFile) -> None:
        for name in (*BESIDE, *contents):
            archive.writestr((above + name).replace("/", slash), contents.get(name, b"rubbish"))
        archive.writestr(f"__MACOSX{slash}config.json", b"rubbish")

    data = write_zip(fill)
    run = add_run(data, None if above else "good")
    assert run.name == "good"
    assert comparable(run) == {name: content for name, content in contents.items() if name != "README.md"}
    assert zip_archive.left_out(data) == [*dict.fromkeys(BESIDE.values()), "__MACOSX"]
    assert zip_archive.left_out(zip_run(run)) == []
    assert [path.name for path in own_runs.glob("[!.]*")] == ["good"]


def test_the_command_says_what_it_left_out(contents, tmp_path, capsys):
    (tmp_path / "x.zip").write_bytes(zipped(contents | {"train.log": b"", "Thumbs.db": b""}))
    command.main([str(tmp_path / "x.zip")])
    assert "Left out, not part of a run: train.log, Thumbs.db." in capsys.readouterr().err


def test_a_zip_larger_than_any_run_is_not_read(contents, tmp_path, monkeypatch):
    data = zipped(contents)
    (tmp_path / "x.zip").write_bytes(data)
    for limits in (LARGEST, command.LARGEST):
        for name in [*limits]:
            monkeypatch.setitem(limits, name, 1)
    for take in (lambda: add_run(data), lambda: command.main([str(tmp_path / "x.zip")])):
        with pytest.raises(RunError, match="too large for a run"):
            take()


def test_a_run_that_began_with_weights_in_brackets_is_handed_on_and_taken(make_run, tmp_path):
    """Trained, exported, shared: what the lab makes, the lab takes, of the file its name alone."""
    run = make_run("good")
    folder = tmp_path / "weights [final](1) {a} & b's #2"
    folder.mkdir()
    shutil.copy(run.path / "model.safetensors", folder / "best[1].safetensors")
    config = replace(run.config, init=str(folder / "best[1].safetensors"))
    store.save_facts(run.path, config, run.facts | {"initial_weights": describe_initial_weights(config)})
    assert initial_weights(config)
    copy = add_run(zip_run(open_run(run.path)), "copy")
    assert copy.config == replace(config, init="best[1].safetensors")
    card = (copy.path / "README.md").read_text()
    assert r"best\[1\].safetensors, sha256 " in card
    assert "final" not in card
    export_hub(copy, tmp_path / "hub [1]")


@pytest.mark.parametrize("length", [1, 40, 65_535])
def test_a_zip_with_a_comment_is_taken(contents, length):
    """As GitHub makes one of a repository: the comment is the commit."""
    assert add_run(commented(contents, b"c" * length), "copy").name == "copy"


def test_weights_whose_file_has_a_name_with_markup_are_handed_on_and_taken(make_run, tmp_path):
    run = make_run("good")
    file = tmp_path / "acc@1 *best* www.x.safetensors"
    shutil.copy(run.path / "model.safetensors", file)
    config = replace(run.config, init=str(file))
    store.save_facts(run.path, config, run.facts | {"initial_weights": describe_initial_weights(config)})
    assert add_run(zip_run(open_run(run.path)), "copy").config.init == "acc-1 -best- www-x.safetensors"
    imported = {"file": "poids\u00a0finaux@1.pth", "sha256": "0" * 64, "found": "acc@1", "normalization": ""}
    store.save_facts(run.path, run.config, run.facts | {"imported": imported})
    taken = add_run(zip_run(open_run(run.path)), "other").facts["imported"]
    assert (taken["file"], taken["found"]) == ("poids-finaux-1.pth", "acc-1")


def test_a_run_of_torchvisions_networks_is_handed_on_and_taken():
    assert add_run(zip_run(find_run("vgg11-bn")), "copy").config == find_run("vgg11-bn").config


def nested(contents: Contents, depth: int) -> Contents:
    """With lists in lists among the facts."""
    config = contents["config.json"].decode().rstrip().removesuffix("}")
    return contents | {"config.json": f'{config}, "x": {"[" * depth}{"]" * depth}}}'.encode()}


def test_facts_that_can_be_read_are_not_too_deep_to_be_checked(contents):
    """Python calls itself no more than 1,000 times."""
    assert add_run(zipped(nested(contents, 900))).facts["x"]


def test_a_run_that_began_with_torchvisions_weights_is_taken(contents):
    """Their address is recorded. In its place, no other is taken."""
    published = describe_pretrained(TrainConfig(family="torchvision", network="resnet18", init="imagenet"))
    recorded = f"{published}; the last layer is new, from seed 0"
    assert "https://" in recorded
    assert add_run(facts(initial_weights=recorded)(contents)).facts["initial_weights"] == recorded
    with pytest.raises(RunError, match="something else than plain text"):
        add_run(facts(initial_weights=recorded.replace("pytorch.org", "example.org"))(contents), "another")


def test_run_without_weights_is_taken(contents):
    del contents["model.safetensors"]
    assert not add_run(zipped(contents)).has_weights


def test_run_without_gradients_is_taken_and_handed_on(contents):
    del contents["gradients.npz"]
    run = add_run(zipped(contents))
    assert comparable(add_run(zip_run(run), "copy")) == comparable(run)


def test_shipped_run_comes_back_with_its_studies():
    run = library.find_run("resnet20-s0")
    copy = add_run(zip_run(run), "copy")
    assert comparable(copy) == comparable(run)
    assert surgery.load(copy) == surgery.load(run)
    assert probes.load(copy) == probes.load(run)


def test_unfinished_run_is_not_handed_on(make_run, tmp_path):
    run = make_run("half")
    (run.path / "test_logits.npz").unlink()
    with pytest.raises(RunError, match=r"half is not complete: it has no test_logits\.npz"):
        zip_run(run)
    with pytest.raises(RunError, match="half is not complete"):
        export_hub(run, tmp_path / "hub")
    assert not (tmp_path / "hub").exists()


# Names


@pytest.mark.parametrize(
    "name",
    ["../good", "a/b", ".hidden", "a b", "x" * 65, "<b>", "a\0b", "a.", "a ", "con", "NUL.txt", "Com1", "lpt9.x.y"],
)
def test_bad_name_is_refused(contents, own_runs, name):
    with pytest.raises(RunError, match="cannot be a run's name"):
        add_run(zipped(contents), name)
    assert not own_runs.exists()


def test_taken_name_is_refused(make_run, own_runs, monkeypatch, tmp_path):
    run = make_run("good")
    data, before = zip_run(run), comparable(run)
    with pytest.raises(RunError, match="good exists already"):
        add_run(data)
    monkeypatch.setattr(paths, "SHIPPED", tmp_path / "checkpoints")
    (tmp_path / "checkpoints" / "theirs").mkdir(parents=True)
    with pytest.raises(RunError, match="theirs is the name of a run that ships"):
        add_run(data, "theirs")
    assert [path.name for path in own_runs.iterdir()] == ["good"]
    assert comparable(run) == before


def test_unfinished_import_is_no_run(make_run, own_runs):
    make_run("good").path.rename(own_runs / ".add-x")
    found, problems = library.list_runs()
    assert "good" not in [run.name for run in found]
    assert problems == []


# Bad zips: each refused in one sentence, with nothing left behind


def with_member(name: str, content: bytes = b"", mode: int = 0, like: str | None = None):
    """The good zip and one more entry; or, instead of the entry `like`, another."""

    def make(contents: Contents) -> bytes:
        def fill(archive: zipfile.ZipFile) -> None:
            for file, data in contents.items():
                if file != like:
                    archive.writestr(f"good/{file}", data)
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content)

        return write_zip(fill)

    return make


def replaced(name: str, content: bytes):
    return lambda contents: zipped(contents | {name: content})


def without(name: str):
    return lambda contents: zipped({file: data for file, data in contents.items() if file != name})


def patched(change: Callable[[bytearray], None]):
    """The good zip after `change` of its bytes."""

    def make(contents: Contents) -> bytes:
        data = bytearray(zipped(contents))
        change(data)
        return bytes(data)

    return make


def set_flag(data: bytearray) -> None:
    """Every entry says that it is encrypted."""
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)


def flip_in_weights(data: bytearray) -> None:
    data[data.find(b"good/model.safetensors") + 5_000] ^= 1


def claim_small(data: bytearray) -> None:
    """The first entry claims to unpack to one byte."""
    struct.pack_into("<I", data, data.find(b"PK\x01\x02") + 24, 1)


def many_entries(contents: Contents) -> bytes:
    return write_zip(lambda archive: [archive.writestr(f"good/{i}", b"") for i in range(2_000)])


def zip64(contents: Contents) -> bytes:
    """A second end record, for large archives, lies before the ordinary one, and overrules it."""
    data = zipped(contents)
    size, offset = struct.unpack("<II", data[-10:-2])
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 7, 7, size, offset)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, len(data) - 22, 1)
    return data[:-22] + record + locator + data[-22:]


def facts(**changes):
    def make(contents: Contents) -> bytes:
        values = json.loads(contents["config.json"]) | changes
        return zipped(contents | {"config.json": json.dumps(values).encode()})

    return make


def config_facts(**changes):
    def make(contents: Contents) -> bytes:
        values = json.loads(contents["config.json"])
        values["config"] |= changes
        return zipped(contents | {"config.json": json.dumps(values).encode()})

    return make


def environment(**changes):
    def make(contents: Contents) -> bytes:
        values = json.loads(contents["config.json"])
        values["environment"] |= changes
        return zipped(contents | {"config.json": json.dumps(values).encode()})

    return make


def light(make: Callable[[Contents], bytes]):
    """The same zip without the weights."""
    return lambda contents: make({name: data for name, data in contents.items() if name != "model.safetensors"})


def weight_change_without_layers(contents: Contents) -> bytes:
    buffer = io.BytesIO()
    filters = np.zeros((1, 3, 3, 3))
    np.savez(buffer, layers=np.array("a"), relative_change=np.float32(1), filters_before=filters, filters_after=filters)
    return zipped(contents | {"weight_change.npz": buffer.getvalue()})


def of_two_epochs(data: bytes) -> bytes:
    """Of a validation.npz with one."""
    buffer, arrays = io.BytesIO(), dict(np.load(io.BytesIO(data)))
    np.savez(buffer, **arrays | {"answers": np.repeat(arrays["answers"], 2, axis=0)})
    return buffer.getvalue()


def two_folders(contents: Contents) -> bytes:
    def fill(archive: zipfile.ZipFile) -> None:
        for name, content in contents.items():
            for folder in "ab":
                archive.writestr(f"{folder}/{name}", content)

    return write_zip(fill)


def twice(contents: Contents) -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return with_member("good/config.json", contents["config.json"])(contents)


BAD_ZIPS = {
    "empty": (lambda contents: b"", "not a whole zip"),
    "text": (lambda contents: b"hello" * 100, "not a whole zip"),
    "a zip's first bytes": (lambda contents: b"PK\x03\x04", "not a whole zip"),
    "end record alone": (lambda contents: b"PK\x05\x06" + bytes(18), "does not hold a finished run"),
    "cut in the middle": (lambda contents: zipped(contents)[: 10**5], "not a whole zip"),
    "last byte missing": (lambda contents: zipped(contents)[:-1], "not a whole zip"),
    "first half missing": (lambda contents: zipped(contents)[10**5 :], "damaged"),
    "something after its end": (lambda contents: zipped(contents) + b"x" * 30, "not a whole zip"),
    "comment that is cut": (lambda contents: commented(contents, b"hi" * 100)[:-1], "not a whole zip"),
    "end record within a comment": (lambda contents: commented(contents, b"PK\5\6" + bytes(20)), "not a whole zip"),
    "path upwards": (with_member("../config.json"), "leads out of it"),
    "path upwards, deep": (with_member("good/../../config.json"), "leads out of it"),
    "path upwards for all": (lambda contents: zipped(contents, folder="../"), "leads out of it"),
    "absolute path": (with_member("/config.json"), "leads out of it"),
    "path of Windows": (with_member("..\\config.json"), "leads out of it"),
    "path of Windows, in the folder": (with_member("good\\..\\..\\x"), "leads out of it"),
    "share of Windows": (with_member("\\\\server\\x"), "leads out of it"),
    "drive of Windows": (with_member("C:config.json"), "leads out of it"),
    "empty folder upwards": (with_member("../"), "leads out of it"),
    "link beside the run": (with_member("good/x", b"/etc/passwd", stat.S_IFLNK | 0o777), "link or a device"),
    "name that Windows can't hold": (lambda contents: zipped(contents, folder="con/"), "cannot be a run's name"),
    "link": (with_member("good/model.safetensors", b"/etc/passwd", stat.S_IFLNK | 0o777, "model.safetensors"), "link"),
    "link for the card": (with_member("good/README.md", b"/etc/passwd", stat.S_IFLNK | 0o777, "README.md"), "link"),
    "link for the folder": (with_member("good/", b"/etc", stat.S_IFLNK | 0o777), "link or a device"),
    "named pipe": (with_member("good/history.csv", b"", stat.S_IFIFO | 0o644, "history.csv"), "link or a device"),
    "file twice": (twice, "same file twice"),
    "two folders": (two_folders, "several runs"),
    "config missing": (without("config.json"), r"lacks config\.json"),
    "logits missing": (without("test_logits.npz"), r"lacks test_logits\.npz"),
    "encrypted": (patched(set_flag), "encrypted"),
    "bzip2": (lambda contents: zipped(contents, compression=zipfile.ZIP_BZIP2), "compressed in an unusual way"),
    "lzma": (lambda contents: zipped(contents, compression=zipfile.ZIP_LZMA), "compressed in an unusual way"),
    "bit flipped in weights": (patched(flip_in_weights), "damaged"),
    "size understated": (patched(claim_small), "damaged|cannot be read"),
    "2,000 entries": (many_entries, "more than the files of a run"),
    "zip64": (zip64, "more than the files of a run"),
    "bomb in the config": (replaced("config.json", b" " * 1_000_001), r"config\.json in the zip is too large"),
    "bomb in the history": (replaced("history.csv", b"1" * 2_000_001), r"history\.csv in the zip is too large"),
    "bomb in the gradients": (replaced("gradients.npz", bytes(10_000_001)), r"gradients\.npz in the zip is too large"),
    "epochs that differ": (
        lambda contents: zipped(
            contents | {"history.csv": contents["history.csv"] + contents["history.csv"].splitlines()[-1] + b"\n"}
        ),
        "not of the same epochs",
    ),
    "surgery in a long row": (replaced("surgery.csv", b"removed,accuracy\n" + b"," * 10**5), "another number of cells"),
    "surgery on another network": (
        replaced("surgery.csv", b"removed,accuracy\n,0.5\n99,0.5\n"),
        "blocks of another network",
    ),
    "probes of another network": (
        replaced(
            "probes.json",
            b'{"own": [0.1, 0.2], "probe": [0.1, 0.2], "untrained": [0.1, 0.2], "fitted_on": 1, "scored_on": 1}',
        ),
        "probes.json is damaged: not 1 blocks",
    ),
    "landscape that is none": (replaced("landscape.npz", b"PK"), r"landscape\.npz is damaged"),
    "way that is none": (replaced("walk.npz", b"PK"), r"walk\.npz is damaged"),
    "answers to no spoiled photos": (
        lambda contents: zipped(contents | {"corruptions.npz": contents["gradients.npz"]}),
        r"corruptions\.npz is damaged",
    ),
    "answers of other epochs": (
        lambda contents: zipped(contents | {"validation.npz": of_two_epochs(contents["validation.npz"])}),
        r"history\.csv and validation\.npz are not of the same epochs",
    ),
    "answers that are none": (
        lambda contents: zipped(contents | {"validation.npz": contents["gradients.npz"]}),
        r"validation\.npz is damaged",
    ),
    "change of no layers": (weight_change_without_layers, "layers is not of the shape"),
    "markup": (facts(initial_weights="<script>alert(1)</script>"), "something else than plain text"),
    "link in a text": (facts(note={"deep": ["[here](http://example.com)"]}), "something else than plain text"),
    "markup in a key": (facts(**{"<b>": 1}), "something else than plain text"),
    "nested too deep": (lambda contents: zipped(nested(contents, 100_000)), "cannot be read as a run's config"),
    "two lines": (facts(initial_weights="a\n# b"), "something else than plain text"),
    "long text": (facts(initial_weights="x" * 2_001), "something else than plain text"),
    "picture in a text": (facts(initial_weights=HOSTILE), "something else than plain text"),
    "picture in the initial weights": (config_facts(init=HOSTILE), "something else than plain text"),
    "bold": (facts(initial_weights="a **b** c"), "something else than plain text"),
    "formula": (facts(initial_weights="a $b$ c"), "something else than plain text"),
    "icon": (facts(initial_weights=":material/delete:"), "something else than plain text"),
    "emoji": (facts(initial_weights="a :+1: b"), "something else than plain text"),
    "address": (facts(initial_weights="see https://example.org"), "something else than plain text"),
    "address without its beginning": (facts(initial_weights="see WWW.example.org"), "something else than plain text"),
    "mail": (facts(initial_weights="a@example.org"), "something else than plain text"),
    "precision that is not known": (environment(precision="quick"), "a precision that is not known"),
    "precision that is no text": (environment(precision=16), "a precision that is not known"),
    "frozen up to no layer": (config_facts(freeze="layer 1, see below"), "what is no layer's name"),
    "photos in a folder of this machine": (facts(data_folder="/etc"), "by more than its name"),
    "photos in a folder of Windows": (facts(data_folder="C:\\photos"), "by more than its name"),
    "photos in no folder": (facts(data_folder=5), "by more than its name"),
    "no best epoch": (facts(best_epoch=None), "lacks what the card tells"),
    "best epoch of another run": (facts(best_epoch=9), "lacks what the card tells"),
    "environment a list": (facts(environment=[]), "lacks what the card tells"),
    "training images a text": (facts(training_images="many"), "training_images must be whole numbers"),
    "network of gigabytes": (
        facts(config={"family": "torchvision", "network": "vit_h_14", "input_size": 224}),
        "too large a network",
    ),
    "network of gigabytes, without it": (
        light(facts(config={"family": "torchvision", "network": "vit_h_14", "input_size": 224})),
        "too large a network",
    ),
    "network that is not known, without it": (
        light(facts(config={"family": "torchvision", "network": "resnet77", "input_size": 64})),
        "torchvision has no classifier 'resnet77'",
    ),
    "epochs from 2, without gradients": (
        lambda contents: without("gradients.npz")(
            contents | {"history.csv": contents["history.csv"].replace(b"\n1,", b"\n2,")}
        ),
        "does not count its epochs from 1",
    ),
    "parameters of another": (
        facts(architecture={"parameters": 1, "multiply_adds": 1}),
        "another number of parameters than its network has",
    ),
}


@pytest.mark.parametrize(("make", "words"), BAD_ZIPS.values(), ids=BAD_ZIPS.keys())
def test_bad_zip_is_refused_and_nothing_is_left(contents, own_runs, tmp_path, make, words):
    data = make(contents)
    before = sorted(path for path in tmp_path.rglob("*") if path != own_runs)
    with pytest.raises(RunError, match=words) as caught:
        add_run(data)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert sorted(path for path in tmp_path.rglob("*") if path != own_runs) == before


def test_good_zip_of_the_same_making_is_taken(contents):
    assert add_run(zipped(contents)).finished


def test_run_without_a_folder_needs_a_name(contents, own_runs):
    with pytest.raises(RunError, match="give it one"):
        add_run(zipped(contents, folder=""))
    assert not own_runs.exists()


def test_bomb_is_not_unpacked(contents, monkeypatch):
    """30 MB of zeros in 30 KB: what is read of it ends at the limit."""
    monkeypatch.setitem(LARGEST, "model.safetensors", 1_000_000)
    bomb = zipped(contents | {"model.safetensors": bytes(30_000_000)})
    assert len(bomb) < 2_000_000
    tracemalloc.start()
    try:
        with pytest.raises(RunError, match="too large"):
            add_run(bomb)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


# The Hugging Face Hub


def test_hub_folder_is_a_run_and_its_card_has_metadata(make_run, tmp_path):
    run = make_run("good")
    assert export.main(["good", str(tmp_path / "hub")]) == 0
    exported = open_run(tmp_path / "hub")
    assert comparable(exported) == comparable(run)
    exported.load_model()

    _, front, body = (tmp_path / "hub" / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    metadata = yaml.safe_load(front)
    assert (metadata["license"], metadata["library_name"], metadata["datasets"]) == ("mit", "pytorch", ["cifar10"])
    assert {"image-classification", "resnet8"} <= set(metadata["tags"])
    (entry,) = metadata["model-index"]
    assert entry["name"] == "good"
    (score,) = entry["results"][0]["metrics"]
    assert score["type"] == "accuracy"
    right = metrics.accuracy(run.test_logits(), cifar10.load_test_labels()).value
    assert score["value"] == pytest.approx(right, abs=1e-4)
    assert body.lstrip().startswith("# good")
    assert "](../" not in body


@pytest.mark.parametrize("name", ["true", "1e3", "0x1F", "null", "1.0"])
def test_name_stays_a_text_in_the_metadata(make_run, tmp_path, name):
    export_hub(make_run(name), tmp_path / "hub")
    front = (tmp_path / "hub" / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    assert yaml.safe_load(front)["model-index"][0]["name"] == name


def test_export_needs_weights_and_an_empty_folder(make_run, tmp_path):
    run = make_run("good")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(RunError, match="full is not empty"):
        export_hub(run, tmp_path / "full")
    with pytest.raises(RunError, match="cannot be written"):
        export_hub(run, tmp_path / "full" / "file")
    (run.path / "model.safetensors").unlink()
    with pytest.raises(RunError, match="good has no weights"):
        export_hub(run, tmp_path / "new")


def test_an_export_that_was_stopped_can_be_repeated(make_run, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    run = make_run("good")
    with monkeypatch.context() as stopped:
        stopped.setattr("core.sharing.hub.write_text", stop)
        with pytest.raises(KeyboardInterrupt):
            export_hub(run, tmp_path / "hub")
    export_hub(run, tmp_path / "hub")
    assert open_run(tmp_path / "hub").finished


def test_zip_of_the_command_line_is_taken(make_run, tmp_path, capsys):
    make_run("good")
    arguments = ["good", str(tmp_path / "out"), "--format", "zip"]
    assert export.main(arguments) == 0
    assert add_run((tmp_path / "out" / "good.zip").read_bytes(), "copy").finished
    with pytest.raises(SystemExit, match="2"):
        run_command(lambda: export.main(arguments))
    assert capsys.readouterr().err.endswith("good.zip exists already.\n")


def test_the_command_adds_a_run_and_says_in_a_line_why_not(make_run, tmp_path, capsys):
    zipped = tmp_path / "run.zip"
    zipped.write_bytes(zip_run(make_run("good")))
    assert command.main([str(zipped), "--name", "again"]) == 0
    assert comparable(library.find_run("again")) == comparable(library.find_run("good"))
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    for arguments, words in (
        ([str(zipped)], "good exists already"),
        ([str(tmp_path / "gone.zip")], "gone.zip cannot be read"),
        ([str(tmp_path / "bad.zip")], "zip"),
    ):
        capsys.readouterr()
        with pytest.raises(SystemExit, match="2"):
            run_command(lambda arguments=arguments: command.main(arguments))
        err = capsys.readouterr().err
        assert words in err
        assert len(err.splitlines()) == 1
