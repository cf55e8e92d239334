"""CIFAR-10 as people have it: whatever the form, the official images in the official order. Here a set of 20 images."""

import hashlib
import io
import pickle  # noqa: TID251 - to write some
import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.data import cifar10, cifar10_forms
from core.data.cifar10 import CLASSES, Images, load_training
from core.errors import DataError

COUNT = 4  # images a batch


@pytest.fixture
def official(monkeypatch) -> Images:
    """The whole of a CIFAR-10 that has 20 images; what torchvision knows of its pickles is true as well."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (5 * COUNT, 32, 32, 3), dtype=np.uint8)
    labels = (np.arange(5 * COUNT) % 10).astype(np.uint8)
    pixels[13], labels[13] = pixels[2], 7  # the same picture under two labels
    digests = [cifar10_forms.digest(record.tobytes()) for record in cifar10_forms.records(pixels, labels)]
    monkeypatch.setattr(cifar10_forms, "_official_digests", lambda: np.array(digests, dtype=np.uint64))
    return Images(pixels, labels)


def binary(images: Images, folder: Path) -> None:
    rows = cifar10_forms.records(images.pixels, images.labels).reshape(5, -1)
    for number, batch in enumerate(rows, start=1):
        (folder / f"data_batch_{number}.bin").write_bytes(batch.tobytes())
    (folder / "test_batch.bin").write_bytes(b"not read")
    (folder / "readme.html").write_text("not read")


def pictures(images: Images, folder: Path) -> None:
    """Numbered within each class, so that the official order is lost."""
    for part in ("train", "test"):
        for label, name in enumerate(CLASSES):
            (folder / part / name).mkdir(parents=True)
            for number, index in enumerate(np.flatnonzero(images.labels == label)[::-1]):
                Image.fromarray(images.pixels[index]).save(folder / part / name / f"{number:04d}.png")


def tables(images: Images, folder: Path) -> None:
    """As uoft-cs/cifar10 on the Hugging Face Hub, in two parts."""
    rows = []
    for pixels, label in zip(images.pixels, images.labels, strict=True):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        rows.append({"img": {"bytes": file.getvalue(), "path": None}, "label": int(label)})
    for number, part in enumerate((rows[:7], rows[7:])):
        pd.DataFrame(part).to_parquet(folder / f"train-0000{number}-of-00002.parquet")
    (folder / "test-00000-of-00001.parquet").write_bytes(b"not read")


def pickles(images: Images, folder: Path) -> None:
    rows = cifar10_forms.records(images.pixels, images.labels)[:, 1:].reshape(5, COUNT, -1)
    for number, (data, labels) in enumerate(zip(rows, images.labels.reshape(5, COUNT), strict=True), start=1):
        (folder / f"data_batch_{number}").write_bytes(pickle.dumps({"data": data, "labels": labels.tolist()}))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": [*CLASSES]}))


@pytest.fixture(params=[binary, pictures, pickles, tables])
def place(request, official, tmp_path, monkeypatch) -> Path:
    """A folder of whatever name that holds the official images in one of the forms."""
    folder = tmp_path / "whatever [1]"
    folder.mkdir()
    request.param(official, folder)
    if request.param is pickles:
        know_the_sums_of(folder, monkeypatch)
    return folder


def know_the_sums_of(folder: Path, monkeypatch) -> None:
    from torchvision.datasets import CIFAR10

    sums = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    monkeypatch.setattr(CIFAR10, "train_list", [[name, md5] for name, md5 in sums.items() if name != "batches.meta"])
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": sums["batches.meta"]})


@pytest.mark.parametrize("packed", ["", "gztar", "tar", "zip", "beside"])
def test_the_official_images_come_in_the_official_order(official, place, tmp_path, packed):
    if packed:
        form = "gztar" if packed == "beside" else packed
        archive = Path(shutil.make_archive(str(tmp_path / "packed" / "cifar"), form, place.parent, place.name))
        place = archive.parent if packed == "beside" else archive
    images = load_training(str(place))
    assert np.array_equal(images.pixels, official.pixels)
    assert np.array_equal(images.labels, official.labels)
    assert (images.pixels.dtype, images.labels.dtype) == (np.uint8, np.uint8)


def test_what_a_mac_puts_beside_an_archive_hides_nothing(official, tmp_path):
    folder = tmp_path / "cifar"
    folder.mkdir()
    binary(official, folder)
    archive = Path(shutil.make_archive(str(tmp_path / "packed" / "cifar"), "zip", tmp_path, "cifar"))
    (archive.parent / "._cifar.zip").write_bytes(b"\x00\x05\x16\x07")
    assert np.array_equal(load_training(str(archive.parent)).pixels, official.pixels)


def test_a_damaged_archive_is_told_in_one_line(tmp_path):
    (tmp_path / "cifar.tar.gz").write_bytes(b"no archive at all")
    with pytest.raises(DataError) as caught:
        load_training(str(tmp_path / "cifar.tar.gz"))
    assert "\n" not in str(caught.value)


def victim(place: Path) -> Path:
    names = ("*3*", "train/dog/0001.png", "train-00001*")
    return min(path for path in place.rglob("*") if any(map(path.match, names)))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def flip(path: Path) -> None:
    """A bit of a pixel; of a PNG, by writing it anew."""
    if path.suffix == ".png":
        with Image.open(path) as picture:
            pixels = np.array(picture)
        pixels[0, 0, 0] ^= 1
        Image.fromarray(pixels).save(path)
        return
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [cut, flip, Path.unlink])
def test_what_is_damaged_or_missing_is_named(place, damage, monkeypatch):
    path = victim(place)
    damage(path)
    monkeypatch.setattr(pickle, "load", lambda *args, **kwargs: pytest.fail("was unpickled"))
    with pytest.raises(DataError) as caught:
        load_training(str(place))
    said = str(caught.value)
    assert path.name in said or "holds 19 PNG pictures" in said or "holds 7 rows" in said
    assert place.name in said
    assert "three ways" in said
    assert "\n" not in said


@pytest.mark.parametrize("place", [binary, pictures], indirect=True)  # of pickles the sum tells: see the damaged ones
def test_a_label_that_was_changed_is_found(place, official):
    if place.joinpath("train").is_dir():
        moved = next((place / "train" / "cat").glob("*.png"))
        moved.rename(place / "train" / "dog" / "9.png")
    else:
        flip_label = bytearray((place / "data_batch_3.bin").read_bytes())
        flip_label[0] ^= 1
        (place / "data_batch_3.bin").write_bytes(flip_label)
    with pytest.raises(DataError, match=r"1 of its 20 images have other pixels or another label, the first in .*(9|3)"):
        load_training(str(place))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "holds nothing: CIFAR-10 in no form"),
        (["a.txt", "b.txt"], "holds a.txt, b.txt: CIFAR-10 in no form"),
        ([f"{i}.jpg" for i in range(9)], "holds 0.jpg, 1.jpg, 2.jpg, 3.jpg and 5 more: CIFAR-10 in no form"),
        (["test/cat/1.png", "test/dog/2.png"], "holds test/cat/1.png, test/dog/2.png: CIFAR-10 in no form"),
        (["train/cat/1.png", "train/cat/.2.png"], "holds 1 PNG pictures for training"),
        (["data_batch_1.bin"], "lacks data_batch_2.bin, data_batch_3.bin"),
        (["x.tar.gz"], "x.tar.gz cannot be read as a folder or an archive"),
    ],
)
def test_what_is_something_else_is_said(official, tmp_path, names, words):
    place = tmp_path / "place"
    place.mkdir()
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("text")
    with pytest.raises(DataError) as caught:
        load_training(str(place))
    assert words in str(caught.value)


def test_no_archive_writes_where_it_wants(official, tmp_path):
    inside = io.BytesIO()
    with tarfile.open(fileobj=inside, mode="w") as tar:
        for name in ("../../evil", "/tmp/evil", *(f"../data_batch_{i}" for i in range(1, 6)), "../batches.meta"):
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    (tmp_path / "evil.tar").write_bytes(inside.getvalue())
    with pytest.raises(DataError, match=r"data_batch_1 in .* is damaged, or not the official one"):
        load_training(str(tmp_path / "evil.tar"))
    assert {path.name for path in tmp_path.iterdir()} == {"evil.tar"}


def test_the_digests_are_those_of_the_images_that_ship():
    images = load_training("shipped")
    found = [cifar10_forms.digest(row.tobytes()) for row in cifar10_forms.records(images.pixels, images.labels)]
    known = np.load(cifar10_forms.DIGESTS)
    assert np.array_equal(known[: len(found)], np.array(found, dtype=np.uint64))
    assert len(np.unique(known)) == 5 * cifar10.IMAGES_PER_SHEET


def test_a_folder_of_too_many_files_is_not_searched(official, tmp_path, monkeypatch):
    folder = tmp_path / "photos"
    folder.mkdir()
    binary(official, folder)
    monkeypatch.setattr(cifar10_forms, "MOST_FILES", 1)
    with pytest.raises(DataError, match="holds more than 1 files; name the folder of CIFAR-10 itself"):
        load_training(str(folder))


def test_a_zip_with_a_password_is_told(official, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    binary(official, folder)
    shutil.make_archive(str(folder), "zip", folder)
    data = bytearray((tmp_path / "photos.zip").read_bytes())
    for header, flags in ((rb"PK\x03\x04", 6), (rb"PK\x01\x02", 8)):
        for found in re.finditer(header, bytes(data)):
            data[found.start() + flags] |= 1  # this member is encrypted, it says
    (tmp_path / "photos.zip").write_bytes(data)
    with pytest.raises(DataError, match="cannot be read as a folder or an archive of CIFAR-10"):
        load_training(str(tmp_path / "photos.zip"))
