"""What does it cost? Every run as a dot: parameters, multiply-adds, milliseconds; and learning-rate schedules."""

from typing import NamedTuple

import pandas as pd
import streamlit as st

from core.analysis.comparison import by_schedule, differ_in_recipe, held_back, recipe_changes
from core.charts.architectures import KINDS, OTHER, architectures
from core.charts.learning import schedule
from core.errors import LabError
from core.runs.run import Run
from core.settings.recipes import SCHEDULES
from core.studies import latency
from core.training.schedules import curve
from core.words.comparison import best_of
from core.words.glossary import explain
from core.words.settings import differ_only_in, in_short, in_words, setting_name
from core.words.trainings import curves as curve_words
from core.words.trainings import dots as dot_words
from ui import cached, chart, link, permission, screen
from ui.curious import curious_charts
from ui.foreign_text import plain
from ui.pair.runs import readable_runs, show_command


class Cost(NamedTuple):
    """What the dots are set against: a `column` of their table, and the axis's title. `threads`: of a time, which is
    measured on demand."""

    column: str
    title: str
    threads: int | None = None


COSTS = {
    "parameters": Cost("parameters", "parameters (numbers that are learned)"),
    "work": Cost("multiply_adds", "work for one picture (multiply-adds)"),
    "1 thread": Cost("ms1", "milliseconds for one picture, one thread", threads=1),
    "2 threads": Cost("ms2", "milliseconds for one picture, two threads", threads=2),
}
EXPERTS = (
    "The networks that come with the lab were trained on one or two CPU cores. Experts have trained a network on these "
    "photos to 94% in 3.3 seconds, on one A100 GPU (Jordan 2024, [94% on CIFAR-10 in 3.29 seconds on a single GPU](https://arxiv.org/abs/2404.00498))."
)
LUCK = (
    "Luck with the photos can move a dot by up to 1 point, up or down. Luck with the random numbers of a training "
    "(seeds) comes on top."
)

st.title("What does it cost?")
st.markdown(
    "Each dot is a trained network: the higher, the more often it is right; the farther left, the cheaper. **Click a "
    "dot** to see what it is.",
    help=explain("parameters", "multiply-adds"),
)
finished = {run.name: run for run in readable_runs()}
if not finished:
    st.info("There are no trained networks yet.")
    link.to_experiment("Train a pair now")
    st.stop()


def choose() -> list[Run]:
    """The runs to show: those that nothing held back; on demand the others, too."""
    hidden = {name for name, run in finished.items() if held_back(run)}
    if not hidden or len(hidden) == len(finished):
        return list(finished.values())
    everything = st.toggle(
        dot_words.also_held_back(len(hidden)),
        key="everything",
        bind="query-params",
        help="They were held back on purpose, so they say little about what their networks can do. "
        f"{explain('BatchNorm')}",
    )
    return [run for name, run in finished.items() if everything or name not in hidden]


def table(runs: list[Run]) -> pd.DataFrame:
    rows = []
    for run in runs:
        share = cached.accuracy(run)
        rows.append(
            {
                "run": run.name,
                "network": in_short(run),
                "kind": kind(run),
                "accuracy": share.value,
                "low": share.low,
                "high": share.high,
                "parameters": run.parameters,
                "multiply_adds": run.multiply_adds,
                "epochs": None if run.imported else run.config.epochs,
                "pixels": run.config.input_size,
                "images": run.training_images,
                "training": dot_words.training(run, cached.figures(run)["minutes"]),
            }
        )
    return pd.DataFrame(rows)


def kind(run: Run) -> str:
    """One of KINDS, which have colors of their own, or "other"."""
    plain, residual, pretrained = KINDS
    if run.config.pretrained:  # its million other photos are no cost that is drawn
        return pretrained
    if run.config.is_twin:
        return residual if run.config.skip else plain
    return OTHER


def take_click() -> None:
    if clicked := chart.take_click("dots", "point"):
        st.session_state["of_run"] = clicked["run"]


def choose_run() -> Run:
    """The run whose dot was clicked, or that was chosen by name; before that, the best of all."""
    best = max(finished.values(), key=lambda run: cached.accuracy(run).value)
    name = st.selectbox(
        "Or choose a dot by name",
        list(finished),
        index=list(finished).index(best.name),
        key="of_run",
        bind="query-params",
        help="As a click on its dot.",
    )
    return finished[name]


