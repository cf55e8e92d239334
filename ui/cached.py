"""Everything that costs time, computed once: keyed by a run's folder and its last change, so that a new file counts."""

from collections.abc import Callable
from types import FunctionType

import numpy as np
import pandas as pd
import streamlit as st

from core import cifar10, comparison, metrics
from core.runs import Run

RUN_KEY = {Run: lambda run: (str(run.path), run.last_change)}


@st.cache_resource(show_spinner="Unpacking the 10,000 test photos ...")
def test_images() -> cifar10.Images:
    """Shared between visitors: not to be written to."""
    return cifar10.load_test()


@st.cache_data(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def history(run: Run) -> pd.DataFrame:
    return run.history()


@st.cache_resource(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def test_logits(run: Run) -> np.ndarray:
    """Shared between visitors: not to be written to."""
    return run.test_logits()


@st.cache_data(max_entries=64, hash_funcs=RUN_KEY, show_spinner=False)
def accuracy(run: Run) -> metrics.Share:
    return metrics.accuracy(test_logits(run), test_labels())


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
def pools(a: Run, b: Run) -> dict[str, np.ndarray]:
    return comparison.pools(test_logits(a), test_logits(b), test_labels())


@st.cache_resource(show_spinner=False)
def test_labels() -> np.ndarray:
    return cifar10.load_test_labels()


@st.cache_resource(max_entries=4, hash_funcs=RUN_KEY, show_spinner="Waking the network ...")
def classifier(run: Run):
    """The run's network, shared between visitors; it has a lock of its own."""
    import torch

    from core.classifier import Classifier

    torch.set_num_threads(1)  # two threads make one picture slower, not faster, when the machine is busy
    return Classifier(run)


@st.cache_data(max_entries=256, hash_funcs=RUN_KEY, show_spinner=False)
def answer(run: Run, seen: np.ndarray, target: int | None, method: str, layer: str | None):
    """A `classifier.Answer`, with its heatmap."""
    return classifier(run).answer(seen, target, method, layer)


@st.cache_data(max_entries=32, hash_funcs=RUN_KEY, show_spinner="Testing the map against random ones ...")
def trust(run: Run, seen: np.ndarray, _answer, target: int, method: str, layer: str):
    return classifier(run).trust(seen, _answer, method, layer)


@st.cache_data(max_entries=32, hash_funcs=RUN_KEY, show_spinner="Sliding the patch ...")
def occlusion(run: Run, seen: np.ndarray, target: int) -> np.ndarray:
    return classifier(run).occlusion(seen, target)


@st.cache_data(max_entries=256, hash_funcs={FunctionType: lambda function: function.__qualname__}, show_spinner=False)
def chart(draw: Callable, *inputs) -> dict:
    """A chart of `core.charts` as Vega-Lite, for st.vega_lite_chart: Altair takes longer over it than all else does."""
    return draw(*inputs).to_dict()
