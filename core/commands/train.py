"""Train one or more CIFAR-10 networks, each into a run's folder."""

import argparse
import signal
import sys
from collections.abc import Callable
from contextlib import closing, nullcontext
from functools import cache
from pathlib import Path

import torch

from core import paths
from core.commands import Parser, require_threads, run_command
from core.data import cifar10
from core.errors import DivergedError, LabError, TrainingError
from core.files import require_writable
from core.jobs.processes import on_stop
from core.models.layers import freeze
from core.models.registry import build, parse_architecture
from core.models.weights.initial_weights import initial_weights
from core.runs import library, status
from core.runs.command import continue_command
from core.runs.run import open_run
from core.settings.constraints import STEMS
from core.settings.environment import expanded
from core.settings.recipes import CIFAR_STEM_SIZE, MUON_LR, NAMED_RECIPES, RECIPES, recipe
from core.settings.train_config import PRECISIONS, SETTINGS, TORCHVISION_DEPTHS, TrainConfig
from core.training import distributed, imported_network
from core.training.device import require_compiler
from core.training.session import Execution, Session
from core.training.tensorboard import EventLog, require_tensorboard

COMPILED = {"auto": None, "on": True, "off": False}
USUAL_BY_RECIPE = recipe("cifar", "sgd").keys()
USUAL_ELSE = {
    "lr": f"with adamw a hundredth of that, with muon {MUON_LR}",
    "input_size": f"with --stem cifar {CIFAR_STEM_SIZE}",
}
TAKEN = "Go on with it: --resume. Or choose another name: --name."
EPILOG = (
    "Several processes, or GPUs, train one network together: torchrun --nproc-per-node N -m core train ... On CPUs "
    "BatchNorm then uses the statistics of each process's share of a batch; on GPUs those of the whole batch."
)


def parser() -> argparse.ArgumentParser:
    p = Parser(prog="python -m core train", description=__doc__, epilog=EPILOG)
    p.add_argument(
        "architectures",
        nargs="*",
        metavar="ARCHITECTURE",
        help="plainN or resnetN, N = 8, 14, 20, 32, ...; or a name of torchvision's, e.g. vgg11_bn. resnet50 and "
        "resnet152 are torchvision's: the twins of plain50 and plain152 are cifar_resnet50 and cifar_resnet152",
    )
    p.add_argument(
        "--recipe",
        choices=NAMED_RECIPES,
        help="of the small twins: quick, in minutes; published, to published accuracy. Options that you type "
        "override it",
    )
    for name, setting in SETTINGS.items():
        if setting.option:
            _add_option(p, name)
    p.add_argument(
        "--data", help="full, the default: 50,000 images; shipped: the app's 10,000; or a folder, or an archive"
    )
    p.add_argument("--name", help="the run's name; default: made from the options")
    p.add_argument(
        "--out", type=expanded, default=paths.own_runs_dir(), help="where the run's folder goes; %(default)s"
    )
    p.add_argument("--resume", action="store_true", help="continue the run of this name")
    p.add_argument(
        "--run",
        type=expanded,
        help="begin, or continue, the run in this folder, as its config.json says; with --data where its photos moved",
    )
    p.add_argument("--threads", type=int, help="of the CPU; all, or as many as the run began with")
    p.add_argument(
        "--precision",
        choices=PRECISIONS,
        help="of the numbers in training; default: bfloat16 where that is faster. Fair twins have the same",
    )
    p.add_argument(
        "--compile",
        nargs="?",
        choices=COMPILED,
        const="on",
        default="auto",
        help="with torch.compile: faster after some minutes; needs a C++ compiler. auto, the default: where it works "
        "and the training gains by it (long, two threads, some CPUs), or as the run began; alone, behind "
        "ARCHITECTURE: on",
    )
    p.add_argument("--no-compile", dest="compile", action="store_const", const="off", help="the same as --compile off")
    p.add_argument("--log", choices=("tensorboard",), help="the history as TensorBoard event files too")
    return p


