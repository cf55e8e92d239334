"""Train networks yourself, in the background, on the images that ship; watch them learn; then compare them."""

import pandas as pd
import streamlit as st

from core import charts, jobs, runs
from core.config import SCHEDULES, TrainConfig
from core.errors import LabError, RunError

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
def watch() -> None:
    """The running job, redrawn every second; it runs on if nobody looks."""
    job = jobs.current()
    if job is None or not job.alive:
        st.rerun()
    st.subheader(f"Training {' and '.join(job.names)}", anchor=False)
    for name, status in job.statuses().items():
        show_status(name, status)
    st.button(
        "Stop", key="stop", icon=":material/stop:", on_click=jobs.stop, args=(job,), help="What was learnt is kept."
    )
    show_curves(job)
    st.caption("You may close this page: training goes on, and you will find it here.")


def show_status(name: str, status) -> None:
    if status is None:
        finished = (runs.own_runs_dir() / name / "test_logits.npz").exists()
        st.progress(float(finished), f"**{name}**: {'finished' if finished else 'will begin in a moment, or in turn'}")
        return
    words = [f"**{name}**: epoch {status.epoch} of {status.epochs}"]
    if status.accuracy is not None:
        words.append(f"{status.accuracy:.0%} of this epoch's training photos right")
        words.append(f"{status.images_per_second:.0f} photos a second")
        words.append(f"about {max(1, round(status.seconds_left / 60))} min left")
    st.progress(min(1.0, status.share), ", ".join(words))


def show_curves(job: jobs.Job) -> None:
    """Validation and training accuracy by epoch; the plain network as A, the ResNet as B."""
    tables = []
    for name in job.names:
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


def show_ended(job: jobs.Job) -> None:
    names = " and ".join(job.names)
    if job.finished:
        st.success(f"Finished: {names}.")
        show_curves(job)
        pair = {"a": job.names[0], "b": job.names[-1]} if len(job.names) > 1 else {"b": job.names[0]}
        st.page_link("app_pages/compare.py", label="Compare them", icon=":material/balance:", query_params=pair)
        return
    reasons = [status.reason for status in job.statuses().values() if status and status.reason]
    st.warning(f"{names} ended before the end. {reasons[-1] if reasons else job.last_words()}")
    show_curves(job)
    if st.button(
        "Go on with it", key="resume", icon=":material/play_arrow:", help="From where it stopped; nothing is lost."
    ):
        try:
            jobs.resume(job)
        except LabError as error:
            st.error(str(error))
        else:
            st.rerun()


job = jobs.current()
if job and job.alive:
    watch()
else:
    if job:
        show_ended(job)
    show_form()
