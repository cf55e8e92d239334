"""Train one or more CIFAR-10 networks, each into a run's folder."""

import argparse
import shlex
import signal
import sys
from functools import cache
from pathlib import Path

import torch

from core import paths
from core.commands.parser import Parser, run_command
from core.config import OPTIMIZERS, PRECISIONS, SCHEDULES, STRIDES, TrainConfig, recipe
from core.data import cifar10
from core.errors import LabError
from core.models.registry import parse_architecture
from core.runs import library, status
from core.runs.run import open_run
from core.training import distributed
from core.training.device import require_compiler
from core.training.session import Session, end_noted
from core.training.tensorboard import EventLog, require_tensorboard

EPILOG = (
    "Several processes, or GPUs, train one network together: torchrun --nproc-per-node N -m core train ... On CPUs "
    "BatchNorm then uses the statistics of each process' share of a batch; on GPUs those of the whole batch."
)


def parser() -> argparse.ArgumentParser:
    default = TrainConfig()
    p = Parser(prog="python -m core train", description=__doc__, epilog=EPILOG)
    p.add_argument(
        "architectures",
        nargs="*",
        metavar="ARCHITECTURE",
        help="plainN or resnetN, N = 8, 14, 20, 32, ...; or a name of torchvision's, e.g. vgg11_bn",
    )
    p.add_argument("--epochs", type=int, default=default.epochs, help="default: %(default)s")
    p.add_argument("--seed", type=int, default=default.seed, help="initial weights and batch order; %(default)s")
    p.add_argument("--split-seed", type=int, default=default.split_seed, help="which tenth is validation; %(default)s")
    p.add_argument("--optimizer", choices=OPTIMIZERS, default=default.optimizer, help="default: %(default)s")
    p.add_argument("--schedule", choices=SCHEDULES, default=default.schedule, help="default: %(default)s")
    p.add_argument("--warmup", type=float, metavar="SHARE", help="of the steps; default: 0.2 for onecycle, else 0")
    p.add_argument("--lr", type=float, help=f"peak learning rate; {_usual('lr')}; with adamw a hundredth of that")
    p.add_argument("--head-lr", type=float, default=default.head_lr, help="of the last layer, times --lr; %(default)s")
    p.add_argument("--batch-size", type=int, help=f"of all processes together; {_usual('batch_size')}")
    p.add_argument("--momentum", type=float, default=default.momentum, help="AdamW: beta1; default: %(default)s")
    p.add_argument("--weight-decay", type=float, default=default.weight_decay, help="default: %(default)s")
    p.add_argument("--label-smoothing", type=float, default=default.label_smoothing, help="default: %(default)s")
    p.add_argument("--clip-norm", type=float, metavar="NORM", help="shorten longer gradients to this; default: never")
    p.add_argument("--no-augment", action="store_true", help="neither mirror nor shift the images")
    p.add_argument("--data", default="full", help="full: 50,000 images; shipped: the app's 10,000; or a folder")
    p.add_argument(
        "--train-fraction", type=float, default=default.train_fraction, help="share of the training images; %(default)s"
    )
    p.add_argument("--norm", choices=("batch", "none"), default=default.norm, help="of plainN, resnetN; %(default)s")
    p.add_argument(
        "--input-size", type=int, metavar="PIXELS", help=f"to which images are enlarged; {_usual('input_size')}"
    )
    p.add_argument("--strides", choices=STRIDES, default=default.strides, help="of torchvision's resnet50; %(default)s")
    p.add_argument("--init", default="scratch", help="scratch, imagenet, or a file of weights (safetensors or torch's)")
    p.add_argument("--freeze", default="", metavar="STAGE", help="what is not to learn, e.g. layer2 or backbone")
    p.add_argument("--name", help="the run's name; default: made from the options")
    p.add_argument("--out", type=Path, default=paths.own_runs_dir(), help="where the run's folder goes; %(default)s")
    p.add_argument("--resume", action="store_true", help="go on with the run of this name")
    p.add_argument("--run", type=Path, help="begin, or go on with, the run in this folder, as its config.json says")
    p.add_argument("--threads", type=int, help="of the CPU; all, or as many as the run began with")
    p.add_argument(
        "--precision",
        choices=PRECISIONS,
        help="of the numbers in training; default: bfloat16 where that is faster. Fair twins have the same",
    )
    p.add_argument(
        "--compile", action="store_true", help="with torch.compile: faster after a minute; needs a C++ compiler"
    )
    p.add_argument("--log", choices=("tensorboard",), help="the history as TensorBoard event files too")
    return p


def _usual(field: str) -> str:
    return f"default: {recipe('cifar', 'sgd')[field]}, torchvision's networks {recipe('torchvision', 'sgd')[field]}"


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    args = parser().parse_args(argv)
    with distributed.processes():
        return _train(args, argv)