def _add_option(p: argparse.ArgumentParser, name: str) -> None:
    """The option of a field of TrainConfig. What is usual, by the recipe too, is filled in later."""
    setting, field = SETTINGS[name], TrainConfig.__dataclass_fields__[name]
    option, text = name.replace("_", "-"), setting.help.replace("%", "%%")
    if field.type is bool:
        p.add_argument(f"--no-{option}", action="store_true", help=f"without: {text}")
        return
    of_each = [f"{family} {recipe(family, 'sgd')[name]}" for family in RECIPES] if name in USUAL_BY_RECIPE else []
    one = "by the schedule" if name == "warmup" else "none" if field.default in (None, "") else field.default
    told = ", ".join([*of_each, *([USUAL_ELSE[name]] if name in USUAL_ELSE else [])]) or one
    kind = field.type if field.type in (int, str) else float
    p.add_argument(f"--{option}", type=kind, choices=setting.values or None, help=f"{text} Default: {told}.")


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    args = parser().parse_args(argv)
    with distributed.processes():
        return _train(args)


def _train(args: argparse.Namespace) -> int:
    with status.end_noted(args.run) if args.run else nullcontext():  # the app, which started it, is told why it ends
        args = completed(args)
        run = open_run(args.run) if args.run else None
        configs = [run.config] if run else configs_of(args)
        if not (run and run.imported):
            _check(args, configs)
    if run and run.imported:
        return _score(run.path)
    # The first process may download them; the others then find them.
    images = cache(
        lambda: distributed.on_rank_zero(cifar10.load_training, args.data) or cifar10.load_training(args.data)
    )
    stop = cache(_stop_on_signals)
    threads, failed = args.threads or torch.get_num_threads(), {}
    try:
        for config in configs:
            folder = args.out / (args.name or config.default_run_name)
            if torch.get_num_threads() != threads:  # a run that is resumed takes those with which it was begun
                torch.set_num_threads(threads)
            try:
                finished = _train_one(args, config, folder, images, stop)
            except TrainingError as error:
                if len(configs) == 1 or _ends_all(error):
                    raise
                failed[folder.name] = str(error)
                continue
            if not finished:
                again = continue_command(folder, distributed.layout(), sys.orig_argv[0], args.log)
                distributed.say(f"Stopped. Nothing is lost; continue with: {again}")
                return 130
    finally:
        for name, reason in failed.items():
            distributed.say(f"{name} failed: {reason}")
    return 1 if failed else 0


def _train_one(
    args: argparse.Namespace,
    config: TrainConfig,
    folder: Path,
    images: Callable[[], cifar10.Images],
    stop: Callable[[], Callable[[], bool]],
) -> bool:
    """Whether it is finished; else it was stopped. `stop`: gives, once there is something to save, what says whether
    to stop. Until then, a signal ends it at once."""
    resuming = args.resume and folder.exists()  # of several, those whose turn had not come begin
    if resuming and status.finished(folder):
        distributed.say(f"{folder.name} is finished.")
        return True
    with status.end_noted(folder), closing(EventLog(folder)) if args.log else nullcontext() as events:
        session = (Session.resume if resuming else Session.begin)(
            config,
            folder,
            images,
            Execution(args.threads, args.precision, COMPILED[args.compile]),
            data_folder=None if args.data in ("full", "shipped") else expanded(args.data),
            events=events,
        )
        if config.freeze and not config.pretrained and not resuming:
            distributed.say("--freeze without --init: the frozen layers stay the random numbers that they begin with.")
        return not distributed.any_rank(not session.run(stop()))


def _ends_all(error: TrainingError) -> bool:
    """Whether the networks that are still to come can't be trained either: a disk stays full, and what went wrong in
    one of several processes has parted them."""
    return isinstance(error.__cause__, OSError) or (
        distributed.world_size() > 1 and not isinstance(error, DivergedError)
    )


def _score(folder: Path) -> int:
    """What is left to do of a run that was trained elsewhere."""
    if status.finished(folder):
        distributed.say(f"{folder.name} is finished.")
        return 0
    with status.end_noted(folder):
        return 0 if imported_network.score(open_run(folder), should_stop=_stop_on_signals()) else 130


