"""What a pair's records say of every epoch and layer: how far steps moved it, and the raw norms of its gradients."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis import gradients
from core.charts.gradients import STEP, gradient_by_layer, gradient_heatmap, gradient_ratio
from core.runs import reproduction
from core.runs.run import Run
from core.settings.train_config import TrainConfig
from core.studies.gradients import BATCH
from core.words import counted, course
from core.words import gradients as gradient_words
from ui import cached, chart
from ui.foreign_text import plain
from ui.fragment import fragment
from ui.pair import not_yet
from ui.pair.pair import Pair

Record = tuple[list[str], np.ndarray]  # layers, first to last, and their norms by epoch: (epochs, layers)
COLOR_RANGE = 1e6  # beyond that, all but the strongest would look alike
FAINTEST = "; the lightest is a millionth of the strongest, or less"


def show_steps(pair: Pair, found: dict[str, Record]) -> None:
    """How far steps moved each layer, of those runs that recorded it. `found`: as of `show`."""
    rescaled = [side for side, run in pair if side in found and run.config.optimizer == "adamw"]
    if rescaled:
        st.info(
            f"How far steps moved the layers of **{' and '.join(rescaled)}** is not shown: AdamW rescales each "
            "gradient, so its norm does not tell.",
            icon=":material/info:",
        )
    steps = not_yet.read(
        [(side, run) for side, run in pair if side in found and side not in rescaled],
        Run.relative_steps,
        "When **{side}** was trained, how far steps moved its layers was not recorded. Training it again will record "
        "it.",
        reproduction.commands,
    )
    tables = {side: gradients.steps_by_epoch(found[side][0], of_side) for side, of_side in steps.items()}
    if not tables:
        return
    domain = scale_of(tables.values(), "step")
    for column, (side, table) in zip(st.columns(2), tables.items(), strict=False):
        in_words = " ".join(
            gradient_words.steps(f"In {side}, epoch {epoch}", of_epoch)
            for epoch, of_epoch in _finite_ends(steps[side]).items()
        )
        with column:
            st.markdown(f"**{side}: {plain(pair[side].name)}**")
            chart.show(
                gradient_heatmap,
                table,
                _colors(domain),
                "step",
                STEP,
                width="stretch",
                key=f"steps_{side}",
                alt=in_words,
            )
            st.markdown(in_words)
    st.caption(
        f"Dark: a long step, light: a short one, logarithmic{'; both pictures have one scale' * (len(tables) > 1)}. "
        "The steps as they were made: at the learning rate of the moment, and clipped where that was asked for, but "
        "without momentum. The mean over all steps of an epoch."
    )


def _finite_ends(by_epoch: np.ndarray) -> dict[int, np.ndarray]:
    """Of the first epoch and of the last, by number (from 1); NaN for what is not finite."""
    finite = np.where(np.isfinite(by_epoch), by_epoch, np.nan)
    return {1: finite[0], len(finite): finite[-1]}


def show(pair: Pair, found: dict[str, Record]) -> None:
    """`found`: by side, of those that have a record."""
    tables = {side: gradients.by_epoch(*both) for side, both in found.items()}
    domain = scale_of(tables.values())
    names = {side: run.name for side, run in pair}
    ends = {side: first_layer(norms[-1]) for side, (_, norms) in found.items()}
    for column, (side, table) in zip(st.columns(2), tables.items(), strict=False):
        with column:
            st.markdown(f"**{side}: {plain(names[side])}**")
            show_heatmap(table, domain, ends[side], key=f"heatmap_{side}")
    st.markdown(
        f"Dark is a strong message, light a faint one{'; both pictures have one scale' if len(found) > 1 else ''}, "
        f"logarithmic{FAINTEST if domain[0] < _colors(domain)[0] else ''}. In the last epoch "
        + "; ".join(f"{side}'s first layer receives {words}" for side, words in ends.items())
        + f". {_compare_typical(found)}"
    )
    st.subheader("First layer against last, over time", anchor=False)
    _show_ratio(pair, found)
    _show_epoch(pair, found, domain)


def scale_of(tables: Iterable[pd.DataFrame], field: str = "norm", *others: float) -> list[float]:
    """One logarithmic scale for all that is shown side by side, and for the `others`."""
    values = pd.concat([table[~table["broken"]] for table in tables])[field]
    low, high = min([*values, *others], default=1.0), max([*values, *others], default=1.0)
    return [float(low), float(high)] if low < high else [1e-3, 1.0]


def show_heatmap(table: pd.DataFrame, domain: list[float], at_the_end: str, key: str) -> None:
    """`at_the_end`: what the first layer receives then, in words."""
    alt = f"In epoch {table['epoch'].max()}, the last one, the first layer receives {at_the_end}."
    chart.show(gradient_heatmap, table, _colors(domain), width="stretch", key=key, alt=alt)


def _colors(domain: list[float]) -> list[float]:
    return [max(domain[0], domain[1] / COLOR_RANGE), domain[1]]


def first_layer(norms: np.ndarray) -> str:
    return gradient_words.first_layer(gradients.first_by_last(norms))


def _compare_typical(found: dict[str, Record]) -> str:
    """Which of the two receives more at all, where both have the same layers: first against last does not tell that."""
    if len(found) < 2 or found["A"][0] != found["B"][0]:
        return ""
    ratio = gradients.typical_by_typical(found["A"][1][-1], found["B"][1][-1])
    words = gradient_words.typical_layer(ratio, "in B")
    return f"A typical layer (the median) of A receives {words}." if words else ""


def _show_ratio(pair: Pair, found: dict[str, Record]) -> None:
    names = {side: run.name for side, run in pair}
    lines = pd.concat(
        pd.DataFrame(
            {
                "side": side,
                "run": names[side],
                "ratio": gradients.first_over_last(norms),
                "epoch": np.arange(1, len(norms) + 1),
            }
        )
        for side, (_, norms) in found.items()
    )
    lines = lines[lines["ratio"] > 0]
    courses = (
        course(str(side), ratios.tolist(), gradient_words.rounded) for side, ratios in lines.groupby("side")["ratio"]
    )
    chart.show(
        gradient_ratio,
        lines,
        gradients.ABOUT_EQUAL,
        colors=pair.colors,
        width="stretch",
        key="gradient_ratio",
        alt=f"What the first layer receives, in parts of what the last does: {'; '.join(courses)}",
    )
    starved = {side: gradients.starved_from(norms) for side, (_, norms) in found.items()}
    st.markdown(
        "Above the dashed line the first layer receives more than the last; below, less. Within the gray band that "
        "means little: layers differ in size. "
        + " ".join(
            f"From epoch {epoch}, {side}'s first layer receives practically nothing."
            for side, epoch in starved.items()
            if epoch
        )
    )


@fragment()
def _show_epoch(pair: Pair, found: dict[str, Record], domain: list[float]) -> None:
    st.subheader("One epoch, layer by layer", anchor=False)
    untrained = {side: config for side, run in pair if side in found and (config := _beginning(run.config))}
    epoch = _choose_epoch(0 if len(untrained) == len(found) else 1, max(len(norms) for _, norms in found.values()))
    if epoch == 0:
        st.markdown(f"Epoch 0: before the first step, on {BATCH} photos. Later ones: the mean over all steps.")
        tables = dict(zip(untrained, cached.initial_gradients(list(untrained.values())), strict=True))
        low, high = scale_of(tables.values())  # may lie far from all that training saw
        domain = [min(domain[0], low), max(domain[1], high)]
    else:
        tables = {
            side: gradients.in_epoch(layers, norms, min(epoch, len(norms))) for side, (layers, norms) in found.items()
        }
    for side, (_, norms) in found.items():
        if epoch > len(norms):
            st.markdown(f"{side} was trained for {counted(len(norms), 'epoch')}: its last one is shown.")
    rows = pd.concat(table.assign(side=side) for side, table in tables.items())
    ends = (
        f"{side}'s first layer receives {first_layer(table['norm'].where(~table['broken']).to_numpy())}"
        for side, table in tables.items()
    )
    chart.show(
        gradient_by_layer,
        rows.query("not broken"),
        domain,
        colors=pair.colors,
        width="stretch",
        key="gradient_slice",
        alt=f"In epoch {epoch}, {'; '.join(ends)}.",
    )


def _choose_epoch(first: int, last: int) -> int:
    """A slider that begins at epoch 1, whatever the `first`; epoch 0 is before training."""
    if first == last:
        return first
    if not first <= st.session_state.get("gradient_epoch", first) <= last:  # kept from another pair
        del st.session_state["gradient_epoch"]
    help = f"Move through the training{'; 0 is before it' * (first == 0)}."
    return st.slider("Epoch", first, last, 1, key="gradient_epoch", bind="query-params", help=help)


def _beginning(config: TrainConfig) -> TrainConfig | None:
    """The untrained network with which a run began, where that is known here: a twin for CIFAR-10, from scratch."""
    if not config.is_twin or config.pretrained:
        return None
    return TrainConfig(depth=config.depth, skip=config.skip, norm=config.norm, seed=config.seed)
