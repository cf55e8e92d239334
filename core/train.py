"""Command line: train one or more CIFAR-10 networks, each into a run's folder."""

import argparse
import shlex
import signal
import sys
import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import torch
from tqdm import tqdm

from core import cifar10, hardware, runs, status
from core.card import write_card
from core.cli import Parser, run_command
from core.config import SCHEDULES, TrainConfig, differences
from core.data import to_tensors
from core.errors import LabError, RunError
from core.evaluation import infer
from core.models import (
    count_multiply_adds,
    count_parameters,
    describe_initial_weights,
    initial_weights,
    parse_architecture,
)
from core.status import Status
from core.training import StepReport, Trainer


def parser() -> argparse.ArgumentParser:
    default = TrainConfig()
    p = Parser(prog="python -m core.train", description=__doc__)
    p.add_argument("architectures", nargs="+", metavar="ARCHITECTURE", help="plainN or resnetN, N = 8, 14, 20, 32, ...")
    p.add_argument("--epochs", type=int, default=default.epochs, help="default: %(default)s")
    p.add_argument("--seed", type=int, default=default.seed, help="initial weights and batch order; %(default)s")
    p.add_argument("--schedule", choices=SCHEDULES, default=default.schedule, help="default: %(default)s")
    p.add_argument("--lr", type=float, default=default.lr, help="peak learning rate; %(default)s")
    p.add_argument("--batch-size", type=int, default=default.batch_size, help="default: %(default)s")
    p.add_argument("--weight-decay", type=float, default=default.weight_decay, help="default: %(default)s")
    p.add_argument("--label-smoothing", type=float, default=default.label_smoothing, help="default: %(default)s")
    p.add_argument("--no-augment", action="store_true", help="neither mirror nor shift the images")
    p.add_argument("--data", default="full", help="full: 50,000 images; shipped: the app's 10,000; or a folder")
    p.add_argument("--norm", choices=("batch", "none"), default=default.norm, help="default: %(default)s")
    p.add_argument("--init", default="scratch", help="scratch, or a run's model.safetensors to start from")
    p.add_argument("--name", help="the run's name; default: made from the options")
    p.add_argument("--out", type=Path, default=runs.own_runs_dir(), help="where the run's folder goes; %(default)s")
    p.add_argument("--resume", action="store_true", help="go on with the run of this name")
    p.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of the CPU; %(default)s")
    p.add_argument(
        "--compile", action="store_true", help="with torch.compile: faster after a minute; needs a C++ compiler"
    )
    return p


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    args = parser().parse_args(argv)
    if args.name and len(args.architectures) > 1:
        raise LabError("--name is for one network; several get the names made from the options.")
    if not 1 <= args.threads <= 1024:
        raise LabError("--threads must be at least 1 and at most 1024.")
    torch.set_num_threads(args.threads)
    if args.compile:
        hardware.require_compiler()
    configs = [_config(name, args) for name in args.architectures]
    images = cifar10.load_training(args.data)
    stop = _stop_on_signals()
    for config in configs:
        folder = args.out / (args.name or config.default_run_name)
        if args.resume and (folder / "test_logits.npz").is_file():
            print(f"{folder.name} is finished.", file=sys.stderr)
            continue
        session = Session(config, images, args, _command(config, argv, args.architectures))
        if not session.run(stop):
            print(f"Stopped. Nothing is lost; go on with: {session.command} --resume", file=sys.stderr)
            return 130
    return 0


