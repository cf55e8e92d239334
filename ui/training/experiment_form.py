"""The form of an experiment: one training, or two that differ in one thing, each with as many seeds as wanted."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields, replace
from typing import Literal

import pandas as pd
import streamlit as st

from core.charts.learning import schedule
from core.charts.palette import SIDES
from core.errors import LabError
from core.jobs import measurements, trainings
from core.settings.recipes import NAMED_RECIPES, recipe
from core.settings.train_config import SETTINGS, TrainConfig
from core.training import duration
from core.training.schedules import curve
from core.words import capitalized
from core.words import settings as setting_words
from core.words.settings import in_words
from core.words.trainings import curves as curve_words
from ui import cached, chart, permission
from ui.foreign_text import plain
from ui.fragment import fragment

FAMILIES = {"cifar": "small, for pictures of 32 × 32", "torchvision": "one of torchvision's, such as ResNet-50"}
LONGEST_WAIT = 120  # minutes; beyond it the page asks whether that is meant
POLL = "1s"
KEPT: Literal["session"] = "session"  # what was typed, while other pages are looked at


def show() -> None:
    if why := permission.refusal():
        st.info(why, icon=":material/lock:")
        return
    st.markdown(
        "Train a network, or **two that differ in one thing**, in the background: you may close this page. You will "
        "find the results under **All runs**, and can compare them on every page."
    )
    try:
        configs = _configs()
    except LabError as error:
        st.error(plain(error))
        return
    _show_schedule(configs)
    _show_cost(configs)
    if st.button(
        "Start training" if len(configs) == 1 else f"Start {len(configs)} runs, one after the other",
        key="start",
        type="primary",
        icon=":material/play_arrow:",
    ):
        # Not by a callback, which would get the previous settings: a last change comes with the click.
        try:
            names = trainings.start(configs)
        except LabError as error:
            st.error(plain(error))
        else:
            st.session_state["_started"] = names[0]
            st.rerun()


def go_to_started() -> None:
    """To all runs, where one has just been started; before the page is drawn."""
    if name := st.session_state.pop("_started", None):
        st.session_state.update(section="runs", chosen_run=name)


def _choices(name: str) -> list:
    """The values among which one chooses; empty for a number."""
    setting, kind = SETTINGS[name], KINDS[name]
    if name == "network":
        return cached.torchvision_names()
    if kind is bool:
        return [True, False]
    is_range = kind is not str and len(setting.offered) == 2
    return [] if is_range or setting.percent else list(setting.offered or setting.values)


def _draw(name: str, key: str, value):
    """A field of the form; gives its value."""
    setting = SETTINGS[name]
    if choices := _choices(name):
        return st.selectbox(
            _label(name),
            choices,
            index=choices.index(value) if value in choices else 0,
            key=key,
            format_func=lambda option: in_words(name, option),
            help=setting.help,
            persist_state=KEPT,
        )
    if not setting.offered:  # a share of something
        percent = st.number_input(
            f"{_label(name)} (%)", 1, 100, round(100 * value), key=key, help=setting.help, persist_state=KEPT
        )
        return percent / 100
    low, high = setting.offered
    return st.number_input(
        _label(name),
        low,
        high,
        value,
        step=setting.step,
        format="%.4f" if setting.step and setting.step < 0.01 else None,
        placeholder=setting.words.get(None, "as usual"),
        key=key,
        help=setting.help,
        persist_state=KEPT,
    )


KINDS = {each.name: each.type for each in fields(TrainConfig)}
NETWORK = {"cifar": ("skip", "depth", "norm"), "torchvision": ("network", "input_size", "init")}
LENGTH = ("data", "train_fraction", "epochs")
RECIPE = (
    *("schedule", "warmup", "optimizer", "lr", "batch_size", "weight_decay"),
    *("label_smoothing", "clip_norm", "augment", "seed"),
)
FIRST_CHOICE: dict = {"data": "shipped", "epochs": 8}
FILLED_IN = {"A first try": FIRST_CHOICE, "Quick": NAMED_RECIPES["quick"], "Full": NAMED_RECIPES["published"]}


def _label(field: str) -> str:
    return capitalized(SETTINGS[field].name)


def _configs() -> list[TrainConfig]:
    """What the form asks for, in the order of training. Raises LabError for values that don't fit together."""
    family = st.segmented_control(
        "Kind of network",
        list(FAMILIES),
        default="cifar",
        key="family",
        required=True,
        format_func=lambda family: FAMILIES[family],
        help="The small ones learn in minutes to hours. The torchvision ones are used in practice, and take hours.",
        persist_state=KEPT,
    )
    family = str(family)  # one is always chosen
    usual: dict = {field.name: field.default for field in fields(TrainConfig)} | FIRST_CHOICE
    usual |= {"network": "resnet18"} if family == "torchvision" else {}
    if family == "cifar":
        _show_named_recipes()
    values = _draw_rows(NETWORK[family] + LENGTH, usual | recipe(family, "sgd"), family)
    with st.expander("The recipe", icon=":material/tune:"):
        optimizer = st.session_state.get(f"{family}_optimizer", "sgd")
        values |= _draw_rows(RECIPE, usual | recipe(family, optimizer), family, optimizer)
    first = TrainConfig(**recipe(family, values["optimizer"]) | values | {"family": family})
    second = _second(first, (*NETWORK[family], *LENGTH, *RECIPE[:-1]))
    seeds = st.number_input(
        "How many times to train it, each with new random numbers",
        1,
        10,
        1,
        key="seeds",
        help="Is a difference real, or luck?",
        persist_state=KEPT,
    )
    pair = [first] if second is None else sorted([first, second], key=lambda config: (config.skip, config.pretrained))
    return [replace(config, seed=config.seed + i) for i in range(seeds) for config in pair]


