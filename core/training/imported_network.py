"""A network that was trained elsewhere becomes a run: its weights stored as ours, then scored once on the test images.

It has no history. What it is, its tensors say (`core.models.recognition`) or whoever brings it.
"""

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import torch

from core.analysis import metrics
from core.data import cifar10
from core.data.batches import to_tensors
from core.errors import ModelError
from core.files import sha256_of, writing
from core.models import recognition
from core.models.complexity import described
from core.models.inference import StoppedError, infer, logits_of
from core.models.layers import StateDict, load_weights
from core.models.registry import build, family
from core.models.weights.initial_weights import fitted
from core.models.weights.weight_files import read_weights
from core.runs import status, store
from core.runs.run import Run, open_run
from core.runs.status import Status
from core.settings.constraints import NORMALIZATIONS
from core.settings.train_config import TrainConfig
from core.training.device import best_device
from core.training.finishing import finish

TRIED = 200  # training photos on which a normalization is tried
_TRIED_IN_WORDS = f"lowest loss on {TRIED} training photos, of {', '.join(NORMALIZATIONS)}"
AT_ONCE = 500  # test photos between two reports of progress


@dataclass(frozen=True)
class NetworkFile:
    """A file of weights that was looked at: its `weights` under torchvision's names, and in which words they were
    `found`, see `WeightFile`."""

    name: str
    sha256: str
    weights: StateDict
    found: str

    @cached_property
    def candidates(self) -> list[TrainConfig]:
        """The networks that it may hold, see `recognition.candidates`."""
        return recognition.candidates(self.weights)

    @property
    def described(self) -> str:
        return recognition.describe(self.weights)

    def only_candidate(self) -> TrainConfig:
        """Raises ModelError, with the candidates, if there is another number of them than one."""
        found = self.candidates
        if len(found) == 1:
            return found[0]
        if found:
            names = " and ".join(config.architecture for config in found)
            raise ModelError(f"The tensors in {self.name} fit {names} alike: say which it is by --architecture.")
        raise ModelError(
            f"{self.name} holds {self.described}: no network that the lab recognizes. If it has one of them all the "
            "same, name it by --architecture."
        )

    def as_network(self, architecture: dict) -> TrainConfig:
        """The network of `parse_architecture` with what follows from the tensors. Raises LabError."""
        return TrainConfig(**recognition.completed(architecture, self.weights))

    def weights_for(self, config: TrainConfig) -> StateDict:
        """As the state dict of this network. Raises ModelError if they do not fit, or are not for ten classes."""
        classes = recognition.classes(self.weights)
        if classes not in (None, len(cifar10.CLASSES)):
            raise ModelError(
                f"{self.name} tells {classes:,} classes apart; only one for CIFAR-10's ten can be imported. To go "
                "on from its weights: train with --init."
            )
        return fitted(self.weights, config, f"The weights in {self.name}")


def look(path: Path, name: str | None = None) -> NetworkFile:
    """Read a file of weights, which is called `name` where that is not its path's. Raises ModelError."""
    try:
        file = read_weights(path)
    except ModelError as error:
        raise ModelError(str(error).replace(str(path), name or str(path))) from None
    return NetworkFile(name or path.name, sha256_of(path), recognition.with_usual_names(file.tensors), file.found)


def normalized(config: TrainConfig, file: NetworkFile, given: str | None) -> tuple[TrainConfig, str]:
    """The config with the normalization that is `given`, or the likeliest where that is None; and how it was chosen, in
    words. Raises LabError."""
    if given:
        return replace(config, normalization=given), "as given"
    likely = _likely_normalization(config, file.weights_for(config))
    return replace(config, normalization=likely), _TRIED_IN_WORDS


def _likely_normalization(config: TrainConfig, weights: StateDict) -> str:
    """Of NORMALIZATIONS, that with which a network's loss on TRIED training photos is the lowest; the test images are
    not looked at."""
    few = cifar10.load_training("shipped")[:TRIED]
    model = _network(config, weights)
    losses = {
        name: metrics.loss(logits_of(model, replace(config, normalization=name), few), few.labels)
        for name in NORMALIZATIONS
    }
    return min(losses, key=lambda name: losses[name])


def add(root: Path, name: str, config: TrainConfig, file: NetworkFile, chosen: str = "") -> Run:
    """A new run in `root` with these weights, which is still to be scored. `chosen`: how its normalization was, in
    words. Raises LabError."""
    weights = file.weights_for(config)
    facts = {
        "architecture": described(config.architecture, _network(config, weights), config.input_size),
        "imported": {"file": file.name, "sha256": file.sha256, "found": file.found, "normalization": chosen},
    }
    folder = store.new_run(root, name, config, facts)
    try:
        with writing(folder):
            store.save_facts(folder, config, facts | {"sha256": store.save_weights(folder, weights)})
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return open_run(folder)


def score(
    run: Run, on_progress: Callable[[int], object] = lambda done: None, should_stop: Callable[[], bool] = lambda: False
) -> bool:
    """The run's answers to the test images, which finish it; False if stopped before. `on_progress` is told how many
    images are done. Raises LabError."""
    status.claim(run.path)
    _show(run, 0.0)
    pixels, _ = to_tensors(cifar10.load_test())
    model, preprocessing, logits = run.load_model().to(best_device()), family(run.config).preprocessing, []
    try:
        for photos in pixels.split(AT_ONCE):
            logits.append(infer(model, photos, preprocessing, should_stop=should_stop))
            done = AT_ONCE * len(logits)
            on_progress(done)
            _show(run, done / len(pixels))
    except StoppedError:
        status.write(run.path, Status("stopped"))
        return False
    answers = torch.cat(logits)
    if not torch.isfinite(answers).all():
        raise ModelError("Some of its answers are not finite numbers: it can't be compared with others.")
    finished = {"finished": datetime.now(UTC).isoformat(timespec="seconds")}
    store.save_facts(run.path, run.config, run.facts | finished)
    finish(run.path, answers.numpy())
    return True


def _network(config: TrainConfig, weights: StateDict) -> torch.nn.Module:
    model = build(config).eval().requires_grad_(False)
    load_weights(model, weights)
    return model


def _show(run: Run, share: float) -> None:
    with suppress(OSError):  # it is only shown
        status.write(run.path, Status("training", share=share))
