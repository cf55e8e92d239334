# ruff: noqa: N999 - the command's name is a keyword of Python
"""Bring a network that was trained elsewhere: its file of weights becomes a run, and is scored on the test images."""

import argparse
import sys
from dataclasses import replace

from tqdm import tqdm

from core import paths
from core.analysis import metrics
from core.commands import Parser, run_command
from core.data import cifar10
from core.errors import LabError
from core.models.registry import parse_architecture
from core.runs import library, status
from core.runs.command import continue_command
from core.runs.run import open_run
from core.settings.constraints import NORMALIZATIONS, STRIDES
from core.settings.environment import expanded
from core.settings.setting import slug
from core.settings.train_config import TrainConfig
from core.training import distributed, imported_network
from core.training.imported_network import NetworkFile


def parser() -> argparse.ArgumentParser:
    p = Parser(prog="python -m core import", description=__doc__)
    p.add_argument("file", metavar="FILE", type=expanded, help="safetensors, or what torch.save made of a state dict")
    p.add_argument("--architecture", help="as `train` takes it, e.g. resnet20; default: as the tensors say")
    p.add_argument("--strides", choices=STRIDES, help="of ResNet-50, 101, 152, where its author chose v1")
    p.add_argument("--input-size", type=int, help="pixels a side that it takes; default: as `train` has it")
    p.add_argument("--normalization", choices=NORMALIZATIONS, help="of its pixels; default: what suits it best")
    p.add_argument("--mean", help="of red, green, blue, from 0 to 1, e.g. 0.5,0.5,0.5")
    p.add_argument("--std", help="standard deviation of red, green, blue, e.g. 0.25,0.25,0.25")
    p.add_argument("--name", help="the run's name; default: the file's")
    p.add_argument(
        "--out", type=expanded, default=paths.own_runs_dir(), help="where the run's folder goes; %(default)s"
    )
    return p


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    if bool(args.mean) != bool(args.std) or (args.mean and args.normalization):
        raise LabError("Give --mean and --std together, or --normalization.")
    name = args.name or slug(args.file.name)
    if not args.name and not library.NAME.fullmatch(name):
        raise LabError(f"{args.file.name} gives no name for a run; choose one by --name.")
    again = continue_command(args.out / name, distributed.layout(), sys.orig_argv[0])
    library.require_free_name(args.out, name, f"Go on with it: {again}. Or choose another name: --name.")
    file = imported_network.look(args.file)
    given = f"{args.mean},{args.std}" if args.mean else args.normalization
    config, chosen = imported_network.normalized(_network(file, args), file, given)
    _say(f"{file.name}: {file.found}." if file.found else "")
    _say(
        f"It is taken as {config.architecture}, for pictures of {config.input_size} pixels, colors scaled by "
        f"{config.normalization} ({chosen})."
    )
    run = imported_network.add(args.out, name, config, file, chosen)
    try:
        with status.end_noted(run.path), tqdm(total=cifar10.TEST_IMAGES, unit=" images", desc=name) as bar:
            imported_network.score(run, lambda done: bar.update(done - bar.n))
    except KeyboardInterrupt:
        _say(f"Stopped. {name} is not scored to its end; continue with: {again}")
        return 130
    accuracy = metrics.accuracy(open_run(run.path).test_logits(), cifar10.load_test_labels())
    _say(f"{name} is right on {accuracy.value:.2%} of the test images, and is a run now: {run.path}")
    if accuracy.by_guessing:
        _say("That is no better than guessing: is it another architecture (plain, not ResNet?), or for other classes?")
    return 0


def _network(file: NetworkFile, args: argparse.Namespace) -> TrainConfig:
    network = file.as_network(parse_architecture(args.architecture)) if args.architecture else file.only_candidate()
    given = {field: getattr(args, field) for field in ("strides", "input_size") if getattr(args, field) is not None}
    return replace(network, **given)


def _say(words: str) -> None:
    if words:
        print(words, file=sys.stderr)


if __name__ == "__main__":
    run_command(main)
