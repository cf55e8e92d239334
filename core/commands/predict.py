"""What a run's network says a picture shows, and where it looked."""

import json
import os
from pathlib import Path

from core.commands import Parser, run_command
from core.data import picture_files, pictures
from core.data.cifar10 import CLASSES
from core.errors import ImageError, LabError
from core.files import write_atomically
from core.heatmaps import gradcam
from core.runs.library import find_run
from core.settings.environment import expanded

HEATMAP_SIDE = 512  # pixels


def parser() -> Parser:
    p = Parser(prog="python -m core predict", description=__doc__)
    p.add_argument("run", metavar="RUN", help="a run's name, or the path of its folder")
    p.add_argument("image", metavar="IMAGE", type=expanded, help="a JPEG, PNG or WebP; its center square is used")
    p.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    p.add_argument("--heatmap", metavar="OUT.png", type=expanded, help="write the picture with the heatmap over it")
    p.add_argument("--method", choices=gradcam.METHODS, help=f"of the heatmap; {gradcam.USUAL}")
    p.add_argument("--layer", metavar="NAME", help="where in the network the heatmap is taken; default: the last")
    p.add_argument("--target", choices=CLASSES, help="what the heatmap is for; default: the answer")
    return p


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    if not args.heatmap and (args.method or args.layer or args.target):
        raise LabError("--method, --layer and --target are of a heatmap: they go with --heatmap.")
    run = find_run(args.run)
    square = pictures.square(pictures.open_picture(_read(args.image)).image, "crop")
    if args.heatmap:
        _require_place(args.heatmap, args.image)

    os.environ.setdefault("TQDM_DISABLE", "1")  # the progress bars of slow methods; tqdm looks when it is imported
    from core.heatmaps.predictor import Predictor  # after the cheap checks: it takes seconds to import

    predictor = Predictor(run)
    if args.layer and args.layer not in predictor.layers:
        raise LabError(f"{run.name} has no layer {args.layer!r}. Known: {', '.join(predictor.layers)}.")
    pixels = pictures.to_pixels(square)
    by_class = dict(zip(CLASSES, predictor.probabilities(pixels[None])[0].tolist(), strict=True))
    label = max(by_class, key=by_class.__getitem__)
    if args.heatmap:
        target = CLASSES.index(args.target or label)
        prediction = predictor.predict(pixels, target, args.method or gradcam.USUAL, args.layer)
        _write_heatmap(args.heatmap, square, prediction.heatmap)
    if args.json:
        print(json.dumps({"run": run.name, "label": label, "probabilities": by_class}))
    else:
        print(f"{run.name} says: {label}")
        for name, probability in sorted(by_class.items(), key=lambda item: -item[1]):
            print(f"  {name:10} {probability:6.1%}")
    return 0


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > picture_files.MAX_BYTES:  # before the whole of it is in memory
            raise ImageError(f"{path} is larger than {picture_files.MAX_BYTES // 1_000_000} MB; use a smaller picture.")
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path} cannot be read ({error.strerror}).") from None


def _require_place(path: Path, image: Path) -> None:
    """Raises LabError where the heatmap would take the place of the picture itself, or of what is no file."""
    if path.suffix.lower() != ".png":
        raise LabError(f"The heatmap is a PNG: {path} must end in .png.")
    if path.exists() and path.samefile(image):
        raise LabError(f"{path} is the picture itself; name another file for its heatmap.")
    if path.exists() and not path.is_file():
        raise LabError(f"{path} is no file that a heatmap could replace.")


def _write_heatmap(path: Path, square, heatmap) -> None:
    import numpy as np
    from PIL import Image

    picture = gradcam.overlay(np.asarray(square.resize((HEATMAP_SIDE, HEATMAP_SIDE))), heatmap)
    try:
        write_atomically(path, lambda file: Image.fromarray(picture).save(file, "PNG"))
    except OSError as error:
        raise ImageError(f"{path} cannot be written ({error.strerror}).") from None


if __name__ == "__main__":
    run_command(main)
