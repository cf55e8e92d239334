"""One training with its folder: what the trainer reports is written down, and shown as a progress bar.

Knows nothing of command lines; `train` is one around it.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from core.analysis import calibration
from core.data import cifar10
from core.data.batches import to_tensors
from core.errors import DivergedError, LabError, RunError, plain_reason
from core.models.complexity import described
from core.models.inference import StoppedError
from core.models.layers import StateDict
from core.models.weights.initial_weights import (
    answers_were_learned,
    describe_initial_weights,
    initial_weights,
    starting_weights,
)
from core.runs import kept_weights, status, store, validation
from core.runs.command import continue_command
from core.runs.file_names import STATE_FILE
from core.runs.library import require_same_config
from core.runs.run import open_run
from core.runs.status import Status
from core.settings.train_config import TrainConfig
from core.training import distributed
from core.training.device import best_device, compiler_works, describe_environment
from core.training.finishing import finish
from core.training.progress import StepReport
from core.training.tensorboard import EventLog
from core.training.trainer import Trainer

STATUS_SECONDS, STATUS_SHARE = 1.0, 0.1  # between two writings of the status, unless they take more of the time
# The state is saved as often, unless that takes more than this share of the time; but at least once a minute.
SAVE_SECONDS, SAVE_SHARE, SAVE_AT_LEAST = 10.0, 0.01, 60.0


@dataclass(frozen=True)
class Execution:
    """How a training is carried out. None: as the machine does it best, or, resumed, as it was begun. `compiled`: by
    torch.compile; False: without it."""

    threads: int | None = None
    precision: str | None = None
    compiled: bool | None = None


class Session:
    """One training with its folder: what `Trainer` reports is written down, and shown as a progress bar.

    The state is saved in mid-epoch too, so that a process that is killed loses a minute at most: see `_save_state`.
    """

    def __init__(self, trainer: Trainer, folder: Path, events: EventLog | None = None):
        """To be made by `begin` or `resume`."""
        self.trainer, self.config, self.folder = trainer, trainer.config, folder
        self.bar: tqdm = tqdm(disable=True)  # until it runs
        self._events = events
        self._next_status = self._next_save = 0.0  # by the monotonic clock

    @classmethod
    def begin(
        cls,
        config: TrainConfig,
        folder: Path,
        images: Callable[[], cifar10.Images],
        how: Execution = Execution(),
        data_folder: Path | None = None,
        events: EventLog | None = None,
    ) -> "Session":
        """A new run in a new `folder`, made once all else is fine. `images` gives the training images; `data_folder`:
        where they came from, if not from a place known by name. Raises LabError."""
        start = initial_weights(config, distributed.say)
        session = cls(_trainer(config, images(), how, start), folder, events)
        facts = session._facts(data_folder, start)
        distributed.on_rank_zero(store.new_run, folder.parent, folder.name, config, facts)
        distributed.on_rank_zero(status.claim, folder)
        return session

    @classmethod
    def resume(
        cls,
        config: TrainConfig,
        folder: Path,
        images: Callable[[], cifar10.Images],
        how: Execution = Execution(),
        data_folder: Path | None = None,
        events: EventLog | None = None,
    ) -> "Session":
        """The run in `folder` from its saved state, or from its beginning where it has none yet; as it was begun,
        unless `how` says otherwise. Its precision can't change; nor can, on CPUs, the number of processes. Raises
        LabError."""
        begun = require_same_config(folder, config).environment
        distributed.on_rank_zero(status.claim, folder)
        if (folder / STATE_FILE).is_file():
            session = cls(_resumed(config, folder, images(), how), folder, events)
            distributed.on_rank_zero(store.note_data_folder, open_run(folder), data_folder)
            return session
        _require_same_training(folder, begun, how)
        start = initial_weights(config, distributed.say)
        session = cls(_trainer(config, images(), _as_begun(begun, how), start), folder, events)
        distributed.on_rank_zero(store.save_facts, folder, config, session._facts(data_folder, start))
        return session

    def run(self, should_stop) -> bool:
        """Train, then save the result. True if finished; False if stopped, with the state saved."""
        trainer = self.trainer
        if not distributed.is_rank_zero():  # it computes its share; the first one writes and shows
            return trainer.fit(should_stop=should_stop) and self._scored(should_stop) is not None
        images_in_all = trainer.steps * self.config.batch_size * self.config.epochs
        done = (trainer.position.epoch * trainer.steps + trainer.position.sums.steps) * self.config.batch_size
        if trainer.compiled:
            distributed.say("The network is compiled first, which takes minutes; each step then takes less time.")
        self._status("training")
        self._next_save = time.monotonic() + SAVE_SECONDS
        if done == 0:
            kept_weights.keep(self.folder, self.config, 0, trainer.model)
        with tqdm(total=images_in_all, initial=done, unit=" images", desc=self.folder.name, mininterval=1) as self.bar:
            try:
                finished = trainer.fit(self._on_step, self._on_epoch, should_stop)
            except DivergedError:  # the gradients show where; a resume goes on from the state, which is older
                self._save_progress()
                raise
        if not finished:
            self._save_state()
        elif (logits := self._scored(should_stop)) is not None:
            self._finish(*logits)
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
        status.require_claim(self.folder)
        tqdm.write(
            f"epoch {row['epoch']:3d}: train {row['train_accuracy']:.2%}, validation {row['val_accuracy']:.2%}, "
            f"{row['seconds']:.0f} s",
            file=sys.stderr,
        )
        if self._events:
            self._events.write(row)
        self._save_progress()
        kept_weights.keep(self.folder, self.config, row["epoch"], self.trainer.model)
        self._save_state()  # last: who goes on from it has all of the above

    def _save_progress(self) -> None:
        history, record = self.trainer.history, self.trainer.record
        store.save_progress(self.folder, history, record.layers, record.gradient_norms, record.relative_steps)
        self._save_answers()

    def _save_answers(self, logits: Tensor | None = None) -> None:
        """Those to the validation photos, and in the end the `logits` of the kept weights."""
        if known := self.trainer.known_of_validation(logits):
            validation.save(self.folder, known)

    def _save_state(self) -> None:
        """Save all that a resume needs; the next time after SAVE_SECONDS, or later where that would cost too much,
        but within SAVE_AT_LEAST."""
        status.require_claim(self.folder)
        start = time.monotonic()
        store.save_state(self.folder, *self.trainer.state())
        end = time.monotonic()
        self._next_save = end + max(SAVE_SECONDS, min((end - start) / SAVE_SHARE, SAVE_AT_LEAST))

    def _scored(self, should_stop: Callable[[], bool]) -> tuple[Tensor, Tensor] | None:
        """The best weights' logits on the test images, which are scored this once, and on those of validation; None if
        stopped meanwhile."""
        test, _ = to_tensors(cifar10.load_test())
        weights = store.as_stored(self.trainer.best_weights)  # what is scored is what will be kept
        with suppress(StoppedError):
            on_validation = self.trainer.score(self.trainer.validation[0], weights, should_stop)
            return self.trainer.score(test, weights, should_stop), on_validation
        return None

    def _finish(self, logits: Tensor, on_validation: Tensor) -> None:
        """The best weights on validation are kept, with their `logits` on the test images and those `on_validation`,
        and the temperature that the latter ask for."""
        status.require_claim(self.folder)
        trainer = self.trainer
        sha256 = store.save_weights(self.folder, trainer.best_weights)
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        position = trainer.position
        result = {"best_epoch": position.best_epoch, "batch_order": position.batch_order}
        result |= {"finished": finished, "sha256": sha256}
        begun = open_run(self.folder).facts
        store.save_facts(self.folder, self.config, begun | self._environment() | result)
        with suppress(LabError):  # the file of the initial weights is gone: no reason to lose the run
            if describe_initial_weights(self.config) == begun.get("initial_weights"):  # it may be another by now
                store.save_weight_change(self.folder, starting_weights(self.config), trainer.best_weights)
        self._save_answers(on_validation)
        if calibration.can_be_fitted(run := open_run(self.folder)):
            labels = trainer.validation[1].numpy()
            calibration.save(run, calibration.fit(on_validation.numpy(), labels))
        finish(self.folder, logits.numpy())

    def _facts(self, data_folder: Path | None, start: StateDict | None) -> dict:
        trainer = self.trainer
        facts = {
            "architecture": described(self.config.architecture, trainer.model, trainer.preprocessing.size),
            "initial_weights": describe_initial_weights(self.config),
            "training_images": len(trainer.training_set),
            **self._environment(),
        }
        if answers_were_learned(self.config, start):
            facts["answers_learned_before"] = True
        return facts | ({"data_folder": str(data_folder.resolve())} if data_folder else {})

    def _environment(self) -> dict:
        """How it is trained now; it may have begun with other threads."""
        trainer = self.trainer
        return {"environment": describe_environment(trainer.device, trainer.precision, trainer.compiled)}

    def _status(self, state: str, report: StepReport | None = None) -> None:
        position, steps = self.trainer.position, self.trainer.steps
        share = (position.epoch + position.sums.steps / steps) / self.config.epochs
        now = Status(state, epoch=min(position.epoch + 1, self.config.epochs), epochs=self.config.epochs, share=share)
        if report:
            now = replace(
                now,
                accuracy=report.accuracy,
                images_per_second=report.images_per_second,
                seconds_left=report.seconds_left,
            )
        status.require_claim(self.folder)
        start = time.monotonic()
        try:
            status.write(self.folder, now)
        except OSError as error:  # it is only shown; whether there is room for what counts, saving the state tells
            tqdm.write(f"The status can't be written ({error.strerror}); the training goes on.", file=sys.stderr)
        end = time.monotonic()
        self._next_status = end + max(STATUS_SECONDS, (end - start) / STATUS_SHARE)


def _require_same_training(folder: Path, begun: dict, how: Execution) -> None:
    """Raises RunError if `how`, or the number of processes, is for another training than the one that was `begun`: what
    its state tells of that, or its environment where it has none yet."""
    name, processes = folder.name, begun.get("processes", distributed.world_size())
    began_in = begun.get("precision", how.precision)
    if how.precision not in (None, began_in):
        raise RunError(f"{name} was begun in {began_in}, not in {how.precision}.")
    if processes != distributed.world_size() and best_device().type == "cpu":
        raise RunError(
            f"{name} was begun by {'one process' if processes == 1 else f'{processes} processes'}, not by "
            f"{distributed.world_size()}; BatchNorm would see other shares of a batch. This continues it: "
            f"{continue_command(folder, begun, sys.orig_argv[0])}"
        )


def _as_begun(begun: dict, how: Execution) -> Execution:
    """As it was `begun` where `how` leaves it open."""
    threads, compiled = how.threads, how.compiled
    if threads is None and type(begun.get("threads")) is int:
        threads = max(1, min(begun["threads"], os.cpu_count() or 1))
    if compiled is None and "compiled" in begun:
        compiled = begun["compiled"] is True
        if compiled and not compiler_works():
            distributed.say("Begun with torch.compile, which doesn't work here; it continues without.")
            compiled = False
    return Execution(threads, begun.get("precision", how.precision), compiled)


def _trainer(config: TrainConfig, images: cifar10.Images, how: Execution, start: StateDict | None = None) -> Trainer:
    """From the weights `start`, if any; from now on this process has the threads that `how` asks for."""
    if how.threads and how.threads != torch.get_num_threads():
        torch.set_num_threads(how.threads)
    return Trainer(config, images, start, precision=how.precision, compiled=how.compiled)


def _resumed(config: TrainConfig, folder: Path, images: cifar10.Images, how: Execution) -> Trainer:
    """As it was when its state was saved; threads and compilation too, unless `how` says otherwise."""
    tensors, values = store.load_state(folder)
    with _damage_told(folder / STATE_FILE):
        values = {"compiled": False} | values  # old ones don't say
        _require_same_training(folder, values, how)
        execution = _as_begun(values, how)
    trainer = _trainer(config, images, execution)  # what this raises is no fault of the state
    with _damage_told(folder / STATE_FILE):
        trainer.load_state(tensors, values)
        begun = values["threads"], values["compiled"], values.get("processes", 1)
    if begun != (torch.get_num_threads(), trainer.compiled, distributed.world_size()):
        distributed.say("Begun with other --threads, --compile or processes: the last digits will differ.")
    return trainer


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    """Raises RunError where what is inside can't make sense of the state that was saved to `path`."""
    try:
        yield
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        if plain_reason(error):  # too little memory
            raise
        raise RunError(f"{path} is damaged; the training can't be resumed.") from None