def _check(args: argparse.Namespace, configs: list[TrainConfig]) -> None:
    """Raises LabError for what can't be done, before hours are spent on the first of the `configs`."""
    names = [args.name or config.default_run_name for config in configs]
    if args.name and len(configs) > 1:
        raise LabError("--name is for one network; several get the names made from the options.")
    if len(set(names)) < len(names):
        raise LabError(f"{' '.join(args.architectures)}: the same network twice; name each once.")
    for depth in TORCHVISION_DEPTHS:
        if {f"plain{depth}", f"resnet{depth}"} <= set(args.architectures):
            raise LabError(f"resnet{depth} is torchvision's network; the twin of plain{depth} is cifar_resnet{depth}.")
    if args.threads is not None:
        require_threads(args.threads)
    if COMPILED[args.compile]:
        require_compiler()
    if args.log:
        require_tensorboard()
    for config, name in zip(configs, names, strict=True):
        if args.resume and (len(configs) == 1 or (args.out / name).exists()):
            library.require_same_config(args.out / name, config)
            continue
        distributed.on_rank_zero(library.require_free_name, args.out, name, TAKEN)
        distributed.on_rank_zero(require_writable, args.out)
        if len(configs) > 1:  # one alone is built in a moment
            distributed.require_equal_shards(config.batch_size)
            initial_weights(config)
            freeze(build(config), config.freeze)


def configs_of(args: argparse.Namespace) -> list[TrainConfig]:
    """What to train, without `--run`. Raises LabError."""
    return [_config(name, args) for name in args.architectures]


def completed(args: argparse.Namespace) -> argparse.Namespace:
    """With what was left out; for `--run`, as the run's folder says, which is then also the place. Raises LabError."""
    if not args.run:
        if not args.architectures:
            parser().error("the following arguments are required: ARCHITECTURE")
        return argparse.Namespace(**vars(args) | {"data": args.data or "full"})
    defaults, others = vars(parser().parse_args([])), {"run", "resume", "threads", "compile", "log", "data"}
    if any(value != defaults[name] for name, value in vars(args).items() if name not in others):
        raise LabError(
            "--run takes everything from the run's folder; only --threads, --compile, --log and --data go with it."
        )
    folder = args.run.resolve()
    run = open_run(folder)
    if args.data and "shipped" in (args.data, run.config.data) and args.data != run.config.data:
        raise LabError(f"{run.name} was begun with other photos: --data {run.config.data}.")
    of_folder = {"run": folder, "out": folder.parent, "name": folder.name, "resume": True}
    return argparse.Namespace(**vars(args) | of_folder | {"data": args.data or run.image_source})


def _config(architecture: str, args: argparse.Namespace) -> TrainConfig:
    named = parse_architecture(architecture)
    if args.recipe and named["family"] != "cifar":
        raise LabError(f"--recipe is for the small twins, plainN and resnetN, not for {architecture}.")
    given = {name: getattr(args, name) for name in SETTINGS if getattr(args, name, None) is not None}
    turned_off = {name: False for name in SETTINGS if getattr(args, f"no_{name}", False)}
    of_recipe = NAMED_RECIPES.get(args.recipe, {"optimizer": args.optimizer or "sgd"})
    optimizer, stem = of_recipe["optimizer"], args.stem or STEMS[0]
    if args.optimizer not in (None, optimizer):
        raise LabError(f"--recipe {args.recipe} is for the optimizer {optimizer}: its learning rate is for no other.")
    data = "shipped" if args.data == "shipped" else "full"
    usual = recipe(named["family"], optimizer, stem) | of_recipe
    return TrainConfig(**usual | named | given | turned_off | {"data": data})


def _stop_on_signals():
    """A function that says whether this process is to end (`on_stop`), or torchrun is gone. The second Ctrl-C stops at
    once; not the second polite kill, for a cluster's may be followed by that of the job's own process."""
    received = []

    def note(number, frame):
        if received and number == signal.SIGINT:
            raise KeyboardInterrupt
        received.append(number)

    on_stop(note)
    return lambda: bool(received) or distributed.abandoned()


if __name__ == "__main__":
    run_command(main)
