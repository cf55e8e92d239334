"""Files of weights that somebody else made: right ones, wrong ones and evil ones."""

import copy
import os
import re
import zipfile
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.errors import ModelError
from core.models.registry import build
from core.models.weights import weight_files
from core.models.weights.initial_weights import answers_were_learned, initial_weights
from core.models.weights.weight_files import read_weights
from core.runs.library import find_run
from core.settings.train_config import TrainConfig

RESNET18 = {"family": "torchvision", "network": "resnet18", "input_size": 32}


def small(path: Path | str = "scratch", **changes) -> TrainConfig:
    return TrainConfig(**{"depth": 8, "init": str(path)} | changes)


@pytest.fixture
def weights() -> dict[str, torch.Tensor]:
    return build(small(seed=9)).state_dict()


def test_torch_file_gives_what_safetensors_gives(tmp_path, weights):
    torch.save(weights, tmp_path / "a.pt")
    save_file(weights, tmp_path / "a.safetensors")
    for name in ("a.pt", "a.safetensors"):
        loaded = initial_weights(small(tmp_path / name))
        assert all(torch.equal(loaded[key], value) for key, value in weights.items())


def test_old_torch_file_is_read(tmp_path, weights):
    torch.save(weights, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert torch.equal(read_weights(tmp_path / "old.pth").tensors["fc.weight"], weights["fc.weight"])


def test_last_layer_for_other_classes_or_none_is_new(tmp_path, weights):
    others = {
        "hundred": weights | {"fc.weight": torch.zeros(100, 64), "fc.bias": torch.zeros(100)},
        "none": {name: value for name, value in weights.items() if not name.startswith("fc")},
    }
    for name, given in others.items():
        save_file(given, tmp_path / f"{name}.safetensors")
        loaded = initial_weights(small(tmp_path / f"{name}.safetensors"))
        assert torch.equal(loaded["fc.weight"], build(small()).fc.weight)
        assert torch.equal(loaded["conv1.weight"], weights["conv1.weight"])


def test_wide_head_of_vgg_in_the_file_does_not_matter(tmp_path):
    config = TrainConfig(family="torchvision", network="vgg11", input_size=32, init=str(tmp_path / "vgg.safetensors"))
    given = {name: value for name, value in build(config).state_dict().items() if name.startswith("features")}
    heads = {"classifier.0.weight": torch.zeros(4, 4), "classifier.6.bias": torch.zeros(1000)}
    save_file(given | heads, tmp_path / "vgg.safetensors")
    assert initial_weights(config).keys() == build(config).state_dict().keys()


def test_counters_that_old_files_lack_do_not_matter(tmp_path, weights):
    save_file({k: v for k, v in weights.items() if "num_batches" not in k}, tmp_path / "a.safetensors")
    assert initial_weights(small(tmp_path / "a.safetensors")).keys() == weights.keys()


def test_every_missing_unexpected_and_misshapen_one_is_named(tmp_path, weights):
    del weights["conv1.weight"], weights["layer1.0.bn2.bias"]
    weights |= {"color": torch.zeros(1), "layer3.0.conv1.weight": torch.zeros(3)}
    save_file(weights, tmp_path / "a.safetensors")
    with pytest.raises(ModelError) as caught:
        initial_weights(small(tmp_path / "a.safetensors"))
    sentence = str(caught.value)
    assert "do not fit resnet8" in sentence
    assert "missing: conv1.weight, layer1.0.bn2.bias;" in sentence
    assert "unexpected: color;" in sentence
    assert "of another shape: layer3.0.conv1.weight." in sentence


def test_numbers_that_are_not_finite_are_refused(tmp_path, weights):
    weights["conv1.weight"][0, 0, 0, 0] = float("nan")
    save_file(weights, tmp_path / "a.safetensors")
    with pytest.raises(ModelError, match="not finite"):
        initial_weights(small(tmp_path / "a.safetensors"))


class Evil:
    def __reduce__(self):
        return os.mkdir, (self.place,)

    def __init__(self, place: Path):
        self.place = str(place)


def test_nothing_in_a_torch_file_is_executed(tmp_path):
    torch.save({"fc.weight": Evil(tmp_path / "taken")}, tmp_path / "evil.pt")
    with pytest.raises(ModelError, match=r"evil\.pt cannot be read as weights"):
        read_weights(tmp_path / "evil.pt")
    assert not (tmp_path / "taken").exists()


def test_file_that_unpacks_to_much_more_is_refused(tmp_path, weights):
    torch.save({"fc.weight": torch.zeros(1000, 1000)}, tmp_path / "plain.pt")
    packed = zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(tmp_path / "plain.pt") as plain, packed as bomb:
        for name in plain.namelist():
            bomb.writestr(name, plain.read(name))
    assert (tmp_path / "bomb.pt").stat().st_size < 100_000
    with pytest.raises(ModelError, match="compressed inside"):
        read_weights(tmp_path / "bomb.pt")


def test_entries_that_share_their_bytes_are_refused(tmp_path, weights):
    """The table of contents may name the same bytes many times: a small file would fill the memory."""
    torch.save(weights, tmp_path / "plain.pt")
    with zipfile.ZipFile(tmp_path / "plain.pt") as plain, zipfile.ZipFile(tmp_path / "bomb.pt", "w") as bomb:
        for name in plain.namelist():
            bomb.writestr(name, plain.read(name))
        largest = max(bomb.infolist(), key=lambda member: member.file_size)
        bomb.filelist += [copy.copy(largest) for _ in range(50)]
    with pytest.raises(ModelError, match="claims to hold more than it has bytes"):
        read_weights(tmp_path / "bomb.pt")


@pytest.mark.parametrize("name", ["fc.weight", "conv1.weight"])
def test_file_that_claims_more_numbers_than_it_holds_is_refused(tmp_path, weights, name):
    torch.save(weights | {name: torch.zeros(1).expand(100_000, 100_000)}, tmp_path / "huge.pt")
    with pytest.raises(ModelError, match="claim more numbers than it holds"):
        read_weights(tmp_path / "huge.pt")


def test_layers_that_share_their_weights_are_read(tmp_path, weights):
    weights["layer1.0.conv2.weight"] = weights["layer1.0.conv1.weight"]
    torch.save(weights, tmp_path / "shared.pt")
    assert read_weights(tmp_path / "shared.pt").tensors.keys() == weights.keys()


@pytest.mark.parametrize(
    "content",
    [
        [1, 2],
        {"epoch": 3},
        {"state_dict": {"a": torch.zeros(1)}},
        {"optimizer": {"a": torch.zeros(3, 3)}},
        torch.zeros(3),
    ],
)
def test_torch_file_that_is_no_state_dict_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "a.pt")
    with pytest.raises(ModelError, match="holds no state dict"):
        read_weights(tmp_path / "a.pt")


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
@pytest.mark.parametrize(
    "content", [b"", b"\x80\x04.", b"PK\x03\x04", b"\xff" * 8 + b"{}", b"\x02" + b"\0" * 7 + b"[]"]
)
def test_damaged_file_is_refused_in_one_line(tmp_path, content, suffix):
    path = tmp_path / f"model.{suffix}"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read as weights") as caught:
        initial_weights(small(path))
    assert "\n" not in str(caught.value)


