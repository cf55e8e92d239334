"""The one place where a file of weights that somebody else made is read: safetensors, or torch's own format.

What a file is, its content says, never its name. Knows no networks. torch's files are read with `weights_only=True`,
which runs no code in them; what they hold is checked by whoever asked for it.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from core.errors import ModelError
from core.models.weights.known_weights import IMAGENET_FILES

LARGEST = 4_000_000_000  # bytes
DEEPEST = 4  # of dictionaries within dictionaries
MOST_REPEATED = 2  # times: layers may share their weights
KEYS = (
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
    "weights",
    "params",
)  # of weights; first choice first
# How files begin that people take for weights, and what they are.
OTHER_FILES = {
    b"\x89HDF": "an HDF5 file, as Keras writes it",
    b"\x1f\x8b": "a packed archive (gzip); unpack it first",
    b"version https://git-lfs": "a pointer of Git LFS; `git lfs pull` fetches the file itself",
    b"<": "a web page; download the file itself",
    b"GGUF": "a GGUF file, of a language model",
    b"\x93NUMPY": "an array of NumPy",
}
NETWORK_CLASSES = ("torch.nn.modules", "torchvision.models")  # of these, a pickled network is made


@dataclass(frozen=True)
class WeightFile:
    """`tensors` by name, on the CPU; `key`: under which of the file's they lay, e.g. "state_dict"; `prefix`: what all
    names began with, and has been taken off, e.g. "module."; both may be empty."""

    tensors: dict[str, Tensor]
    key: str = ""
    prefix: str = ""

    @property
    def found(self) -> str:
        """E.g. "found under 'state_dict', without the prefix 'module.'"; nothing for a plain state dict."""
        under = f"found under {self.key!r}" if self.key else ""
        without = f"without the prefix {self.prefix!r}" if self.prefix else ""
        return ", ".join(filter(None, (under, without)))


def read_weights(path: Path) -> WeightFile:
    """A safetensors file, or a state dict that `torch.save` wrote, alone or within a checkpoint.

    Raises ModelError with one sentence, which says what the file is instead.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ModelError(f"{path} is larger than {LARGEST / 1e9:.0f} GB; that is no file of weights for this lab.")
        with path.open("rb") as file:
            start = file.read(64)
            if start[8:9] == b"{":  # after the header's length
                from safetensors.torch import load_file

                # Copies: Windows can't delete a file of which something is still in use.
                return _without_prefix({name: value.clone() for name, value in load_file(path).items()})
            _refuse_other_files(path, start)
            file.seek(0)  # not by the path, from whose suffix torch would judge
            loaded = torch.load(file, map_location="cpu", weights_only=True)  # noqa: TID251 - of data, not of code
    except ModelError:
        raise
    except FileNotFoundError:
        made_by = " && ".join(IMAGENET_FILES.get(path.name, []))
        raise ModelError(f"There is no file {path}.{f' To make it: {made_by}' if made_by else ''}") from None
    except Exception as error:  # safetensors, zipfile, pickle and torch each raise their own on a damaged file
        raise ModelError(_refusal(path, error)) from None
    return _state_dict(path, loaded)


def _refuse_other_files(path: Path, start: bytes) -> None:
    for beginning, what in OTHER_FILES.items():
        if start.lstrip().startswith(beginning):
            raise ModelError(f"{path} cannot be read as weights: it is {what}.")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as file:
            members = file.infolist()
        if any(member.filename.endswith("constants.pkl") for member in members):
            raise ModelError(
                f"{path} cannot be read as weights: it is a program (TorchScript). Where it was made, save the numbers "
                "alone: torch.save(model.state_dict(), FILE)."
            )
        # torch never compresses; a small file could else fill the memory.
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ModelError(f"{path} is compressed inside, which files of torch.save are not; it is not read.")
        # Entries that share their bytes could fill it, too.
        if sum(member.file_size for member in members) > path.stat().st_size:
            raise ModelError(f"{path} claims to hold more than it has bytes; it is not read.")


