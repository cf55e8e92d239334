"""The one place where a file of weights that somebody else made is read: safetensors, or torch's own format.

Knows no networks. torch's files are read with `weights_only=True`, which runs no code in them; what they hold is
checked by whoever asked for it.
"""

import zipfile
from pathlib import Path

import torch
from torch import Tensor

from core.errors import ModelError
from core.models.known_weights import IMAGENET_FILES

LARGEST = 4_000_000_000  # bytes


def read_weights(path: Path) -> dict[str, Tensor]:
    """{name: tensor, on the CPU} from a .safetensors file, or else a state dict that `torch.save` wrote.

    Raises ModelError.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ModelError(f"{path} is larger than {LARGEST / 1e9:.0f} GB; that is no file of weights for this lab.")
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        _refuse_compressed(path)
        found = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251 - of data, not of code
    except ModelError:
        raise
    except FileNotFoundError:
        made_by = " && ".join(IMAGENET_FILES.get(path.name, []))
        raise ModelError(f"There is no file {path}.{f' To make it: {made_by}' if made_by else ''}") from None
    except Exception as error:  # safetensors, zipfile, pickle and torch each raise their own on a damaged file
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{path} cannot be read as weights ({type(error).__name__}: {reason}).") from None
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise ModelError(f"{path} holds no state dict: tensors by their names, as torch.save(model.state_dict()) does.")
    return {str(name): value for name, value in found.items()}


def _refuse_compressed(path: Path) -> None:
    """torch never compresses; a small file could else fill the memory."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as file:
            if any(member.compress_type != zipfile.ZIP_STORED for member in file.infolist()):
                raise ModelError(f"{path} is compressed inside, which files of torch.save are not; it is not read.")
