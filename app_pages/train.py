"""Train networks yourself, in the background, on the images that ship; watch them learn; then compare them."""

from collections.abc import Callable, Iterable

import pandas as pd
import streamlit as st

from core import charts, jobs, runs
from core.config import SCHEDULES, TrainConfig
from core.errors import LabError, RunError
from core.status import Status

CONTESTS = {
    "plain and ResNet": (False, True),
    "ResNet alone": (True,),
    "plain network alone": (False,),
}
DEPTHS = (8, 14, 20, 32, 44, 56, 110)
POLL = "1s"

st.title("Train your own")
st.markdown(
    "Two networks start from the same random numbers and see the same photos in the same order. One of them has short "
    "cuts. They learn from the **10,000 photos that come with the lab**; the command line trains on all 50,000."
)


def show_form() -> None:
    with st.form("recipe"):
        first, second, third = st.columns(3)
        contest = first.selectbox("Networks", list(CONTESTS), key="contest", help="Both: one after the other.")
        depth = second.selectbox(
            "Layers", DEPTHS, index=2, key="depth", help="More layers: slower; 20 is a good start."
        )
        epochs = third.number_input(
            "Epochs", 1, 200, 8, key="epochs", help="Passes over the photos. More: better, and longer."
        )
        with st.expander("More settings"):
            default = TrainConfig()
            schedule = st.selectbox(
                "Learning-rate schedule", SCHEDULES, key="schedule", help="How big the learning steps are over time."
            )
            lr = st.number_input(
                "Peak learning rate", 0.001, 10.0, default.lr, format="%.3f", key="lr", help="The biggest step."
            )
            batch_size = st.selectbox(
                "Batch size", (32, 64, 128, 256), index=2, key="batch_size", help="Photos looked at before each step."
            )
            norm = st.selectbox(
                "Normalisation", ("batch", "none"), key="norm", help="BatchNorm keeps the numbers inside in range."
            )
            seed = st.number_input("Seed", 0, 9999, 0, key="seed", help="Another seed: other initial random numbers.")
        if st.form_submit_button("Start training", type="primary", icon=":material/play_arrow:", key="start"):
            start(
                [
                    TrainConfig(
                        depth=depth,
                        skip=skip,
                        norm=norm,
                        data="shipped",
                        epochs=int(epochs),
                        batch_size=batch_size,
                        schedule=schedule,
                        lr=lr,
                        seed=int(seed),
                    )
                    for skip in CONTESTS[contest]
                ]
            )


def start(configs: list[TrainConfig]) -> None:
    try:
        jobs.start(configs)
    except LabError as error:
        st.error(str(error))
    else:
        st.rerun()


@st.fragment(run_every=POLL)
def watch(names: list[str]) -> None:
    """The trainings that run and wait, redrawn every second; they go on if nobody looks."""
    states = jobs.states()
    if busy(states) != names:
        st.rerun()
    st.subheader(f"Training {' and '.join(names)}", anchor=False)
    for name in names:
        show_status(name, states[name])
    if st.button("Stop", key="stop", icon=":material/stop:", help="What was learnt is kept."):
        act(jobs.stop, reversed(names))  # those that wait first, so that none of them begins
    show_curves(names)
    st.caption("You may close this page: training goes on, and you will find it here.")


def busy(states: dict[str, Status]) -> list[str]:
    return [name for name, status in states.items() if status.state in ("training", "queued")]


def act(action: Callable[[str], None], names: Iterable[str]) -> None:
    try:
        for name in names:
            action(name)
    except LabError as error:
        st.error(str(error))
    else:
        st.rerun()


def show_status(name: str, status: Status) -> None:
    words = ["waits for its turn" if status.state == "queued" else "begins in a moment"]
    if status.accuracy is not None:
        words = [
            f"epoch {status.epoch} of {status.epochs}",
            f"{status.accuracy:.0%} of this epoch's training photos right",
            f"{status.images_per_second:.0f} photos a second",
            f"about {max(1, round(status.seconds_left / 60))} min left",
        ]
    st.progress(min(1.0, status.share), f"**{name}**: {', '.join(words)}")


def show_curves(names: list[str]) -> None:
    """Validation and training accuracy by epoch; the plain network as A, the ResNet as B."""
    tables = []
    for name in names:
        try:
            run = runs.open_run(runs.own_runs_dir() / name)
            history = run.history()
        except RunError:
            continue  # no epoch has ended yet
        history = history.rename(columns={"train_accuracy": "training", "val_accuracy": "validation"})
        long = history.melt("epoch", ["training", "validation"], "split").assign(run=name)
        tables.append(long.assign(side="B" if run.config.skip else "A"))
    if tables:
        chart = charts.learning_curves(pd.concat(tables), "epoch", "epochs", "share of photos named rightly", True)
        st.altair_chart(chart, width="stretch", key="live_curves")
    else:
        st.info("The first point of the chart comes when the first epoch has ended.", icon=":material/hourglass_empty:")


def show_ended(states: dict[str, Status]) -> None:
    for name, status in states.items():
        st.warning(f"{name} ended before the end. {status.reason}")
    if st.button(
        "Go on with it", key="resume", icon=":material/play_arrow:", help="From where it stopped; nothing is lost."
    ):
        act(jobs.resume, states)


states = jobs.states()
if busy(states):
    watch(busy(states))
else:
    if states:
        show_ended(states)
    show_form()
