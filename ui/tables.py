"""What charts show of a pair, and what is found in many runs, made once: pandas takes longer over it than Streamlit
over a page."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis import calibration, metrics, training_summary
from core.analysis.depths import depth
from core.analysis.transfer import PretrainingPair
from core.errors import RunError
from core.runs.run import Run
from ui import cached


@st.cache_data(max_entries=64, hash_funcs=cached.RUN_KEY, show_spinner=False)
def curves(a: Run, b: Run, measure: str = "accuracy") -> pd.DataFrame:
    """See `training_summary.curves`."""
    return training_summary.curves(_histories(a, b), measure)


@st.cache_data(max_entries=64, hash_funcs=cached.RUN_KEY, show_spinner=False)
def gaps(a: Run, b: Run) -> pd.DataFrame:
    """See `training_summary.gaps`."""
    return training_summary.gaps(_histories(a, b))


def _histories(a: Run, b: Run) -> dict[str, tuple[str, pd.DataFrame]]:
    return {side: (run.name, cached.history(run)) for side, run in (("A", a), ("B", b))}


@st.cache_data(max_entries=64, hash_funcs=cached.RUN_KEY, show_spinner=False)
def reliability(run: Run, calibrated: bool) -> pd.DataFrame:
    """See `calibration.reliability`; `calibrated` by the run's temperature, where that is known."""
    return calibration.reliability(_logits(run, calibrated), cached.test_labels())


@st.cache_data(max_entries=64, hash_funcs=cached.RUN_KEY, show_spinner=False)
def risk_by_coverage(run: Run, calibrated: bool) -> pd.DataFrame:
    """See `calibration.risk_by_coverage`; `calibrated` as there."""
    return calibration.risk_by_coverage(_logits(run, calibrated), cached.test_labels())


@st.cache_data(max_entries=64, hash_funcs=cached.RUN_KEY, show_spinner=False)
def surest_mistakes(run: Run, calibrated: bool) -> np.ndarray:
    """See `calibration.surest_mistakes`; `calibrated` as above: it changes the order a little."""
    return calibration.surest_mistakes(_logits(run, calibrated), cached.test_labels())


def certainty(run: Run, photos: np.ndarray, calibrated: bool) -> np.ndarray:
    """How sure it is of what it says of these test photos, 0 to 1; `calibrated`: corrected, where that is known."""
    return metrics.probabilities(_logits(run, calibrated)[photos]).max(axis=1)


def _logits(run: Run, calibrated: bool) -> np.ndarray:
    temperature = cached.stored(calibration.load, run) if calibrated else None
    return calibration.calibrated(cached.test_logits(run), temperature)


@st.cache_data(max_entries=16, hash_funcs=cached.RUN_KEY, show_spinner=False)
def depth_finding(runs: list[Run]) -> depth.Finding:
    """Of the runs of one recipe."""
    wrong = {run.name: ~metrics.right(cached.test_logits(run), cached.test_labels()) for run in runs}
    return depth.finding(depth.table([cached.figures(run) for run in runs]), wrong)


@st.cache_data(max_entries=16, hash_funcs=cached.RUN_KEY, show_spinner=False)
def depth_by_recipe(recipes: list[list[Run]], own: int) -> pd.DataFrame:
    """See `depth.by_recipe`. Runs that can't be read are left out."""
    known = {number: list(figures(runs)) for number, runs in enumerate(recipes)}
    return depth.by_recipe({number: depth.table(rows) for number, rows in known.items() if rows}, own)


def figures(runs: list[Run]) -> Iterator[dict]:
    """`cached.figures` of those that can be read."""
    for run in runs:
        with suppress(RunError):
            yield cached.figures(run)


def label_budget(pairs: Iterable[PretrainingPair], sides: Iterable[str]) -> pd.DataFrame:
    """A row a run of `pairs`, in the order of `sides`; the columns of `charts.transfer.label_budget`."""
    rows = []
    for pair in pairs:
        for side, run in zip(sides, pair, strict=True):
            share, epochs = cached.accuracy(run), run.config.epochs
            steps = cached.history(run)["images_seen"].iloc[-1] // run.config.batch_size
            rows.append((side, run.name, run.training_images, epochs, steps, share.value, share.low, share.high))
    return pd.DataFrame(rows, columns=["side", "run", "images", "epochs", "steps", "accuracy", "low", "high"])
