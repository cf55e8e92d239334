"""Look at the ground around runs' weights, for the page Bowl or mountains?: writes a run's landscape.npz and, where it
kept weights during training, walk.npz.

It may be stopped, and goes on where it was."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import torch

from core.analysis.landscapes import landscape, walk
from core.analysis.landscapes.landscape import PAIRS, PHOTOS, SIDE, Landscape
from core.analysis.landscapes.walk import Walk
from core.commands import Parser, progress, run_command
from core.data import cifar10
from core.data.cifar10 import Images
from core.errors import RunError
from core.files import require_writable
from core.jobs.processes import usable_cores
from core.runs import kept_weights
from core.runs.library import find_run
from core.runs.run import Run
from core.studies.landscape import study
from core.studies.walk import TrainingPath
from core.studies.walk import study as look_along
from core.training.device import best_precision
from core.words import landscape as landscape_words


def parser() -> Parser:
    p = Parser(
        prog=landscape.COMMAND,
        description="Look at the ground around runs' weights and, of those that kept weights (train "
        "--keep-weights), at the path of the training; it may be stopped.",
    )
    p.add_argument("runs", nargs="+", metavar="RUN", help="a run's name, or the path of its folder")
    return p


def main(argv: list[str] | None = None) -> int:
    runs = [find_run(name) for name in parser().parse_args(argv).runs]
    precision = best_precision("cpu")
    for run in runs:
        landscape.require_twin(run.config)
        left = landscape.begun(run, PHOTOS, precision).left
        if left:
            run.require_weights()
        if left or _path_is_left(run):
            require_writable(run.path)
    torch.set_num_threads(1)  # the batches run in parallel instead
    images = cifar10.load_training("shipped")[:PHOTOS]
    for run in runs:
        found = landscape.begun(run, PHOTOS, precision)  # as it is when its turn comes
        _fill(run.name, found, study(run, images, found, usable_cores()), partial(landscape.save, run, found))
        for pair in range(PAIRS):
            print(f"{run.name}: {landscape_words.figures(landscape.shape(found, pair))}", file=sys.stderr)
        if kept_weights.there(run):
            print(f"{run.name}: {landscape_words.path(_walk(run, images, precision))}", file=sys.stderr)
    return 0


def _fill(name: str, found: Landscape | Walk, looks: Iterator[None], save: Callable[[], None]) -> None:
    """Take all the `looks`, which fill in `found`; saved after each row."""
    with progress(name, "points", found.places - found.left) as show:
        for _ in looks:
            show(found.places - found.left, found.places)
            if found.left % SIDE == 0:
                save()


def _path_is_left(run: Run) -> bool:
    """Whether there is a path of its training that is not looked at to its end, or whose file is damaged."""
    with suppress(RunError):
        return kept_weights.there(run) and walk.load(run) is None
    return True


def _walk(run: Run, images: Images, precision: str) -> Walk:
    few = images[: walk.PHOTOS]
    path = TrainingPath(run, few, usable_cores())
    measured = {"photos": len(few.labels), "precision": precision, "weights": run.facts["sha256"]}
    found = walk.begun(run, walk.fresh(path.epochs, path.points, path.distance, path.size, path.share, **measured))
    _fill(f"{run.name}, its path", found, look_along(path, found), partial(walk.save, run, found))
    return found


if __name__ == "__main__":
    run_command(main)
