"""What a pair's records say of every epoch and layer: how far steps moved it, and the raw norms of its gradients."""

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis import gradients
from core.charts.gradients import STEP, gradient_by_layer, gradient_heatmap, gradient_ratio
from core.runs import reproduction
from core.runs.run import Run
from core.settings.train_config import TrainConfig
from core.studies.gradients import BATCH
from core.words import gradients as gradient_words
from ui import cached, chart
from ui.foreign_text import plain
from ui.fragment import fragment
from ui.pair import not_yet
from ui.pair.pair import Pair

Record = tuple[list[str], np.ndarray]  # layers, first to last, and their norms by epoch: (epochs, layers)


def show_steps(pair: Pair, found: dict[str, Record]) -> None:
    """How far steps moved each layer, of those runs that recorded it. `found`: as of `show`."""
    rescaled = {side: run.config.optimizer for side, run in pair if side in found and run.config.optimizer != "sgd"}
    if rescaled:
        st.info(gradient_words.rescaled(rescaled), icon=":material/info:")
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
    colors = gradients.color_scale(gradients.scale(tables.values(), "step"))
    for column, (side, table) in zip(st.columns(2), tables.items(), strict=False):
        ends = gradients.finite_ends(steps[side])
        in_words = gradient_words.steps_of_each({f"In {side}, epoch {epoch}": of_one for epoch, of_one in ends.items()})
        with column:
            st.markdown(f"**{side}: {plain(pair[side].name)}**")
            chart.show(
                gradient_heatmap,
                table,
                colors,
                "step",
                STEP,
                width="stretch",
                key=f"steps_{side}",
                alt=in_words,
            )
            st.markdown(in_words)
    st.caption(gradient_words.how_to_read_steps(len(tables)))


def show(pair: Pair, found: dict[str, Record]) -> None:
    """`found`: by side, of those that have a record."""
    tables = {side: gradients.by_epoch(*both) for side, both in found.items()}
    domain = gradients.scale(tables.values())
    ends = {side: norms[-1] for side, (_, norms) in found.items()}
    for column, (side, table) in zip(st.columns(2), tables.items(), strict=False):
        with column:
            st.markdown(f"**{side}: {plain(pair[side].name)}**")
            show_heatmap(table, ends[side], domain, key=f"heatmap_{side}")
    how = gradient_words.how_to_read_messages(len(found), cut_off=domain[0] < gradients.color_scale(domain)[0])
    at_the_end = gradient_words.first_layers({side: gradients.first_by_last(norms) for side, norms in ends.items()})
    st.markdown(f"{how} In the last epoch {at_the_end}. {_compare_typical(found)}")
    st.caption(gradient_words.SIZE_ALONE)
    st.subheader("First layer against last, over time", anchor=False)
    _show_ratio(pair, found)
    _show_epoch(pair, found, domain)


def show_heatmap(table: pd.DataFrame, at_the_end: np.ndarray, domain: list[float], key: str) -> None:
    """`at_the_end`: the norms by layer in the last epoch."""
    first = gradient_words.first_layer(gradients.first_by_last(at_the_end))
    alt = f"In epoch {table['epoch'].max()}, the last one, the first layer receives {first}."
    chart.show(gradient_heatmap, table, gradients.color_scale(domain), width="stretch", key=key, alt=alt)


def _compare_typical(found: dict[str, Record]) -> str:
    """Which of the two receives more at all, where both have the same layers: first against last does not tell that."""
    if len(found) < 2 or found["A"][0] != found["B"][0]:
        return ""
    return gradient_words.a_against_b(gradients.typical_by_typical(found["A"][1][-1], found["B"][1][-1]))


def _show_ratio(pair: Pair, found: dict[str, Record]) -> None:
    lines = gradients.ratios({side: norms for side, (_, norms) in found.items()})
    lines = lines.assign(run=lines["side"].map({side: run.name for side, run in pair}))
    chart.show(
        gradient_ratio,
        lines,
        gradients.ABOUT_EQUAL,
        colors=pair.colors,
        width="stretch",
        key="gradient_ratio",
        alt=gradient_words.over_time(lines),
    )
    starved = {side: gradients.starved_from(norms) for side, (_, norms) in found.items()}
    st.markdown(gradient_words.how_to_read_ratios(starved))
    st.caption(gradient_words.SIZE_AGAIN)


@fragment()
def _show_epoch(pair: Pair, found: dict[str, Record], domain: list[float]) -> None:
    st.subheader("One epoch, layer by layer", anchor=False)
    untrained = {side: config for side, run in pair if side in found and (config := _beginning(run.config))}
    epoch = _choose_epoch(0 if len(untrained) == len(found) else 1, max(len(norms) for _, norms in found.values()))
    if epoch == 0:
        st.markdown(f"Epoch 0: before the first step, on {BATCH} photos. Later ones: the mean over all steps.")
        tables = dict(zip(untrained, cached.initial_gradients(list(untrained.values())), strict=True))
        low, high = gradients.scale(tables.values())  # may lie far from all that training saw
        domain = [min(domain[0], low), max(domain[1], high)]
    else:
        tables = {
            side: gradients.in_epoch(layers, norms, min(epoch, len(norms))) for side, (layers, norms) in found.items()
        }
    for side, (_, norms) in found.items():
        if epoch > len(norms):
            st.markdown(gradient_words.ended_before(side, len(norms)))
    rows = pd.concat(table.assign(side=side) for side, table in tables.items())
    ratios = {side: gradients.first_by_last(gradients.finite_norms(table)) for side, table in tables.items()}
    chart.show(
        gradient_by_layer,
        rows.query("not broken"),
        domain,
        colors=pair.colors,
        width="stretch",
        key="gradient_slice",
        alt=f"In epoch {epoch}, {gradient_words.first_layers(ratios)}.",
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
