"""What does it cost? Every run as a dot: parameters, multiply-adds, milliseconds; and learning-rate schedules."""

import pandas as pd
import streamlit as st

from core.analysis.comparison import differing
from core.charts.architectures import KINDS, OTHER, architectures
from core.charts.learning import schedule
from core.errors import LabError
from core.runs.run import Run
from core.settings.recipes import SCHEDULES, is_limited
from core.studies import latency
from core.training.schedules import curve
from core.words import counted, summary
from core.words.glossary import explain
from core.words.settings import describe, in_words, network_name, restrictions, setting_name
from ui import cached, chart, link, permission, screen
from ui.curious import curious_charts
from ui.foreign_text import plain
from ui.pair.runs import readable_runs, show_command

COSTS = {
    "parameters": ("parameters", "parameters (numbers that are learned)"),
    "work": ("multiply_adds", "work for one picture (multiply-adds)"),
    "1 thread": ("ms1", "milliseconds for one picture, one thread"),
    "2 threads": ("ms2", "milliseconds for one picture, two threads"),
}
EXPERTS = (
    "The times here are those of two CPU cores. Experts have trained a network on these photos to 94% in 3.3 seconds, "
    "on one A100 GPU (Jordan 2024, [94% on CIFAR-10 in 3.29 seconds on a single GPU](https://arxiv.org/abs/2404.00498))."
)
LUCK = (
    "Luck with the photos can move a dot by up to 1 point, up or down. Luck with the random numbers of a training "
    "(seeds) comes on top."
)
RECIPE_FIELDS = ("schedule", "lr", "warmup", "optimizer", "head_lr")

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


def held_back(run: Run) -> bool:
    """Whether it could not learn all that its network can: its accuracy then says little of the network."""
    config = run.config
    return is_limited(config) or config.norm == "none" or config.data == "shipped"


def choose() -> list[Run]:
    """The runs to show: those that nothing held back; on demand the others, too."""
    hidden = {name for name, run in finished.items() if held_back(run)}
    if not hidden or len(hidden) == len(finished):
        return list(finished.values())
    runs = "run" if len(hidden) == 1 else "runs"
    everything = st.toggle(
        f"Also {len(hidden)} {runs} with fewer photos, frozen layers or no BatchNorm",
        key="everything",
        bind="query-params",
        help="They were held back on purpose, so they say little about what their networks can do. **BatchNorm**: "
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
                "training": training(run),
            }
        )
    return pd.DataFrame(rows)


def in_short(run: Run) -> str:
    """E.g. "ResNet, 20 layers" or "DenseNet-121, from scratch, 10% of the photos"."""
    config = run.config
    if not config.is_twin:
        return describe(run)
    words = [network_name(config), f"{config.depth} layers"] + ["no BatchNorm"] * (config.norm == "none")
    return ", ".join([*words, *restrictions(config)] + ["trained elsewhere"] * run.imported)


def training(run: Run) -> str:
    """E.g. "5 epochs of 45,000 photos, at 64 pixels, 63 min"."""
    photos = run.training_images
    if photos is None:
        return f"trained elsewhere, at {run.config.input_size} pixels"
    minutes = cached.history(run)["seconds"].sum() / 60
    epochs = f"{counted(run.config.epochs, 'epoch')} of {counted(photos, 'photo')}"
    return f"{epochs}, at {run.config.input_size} pixels, {minutes:.0f} min"


def kind(run: Run) -> str:
    """One of KINDS, which have colors of their own, or "other"."""
    return KINDS[run.config.skip] if run.config.is_twin else OTHER


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
    try:
        st.session_state["speeds"] = cached.speeds(runs)
    except LabError as error:
        st.session_state["speed_error"] = str(error)