class Session:
    """One training with its folder: what `Trainer` reports is written down, and shown as a progress bar."""

    def __init__(self, config: TrainConfig, images: cifar10.Images, args: argparse.Namespace, command: str):
        name = args.name or config.default_run_name
        self.config, self.command = config, command
        # Of several networks to be resumed, those whose turn had not come begin.
        if args.resume and (len(args.architectures) == 1 or (args.out / name).exists()):
            self.folder = args.out / name
            tensors, values = self._saved_state()
            try:
                self.trainer = Trainer(config, images, precision=values["precision"], compiled=args.compile)
                self.trainer.load_state(tensors, values)
            except (KeyError, TypeError, ValueError, RuntimeError, AttributeError):
                raise RunError(f"{self.folder / runs.STATE_FILE} is damaged; the training can't be resumed.") from None
            if values["threads"] != torch.get_num_threads() or values.get("compiled", False) != args.compile:
                print("Begun with other --threads or --compile: the last digits will differ.", file=sys.stderr)
        else:
            weights = initial_weights(config)
            self.trainer = Trainer(config, images, weights, compiled=args.compile)
            self.folder = runs.new_folder(args.out, name)
            runs.save_facts(self.folder, config, self._facts())
        self.bar = None
        self._last_status = 0.0

    def run(self, should_stop) -> bool:
        """Train, then save the result. True if finished; False if stopped. A failure is written down, then raised."""
        trainer = self.trainer
        images_in_all = trainer.steps * self.config.batch_size * self.config.epochs
        done = (trainer.position.epoch * trainer.steps + trainer.position.sums.steps) * self.config.batch_size
        self._status("training")
        try:
            with tqdm(
                total=images_in_all, initial=done, unit=" images", desc=self.folder.name, mininterval=1
            ) as self.bar:
                finished = trainer.fit(self._on_step, self._on_epoch, should_stop)
            if finished:
                self._finish()
            else:
                runs.save_state(self.folder, *trainer.state())
                self._status("stopped")
            return finished
        except (LabError, OSError, MemoryError, RuntimeError) as error:
            self._status(
                "failed", reason=str(error) if isinstance(error, LabError) else f"{type(error).__name__}: {error}"
            )
            raise

    def _on_step(self, report: StepReport) -> None:
        self.bar.update(self.config.batch_size)
        if time.time() - self._last_status < 1:
            return
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
        trainer = self.trainer
        runs.save_progress(self.folder, trainer.history, trainer.layers, trainer.gradient_norms)
        runs.save_state(self.folder, *trainer.state())

    def _finish(self) -> None:
        """The best weights on validation are kept; the test images are scored, once."""
        trainer = self.trainer
        trainer.model.load_state_dict(trainer.best_weights)
        sha256 = runs.save_weights(self.folder, trainer.best_weights)
        pixels, _ = to_tensors(cifar10.load_test())
        logits = infer(trainer.model, pixels, trainer.preprocessing)
        finished = datetime.now(timezone.utc).isoformat(timespec="seconds")
        result = {"best_epoch": trainer.position.best_epoch, "finished": finished, "sha256": sha256}
        runs.save_facts(self.folder, self.config, self._facts() | result)
        runs.save_test_logits(self.folder, logits.numpy())
        write_card(runs.open_run(self.folder))
        for needed_no_more in (runs.STATE_FILE, status.FILE):
            (self.folder / needed_no_more).unlink(missing_ok=True)

    def _saved_state(self) -> tuple[dict, dict]:
        saved = runs.open_run(self.folder)
        if saved.config != self.config:
            raise RunError(
                f"{saved.name} was begun with other options: {_list_differences(saved.config, self.config)}."
            )
        if not (self.folder / runs.STATE_FILE).is_file():
            raise RunError(f"{saved.name} stopped before its first epoch ended; delete {self.folder} and start again.")
        return runs.load_state(self.folder)

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
        self._last_status = time.time()


def _config(architecture: str, args: argparse.Namespace) -> TrainConfig:
    return TrainConfig(
        **parse_architecture(architecture),
        norm=args.norm,
        init=args.init,
        data="shipped" if args.data == "shipped" else "full",
        epochs=args.epochs,
        batch_size=args.batch_size,
        schedule=args.schedule,
        lr=args.lr,
        weight_decay=args.weight_decay,
        label_smoothing=args.label_smoothing,
        augment=not args.no_augment,
        seed=args.seed,
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


def _command(config: TrainConfig, argv: list[str], architectures: list[str]) -> str:
    """The command that trains this one network, as it can be given again."""
    others = [name for name in architectures if name != config.architecture]
    return shlex.join(["python", "-m", "core.train", *(word for word in argv if word not in [*others, "--resume"])])


def _list_differences(a: TrainConfig, b: TrainConfig) -> str:
    return ", ".join(f"{field} {old} (now {new})" for field, (old, new) in differences(a, b).items())


if __name__ == "__main__":
    run_command(main)