def _refusal(path: Path, error: Exception) -> str:
    """Of what torch will not read, in one sentence; its own is pages long, and advises to read it unsafely."""
    objects = _python_objects(path, str(error))
    if any(name.startswith(NETWORK_CLASSES) for name in objects):
        return (
            f"{path} cannot be read as weights: it is a whole network (torch.save(model)), and to open one is to run a "
            "program. Where it was made, save its numbers alone: torch.save(model.state_dict(), FILE)."
        )
    if objects:
        return (
            f"{path} cannot be read as weights: it also holds objects of Python ({', '.join(objects[:3])[:200]}), and "
            "to open one is to run a program. Where it was made, save the state dict alone: "
            "torch.save(model.state_dict(), FILE)."
        )
    reason = " ".join(re.sub(r"\x1b\[[\d;]*m", "", str(error)).split())[:200]
    return f"{path} cannot be read as weights ({type(error).__name__}: {reason})."


def _python_objects(path: Path, message: str) -> list[str]:
    """The classes and functions that a torch file asks for, beyond those of tensors; of old files, the first."""
    try:
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    except Exception:  # an old file, or a damaged one
        return re.findall(r"GLOBAL ([\w.]+)", message)[:1]


def _state_dict(path: Path, loaded: object) -> WeightFile:
    """The one dictionary of weights in what a torch file holds; optimizers hold others, which are left."""
    found = {".".join(keys): tensors for keys, tensors in _dicts_of_weights(loaded, (), set())}
    if not found:
        raise ModelError(f"{path} holds no state dict: tensors by their names, as torch.save(model.state_dict()) does.")
    preferred = [key for name in KEYS for key in found if key.split(".")[-1] == name]
    if len(found) > 1 and not preferred:
        keys = ", ".join(repr(key[:40]) for key in list(found)[:5])
        raise ModelError(f"{path} holds weights under several keys ({keys}); save the one that is meant by itself.")
    key = preferred[0] if preferred else next(iter(found))
    _require_what_is_claimed(path, found[key])
    return _without_prefix(found[key], key)


def _dicts_of_weights(value: object, keys: tuple[str, ...], seen: set[int]) -> Iterator[tuple[tuple[str, ...], dict]]:
    """All dictionaries in it that hold a layer's weights, with the keys that lead there. Each is looked at once: a file
    can lead in circles."""
    if not isinstance(value, dict) or len(keys) > DEEPEST or id(value) in seen:
        return
    seen.add(id(value))
    inner = [
        found
        for name, each in value.items()
        if "optim" not in str(name).lower()
        for found in _dicts_of_weights(each, (*keys, str(name)), seen)
    ]
    tensors = {str(name): each.detach() for name, each in value.items() if _is_plain(each)}
    # Of weights and a few tensors inside or around them, e.g. a confusion matrix, the weights are the more.
    if any(each.dim() > 1 for each in tensors.values()) and all(len(tensors) > len(found) for _, found in inner):
        yield keys, tensors
    else:
        yield from inner


def _is_plain(value: object) -> bool:
    """Whether it is a tensor of numbers in memory; not a sparse or a quantized one, or one without numbers."""
    return (
        isinstance(value, Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
    )


def _require_what_is_claimed(path: Path, tensors: dict[str, Tensor]) -> None:
    """A tensor can repeat one number a billion times; whatever works with it would then fill the memory."""
    stores = {store.data_ptr(): store.nbytes() for store in (each.untyped_storage() for each in tensors.values())}
    if sum(each.numel() * each.element_size() for each in tensors.values()) > MOST_REPEATED * sum(stores.values()):
        raise ModelError(f"{path} cannot be read as weights: its tensors claim more numbers than it holds.")


def _without_prefix(tensors: dict[str, Tensor], key: str = "") -> WeightFile:
    """Wrappers such as DataParallel put a word before all names."""
    prefix = ""
    while tensors:
        first = {name.partition(".")[0] for name in tensors}
        rests = {name: name.partition(".")[2] for name in tensors}
        if len(first) > 1 or not all(rests.values()) or not any("." in rest for rest in rests.values()):
            break
        prefix += f"{first.pop()}."
        tensors = {rests[name]: value for name, value in tensors.items()}
    return WeightFile(tensors, key, prefix)
