"""For runs that came without their weights: the commands that make them, and a pair whose weights are here."""

import streamlit as st

from core.runs import reproduction
from core.runs.run import Run
from core.settings.recipes import is_limited
from core.settings.setting import differences
from core.words.comparison import without_weights
from ui import permission
from ui.foreign_text import plain
from ui.pair.pair import Pair
from ui.pair.pair_picker import offer_pair
from ui.pair.runs import finished_runs


def offer(pair: Pair) -> None:
    """Where a run of the pair has no weights; else nothing."""
    without = [run for _, run in pair if not run.has_weights]
    if not without:
        return
    st.info(without_weights([plain(run.name) for run in without]), icon=":material/inventory_2:")
    for run in without:
        st.code(reproduction.commands(permission.shown(run)), language=None, wrap_lines=True)
    instead = [run if run.has_weights else _with_weights(run) for _, run in pair]
    a, b = (run.name if run else "" for run in instead)
    if a and b:
        offer_pair(
            a,
            b,
            f"See {plain(a)} and {plain(b)} instead",
            "The same networks, trained as a whole, with all labels.",
        )


def _with_weights(like: Run) -> Run | None:
    """A run of the same network that has learned from all photos, all of it, and whose weights are here; of several,
    the one that was trained the most like this."""
    network = ("architecture", "pretrained", "norm")
    alike = [
        run
        for run in finished_runs()
        if run.has_weights
        and not run.imported
        and not is_limited(run.config)
        and all(getattr(run.config, name) == getattr(like.config, name) for name in network)
    ]
    return min(alike, key=lambda run: len(differences(run.config, like.config)), default=None)