def _train(args: argparse.Namespace, argv: list[str]) -> int:
    configs = _configs(args)
    _check(args, configs)
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    if args.run:
        args.data = open_run(args.run).facts.get("data_folder", configs[0].data)
    # The first process may download them; the others then find them.
    images = cache(lambda: distributed.by_first(cifar10.load_training, args.data) or cifar10.load_training(args.data))
    stop = None
    for config in configs:
        folder = args.out / (args.name or config.default_run_name)
        if args.resume and status.finished(folder):
            distributed.say(f"{folder.name} is finished.")
            continue
        with end_noted(folder):
            session = Session(
                config,
                folder,
                images,
                _command(config, args),
                # Of several networks to be resumed, those whose turn had not come begin.
                resume=args.resume and (len(configs) == 1 or folder.exists()),
                threads=args.threads,
                precision=args.precision,
                compiled=args.compile,
                data_folder=None if args.data in ("full", "shipped") else Path(args.data),
                events=EventLog(folder) if args.log else None,
            )
            stop = stop or _stop_on_signals()  # not before: until there is something to save, a signal ends it at once
            finished = not distributed.any_of(not session.run(stop))
        if not finished:
            again = shlex.join([*_program(), *argv]) if args.run else f"{session.command} --resume"
            distributed.say(f"Stopped. Nothing is lost; go on with: {again}")
            return 130
    return 0


def _check(args: argparse.Namespace, configs: list[TrainConfig]) -> None:
    """Raises LabError for what can't be done, before hours are spent on the first of the `configs`."""
    names = [args.name or config.default_run_name for config in configs]
    if args.name and len(configs) > 1:
        raise LabError("--name is for one network; several get the names made from the options.")
    if len(set(names)) < len(names):
        raise LabError(f"{' '.join(args.architectures)}: the same network twice; name each once.")
    if args.threads is not None and not 1 <= args.threads <= 1024:
        raise LabError("--threads must be at least 1 and at most 1024.")
    if args.compile:
        require_compiler()
    if args.log:
        require_tensorboard()
    for name in [] if args.resume else names:
        distributed.by_first(library.require_free_name, args.out, name)


def _configs(args: argparse.Namespace) -> list[TrainConfig]:
    """What to train; with `--run`, as the run's own folder says, which is then also the place."""
    if not args.run:
        if not args.architectures:
            parser().error("the following arguments are required: ARCHITECTURE")
        return [_config(name, args) for name in args.architectures]
    defaults, others = vars(parser().parse_args([])), {"run", "resume", "threads", "compile", "log"}
    if any(value != defaults[name] for name, value in vars(args).items() if name not in others):
        raise LabError("--run takes everything from the run's folder; only --threads, --compile and --log go with it.")
    args.run = args.run.resolve()
    args.out, args.name, args.resume = args.run.parent, args.run.name, True
    return [open_run(args.run).config]


def _config(architecture: str, args: argparse.Namespace) -> TrainConfig:
    named = parse_architecture(architecture)
    chosen = {"input_size": args.input_size, "batch_size": args.batch_size, "lr": args.lr}
    usual = recipe(named["family"], args.optimizer)
    return TrainConfig(
        **named,
        **{name: usual[name] if value is None else value for name, value in chosen.items()},
        strides=args.strides,
        norm=args.norm,
        init=args.init,
        freeze=args.freeze,
        data="shipped" if args.data == "shipped" else "full",
        train_fraction=args.train_fraction,
        epochs=args.epochs,
        optimizer=args.optimizer,
        schedule=args.schedule,
        warmup=args.warmup,
        head_lr=args.head_lr,
        momentum=args.momentum,
        weight_decay=args.weight_decay,
        label_smoothing=args.label_smoothing,
        clip_norm=args.clip_norm,
        augment=not args.no_augment,
        seed=args.seed,
        split_seed=args.split_seed,
    )


def _stop_on_signals():
    """A function that says whether Ctrl-C or a polite kill has come. The second Ctrl-C stops at once."""
    received = []

    def note(number, frame):
        if received:
            raise KeyboardInterrupt
        received.append(number)

    signal.signal(signal.SIGINT, note)
    signal.signal(signal.SIGTERM, note)
    return lambda: bool(received)


def _command(config: TrainConfig, args: argparse.Namespace) -> str:
    """The command that trains this one network, as it can be given again."""
    if args.run and (begun_with := open_run(args.run).facts.get("command")):
        return begun_with
    return shlex.join([*_program(), *_options(config), *_how_and_where(args)])


def _how_and_where(args: argparse.Namespace) -> list[str]:
    """Of the arguments those that no config holds, as they were given."""
    defaults = vars(parser().parse_args([]))
    words = [] if args.data in ("full", "shipped") else ["--data", args.data]
    for name in ("threads", "precision", "log") if args.run else ("threads", "precision", "log", "name", "out"):
        if getattr(args, name) not in (defaults[name], ""):
            words += [f"--{name}", str(getattr(args, name))]
    return [*words, "--compile"] if args.compile else words


def _program() -> list[str]:
    return [*distributed.launcher(), "-m", "core", "train"]


def _options(config: TrainConfig) -> list[str]:
    """The arguments that stand for a config."""
    known, words = vars(parser().parse_args([])), [config.architecture]
    known |= recipe(config.family, config.optimizer)
    for name, value in config.to_dict().items():
        if name in known and value != known[name]:
            words += [f"--{name.replace('_', '-')}", str(value)]
        elif f"no_{name}" in known and not value:
            words.append(f"--no-{name.replace('_', '-')}")
    return words


if __name__ == "__main__":
    run_command(main)