def test_path_without_a_file_is_refused(tmp_path):
    for path in (tmp_path / "gone.safetensors", tmp_path / "gone.pt"):
        with pytest.raises(ModelError, match=f"There is no file {re.escape(str(path))}."):
            initial_weights(small(path))
    with pytest.raises(ModelError, match="cannot be read as weights"):
        initial_weights(small(tmp_path))


def test_resnet18_file_under_torchvisions_names(tmp_path):
    config = TrainConfig(**RESNET18, seed=5)
    half = {k: v.half() if v.is_floating_point() else v for k, v in build(config).state_dict().items()}
    save_file(half, tmp_path / "a.safetensors")
    loaded = initial_weights(TrainConfig(**RESNET18, init=str(tmp_path / "a.safetensors")))
    assert {value.dtype for value in loaded.values()} == {torch.float32, torch.int64}
    assert torch.allclose(loaded["layer4.1.conv2.weight"], half["layer4.1.conv2.weight"].float())


def state_dict_of_a_shipped_run() -> dict[str, torch.Tensor]:
    return find_run("resnet8-s0").load_model().state_dict()


def kuangliu(weights: dict) -> dict:
    return {re.sub(r"^fc\.", "linear.", name): value for name, value in weights.items()}


def prefixed(*prefixes: str):
    return lambda weights: {"".join(prefixes) + name: value for name, value in weights.items()}