def measure(runs: list[Run]) -> None:
    """Each time anew: the machine may be busy now and idle later."""
    try:
        with st.spinner("Measuring: each network answers again and again ..."):
            st.session_state["speeds"] = cached.speeds(runs)
    except LabError as error:
        st.session_state["speed_error"] = str(error)


def choose_cost() -> Cost:
    name = st.segmented_control(
        "Cost",
        list(COSTS),
        default="parameters",
        key="cost",
        bind="query-params",
        required=True,
        help=explain("parameters", "multiply-adds", "thread"),
    )
    return COSTS[name]


def show_costs() -> None:
    cost = choose_cost()
    runs = choose()
    dots = table(runs)
    if cost.threads:
        offer_to_measure(runs)
        dots = with_times(dots, cost.column, cost.threads)
        if dots.empty:
            st.info("Nothing is measured yet. It takes half a minute or so.")
            return
    chart.show(
        architectures,
        dots,
        cost.column,
        cost.title,
        screen.tokens().letters,
        on_select=take_click,
        key=chart.click_key("dots"),
        width="stretch",
        alt=dot_words.dots(dots, cost.column, cost.title),
    )
    st.markdown(f"{dot_words.unequal(dots)} {LUCK}".strip())


def offer_to_measure(runs: list[Run]) -> None:
    if why := permission.refusal():
        st.caption(f":material/lock: {why}")
    else:
        st.button(
            "Measure on this machine",
            key="measure_speed",
            icon=":material/timer:",
            on_click=measure,
            args=(runs,),
            help=f"Each network answers {latency.ROUNDS} times, with one thread and with two; the median counts.",
        )
    if error := st.session_state.pop("speed_error", None):
        st.error(plain(error))


def with_times(dots: pd.DataFrame, column: str, threads: int) -> pd.DataFrame:
    """The dots that were measured, with their milliseconds; the others are named."""
    speeds = st.session_state.get("speeds", {})
    if speeds and (unmeasured := sorted({*dots["run"]} - {*speeds})):
        st.caption(f"Not measured yet: {plain(', '.join(unmeasured))}.")
    dots = dots[dots["run"].isin(speeds)]
    return dots.assign(**{column: [speeds[name][threads] for name in dots["run"]]})


def show_run() -> Run:
    with st.container(border=True, key="dot"):
        place = st.container()
        run = choose_run()
        place.markdown(dot_words.dot(run, plain(run.name), cached.accuracy(run).value, cached.figures(run)["minutes"]))
    return run


def show_schedules(like: Run) -> None:
    st.header("How big are the learning steps?", anchor=False)
    st.markdown(
        "The **learning rate** is how far each step moves the numbers. A schedule changes it on the way: big steps to "
        "get somewhere, small ones to settle."
    )
    alike = [run for run in finished.values() if differ_in_recipe(run, like)]
    runs = [like, *alike]
    tables = [
        curve(equal[0].config).assign(run=" and ".join(run.name for run in equal), side="")
        for equal in by_schedule(runs)  # equal schedules make one line
    ]
    epochs = max(run.config.epochs for run in runs)
    rates = pd.concat(tables)
    chart.show(schedule, rates, epochs, width="stretch", key="schedules", alt=curve_words.schedules(rates))
    if alike:
        show_recipes(runs)
    else:
        other = next(name for name in SCHEDULES if name != like.config.schedule)
        st.markdown(f"No run here differs from {plain(like.name)} in its schedule alone. This command makes one:")
        show_command(like, schedule=other)


def show_recipes(runs: list[Run]) -> None:
    """What runs that differ in their recipe alone came to: a column for each setting that is not the same in all."""
    changed = recipe_changes(runs)
    rows = {
        plain(run.name): {setting_name(field): in_words(field, getattr(run.config, field)) for field in changed}
        | {"test accuracy": f"{cached.accuracy(run).value:.1%}"}
        for run in runs
    }
    st.table(pd.DataFrame(rows).T)
    best, second, *_ = sorted(runs, key=lambda run: cached.accuracy(run).value, reverse=True)
    could_be_luck = cached.verdict(best, second).could_be_luck
    st.markdown(f"{differ_only_in(changed)} {best_of(best.name, second.name, could_be_luck)}")


show_costs()
run = show_run()
link.to_experiment("Train networks")
if not run.imported:
    with curious_charts() as details:
        if details.open:
            st.markdown(EXPERTS)
            show_schedules(run)
