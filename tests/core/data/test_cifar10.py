import struct
import threading
import time
import urllib.error
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from core.data import cifar10
from core.data.cifar10 import CLASSES, SHIPPED_DIR, load_test, load_test_labels, load_training, read_labels, read_sheet
from core.errors import DataError


@pytest.fixture(scope="module")
def test_images():
    return load_test()


@pytest.fixture
def small_sheets(monkeypatch):
    """Sheets of 2 x 2 tiles, so that a set of five costs nothing."""
    monkeypatch.setattr(cifar10, "TILES", 2)
    monkeypatch.setattr(cifar10, "IMAGES_PER_SHEET", 4)
    monkeypatch.setattr(cifar10, "TRAINING_IMAGES", 20)


@pytest.fixture
def no_download(monkeypatch, tmp_path):
    """torchvision's CIFAR10 fails; gives the list of what it was called with."""
    calls = []

    def fail(root, train, download):
        calls.append((root, download))
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("torchvision.datasets.CIFAR10", fail)
    return calls


def save_sheet(path, first_value: int) -> None:
    """Four tiles of one gray each: first_value, first_value + 1, ..."""
    grays = np.arange(first_value, first_value + 4, dtype=np.uint8).reshape(2, 2)
    Image.fromarray(grays.repeat(32, axis=0).repeat(32, axis=1)).convert("RGB").save(path, "WEBP", lossless=True)


def save_full_set(folder, first_value: int = 0) -> None:
    folder.mkdir()
    for i in range(5):
        save_sheet(folder / f"data_batch_{i + 1}.webp", first_value + 4 * i)
    np.save(folder / "train_labels.npy", np.arange(20, dtype=np.uint8) % 10)


def test_shipped_test_images(test_images):
    assert (test_images.pixels.shape, test_images.pixels.dtype) == ((10_000, 32, 32, 3), np.uint8)
    assert [CLASSES[label] for label in test_images.labels[:4]] == ["cat", "ship", "ship", "airplane"]
    assert np.bincount(test_images.labels).tolist() == [1000] * 10
    # As in Krizhevsky's test_batch: the first cat's first pixel; the set's mean color.
    assert test_images.pixels[0, 0, 0].tolist() == [158, 112, 49]
    mean = [channel.mean() / 255 for channel in np.moveaxis(test_images.pixels, -1, 0)]
    assert mean == pytest.approx([0.4942, 0.4851, 0.4504], abs=5e-5)


def test_shipped_training_images_need_no_folder_and_no_network(monkeypatch, tmp_path, no_download):
    monkeypatch.setenv("CIFAR10_DIR", str(tmp_path / "nothing"))
    images = load_training("shipped")
    assert no_download == []
    assert (images.pixels.shape, images.labels.shape) == ((10_000, 32, 32, 3), (10_000,))
    assert [CLASSES[label] for label in images.labels[:4]] == ["frog", "truck", "truck", "deer"]
    assert images.pixels[0, 0, 0].tolist() == [59, 62, 63]  # as in Krizhevsky's data_batch_1
    assert np.bincount(images.labels).tolist() == [1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981]


def test_tiles_are_cut_row_by_row(tmp_path, small_sheets):
    random = np.random.default_rng(0)
    tiles = random.integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    sheet = np.concatenate([np.concatenate([tiles[0], tiles[1]], axis=1), np.concatenate([tiles[2], tiles[3]], axis=1)])
    Image.fromarray(sheet).save(tmp_path / "sheet.webp", lossless=True, exact=True)
    assert (read_sheet(tmp_path / "sheet.webp") == tiles).all()


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: b"", id="empty"),
        pytest.param(lambda: b"<html>404</html>", id="html"),
        pytest.param(lambda: (SHIPPED_DIR / "test_batch.webp").read_bytes()[:100_000], id="truncated"),
        pytest.param(lambda: png_header(3200, 3200), id="no pixels"),
        pytest.param(lambda: png_header(60_000, 60_000), id="bomb"),
    ],
)
def test_damaged_sheet_is_named(tmp_path, content):
    path = tmp_path / "test_batch.webp"
    path.write_bytes(content())
    with pytest.raises(DataError, match=r"test_batch\.webp is"):
        read_sheet(path)


def test_sheet_of_another_size_is_named(tmp_path):
    Image.new("RGB", (3200, 1600)).save(tmp_path / "small.webp")
    with pytest.raises(DataError, match=r"small\.webp is 3200x1600 pixels; a contact sheet is 3200x3200"):
        read_sheet(tmp_path / "small.webp")


@pytest.mark.parametrize("read", [read_sheet, lambda path: read_labels(path, 10)])
def test_missing_file_is_named(tmp_path, read):
    with pytest.raises(DataError, match=r"gone\.webp is missing"):
        read(tmp_path / "gone.webp")


