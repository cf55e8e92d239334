"""How much of the learning signal reaches each layer: while the pair trained, and in any depth before training."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis import gradients
from core.analysis.depth import NETWORKS
from core.charts.gradients import gradient_by_layer, gradient_heatmap, gradient_ratio
from core.errors import RunError
from core.runs import status
from core.runs.library import list_runs
from core.runs.run import Run
from core.settings.train_config import TrainConfig
from core.words import gradients as gradient_words
from core.words.glossary import explain
from ui import cached, chart, pair_picker
from ui.curious import curious
from ui.foreign_text import plain
from ui.fragment import fragment
from ui.pair_picker import offer_pair

DEPTHS = tuple(range(8, 111, 6))
WITHOUT_BATCH_NORM = ("plain56-none", "resnet56-none")
COLOR_RANGE = 1e6  # beyond that, all but the strongest would look alike
FAINTEST = "; the lightest is a millionth of the strongest, or less"
WORDS = """
1. A network learns backwards: the mistake is seen at the answer, and a message about it, the **gradient**, travels \
back through all layers to the first.
2. It **vanishes** if it becomes so faint that layers hardly change. So begins a deep plain network **without \
BatchNorm** (switch it off above); the one trained here had a gradient of usual strength again within an epoch, yet \
learned little.
3. **With BatchNorm it does not vanish**: before training it even grows on its way back through a deep plain \
network, by far too much, and the first steps of training even that out.
4. **Shortcuts** carry the message around every block, so that with BatchNorm no layer of a deep ResNet \
is flooded or starved; without BatchNorm the parts add up, and it explodes: such a network \
learns if its steps are kept short all the same (gradient clipping).
5. So "ResNets win because gradients no longer vanish" is **not** the whole story of networks with BatchNorm: the \
gradients of the plain ones are there, but following them is harder.
"""
SOURCES = """
- He et al. 2015, [Deep residual learning](https://arxiv.org/abs/1512.03385), section 4.1, of plain networks with \
BatchNorm: the difficulty is "unlikely to be caused by vanishing gradients"; their gradients have "healthy norms". \
They conjecture "exponentially low convergence rates".
- Yang et al. 2019, [A mean field theory of batch normalization](https://arxiv.org/abs/1902.08129): at initialization \
BatchNorm without shortcuts makes gradients *explode* with depth; after a step of training their range is far smaller.
- He et al. 2015, [Delving deep into rectifiers](https://arxiv.org/abs/1502.01852), section 2.2: the initial weights \
used here keep the variance from layer to layer, on average over many channels. Here are 16 to 64, and zeros around \
small maps take a share at every layer: so the signal fades all the same.
- Du, Hu and Lee 2018, [Layers are automatically balanced](https://arxiv.org/abs/1806.00900), section 2: with ReLU, \
zero biases and no BatchNorm, the inner product of weights and gradient is the same in all layers of a plain network. \
So without BatchNorm vanishing shows as *all* layers receiving little, not as the first receiving less than the last.
- Zhang, Dauphin and Ma 2019, [Fixup initialization](https://arxiv.org/abs/1901.09321): why a ResNet without BatchNorm \
explodes at the usual initialization, and how it can be trained all the same.
- Veit et al. 2016, [Residual networks behave like ensembles](https://arxiv.org/abs/1605.06431): most of a deep \
ResNet's gradient comes through short paths.

Plotted: the Euclidean norm of the loss's gradient with respect to each layer's weights (convolutions and the last \
linear layer); by epoch, the mean over its steps, before any clipping. What is below 1e-12 is drawn as 1e-12. Layers \
differ in size and in the scale of their weights, so a ratio of 2 between two of them means nothing.
"""

st.title("Does the lesson reach the first layer?")
st.markdown(
    "Every step of training sends a message back from the answer to the first layer: how to do better (the "
    "**gradient**). Here is how strong it is when it reaches each layer of two **new** networks.",
    help=explain("gradient", "layer"),
)


def read_gradients() -> dict[str, tuple[list[str], np.ndarray]]:
    """By side; for a run without them, the page says what is missing."""
    found = {}
    for side, run in pair:
        try:
            layers, norms = cached.gradient_norms(run)
            if len(layers) > 1:
                found[side] = layers, norms
            else:
                st.info(f"**{side}: {plain(run.name)}**. Only its last layer learns: there is no way back to follow.")
        except RunError as error:
            st.info(
                f"**{side}: {plain(run.name)}** came without usable gradients, so there is nothing to draw here. "
                f"{plain(error)}",
                icon=":material/water_drop:",
            )
    return found


def scale_of(tables) -> list[float]:
    """One logarithmic scale for all that is shown side by side."""
    norms = pd.concat([table[~table["broken"]] for table in tables])["norm"]
    return [float(norms.min()), float(norms.max())] if len(norms) and norms.min() < norms.max() else [1e-3, 1.0]


def colors_of(domain: list[float]) -> list[float]:
    return [max(domain[0], domain[1] / COLOR_RANGE), domain[1]]


def show_training(found: dict[str, tuple[list[str], np.ndarray]]) -> None:
    tables = {side: gradients.by_epoch(*both) for side, both in found.items()}
    domain = scale_of(tables.values())
    colors = colors_of(domain)
    names = {side: run.name for side, run in pair}
    for column, (side, table) in zip(st.columns(2), tables.items(), strict=False):
        with column:
            st.markdown(f"**{side}: {plain(names[side])}**")
            chart.show(gradient_heatmap, table, colors, width="stretch", key=f"heatmap_{side}")
    for side, (layers, norms) in found.items():
        if broken := gradients.breakdown(norms):
            st.warning(
                f"{side} broke down in epoch {broken.epoch}: at layer {broken.layer} "
                f"({plain(layers[broken.layer - 1])}) the "
                "gradient is no longer a finite number. Such places are green.",
                icon=":material/dangerous:",
            )
    for side, run in pair:
        if side in found and run.config.freeze:
            st.info(f"Part of {side} is frozen and learns nothing; its layers are counted from the first that learns.")
    clipped = {side: run.config.clip_norm for side, run in pair if side in found and run.config.clip_norm}
    if clipped:
        st.info(
            "This is the message as it arrived. Before each step, it was shortened (gradient clipping), in "
            + " and in ".join(f"{side} to a length of {norm:g} at most" for side, norm in clipped.items())
            + ": so that a huge one does not throw the weights far away."
        )
    ends = {side: first_layer(norms[-1]) for side, (_, norms) in found.items()}
    st.markdown(
        f"Dark is a strong message, light a faint one{'; both pictures have one scale' if len(found) > 1 else ''}, "
        f"logarithmic{FAINTEST if domain[0] < colors[0] else ''}. In the last epoch "
        + "; ".join(f"{side}'s first layer receives {words}" for side, words in ends.items())
        + f". {compare_typical(found)}"
    )

    st.subheader("First layer against last, over time", anchor=False)
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
    chart.show(
        gradient_ratio,
        lines[lines["ratio"] > 0],
        gradients.ABOUT_EQUAL,
        colors=pair.colors,
        width="stretch",
        key="gradient_ratio",
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
    show_epoch(found, domain)


def first_layer(norms: np.ndarray) -> str:
    return gradient_words.first_layer(gradients.first_by_last(norms))


def compare_typical(found: dict[str, tuple[list[str], np.ndarray]]) -> str:
    """Which of the two receives more at all, where both have the same layers: first against last does not tell that."""
    if len(found) < 2 or found["A"][0] != found["B"][0]:
        return ""
    ratio = gradients.typical_by_typical(found["A"][1][-1], found["B"][1][-1])
    words = gradient_words.typical_layer(ratio, "in B")
    return f"A typical layer (the median) of A receives {words}." if words else ""


@fragment()
def show_epoch(found: dict[str, tuple[list[str], np.ndarray]], domain: list[float]) -> None:
    st.subheader("One epoch, layer by layer", anchor=False)
    untrained = {side: beginning(run.config) for side, run in pair if side in found}
    epoch = choose_epoch(0 if all(untrained.values()) else 1, max(len(norms) for _, norms in found.values()))
    if epoch == 0:
        st.markdown(
            f"Epoch 0: before the first step, on {gradients.BATCH} photos. Later ones: the mean over all steps."
        )
        tables = {side: cached.initial_gradients(config) for side, config in untrained.items()}
        low, high = scale_of(tables.values())  # may lie far from all that training saw
        domain = [min(domain[0], low), max(domain[1], high)]
    else:
        tables = {
            side: gradients.in_epoch(layers, norms, min(epoch, len(norms))) for side, (layers, norms) in found.items()
        }
    for side, (_, norms) in found.items():
        if epoch > len(norms):
            st.markdown(f"{side} was trained for {len(norms)} epoch{'s' * (len(norms) > 1)}: its last one is shown.")
    rows = pd.concat(table.assign(side=side) for side, table in tables.items())
    chart.show(
        gradient_by_layer,
        rows.query("not broken"),
        domain,
        colors=pair.colors,
        width="stretch",
        key="gradient_slice",
    )


def choose_epoch(first: int, last: int) -> int:
    """A slider that begins at epoch 1, whatever the `first`; epoch 0 is before training."""
    if first == last:
        return first
    if not first <= st.session_state.get("gradient_epoch", first) <= last:  # kept from another pair
        del st.session_state["gradient_epoch"]
    help = f"Move through the training{'; 0 is before it' * (first == 0)}."
    return st.slider("Epoch", first, last, 1, key="gradient_epoch", bind="query-params", help=help)


def beginning(config: TrainConfig) -> TrainConfig | None:
    """The untrained network with which a run began, where that is known here: a twin for CIFAR-10, from scratch."""
    if config.family != "cifar" or config.pretrained:
        return None
    return TrainConfig(depth=config.depth, skip=config.skip, norm=config.norm, seed=config.seed)


@fragment()
def show_initialization() -> None:
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    depth = left.select_slider(
        "Layers", DEPTHS, value=56, key="flow_depth", bind="query-params", help="How deep both networks are."
    )
    batch_norm = right.toggle(
        "BatchNorm",
        value=True,
        key="flow_norm",
        bind="query-params",
        help=explain("BatchNorm"),
    )
    plain = TrainConfig(depth=depth, skip=False, norm="batch" if batch_norm else "none")
    configs = {"plain": plain, "ResNet": replace(plain, skip=True)}
    tables = {name: cached.initial_gradients(config).assign(network=name) for name, config in configs.items()}
    chart.show(
        gradient_by_layer,
        pd.concat(tables.values()).query("not broken"),
        scale_of(tables.values()),
        "network",
        NETWORKS,
        width="stretch",
        key="gradient_start",
    )
    norms = {name: table["norm"].where(~table["broken"]).to_numpy() for name, table in tables.items()}
    ends = {name: first_layer(norms[name]) for name in configs}
    findings = [f"In the plain network the first layer receives {ends['plain']}; in the ResNet, {ends['ResNet']}."]
    if not batch_norm:
        findings[0] += (
            " First against last does not show here whether the message vanishes: all layers fade or swell together."
        )
    if depth > DEPTHS[0]:
        findings.insert(1 if batch_norm else 0, against_shallow(configs, norms))
    findings = [words for words in findings if words]
    st.markdown(f"#### {findings[0]}")
    st.markdown(
        f"{' '.join(findings[1:])} Fresh random weights, the same for both (seed 0); one backward pass on the first "
        f"{gradients.BATCH} training photos."
    )


def against_shallow(configs: dict[str, TrainConfig], norms: dict[str, np.ndarray]) -> str:
    """What a typical layer receives, by network, against the same network with the fewest layers."""
    where, typical = f"in the same network with only {DEPTHS[0]} layers", {}
    for name, config in configs.items():
        shallow = cached.initial_gradients(replace(config, depth=DEPTHS[0]))["norm"].to_numpy()
        ratio = gradients.typical_by_typical(norms[name], shallow)
        typical[name] = gradient_words.typical_layer(ratio, where)
    if not all(typical.values()):  # beyond what numbers can hold
        return ""
    return (
        f"A typical layer (the median) of the plain network receives {typical['plain']}; of the ResNet, "
        f"{typical['ResNet']}."
    )


def diverged() -> list[tuple[Run, str]]:
    """The trainings that broke down, and what was said of each."""
    said = [(run, status.read(run.path)) for run in list_runs()[0] if not run.finished]
    return [(run, last.reason) for run, last in said if last and last.diverged]


show_initialization()
st.header("And while two networks trained?", anchor=False)
pair = pair_picker.choose(pair_picker.DEEP)
pair_picker.legend(pair)
found = read_gradients()
if found:
    show_training(found)
with curious():
    st.subheader("What “vanishing” means here, and what it does not", anchor=False)
    st.markdown(WORDS)
    offer_pair(
        *WITHOUT_BATCH_NORM,
        label="See two networks that were trained without BatchNorm",
        help="Of 56 layers each; they then become A and B on every page.",
    )
    st.subheader("Sources, and what is measured", anchor=False)
    st.markdown(SOURCES)

if broken := diverged():
    st.header("Runs that broke down", anchor=False)
    for run, reason in broken:
        st.warning(f"**{plain(run.name)}**: {plain(reason)}", icon=":material/dangerous:")
        with suppress(RunError):  # it was the first step
            table = gradients.by_epoch(*cached.gradient_norms(run))
            chart.show(gradient_heatmap, table, colors_of(scale_of([table])), width="stretch", key=f"broken_{run.name}")
    st.markdown("The last column is the epoch that was not finished. Green: the gradient is no longer a finite number.")
