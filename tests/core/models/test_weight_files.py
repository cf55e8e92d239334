"""Files of weights that somebody else made: right ones, wrong ones and evil ones."""

import os
import re
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.config import TrainConfig
from core.errors import ModelError
from core.models.initial_weights import initial_weights
from core.models.registry import build
from core.models.weight_files import read_weights

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
    assert torch.equal(read_weights(tmp_path / "old.pth")["fc.weight"], weights["fc.weight"])


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


def test_file_that_claims_a_huge_tensor_costs_no_memory(tmp_path, weights):
    torch.save(weights | {"fc.weight": torch.zeros(1).expand(100_000, 100_000)}, tmp_path / "huge.pt")
    loaded = initial_weights(small(tmp_path / "huge.pt"))  # a last layer for other classes
    assert loaded["fc.weight"].shape == (10, 64)
    torch.save(weights | {"conv1.weight": torch.zeros(1).expand(100_000, 100_000)}, tmp_path / "huge.pt")
    with pytest.raises(ModelError, match=r"of another shape: conv1\.weight"):
        initial_weights(small(tmp_path / "huge.pt"))


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}, {"state_dict": {"a": torch.zeros(1)}}, torch.zeros(3)])
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
