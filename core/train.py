"""Command line: train one or more CIFAR-10 networks, each into a run's folder."""

import argparse
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from core import cifar10, hardware, parallel, runs, status
from core.card import write_card
from core.cli import Parser, run_command
from core.config import OPTIMIZERS, SCHEDULES, STRIDES, TrainConfig, differences, recipe
from core.data import to_tensors
from core.errors import DivergedError, LabError, RunError, TrainingError, plain_reason
from core.evaluation import StoppedError
from core.event_log import EventLog, require_tensorboard
from core.models import (
    count_multiply_adds,
    count_parameters,
    describe_initial_weights,
    initial_weights,
    parse_architecture,
    starting_weights,
)
from core.status import Status
from core.training import StepReport, Trainer

STATUS_SECONDS = 1.0  # between two writings of the status
SAVE_SECONDS, SAVE_SHARE = 10.0, 0.01  # the state is saved as often, unless that takes more than this share of the time

EPILOG = (
    "Several processes, or GPUs, train one network together: torchrun --nproc-per-node N -m core.train ... On CPUs "
    "BatchNorm then uses the statistics of each process' share of a batch; on GPUs those of the whole batch."
)


def parser() -> argparse.ArgumentParser:
    default = TrainConfig()
    p = Parser(prog="python -m core.train", description=__doc__, epilog=EPILOG)
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
    p.add_argument("--out", type=Path, default=runs.own_runs_dir(), help="where the run's folder goes; %(default)s")
    p.add_argument("--resume", action="store_true", help="go on with the run of this name")
    p.add_argument("--run", type=Path, help="begin, or go on with, the run in this folder, as its config.json says")
    p.add_argument("--threads", type=int, help="of the CPU; all, or as many as the run began with")
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
    with parallel.processes():
        return _train(args, argv)


def _train(args: argparse.Namespace, argv: list[str]) -> int:
    configs = _configs(args)
    if args.name and len(configs) > 1:
        raise LabError("--name is for one network; several get the names made from the options.")
    if args.threads is not None:
        if not 1 <= args.threads <= 1024:
            raise LabError("--threads must be at least 1 and at most 1024.")
        torch.set_num_threads(args.threads)
    if args.compile:
        hardware.require_compiler()
    if args.log:
        require_tensorboard()
    names = [args.name or config.default_run_name for config in configs]
    if len(set(names)) < len(names):
        raise LabError(f"{' '.join(args.architectures)}: the same network twice; name each once.")
    if not args.resume:  # before hours are spent on the first of them
        for name in names:
            parallel.by_first(runs.require_free_name, args.out, name)
    if args.run:
        args.data = runs.open_run(args.run).facts.get("data_folder", configs[0].data)
    # The first process may download them; the others then find them.
    images = cache(lambda: parallel.by_first(cifar10.load_training, args.data) or cifar10.load_training(args.data))
    stop = None
    for config in configs:
        folder = args.out / (args.name or config.default_run_name)
        if args.resume and status.finished(folder):
            _say(f"{folder.name} is finished.")
            continue
        with _end_noted(folder):
            session = Session(config, folder, images, args, _command(config, args, argv))
            stop = stop or _stop_on_signals()  # not before: until there is something to save, a signal ends it at once
            finished = not parallel.any_of(not session.run(stop))
        if not finished:
            again = shlex.join([*_program(), *argv]) if args.run else f"{session.command} --resume"
            _say(f"Stopped. Nothing is lost; go on with: {again}")
            return 130
    return 0