def test_labels_become_bytes(tmp_path):
    np.save(tmp_path / "labels.npy", np.arange(10, dtype=np.int64))
    labels = read_labels(tmp_path / "labels.npy", 10)
    assert labels.dtype == np.uint8
    assert labels.tolist() == list(range(10))


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(np.arange(9, dtype=np.uint8), id="too few"),
        pytest.param(np.zeros((10, 1), dtype=np.uint8), id="two dimensions"),
        pytest.param(np.arange(10, dtype=np.float32), id="fractions"),
        pytest.param(np.zeros(10, dtype=bool), id="booleans"),
        pytest.param(np.arange(1, 11, dtype=np.uint8), id="an eleventh class"),
        pytest.param(np.arange(-1, 9, dtype=np.int8), id="negative"),
        pytest.param(np.array([{}] * 10), id="pickled"),
    ],
)
def test_wrong_labels_are_named(tmp_path, labels):
    np.save(tmp_path / "train_labels.npy", labels)
    with pytest.raises(DataError, match=r"train_labels\.npy"):
        read_labels(tmp_path / "train_labels.npy", 10)


def test_labels_that_are_no_array_are_named(tmp_path):
    for write in (lambda file: file.write(b""), lambda file: file.write(b"no"), lambda file: np.savez(file, a=[1])):
        with open(tmp_path / "train_labels.npy", "wb") as file:
            write(file)
        with pytest.raises(DataError, match=r"train_labels\.npy"):
            read_labels(tmp_path / "train_labels.npy", 10)


def test_a_test_set_without_labels_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"test_labels\.npy is missing"):
        load_test_labels(tmp_path)


@pytest.mark.parametrize("error", [urllib.error.URLError("no network"), RuntimeError("File not found or corrupted")])
def test_full_set_out_of_reach_names_the_three_ways(monkeypatch, error):
    def fail(root, train, download):
        raise error

    monkeypatch.setattr("torchvision.datasets.CIFAR10", fail)
    with pytest.raises(DataError) as caught:
        load_training("full")
    for words in ("CIFAR10_DIR", "cifar-10-batches-py", "download it", "--data shipped", str(error.args[0])):
        assert words in str(caught.value)


def test_full_set_is_asked_of_torchvision_beside_the_app(no_download):
    with pytest.raises(DataError):
        load_training("full")
    assert no_download == [(cifar10.DOWNLOAD_DIR, False), (cifar10.DOWNLOAD_DIR, True)]  # it may be there already


def test_full_set_that_is_there_is_read_where_nothing_can_be_written(monkeypatch):
    there = SimpleNamespace(data=np.zeros((3, 32, 32, 3), np.uint8), targets=[1, 2, 3])
    monkeypatch.setattr("torchvision.datasets.CIFAR10", lambda root, train, download: there)
    monkeypatch.setattr("filelock.FileLock", lambda *_: pytest.fail("locked"))
    assert load_training("full").labels.tolist() == [1, 2, 3]


def test_environment_comes_before_the_download(monkeypatch, tmp_path, small_sheets, no_download):
    save_full_set(tmp_path / "set")
    monkeypatch.setenv("CIFAR10_DIR", str(tmp_path / "set"))
    images = load_training("full")
    assert images.pixels[:, 0, 0, 0].tolist() == list(range(20))  # the sheets in their order
    assert images.labels.tolist() == [*range(10), *range(10)]
    assert no_download == []


def test_named_folder_comes_before_the_environment(monkeypatch, tmp_path, small_sheets):
    save_full_set(tmp_path / "environment")
    save_full_set(tmp_path / "named", first_value=100)
    monkeypatch.setenv("CIFAR10_DIR", str(tmp_path / "environment"))
    assert load_training(str(tmp_path / "named")).pixels[0, 0, 0, 0] == 100


def test_folder_that_lacks_sheets_names_them(monkeypatch, tmp_path, small_sheets, no_download):
    save_full_set(tmp_path / "set")
    (tmp_path / "set" / "data_batch_2.webp").unlink()
    (tmp_path / "set" / "train_labels.npy").unlink()
    monkeypatch.setenv("CIFAR10_DIR", str(tmp_path / "set"))
    with pytest.raises(DataError, match=r"set lacks data_batch_2\.webp, train_labels\.npy\. .*three ways"):
        load_training("full")
    assert no_download == []  # never another source than the one that was asked for


def test_folder_with_too_few_labels_is_refused(tmp_path, small_sheets):
    save_full_set(tmp_path / "set")
    np.save(tmp_path / "set" / "train_labels.npy", np.zeros(4, dtype=np.uint8))
    with pytest.raises(DataError, match=r"train_labels\.npy holds .* 20 labels"):
        load_training(str(tmp_path / "set"))


def test_of_two_trainings_that_download_at_once_the_second_waits(monkeypatch, tmp_path):
    inside, most = [], []

    def download(root, train, download):
        if not download:
            raise RuntimeError("it is not there")
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        inside.pop()
        raise OSError("no network")

    def load():
        with pytest.raises(DataError):
            load_training("full")

    monkeypatch.setattr("torchvision.datasets.CIFAR10", download)
    monkeypatch.setattr(cifar10, "DOWNLOAD_DIR", tmp_path / "downloads")
    monkeypatch.delenv("CIFAR10_DIR", raising=False)
    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1]
