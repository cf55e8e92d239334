"""What a pair mixed up while it learned: its answers to the validation photos, epoch by epoch, and what came last."""

import numpy as np
import streamlit as st

from core.analysis import metrics
from core.analysis.training_summary import lost_again, right_for_good
from core.charts.answers import confusion
from core.data.cifar10 import CLASSES, IMAGES_PER_SHEET
from core.runs import reproduction, validation
from core.runs.validation import Validation
from core.words import capitalized
from core.words import mistakes as mistake_words
from core.words.glossary import explain
from core.words.trainings import curves as curve_words
from core.words.trainings import figures as figure_words
from ui import chart
from ui.fragment import fragment
from ui.pair import not_yet
from ui.pair.pair import OBSERVED, Pair
from ui.pair.pair_picker import offer_pair
from ui.pictures import photos

FULLEST = 0.15  # of a class's photos, in one cell: full color; early in a training, there are far more
SHOWN = 6  # photos


def show(pair: Pair) -> None:
    for side, run in pair:
        if run.imported:
            st.info(f"**{side}** was trained elsewhere; how it learned is not known here.")
    found = not_yet.read(
        [(side, run) for side, run in pair if not run.imported],
        validation.load,
        "What **{side}** answered while it learned was not kept. Training it again will keep it.",
        reproduction.commands,
    )
    if not found:
        offer_pair(*OBSERVED, "See it for 20 layers", "These two kept their answers after every epoch.", key="observed")
    if found:
        for side, run in pair:
            if side in found and run.validation_was_seen:
                st.warning(figure_words.validation_was_seen(side), icon=":material/visibility:")
        _show_epoch(pair, found)
        st.header("Learned last", anchor=False)
        for side, answered in found.items():
            _show_learned_last(capitalized(pair.names[side]), side, answered)
        if not all(_with_the_lab(answered).all() for answered in found.values()):
            st.caption("Only photos that come with the lab can be shown: about a fifth of those for validation.")


@fragment()
def _show_epoch(pair: Pair, found: dict[str, Validation]) -> None:
    count = max(len(answered.labels) for answered in found.values())
    st.markdown(
        f"These are not the test photos, but the {count:,} **validation photos**. Each network named them after every "
        "epoch. The training did not learn from them. **Move through the training.**",
        help=explain("validation photos", "epoch"),
    )
    last = max(len(answered.answers) for answered in found.values())
    epoch = _choose_epoch(last)
    for column, (side, answered) in zip(st.columns(2), found.items(), strict=False):
        own = min(epoch, len(answered.answers))
        matrix = metrics.confusion_of_answers(answered.answers[own - 1], answered.labels)
        with column:
            in_words = f"**{side}**, epoch {own}: {mistake_words.of_an_epoch(matrix)}"
            st.markdown(in_words)
            largest = max(1, round(FULLEST * len(answered.labels) / len(CLASSES)))
            chart.show(confusion, matrix, largest, width="stretch", key=f"confusion_by_epoch_{side}", alt=in_words)


def _with_the_lab(answered: Validation) -> np.ndarray:
    """bool (n,): which photos come with it, and can be shown."""
    return answered.photos < IMAGES_PER_SHEET


def _choose_epoch(last: int) -> int:
    if last == 1:
        return 1
    if st.session_state.get("mistakes_epoch", 1) > last:  # kept from another pair
        del st.session_state["mistakes_epoch"]
    return st.slider("Epoch", 1, last, 1, key="mistakes_epoch", bind="query-params", help="How far they had learned.")


def _show_learned_last(name: str, side: str, answered: Validation) -> None:
    """The photos that turned right last: of those that come with the lab."""
    since = right_for_good(answered.answers, answered.labels)
    st.markdown(curve_words.learned_last(name, since, lost_again(answered.answers, answered.labels)))
    how_often_right = (answered.answers == answered.labels).sum(axis=0)
    latest_first = np.lexsort([how_often_right, -since])
    shown = latest_first[(_with_the_lab(answered) & (since > 0))[latest_first]][:SHOWN]
    described = {int(answered.photos[i]): (CLASSES[answered.labels[i]], f"right since epoch {since[i]}") for i in shown}
    photos.training_strip(described, key=f"learned_last_{side}")