class Session:
    """One training with its folder: what `Trainer` reports is written down, and shown as a progress bar.

    The state is saved in mid-epoch too, so that a process that is killed loses some seconds: see `_save_state`.
    """

    def __init__(
        self,
        config: TrainConfig,
        folder: Path,
        images: Callable[[], cifar10.Images],
        args: argparse.Namespace,
        command: str,
    ):
        """Takes the run as far as it got, with `--resume` or `--run`; else makes its folder, once all else is fine."""
        self.config, self.folder, self.command = config, folder, command
        self.bar = None
        self._events = EventLog(folder) if args.log else None
        self._next_status = self._next_save = 0.0  # by the monotonic clock
        # Of several networks to be resumed, those whose turn had not come begin.
        if args.resume and (len(args.architectures) <= 1 or folder.exists()):
            self._require_same_config()
            parallel.by_first(status.claim, folder)
            if (folder / runs.STATE_FILE).is_file():
                self.trainer = self._resumed(images(), args)
                return
            self.trainer = Trainer(config, images(), initial_weights(config), compiled=args.compile)
        else:
            self.trainer = Trainer(config, images(), initial_weights(config), compiled=args.compile)
            parallel.by_first(runs.new_folder, args.out, args.name or config.default_run_name)
            parallel.by_first(status.claim, folder)
        folder_of_data = {} if args.data in ("full", "shipped") else {"data_folder": str(Path(args.data).resolve())}
        parallel.by_first(runs.save_facts, folder, config, self._facts() | folder_of_data)

    def run(self, should_stop) -> bool:
        """Train, then save the result. True if finished; False if stopped, with the state saved."""
        trainer = self.trainer
        if not parallel.is_first():  # it computes its share; the first one writes and shows
            return trainer.fit(should_stop=should_stop) and self._scored(should_stop) is not None
        images_in_all = trainer.steps * self.config.batch_size * self.config.epochs
        done = (trainer.position.epoch * trainer.steps + trainer.position.sums.steps) * self.config.batch_size
        self._status("training")
        self._next_save = time.monotonic() + SAVE_SECONDS
        with tqdm(total=images_in_all, initial=done, unit=" images", desc=self.folder.name, mininterval=1) as self.bar:
            try:
                finished = trainer.fit(self._on_step, self._on_epoch, should_stop)
            except DivergedError:  # the gradients show where; a resume goes on from the state, which is of before
                self._save_progress()
                raise
        if not finished:
            self._save_state()
        elif (logits := self._scored(should_stop)) is not None:
            self._finish(logits)
            return True
        self._status("stopped")  # after the last epoch, its state was saved
        return False

    def _on_step(self, report: StepReport) -> None:
        self.bar.update(self.config.batch_size)
        now = time.monotonic()
        if now >= self._next_save:
            self._save_state()
        if now >= self._next_status:
            self.bar.set_postfix_str(
                f"epoch {report.epoch}/{self.config.epochs}, train {report.accuracy:.1%}", refresh=False
            )
            self._status("training", report=report)

    def _on_epoch(self, row: dict) -> None:
        tqdm.write(
            f"epoch {row['epoch']:3d}: train {row['train_accuracy']:.2%}, validation {row['val_accuracy']:.2%}, "
            f"{row['seconds']:.0f} s",
            file=sys.stderr,
        )
        if self._events:
            self._events.write(row)
        self._save_progress()
        self._save_state()

    def _save_progress(self) -> None:
        trainer = self.trainer
        runs.save_progress(self.folder, trainer.history, trainer.layers, trainer.gradient_norms)

    def _save_state(self) -> None:
        """Save all that a resume needs; the next time after SAVE_SECONDS, or later where that would cost too much."""
        start = time.monotonic()
        runs.save_state(self.folder, *self.trainer.state())
        end = time.monotonic()
        self._next_save = end + max(SAVE_SECONDS, (end - start) / SAVE_SHARE)

    def _scored(self, should_stop: Callable[[], bool]) -> Tensor | None:
        """The best weights' logits on the test images, which are scored this once; None if stopped meanwhile."""
        pixels, _ = to_tensors(cifar10.load_test())
        with suppress(StoppedError):  # what is scored is what will be kept
            return self.trainer.score(pixels, runs.as_stored(self.trainer.best_weights), should_stop)
        return None

    def _finish(self, logits: Tensor) -> None:
        """The best weights on validation are kept, with their `logits` on the test images."""
        trainer = self.trainer
        sha256 = runs.save_weights(self.folder, trainer.best_weights)
        finished = datetime.now(timezone.utc).isoformat(timespec="seconds")
        result = {"best_epoch": trainer.position.best_epoch, "finished": finished, "sha256": sha256}
        runs.save_facts(self.folder, self.config, self._facts() | result)
        with suppress(LabError):  # the file of the initial weights is gone: no reason to lose the run
            runs.save_weight_change(self.folder, starting_weights(self.config), trainer.best_weights)
        runs.save_test_logits(self.folder, logits.numpy())
        write_card(runs.open_run(self.folder))
        for needed_no_more in (runs.STATE_FILE, status.LOG_FILE, status.FILE):
            with suppress(OSError):  # Windows keeps a log that is open
                (self.folder / needed_no_more).unlink(missing_ok=True)

    def _require_same_config(self) -> None:
        saved = runs.open_run(self.folder)
        if saved.config != self.config:
            raise RunError(
                f"{saved.name} was begun with other options: {_list_differences(saved.config, self.config)}."
            )

    def _resumed(self, images: cifar10.Images, args: argparse.Namespace) -> Trainer:
        """As it was when its state was saved; threads and compilation too, unless the command says otherwise."""
        tensors, values = runs.load_state(self.folder)
        try:
            compiled = args.compile or values.get("compiled", False)
            if args.threads is None:
                torch.set_num_threads(min(values["threads"], os.cpu_count() or 1))
            trainer = Trainer(self.config, images, precision=values["precision"], compiled=compiled)
            trainer.load_state(tensors, values)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            if plain_reason(error):  # too little memory
                raise
            raise RunError(f"{self.folder / runs.STATE_FILE} is damaged; the training can't be resumed.") from None
        begun = values["threads"], values.get("compiled", False), values.get("processes", 1)
        if begun != (torch.get_num_threads(), compiled, parallel.size()):
            _say("Begun with other --threads, --compile or processes: the last digits will differ.")
        return trainer

    def _facts(self) -> dict:
        trainer = self.trainer
        size = trainer.preprocessing.size
        return {
            "architecture": {
                "name": self.config.architecture,
                "parameters": count_parameters(trainer.model),
                "multiply_adds": count_multiply_adds(trainer.model, size),
                "input_size": size,
            },
            "initial_weights": describe_initial_weights(self.config),
            "training_images": len(trainer.training_set),
            "environment": hardware.describe(trainer.device, trainer.precision, trainer.compiled),
            "command": self.command,
        }

    def _status(self, state: str, reason: str = "", report: StepReport | None = None) -> None:
        position, steps = self.trainer.position, self.trainer.steps
        share = (position.epoch + position.sums.steps / steps) / self.config.epochs
        now = Status(
            state, reason, epoch=min(position.epoch + 1, self.config.epochs), epochs=self.config.epochs, share=share
        )
        if report:
            now = replace(
                now,
                loss=report.loss,
                accuracy=report.accuracy,
                images_per_second=report.images_per_second,
                seconds_left=report.seconds_left,
            )
        status.write(self.folder, now)
        self._next_status = time.monotonic() + STATUS_SECONDS


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
    return [runs.open_run(args.run).config]


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


