"""The training loop. Knows a config, images and a network; knows no files and no screen, it reports through callbacks.

Everything random follows from (seed, epoch, step), so the state of a training is its tensors and its position,
and going on from a saved state gives bit by bit what an undisturbed run gives (same machine, same thread count; on a
GPU nearly so, since nobody asks its libraries for sums in one order).
"""

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict

import torch
from torch import Tensor, nn

from core.data.batches import EpochPlan, TrainingSet, derived_seed, label_budget, split_indices, to_tensors
from core.data.cifar10 import Images
from core.errors import DivergedError, LabError, TrainingError
from core.models.inference import StoppedError, autocast, infer
from core.models.layers import copied, freeze, load_weights, with_prefix
from core.models.registry import build, family
from core.runs.validation import MOST_EPOCHS, Validation
from core.settings.train_config import TrainConfig
from core.training import distributed
from core.training.device import best_device, best_precision, compiling_pays
from core.training.layer_record import LayerRecord
from core.training.optimizer import make_optimizer
from core.training.progress import Position, StepReport, Sums
from core.training.schedules import learning_rate

EXPLODED = 1e3  # a weight beyond it: in the runs that ship none is beyond 40, and one step too long makes thousands


class Trainer:
    """One training from its config and its images to the best weights on validation."""

    def __init__(
        self,
        config: TrainConfig,
        images: Images,
        initial_weights: dict[str, Tensor] | None = None,
        device: torch.device | None = None,
        precision: str | None = None,
        compiled: bool | None = False,
    ):
        """`images`: the training images, validation included. `initial_weights`: a state dict to start from instead of
        the config's seed. `compiled`: train through torch.compile, which fuses BatchNorm, ReLU and addition; None:
        where that pays. Raises LabError if a batch can't be filled, ModelError if there is no such stage to freeze."""
        self.config = config
        self.device = device or best_device()
        self.precision = precision or best_precision(self.device.type)
        train, self._validation_photos = split_indices(images.labels, config.split_seed)
        train = label_budget(train, images.labels, config.train_fraction, config.split_seed)
        self.training_set = TrainingSet(images[train], config.augment, self.device)
        pixels, labels = to_tensors(images[self._validation_photos])
        self.validation = pixels.to(self.device), labels
        self.steps = self.training_set.steps(config.batch_size)
        if self.steps == 0:
            raise LabError(f"A batch of {config.batch_size} is more than the {len(train)} training images.")
        distributed.require_equal_shards(config.batch_size)
        self.preprocessing = family(config).preprocessing
        self.model = _built(config, initial_weights, self.device)
        self._frozen = freeze(self.model, config.freeze)
        self._to_train_mode()
        self._require_spread()
        steps = self.steps * config.epochs
        self.compiled = compiling_pays(steps, self.device, self.precision) if compiled is None else compiled
        network = distributed.wrap(self.model)
        self._network = torch.compile(network) if self.compiled else network  # the same weights
        self.optimizer = make_optimizer(self.model, config)
        self._scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == "float16")
        self.record = LayerRecord(self.model, self.optimizer, skipping=self._scaler.is_enabled())
        self.position = Position()
        self.history: list[dict] = []
        # To the validation photos, uint8 (epochs, n); None: not kept, as there are too many epochs, or some are older.
        self.answers = torch.empty(0, len(labels), dtype=torch.uint8) if config.epochs <= MOST_EPOCHS else None
        self.best_weights = copied(self.model.state_dict())

    @property
    def finished(self) -> bool:
        return self.position.epoch >= self.config.epochs

    def fit(
        self,
        on_step: Callable[[StepReport], None] = lambda report: None,
        on_epoch: Callable[[dict], None] = lambda row: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Train to the last epoch, or until `should_stop()` before a step or a batch of the validation. True if it got
        to the end.

        `on_epoch` gets a row of history.csv (`core.runs.run.HISTORY_COLUMNS`). Raises DivergedError on a loss or
        gradient that is not finite, before a step is made with it (in float16 a step with such gradients is skipped
        instead); and at an epoch's end on a validation loss that is not finite, or a weight beyond EXPLODED. `record`
        then has one more row, of the epoch so far.
        """

        def stop() -> bool:
            return distributed.any_rank(should_stop())

        with distributed.lost_peers_told(), suppress(StoppedError):
            for report in self.train_steps(on_epoch, stop):
                on_step(report)
            return True
        return False

    def train_steps(
        self,
        on_epoch: Callable[[dict], None] = lambda row: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[StepReport]:
        """`fit` a step at a time: each `next` trains on one batch; one more `next` after the last ends the last epoch.

        Raises StoppedError if `should_stop()` before a step or a batch of the validation."""
        while not self.finished:
            plan = EpochPlan.draw(len(self.training_set), self.config.seed, self.position.epoch)
            yield from self._train_epoch(plan, should_stop)
            self._end_epoch(plan, should_stop)
            on_epoch(self.history[-1])

    def _train_epoch(self, plan: EpochPlan, should_stop: Callable[[], bool]) -> Iterator[StepReport]:
        sums, batch_size = self.position.sums, self.config.batch_size
        self._to_train_mode()
        last = time.perf_counter()
        for pixels, labels in self.training_set.batches(plan, batch_size, sums.steps, distributed.shard(batch_size)):
            if should_stop():
                raise StoppedError
            loss, correct = self._step(pixels, labels)
            now = time.perf_counter()
            sums.steps, sums.loss, sums.correct = sums.steps + 1, sums.loss + loss, sums.correct + correct
            sums.seconds, last = sums.seconds + now - last, now
            yield StepReport.of(self.position, loss, correct, self.config, self.steps)

    def _to_train_mode(self) -> None:
        self.model.train()
        for module in self._frozen:  # BatchNorm there keeps to its running statistics
            module.eval()

    def _require_spread(self) -> None:
        """Raises LabError where a process gets one picture at a time, and BatchNorm one number of a channel: a map of
        1x1 has no spread. Tried without numbers, before anything is trained."""
        share, size = distributed.shard(self.config.batch_size), self.config.input_size
        if share.stop - share.start > 1 or (distributed.world_size() > 1 and self.device.type == "cuda"):
            return  # GPUs share their statistics
        try:
            copy.deepcopy(self.model).to("meta")(torch.zeros(1, 3, size, size, device="meta"))
        except ValueError:
            raise LabError(
                f"{self.config.architecture} can't learn from one picture of {size} pixels at a time: BatchNorm needs "
                "several numbers. Take a batch size of 2 or more for each process."
            ) from None

    def _step(self, pixels: Tensor, labels: Tensor) -> tuple[float, int]:
        rate = self._learning_rate()
        for group in self.optimizer.param_groups:
            group["lr"] = group["lr_factor"] * rate
        # Layers that draw numbers themselves (dropout) repeat them after a resume, with no generator to save.
        seed = derived_seed(self.config.seed, self.position.epoch, self.position.sums.steps)
        torch.manual_seed(seed + distributed.rank())
        with autocast(self.device.type, self.precision):
            logits = self._network(self.preprocessing(pixels))
        loss = nn.functional.cross_entropy(logits.float(), labels, label_smoothing=self.config.label_smoothing)
        self.optimizer.zero_grad()
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(self.optimizer)
        self.record.note_gradients()
        correct = int((logits.argmax(dim=1) == labels).sum())
        mean_loss, correct_of_all = distributed.all_sum(loss.item() / distributed.world_size(), correct)
        self._require_finite(mean_loss)
        if self.config.clip_norm:  # Pascanu et al. 2013, algorithm 1
            nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_norm)
        if self.config.clip_layer:  # the norm of all is often one layer's: the first of a deep plain network
            for parameter in self.model.parameters():
                nn.utils.clip_grad_norm_(parameter, self.config.clip_layer)
        self.record.note_step(rate, clipped=bool(self.config.clip_norm or self.config.clip_layer))
        self._scaler.step(self.optimizer)
        self._scaler.update()
        return mean_loss, int(correct_of_all)

    def _require_finite(self, loss: float) -> None:
        """Raises DivergedError, in all processes alike: they share their losses and gradients."""
        step = self.position.sums.steps + 1
        if not math.isfinite(loss):
            raise self._diverged("loss is no longer finite", step)
        finite = self.record.norms.isfinite()
        if not finite.all():  # on its way back it reached the layer nearest to the answer first
            layer = self.record.layers[int((~finite).nonzero().max())]
            raise self._diverged(f"gradient of {layer} is no longer finite", step)

    def _diverged(self, what: str, step: int) -> DivergedError:
        """What to raise at this `step` of the epoch. Its gradients so far are kept: they show where it happened."""
        self.record.break_off(step)
        clipped = self.config.clip_norm or self.config.clip_layer
        clipping = "" if clipped else ", or gradient clipping (--clip-layer 1, --clip-norm 1)"
        return DivergedError(
            f"The {what} at epoch {self.position.epoch + 1}, step {step}: training "
            f"broke down (diverged). A learning rate below {self.config.lr:g} usually cures it{clipping}."
        )

    def _end_epoch(self, plan: EpochPlan, should_stop: Callable[[], bool]) -> None:
        row, answers = self._validated(should_stop)
        self._require_sound(row["val_loss"])
        self._record_epoch(row, answers, plan)
        self._keep_if_best(row["val_accuracy"])

    def _validated(self, should_stop: Callable[[], bool]) -> tuple[dict, Tensor]:
        """The epoch's row of history.csv, and the answers to the validation photos, int64 (n,)."""
        start, sums, epoch = time.perf_counter(), self.position.sums, self.position.epoch + 1
        pixels, labels = self.validation
        distributed.broadcast_tensors(self.model.buffers())
        logits = self._logits(pixels, self.precision, should_stop)
        answers, seen_an_epoch = logits.argmax(dim=1), self.steps * self.config.batch_size
        return {
            "epoch": epoch,
            "lr": self._learning_rate(),
            "train_loss": sums.loss / self.steps,
            "train_accuracy": sums.correct / seen_an_epoch,
            "val_loss": nn.functional.cross_entropy(logits, labels).item(),
            "val_accuracy": (answers == labels).float().mean().item(),
            "seconds": sums.seconds + time.perf_counter() - start,
            "images_seen": seen_an_epoch * epoch,
        }, answers

    def _require_sound(self, loss: float) -> None:
        """Raises DivergedError for a `loss` on validation, or weights, that are out of control at an epoch's end."""
        if not math.isfinite(loss):
            raise self._diverged("validation loss is no longer finite", self.steps)
        for layer, weights in zip(self.record.layers, self.record.weights, strict=True):  # BatchNorm hides their size
            if weights.detach().abs().max() > EXPLODED:
                raise self._diverged(f"largest weight of {layer} is beyond {EXPLODED:,.0f}", self.steps)

    def _record_epoch(self, row: dict, answers: Tensor, plan: EpochPlan) -> None:
        """Note what `_validated` gave, and go on to the next epoch."""
        position = self.position
        self.history.append(row)
        self.record.end_epoch(self.steps)
        if self.answers is not None:
            self.answers = torch.cat([self.answers, answers[None].to(torch.uint8)])
        position.epoch, position.sums = position.epoch + 1, Sums()
        if position.batch_order is not None:
            position.batch_order = plan.sha256(position.batch_order)

    def _keep_if_best(self, accuracy: float) -> None:
        position = self.position
        if accuracy >= position.best_accuracy:  # of equals, the one that learned for longer
            position.best_epoch, position.best_accuracy = position.epoch, accuracy
            self.best_weights = copied(self.model.state_dict())

    def known_of_validation(self, logits: Tensor | None = None) -> Validation | None:
        """The answers to the validation photos after each epoch, beside the `logits` of `score`; None where there are
        none."""
        if self.answers is None or not len(self.answers):
            return None
        labels, scored = self.validation[1].cpu().numpy(), None if logits is None else logits.numpy()
        return Validation(self._validation_photos, labels, self.answers.numpy(), scored)

    def score(self, pixels: Tensor, weights: dict[str, Tensor], should_stop: Callable[[], bool]) -> Tensor:
        """Logits float32 (n, 10) of a state dict of this network, which is then the model's, for uint8 pixels
        (n, 3, h, w); each process computes its share. Raises StoppedError if `should_stop()` before a batch."""
        load_weights(self.model, weights)
        with distributed.lost_peers_told():
            return self._logits(pixels, "float32", lambda: distributed.any_rank(should_stop()))

    def _logits(self, pixels: Tensor, precision: str, should_stop: Callable[[], bool]) -> Tensor:
        mine = pixels[distributed.shard(len(pixels))]
        logits = infer(self.model, mine, self.preprocessing, precision, should_stop)
        return distributed.all_gathered(logits, len(pixels))

    def _learning_rate(self) -> float:
        done = self.position.epoch * self.steps + self.position.sums.steps
        progress = done / (self.config.epochs * self.steps)
        return learning_rate(self.config.schedule, self.config.lr, progress, self.config.warmup)

    def state(self) -> tuple[dict[str, Tensor], dict]:
        """(tensors, JSON values) from which `load_state` of an equal Trainer goes on as if nothing had happened."""
        momenta = self.optimizer.state_dict()["state"]
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self.best_weights.items()}
        tensors |= {f"optimizer.{i}.{key}": value for i, values in momenta.items() for key, value in values.items()}
        of_layers, by_epoch = self.record.state()
        tensors |= of_layers | ({} if self.answers is None else {"answers": self.answers})
        return {name: value.cpu().contiguous() for name, value in tensors.items() if value is not None}, {
            "config": self.config.to_dict(),
            "position": asdict(self.position),
            "history": self.history,
            **by_epoch,
            "precision": self.precision,
            "scaler": self._scaler.state_dict(),  # empty but for float16
            **distributed.layout(),
            "threads": torch.get_num_threads(),
            "compiled": self.compiled,
        }

    def load_state(self, tensors: dict[str, Tensor], values: dict) -> None:
        """Go on from `state()` of a Trainer with the same config. Raises TrainingError if it is another's."""
        if TrainConfig.from_dict(values["config"]) != self.config:
            raise TrainingError("The saved state belongs to another configuration; resume with the same options.")
        load_weights(self.model, with_prefix(tensors, "model."))
        self.best_weights = copied(with_prefix(tensors, "best."))
        learned = [weights for group in self.optimizer.param_groups for weights in group["params"]]
        momenta: dict[int, dict[str, Tensor]] = {}
        for name, value in with_prefix(tensors, "optimizer.").items():
            index, key = name.split(".", 1)
            like = learned[int(index)] if value.dim() else value
            # In memory as the weights lie: fused optimizers take it for granted.
            momenta.setdefault(int(index), {})[key] = torch.empty_like(like, dtype=value.dtype).copy_(value)
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": momenta})
        self._scaler.load_state_dict(values.get("scaler") or {})
        self.record.load_state(tensors, values)
        self.answers = tensors.get("answers")
        saved = {"batch_order": None} | values["position"]
        self.position = Position(**saved | {"sums": Sums(**saved["sums"])})
        self.history = list(values["history"])


def _built(config: TrainConfig, initial_weights: dict[str, Tensor] | None, device: torch.device) -> nn.Module:
    """On `device`; where several GPUs share their statistics, with layers that do."""
    model = build(config)
    if initial_weights:
        load_weights(model, initial_weights)
    model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch takes it
    return distributed.with_sync_batch_norm(model, device)