def show_costs() -> None:
    cost = st.segmented_control(
        "Cost",
        list(COSTS),
        default="parameters",
        key="cost",
        bind="query-params",
        required=True,
        help=explain("parameters", "multiply-adds", "thread"),
    )
    x, title = COSTS[cost]
    runs = choose()
    dots = table(runs)
    if x.startswith("ms"):
        speeds = st.session_state.get("speeds", {})
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
        if speeds and (unmeasured := sorted({*dots["run"]} - {*speeds})):
            st.caption(f"Not measured yet: {plain(', '.join(unmeasured))}.")
        dots = dots[dots["run"].isin(speeds)]
        dots = dots.assign(**{x: [speeds[name][int(x[-1])] for name in dots["run"]]})
        if dots.empty:
            st.info("Nothing is measured yet. It takes half a minute or so.")
            return
    chart.show(
        architectures,
        dots,
        x,
        title,
        screen.tokens().letters,
        on_select=take_click,
        key=chart.click_key("dots"),
        width="stretch",
        alt=summary.dots(dots, x, title),
    )
    st.markdown(f"{summary.unequal(dots)} {LUCK}".strip())


def show_run() -> Run:
    with st.container(border=True, key="dot"):
        place = st.container()
        run = choose_run()
        place.markdown(
            f"**{in_short(run)}**, {plain(run.name)}: right on **{cached.accuracy(run).value:.1%}**; "
            f"{run.parameters:,} parameters, {run.multiply_adds / 1e6:,.0f} million multiply-adds a photo; "
            f"{training(run)}."
        )
    return run


def show_schedules(like: Run) -> None:
    st.header("How big are the learning steps?", anchor=False)
    st.markdown(
        "The **learning rate** is how far each step moves the numbers. A schedule changes it on the way: big steps to "
        "get somewhere, small ones to settle."
    )
    alike = [run for run in finished.values() if _differs_in_recipe(run, like)]
    runs = [like, *alike]
    lines: dict[tuple, list] = {}  # equal schedules make one line
    for run in runs:
        config = run.config
        lines.setdefault((config.schedule, config.lr, config.warmup, config.epochs), []).append(run)
    tables = [
        curve(equal[0].config).assign(
            run=" and ".join(run.name for run in equal),
            side="",
        )
        for equal in lines.values()
    ]
    epochs = max(run.config.epochs for run in runs)
    rates = pd.concat(tables)
    chart.show(schedule, rates, epochs, width="stretch", key="schedules", alt=summary.schedules(rates))
    if alike:
        show_recipes(runs)
    else:
        other = next(name for name in SCHEDULES if name != like.config.schedule)
        st.markdown(f"No run here differs from {plain(like.name)} in its schedule alone. This command makes one:")
        show_command(like, schedule=other)


def show_recipes(runs: list[Run]) -> None:
    """What runs that differ in their recipe alone came to: a column for each setting that is not the same in all."""
    changed = [field for field in RECIPE_FIELDS if len({getattr(run.config, field) for run in runs}) > 1]
    rows = {
        run.name: {setting_name(field): in_words(field, getattr(run.config, field)) for field in changed}
        | {"test accuracy": f"{cached.accuracy(run).value:.1%}"}
        for run in runs
    }
    st.table(pd.DataFrame(rows).T)
    words = " and ".join(setting_name(field) for field in changed)
    st.markdown(f"They differ in nothing but this: {words}. {best_of(runs)}")


def best_of(runs: list[Run]) -> str:
    best, second, *_ = sorted(runs, key=lambda run: cached.accuracy(run).value, reverse=True)
    if cached.verdict(best, second).could_be_luck:
        return f"Whether `{best.name}` or `{second.name}` is better is too close to call."
    return f"The best of them is `{best.name}`; luck with the photos does not explain that; other seeds might."


def _differs_in_recipe(run: Run, like: Run) -> bool:
    changed = differing(like, run).keys()
    return bool(changed) and changed <= set(RECIPE_FIELDS)


show_costs()
run = show_run()
if not run.imported:
    with curious_charts() as details:
        if details.open:
            st.markdown(EXPERTS)
            show_schedules(run)
