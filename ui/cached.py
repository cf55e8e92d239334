"""Everything that costs time, computed once: keyed by a run's folder and its files, so that a new file counts."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from functools import partial
from types import FunctionType
from typing import TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis import calibration, comparison, metrics, robustness, surgery, training_summary
from core.analysis.questions import Question
from core.analysis.questions import questions as questions_of
from core.analysis.surgery import Blocks
from core.data import cifar10, distortions
from core.errors import LabError, RunError
from core.jobs import measurements, processes
from core.models.turns import in_turn
from core.runs.run import Run
from core.settings.train_config import TrainConfig
from core.studies import gradients


def _run_key(run: Run) -> str:
    """One text, which Streamlit hashes in a moment. Raises nothing: Streamlit would wrap it. Of a run that is gone
    nothing is cached, so that reading it tells so."""
    try:
        return f"{run.path} {run.version}"
    except RunError:
        return str(run.path)


RUN_KEY: dict[str | type, Callable] = {Run: _run_key}
FUNCTION_KEY: dict[str | type, Callable] = {FunctionType: lambda called: f"{called.__module__}.{called.__qualname__}"}
READ_KEY = RUN_KEY | FUNCTION_KEY
Stored = TypeVar("Stored")
_measuring, _stepping = threading.Lock(), threading.Lock()
_cores = threading.BoundedSemaphore(processes.usable_cores())
PATIENCE = 60.0  # seconds for a place
BUSY = "Others' questions keep this computer busy. Try again in a minute."
# What pages over all runs ask of each is small and kept for 1,000 of them; what a pair's pages ask, for 64.


@st.cache_resource(show_spinner=False)
def test_images() -> cifar10.Images:
    """Shared between visitors: not to be written to."""
    return cifar10.load_test()


@st.cache_data(max_entries=1_000, hash_funcs=RUN_KEY, show_spinner=False)
def history(run: Run) -> pd.DataFrame:
    return run.history()


@st.cache_resource(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def test_logits(run: Run) -> np.ndarray:
    """Shared between visitors: not to be written to."""
    return run.test_logits()


@st.cache_resource(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def test_answers(run: Run) -> np.ndarray:
    """Of each test photo, the number of the class that it names: int (photos,). Shared between visitors, likewise."""
    return test_logits(run).argmax(axis=1)


@st.cache_data(max_entries=1_000, hash_funcs=RUN_KEY, show_spinner=False)
def accuracy(run: Run, images: np.ndarray | None = None) -> metrics.Proportion:
    """On all test photos, or on those with these indices."""
    chosen = slice(None) if images is None else images
    return metrics.accuracy(test_logits(run)[chosen], test_labels()[chosen])


@st.cache_data(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def confusion(run: Run) -> pd.DataFrame:
    return metrics.confusion(test_logits(run), test_labels())


@st.cache_data(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def per_class(run: Run) -> pd.DataFrame:
    return metrics.per_class(test_logits(run), test_labels())


@st.cache_data(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def verdict(a: Run, b: Run) -> comparison.Verdict:
    return comparison.verdict(test_logits(a), test_logits(b), test_labels())


@st.cache_data(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def disagreements(a: Run, b: Run) -> dict[str, np.ndarray]:
    return comparison.disagreements(test_logits(a), test_logits(b), test_labels())


@st.cache_data(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def by_who_is_right(a: Run, b: Run) -> dict[str, np.ndarray]:
    return comparison.by_who_is_right(test_logits(a), test_logits(b), test_labels())


def _question_key(run: Run) -> str:
    """All that says which pairs are fair."""
    return f"{run.path} {hash(run.config)} {run.environment} {run.facts.get('initial_weights')} {run.imported}"


@st.cache_resource(max_entries=8, hash_funcs={Run: _question_key}, show_spinner=False)
def questions(runs: list[Run]) -> list[Question]:
    return questions_of(runs)


@st.cache_resource(show_spinner=False)
def test_labels() -> np.ndarray:
    return cifar10.load_test_labels()


@st.cache_resource(max_entries=4, hash_funcs=RUN_KEY, show_spinner=False)
def predictor(run: Run):
    """The run's network, shared between visitors; it has a lock of its own. The warm-up calls it, too, in a thread that
    can show no spinner."""
    from core.heatmaps.predictor import Predictor

    _one_torch_thread()
    return Predictor(run)


@st.cache_data(max_entries=1_000, hash_funcs=RUN_KEY, show_spinner=False)
def map_sizes(run: Run) -> dict[str, int]:
    """{layer where a heatmap can be taken: cells a side of that map}, first to last. Kept longer than the network."""
    return {layer: predictor(run).cells(layer) for layer in predictor(run).layers}


def a_core() -> AbstractContextManager[None]:
    """For what takes a second or so, of one core or of all: as many of these are computed at once as there are cores.
    Raises LabError where others come first for long."""
    return in_turn(_cores, PATIENCE, BUSY)


def _one_torch_thread() -> None:
    """Two threads make one small computation slower, not faster, when the machine is busy."""
    import torch

    torch.set_num_threads(1)


@st.cache_data(max_entries=256, hash_funcs=RUN_KEY, show_spinner=False)
def prediction(run: Run, seen: np.ndarray, target: int | None, method: str, layer: str | None):
    """A `predictor.Prediction`, with its heatmap."""
    return predictor(run).predict(seen, target, method, layer)


@st.cache_data(max_entries=256, hash_funcs=RUN_KEY, show_spinner=False)
def probabilities(run: Run, seen: np.ndarray) -> np.ndarray:
    """Float (10,) for the picture `seen`, uint8 (32, 32, 3)."""
    return predictor(run).probabilities(seen[None])[0]


@st.cache_data(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def probabilities_along(run: Run, picture: np.ndarray, others: dict[str, int], moved: str) -> np.ndarray:
    """Float (n, 10) for `picture` at each amount of the slider `moved`, with the `others` where they stand."""
    pictures = [distortions.distort(picture, others | {moved: amount}) for amount in distortions.sweep(moved)]
    with a_core():
        return predictor(run).probabilities(np.stack(pictures))


@st.cache_data(max_entries=32, hash_funcs=RUN_KEY, show_spinner="Testing the map against random ones ...")
def sanity_checks(run: Run, seen: np.ndarray, target: int | None, method: str, layer: str | None):
    """`SanityChecks` of the heatmap of `prediction` for the same arguments."""
    known = zip(test_images().pixels, _first_maps(run, layer), strict=False)
    others = [heatmap for photo, heatmap in known if not np.array_equal(photo, seen)]
    answer = prediction(run, seen, target, method, layer)
    return predictor(run).sanity_checks(seen, answer, method, layer, others=others)


@st.cache_data(max_entries=16, hash_funcs=RUN_KEY, show_spinner="Looking at other photos ...")
def _first_maps(run: Run, layer: str | None) -> list[np.ndarray]:
    """Of the first test photos, one more than are needed, as the picture asked about may be one of them. By Grad-CAM,
    whatever the method: others may take minutes."""
    from core.heatmaps.sanity_checks import OTHERS

    return [predictor(run).predict(photo, layer=layer).heatmap for photo in test_images().pixels[: OTHERS + 1]]


@st.cache_data(max_entries=32, hash_funcs=RUN_KEY, show_spinner="Sliding the patch ...")
def occlusion(run: Run, seen: np.ndarray, target: int) -> np.ndarray:
    with a_core():
        return predictor(run).occlusion(seen, target)


@st.cache_data(max_entries=1_000, hash_funcs=RUN_KEY, show_spinner=False)
def figures(run: Run) -> dict:
    return training_summary.figures(run)


@st.cache_data(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def gradient_norms(run: Run) -> tuple[list[str], np.ndarray]:
    return run.gradients()


@st.cache_resource(show_spinner="Unpacking the training photos ...")
def gradient_batch() -> cifar10.Images:
    """The first training photos, which the gradient at initialization is taken on."""
    images = cifar10.load_training("shipped")
    return cifar10.Images(images.pixels[: gradients.BATCH].copy(), images.labels[: gradients.BATCH].copy())


@st.cache_data(max_entries=256, show_spinner="One backward pass through each untrained network ...")
def initial_gradients(configs: list[TrainConfig]) -> list[pd.DataFrame]:
    """Side by side: each of them has work for one core."""
    _one_torch_thread()
    with a_core(), ThreadPoolExecutor(processes.usable_cores()) as pool:
        return list(pool.map(partial(gradients.at_initialization, batch=gradient_batch()), configs))


@st.cache_data(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def gradients_at_end(run: Run) -> pd.DataFrame:
    return gradients.at_end(run)


@st.cache_data(max_entries=8, show_spinner="One step of training ...")
def first_step(config: TrainConfig) -> pd.DataFrame:
    """One at a time: at 110 layers it takes 0.4 GB."""
    from core.training.first_step import first_step as take

    _one_torch_thread()
    with _stepping:
        return take(config, cifar10.load_training(config.data))


@st.cache_data(max_entries=16, show_spinner="Sending the messages ...")
def interpolate(config: TrainConfig) -> pd.DataFrame:
    """`shattering.interpolate` from the first training photo toward the second."""
    from core.studies import shattering

    _one_torch_thread()
    with a_core():
        return shattering.interpolate(config, gradient_batch())


@st.cache_data(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def surgery_results(run: Run) -> dict[Blocks, float] | None:
    return surgery.load(run)


@st.cache_resource(max_entries=4, hash_funcs=RUN_KEY, show_spinner=False)
def surgery_network(run: Run):
    """A `surgery.Surgery`, shared between visitors: nothing changes it."""
    from core.studies.surgery import Surgery

    _one_torch_thread()  # it works on batches in parallel instead
    return Surgery(run, test_images(), processes.usable_cores())


@st.cache_data(max_entries=1_000, hash_funcs=RUN_KEY, show_spinner="Removing blocks, and showing it 1,000 photos ...")
def accuracy_without(run: Run, removed: Blocks, scale: float, quick: bool) -> float:
    """`quick`: in what numbers this machine computes best, where an image or two may differ; else in float32."""
    with a_core():
        return surgery_network(run).accuracy(removed, scale, _quick_precision() if quick else "float32")


def prepare_surgery(runs: list[Run]) -> None:
    """Load what a cut needs (PyTorch, the photos, the networks) while the visitor still reads, and wait for nothing.

    A run without weights is left out: its page says so where they are needed.
    """

    def prepare() -> None:
        for run in runs:
            with suppress(LabError):
                surgery_network(run)
        _quick_precision()

    threading.Thread(target=prepare, daemon=False).start()  # a daemon, the default here, would abort a Python that ends


def _quick_precision() -> str:
    from core.training.device import best_precision

    return best_precision("cpu")


@st.cache_resource(max_entries=256, hash_funcs=READ_KEY, show_spinner=False)
def stored(load: Callable[[Run], Stored], run: Run) -> Stored:
    """What `load`, a function of core, reads of a run. Shared between visitors: not to be written to."""
    return load(run)


def test_probabilities(run: Run, photo: int) -> np.ndarray:
    """How sure it is of each class on a test photo, see `calibration.probabilities`: float (10,)."""
    return calibration.probabilities(test_logits(run)[[photo]], stored(calibration.load, run))[0]


@st.cache_data(max_entries=1_000, hash_funcs=RUN_KEY, show_spinner=False)
def kept_of_spoiled(a: Run, b: Run) -> robustness.Kept | None:
    """None where one was not asked about all kinds of spoiled photos, or its answers can't be read."""
    with suppress(RunError):
        of_a, of_b = stored(robustness.load_complete, a), stored(robustness.load_complete, b)
        if of_a and of_b:
            return robustness.kept(of_a, of_b)
    return None


@st.cache_resource(max_entries=4, hash_funcs=RUN_KEY, show_spinner="Loading the network ...")
def block_prober(run: Run):
    """A `BlockProber`, shared between visitors: nothing changes it."""
    from core.studies.probes import BlockProber

    _one_torch_thread()
    return BlockProber(run)


@st.cache_data(max_entries=256, hash_funcs=RUN_KEY, show_spinner=False)
def logits_by_block(run: Run, seen: np.ndarray) -> np.ndarray:
    """Float32 (blocks, 10) for the picture `seen`, uint8 (32, 32, 3)."""
    return block_prober(run).ask(seen)


@st.cache_data(show_spinner="Asking torchvision what networks it has ...")
def torchvision_names() -> list[str]:
    from core.models import torchvision_nets

    return torchvision_nets.names()


def speeds(runs: list[Run]) -> dict[str, dict[int, float]]:
    """{run: {threads: milliseconds for a picture}}; one measurement at a time, or they would slow each other down."""
    with _measuring:
        return measurements.milliseconds(runs)