WRAPPED = {  # how it lies in the file: what is said of it
    "plain": (lambda weights: weights, ""),
    "state_dict": (lambda weights: {"state_dict": weights, "best_prec1": torch.tensor(91.7)}, "under 'state_dict'"),
    "net": (lambda weights: {"net": weights, "acc": 91.7, "epoch": 3}, "under 'net'"),
    "model": (lambda weights: {"model": weights, "optimizer": {"state": {0: {"m": torch.ones(2, 2)}}}}, "'model'"),
    "model_state_dict": (lambda weights: {"epoch": 3, "model_state_dict": weights}, "under 'model_state_dict'"),
    "nested": (lambda weights: {"checkpoint": {"state_dict": weights}}, "under 'checkpoint.state_dict'"),
    "averaged too": (lambda weights: {"ema": dict(weights), "state_dict": weights}, "under 'state_dict'"),
    "a name of its own": (lambda weights: {"my_resnet": weights}, "under 'my_resnet'"),
    "DataParallel": (prefixed("module."), "without the prefix 'module.'"),
    "compiled and distributed": (prefixed("_orig_mod.", "module."), "without the prefix '_orig_mod.module.'"),
    "Lightning": (lambda w: {"state_dict": prefixed("model.")(w)}, "under 'state_dict', without the prefix 'model.'"),
    "akamaster": (lambda w: {"state_dict": prefixed("module.")(kuangliu(w))}, "'state_dict', without the prefix"),
}


@pytest.mark.parametrize("case", WRAPPED)
@pytest.mark.parametrize("old", [False, True], ids=["zip", "old"])
def test_weights_are_found_wherever_they_lie_and_it_is_said_where(tmp_path, case, old):
    wrap, words = WRAPPED[case]
    weights, said = state_dict_of_a_shipped_run(), []
    torch.save(wrap(weights), tmp_path / "a.bin", _use_new_zipfile_serialization=not old)
    loaded = initial_weights(small(tmp_path / "a.bin"), said.append)
    assert all(torch.equal(loaded[name], value) for name, value in weights.items())
    assert words in "".join(said)
    assert bool(said) == bool(words)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_numbers_of_another_precision_are_read(tmp_path, kind):
    weights = {name: value.to(kind) for name, value in state_dict_of_a_shipped_run().items()}  # counters, too
    torch.save(weights, tmp_path / "a.pt")
    loaded = initial_weights(small(tmp_path / "a.pt"))
    assert all(torch.equal(loaded[name], value.to(loaded[name].dtype)) for name, value in weights.items())
    assert loaded["conv1.weight"].dtype == torch.float32


def test_content_decides_and_never_the_suffix(tmp_path):
    weights = state_dict_of_a_shipped_run()
    save_file(weights, tmp_path / "a.bin")
    torch.save(weights, tmp_path / "b.safetensors")
    for name in ("a.bin", "b.safetensors"):
        assert torch.equal(read_weights(tmp_path / name).tensors["fc.weight"], weights["fc.weight"])


def test_weights_under_several_keys_are_told(tmp_path):
    torch.save({"student": {"w": torch.ones(2, 2)}, "teacher": {"w": torch.ones(2, 2)}}, tmp_path / "a.pt")
    with pytest.raises(ModelError, match=r"under several keys \('student', 'teacher'\)"):
        read_weights(tmp_path / "a.pt")