@contextmanager
def _end_noted(folder: Path):
    """Whatever ends a training of `folder` by this process goes into its status; what can be mended, in plain words."""
    try:
        yield
    except KeyboardInterrupt:
        status.note_end(folder, "stopped")
        raise
    except Exception as error:
        reason = plain_reason(error)
        status.note_end(folder, "failed", reason or f"{type(error).__name__}: {error}")
        if reason and not isinstance(error, LabError):
            raise TrainingError(reason) from error
        raise


def _command(config: TrainConfig, args: argparse.Namespace, argv: list[str]) -> str:
    """The command that trains this one network, as it can be given again."""
    if args.run:
        begun_with = runs.open_run(args.run).facts.get("command")
        if begun_with:
            return begun_with
        words = _options(config)
    else:
        this = parse_architecture(config.architecture)
        others = [name for name in args.architectures if parse_architecture(name) != this]
        words = [word for word in argv if word not in [*others, "--resume"]]
    return shlex.join([*_program(), *words])


def _program() -> list[str]:
    return [*parallel.launcher(), "-m", "core.train"]


def _say(words: str) -> None:
    if parallel.is_first():
        print(words, file=sys.stderr)


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


def _list_differences(a: TrainConfig, b: TrainConfig) -> str:
    return ", ".join(f"{field} {old} (now {new})" for field, (old, new) in differences(a, b).items())


if __name__ == "__main__":
    run_command(main)
