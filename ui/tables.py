"""What charts show of a pair, and what is found in many runs, made once: pandas takes longer over it than Streamlit
over a page."""

import pandas as pd
import streamlit as st

from core.analysis import depth, metrics, training_summary
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


@st.cache_data(max_entries=16, hash_funcs=cached.RUN_KEY, show_spinner=False)
def depth_finding(runs: list[Run]) -> depth.Finding:
    """Of the runs of one recipe."""
    wrong = {run.name: ~metrics.right(cached.test_logits(run), cached.test_labels()) for run in runs}
    return depth.finding(depth.table([cached.figures(run) for run in runs]), wrong)