def test_a_matrix_beside_the_weights_is_passed_over(tmp_path, weights):
    matrix = torch.ones(10, 10)
    for content, key in (
        ({"state_dict": weights, "confusion": matrix}, "state_dict"),
        ({**weights, "metrics": {"confusion": matrix}}, ""),
        ({"net": {**weights, "meta": {"x": matrix}}}, "net"),
    ):
        torch.save(content, tmp_path / "a.pt")
        found = read_weights(tmp_path / "a.pt")
        assert (found.tensors.keys(), found.key) == (weights.keys(), key)


def test_a_file_that_leads_in_circles_comes_to_an_end(tmp_path):
    circle: dict = {}
    circle |= {str(i): circle for i in range(100)}
    torch.save(circle, tmp_path / "a.pt")
    with pytest.raises(ModelError, match="holds no state dict"):
        read_weights(tmp_path / "a.pt")


def whole_network(path: Path, old: bool) -> None:
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 2)), path, _use_new_zipfile_serialization=not old)


NOT_WEIGHTS = {
    "a whole network": (lambda path: whole_network(path, False), r"whole network \(torch\.save\(model\)\)"),
    "a whole network, old": (lambda path: whole_network(path, True), r"whole network \(torch\.save\(model\)\)"),
    "options beside": (lambda p: torch.save({"net": {}, "args": Namespace()}, p), r"Python \(argparse\.Namespace\)"),
    "options beside, old": (
        lambda p: torch.save({"args": Namespace()}, p, _use_new_zipfile_serialization=False),
        r"Python \(argparse\.Namespace\)",
    ),
    "TorchScript": (lambda path: zipfile.ZipFile(path, "w").writestr("net/constants.pkl", b""), "program"),
    "Keras": (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n"), "an HDF5 file"),
    "a web page": (lambda path: path.write_bytes(b"\n<!DOCTYPE html><html>"), "a web page"),
    "Git LFS": (lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
    "an archive": (lambda path: path.write_bytes(b"\x1f\x8b\x08"), "unpack it first"),
}


@pytest.mark.parametrize("case", NOT_WEIGHTS)
def test_what_is_no_state_dict_is_told_and_how_to_save_one_and_never_to_read_it_unsafely(tmp_path, case):
    write, words = NOT_WEIGHTS[case]
    write(tmp_path / "a.pt")
    with pytest.raises(ModelError, match=words) as caught:
        read_weights(tmp_path / "a.pt")
    sentence = str(caught.value)
    assert len(sentence) < 400
    assert sentence.isprintable()
    assert "weights_only" not in sentence
    assert "trust" not in sentence


def test_what_does_not_fit_is_named_in_few_words(tmp_path):
    deep = build(small(depth=56)).state_dict()
    torch.save(deep, tmp_path / "a.pt")
    with pytest.raises(
        ModelError, match=r"do not fit resnet8\. They are a network of 56 layers.* and 283 more\."
    ) as caught:
        initial_weights(small(tmp_path / "a.pt"))
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(("classes", "learned"), [(10, True), (100, False)])
def test_weights_with_ten_answers_of_their_own_are_known(tmp_path, weights, classes, learned):
    """With another number of them, the last layer is new."""
    weights["fc.weight"], weights["fc.bias"] = torch.ones(classes, 64), torch.ones(classes)
    save_file(weights, tmp_path / "a.safetensors")
    config = small(tmp_path / "a.safetensors")
    assert answers_were_learned(config, initial_weights(config)) == learned
    assert not answers_were_learned(small(), initial_weights(small()))


def test_a_file_larger_than_any_weights_is_not_read(tmp_path, weights, monkeypatch):
    save_file(weights, tmp_path / "a.safetensors")
    monkeypatch.setattr(weight_files, "LARGEST", 1_000)
    with pytest.raises(ModelError, match="is larger than"):
        read_weights(tmp_path / "a.safetensors")