def _show_named_recipes() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Fill in the form as:", width="content")
        for label, named in FILLED_IN.items():
            st.button(
                label,
                key=f"fill_in_{label}",
                on_click=_fill_in,
                args=(named,),
                help=setting_words.fills_in(TrainConfig(**named), as_shipped=label == "Full"),
            )


def _fill_in(named: dict) -> None:
    config = TrainConfig(**named)
    for name in (*LENGTH, *RECIPE[:-1]):
        value = getattr(config, name)
        is_percent = SETTINGS[name].percent and not SETTINGS[name].offered
        st.session_state[_key(name, "cifar", config.optimizer)] = round(100 * value) if is_percent else value


def _key(name: str, family: str, optimizer: str) -> str:
    """Of a widget, which keeps its value; so the rate, whose usual value hangs on the optimizer, has one for each."""
    return f"{family}_{optimizer}_lr" if name == "lr" else f"{family}_{name}"


def _draw_rows(names: tuple[str, ...], usual: dict, family: str, optimizer: str = "") -> dict:
    values = {}
    for row in (names[i : i + 3] for i in range(0, len(names), 3)):
        for column, name in zip(st.columns(3), row, strict=False):  # the last row may be short
            with column:
                values[name] = _draw(name, _key(name, family, optimizer), usual[name])
    return values


def _second(first: TrainConfig, names: tuple[str, ...]) -> TrainConfig | None:
    """The run to compare with, that differs in one field; None if there is to be none."""
    left, right = st.columns(2)
    name = left.selectbox(
        "Compare it with a second run that differs in",
        (None, *names),
        index=1,
        key=f"{first.family}_second",
        format_func=lambda name: "nothing: train this one alone" if name is None else SETTINGS[name].name,
        help="All else stays equal, so whatever differs in the result has one cause.",
        persist_state=KEPT,
    )
    if name is None:
        return None
    with right:
        value = getattr(first, name)
        key = f"{first.family}_second_{name}"
        key += f"_{first.optimizer}" if name == "lr" else ""  # whose usual value hangs on it
        if len(choices := _choices(name)) == 2:
            (other,) = (option for option in choices if option != value)
            st.text_input(
                _label(name),
                in_words(name, other),
                disabled=True,
                key=f"{key}_{other}",
                help="The second run has this value.",
            )
        else:
            other = _draw(name, key, value)
            if other == value:
                st.caption("Choose another value than above; until then one run is trained.")
                return None
    changed = {name: other}
    if name == "optimizer":  # with the other's learning rate neither would learn
        changed["lr"] = recipe(first.family, other)["lr"]
        st.caption(f"It brings its own usual learning rate, {changed['lr']:g}: so these two differ in two things.")
    return replace(first, **changed)


def _show_schedule(configs: list[TrainConfig]) -> None:
    """The learning rate as it will be; a line for each that differs."""
    different = {setting_words.schedule(config): config for config in configs}
    sides = SIDES if len(different) == 2 else [""] * len(different)
    table = pd.concat(
        curve(config).assign(run=words, side=side)
        for side, (words, config) in zip(sides, different.items(), strict=True)
    )
    longest = max(config.epochs for config in configs)
    chart.show(schedule, table, longest, width="stretch", key="schedule_chart", alt=curve_words.schedules(table))


@st.cache_resource(show_spinner=False)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1)  # two measurements at once would slow each other


@st.cache_resource(max_entries=128, show_spinner=False)
def _measurement(config: TrainConfig) -> Future:
    """Of `measurements.seconds_per_image`, under way or done: nobody has to wait for it."""
    return _pool().submit(measurements.seconds_per_image, config)


@fragment(run_every=POLL)
def _show_waiting(configs: list[TrainConfig]) -> None:
    if all(_measurement(duration.what_counts(config)).done() for config in configs):
        st.rerun()
    st.caption(":material/hourglass_top: Training for a second, to see how long it will take …")


def _show_cost(configs: list[TrainConfig]) -> None:
    measured = [_measurement(duration.what_counts(config)) for config in configs]
    if not all(future.done() for future in measured):
        _show_waiting(configs)
        return
    try:
        total = sum(duration.minutes(c, future.result()) for c, future in zip(configs, measured, strict=True))
    except LabError as error:
        for config in configs:
            _measurement.clear(duration.what_counts(config))  # to be tried again
        st.warning(plain(error))
        return
    words = setting_words.cost(total, len(configs))
    if total > LONGEST_WAIT:
        st.warning(words + " Is that intended? Fewer epochs or layers are quicker.", icon=":material/schedule:")
    else:
        st.markdown(f":material/schedule: {words}")
