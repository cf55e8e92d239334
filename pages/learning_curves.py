"""How both networks learned: right answers on photos set aside, and which was first at the finish line."""

import streamlit as st

from core.analysis import comparison
from core.analysis.training_summary import TARGETS, epochs_to, generalization_gap
from core.charts.learning import gap, learning_curves
from core.runs.run import Run
from core.words.glossary import explain, phrase
from core.words.trainings import curves as curve_words
from core.words.trainings import figures as figure_words
from ui import cached, chart, tables
from ui.curious import curious_charts
from ui.pair import looks, pair_picker
from ui.pair.runs import finished_runs

FINISH = TARGETS[0]
AXES = {
    "epochs": ("epoch", "epochs (passes over the training photos)"),
    "minutes": ("minutes", "minutes of training"),
    "photos seen": ("images_seen", "photos seen"),
}
MEASURES = {"accuracy": "share of right answers", "loss": "loss (cross-entropy, nats)"}

pair = pair_picker.choose()


def epochs_needed(a: Run, b: Run) -> dict[str, int | None]:
    return epochs_to(FINISH, {"A": cached.history(a), "B": cached.history(b)})


st.title("Which learns faster?")
looks.legend(pair)
pair_picker.require_history(pair)
histories = {side: cached.history(run) for side, run in pair}
seeds = comparison.by_seed(pair.a, pair.b, finished_runs(), epochs_needed)
finding, of_seeds = curve_words.finish_heading(
    pair.names, epochs_to(FINISH, histories), None if seeds is None else seeds.values()
)
chart.show(
    learning_curves,
    tables.curves(pair.a, pair.b),
    *AXES["epochs"],
    MEASURES["accuracy"],
    True,
    FINISH,
    colors=pair.colors,
    width="stretch",
    key="learning",
    alt=f"{curve_words.validation(histories, 'accuracy')}. The finish line is at {FINISH:.0%}: {finding}",
)
st.markdown(f"## {finding}")
st.markdown(
    f"The finish line is **{FINISH:.0%} right** on photos that were set aside.",
    help=explain("epoch", "validation photos", "seed"),
)
if pair.a.path != pair.b.path:
    st.markdown(of_seeds)
if all(run.config.is_twin for _, run in pair):
    st.page_link(
        "../pages/gradient_flow.py",
        label="Why? Follow the message through the layers",
        icon=":material/water_drop:",
        query_params=pair.link,
    )

for side, run in pair:
    if run.validation_was_seen:
        st.warning(figure_words.validation_was_seen(side), icon=":material/visibility:")


def show_details() -> None:
    augmented = all(run.config.augment for _, run in pair)
    show_how_to_read(augmented)
    st.header("The same curves, measured another way", anchor=False)
    measure, against = choose_axes()
    show_otherwise(measure, against)
    st.header("The generalization gap", anchor=False)
    show_gap(against, augmented)


def show_how_to_read(augmented: bool) -> None:
    best = {side: history["val_accuracy"].max() for side, history in histories.items()}
    st.markdown(curve_words.how_to_read_curves(best, augmented))


def choose_axes() -> tuple[str, str]:
    """One of MEASURES, one of AXES."""
    first, second = st.columns(2)
    measure = first.segmented_control(
        "Show",
        list(MEASURES),
        default="accuracy",
        key="measure",
        bind="query-params",
        required=True,
        help=explain("accuracy", "loss"),
    )
    against = second.segmented_control(
        "Along the bottom",
        list(AXES),
        default="minutes",
        key="against",
        bind="query-params",
        required=True,
        help=explain("epoch"),
    )
    return measure, against


def show_otherwise(measure: str, against: str) -> None:
    x, x_title = AXES[against]
    chart.show(
        learning_curves,
        tables.curves(pair.a, pair.b, measure),
        x,
        x_title,
        MEASURES[measure],
        measure == "accuracy",
        colors=pair.colors,
        width="stretch",
        key="learning_otherwise",
        alt=curve_words.validation(histories, measure),
    )
    if against == "minutes":
        st.markdown("Runs trained at the same time slowed each other down: minutes say little about which is faster.")
    smoothed = [side for side, run in pair if run.config.label_smoothing]
    if measure == "loss" and smoothed:
        st.markdown(curve_words.smoothed(smoothed))


def show_gap(against: str, augmented: bool) -> None:
    x, x_title = AXES[against]
    finding = curve_words.gap_at_the_end({side: 100 * generalization_gap(one) for side, one in histories.items()})
    chart.show(
        gap,
        tables.gaps(pair.a, pair.b),
        x,
        x_title,
        colors=pair.colors,
        width="stretch",
        key="gap",
        alt=f"The gap. {finding}",
    )
    st.markdown(f"The gap is {phrase('generalization gap')}. {finding} {curve_words.gap_below_zero(augmented)}")


with curious_charts() as details:
    if details.open:
        show_details()
