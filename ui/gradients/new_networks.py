"""What the learning signal does in a plain network and a ResNet that have not learned yet: drawn and computed live."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis import gradients
from core.analysis.depths.depth import NETWORKS
from core.charts.gradients import gradient_by_layer, largest_weights, likeness_by_depth, pixel_walk, step_by_layer
from core.errors import LabError
from core.settings.recipes import NAMED_RECIPES
from core.settings.train_config import TrainConfig
from core.studies.gradients import BATCH
from core.training.schedules import learning_rate
from core.words import gradients as gradient_words
from core.words.glossary import explain
from ui import cached, chart
from ui.curious import curious, curious_charts
from ui.foreign_text import plain
from ui.fragment import fragment

DEPTHS = tuple(range(8, 111, 6))
# Of about half of the twins that ship, among them all on which *Is deeper better?* opens.
RECIPE = NAMED_RECIPES["published"]
FIRST_RATE = learning_rate(RECIPE["schedule"], RECIPE["lr"], 0, RECIPE["warmup"])
STEP_DEPTH, STEP_PHOTOS = 110, 32  # photos of the recipe's 128: they do the same, in a quarter of time and memory
LIKENESS_DEPTHS = (8, 20, 56, 110)
WAY_DEPTH = 56
APART = 2  # pictures on the way
NAMES = dict(zip(NETWORKS, ("plain network", "ResNet"), strict=True))
AFTERWARD = (
    "At 56 layers, where the first steps make the weights grow far less, the plain network went on to learn. At 110 "
    "layers nobody knows: the lab ends such a training after its first epoch, because a weight is beyond 1,000."
)
HOW_ALIKE = f"""
A message here is the gradient of the loss with respect to the picture: what has passed all layers on its way back. \
How alike two of them are is the cosine of the angle between them, averaged over all steps of \
{APART * gradients.MIXED:.0%} on the first tenth of the way from the first training photo to the second. Networks of \
seed 0; BatchNorm with the statistics of {BATCH} photos, kept fixed. Whether the changes of the *weights* that two \
such pictures ask for are as unlike was not measured here.

The idea is of Balduzzi et al. 2017, [The shattered gradients problem](https://arxiv.org/abs/1702.08591): in plain \
networks the likeness "decays exponentially with depth", and gradients come to "resemble white noise"; with shortcuts \
they are "far more resistant".

Measured by `python -m benchmarks.shattered_gradients --depths 8 20 56 110 --pairs 2`, over two ways between photos, \
with three seeds each: at 8, 20, 56 and 110 layers 94, 53, 0 and -1% in plain networks, and 96, 91, 75 and 61% in \
ResNets (means; the standard deviations are up to 9 points). So in ResNets it falls slowly: by some 0.3 to 0.4 \
points a layer. Without BatchNorm (`--norm none`) it lasts longer: at 8, 20 and 56 layers 98, 95 and 65%, and \
98, 97 and 93% (up to 17 points).
"""
Twins = dict[str, TrainConfig]  # by the names in NETWORKS
Computed = TypeVar("Computed")


def twins(depth: int, norm: str = "batch", **settings) -> Twins:
    plain = TrainConfig(depth=depth, skip=False, norm=norm, **settings)
    return dict(zip(NETWORKS, (plain, replace(plain, skip=True)), strict=True))


@fragment()
def show_steps() -> None:
    """How far one step would move each layer, at a depth to be chosen, with BatchNorm or without."""
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    depth = left.select_slider(
        "Layers", DEPTHS, value=56, key="flow_depth", bind="query-params", help="How deep both networks are."
    )
    batch_norm = right.toggle("BatchNorm", True, key="flow_norm", bind="query-params", help=explain("BatchNorm"))
    configs = twins(depth, "batch" if batch_norm else "none")
    tables = {
        name: gradients.with_steps(table, FIRST_RATE).assign(network=name)
        for name, table in zip(configs, cached.initial_gradients(list(configs.values())), strict=True)
    }
    steps = {name: gradients.step_lengths(table) for name, table in tables.items()}
    first = {name: gradient_words.step(lengths[0]) for name, lengths in steps.items()}
    st.markdown(
        f"## In the plain network, one step would move the first layer's weights by {first['plain']}; in the ResNet, "
        f"by {first['ResNet']}."
    )
    all_layers = gradient_words.steps_of_each({f"In the {NAMES[name]}": lengths for name, lengths in steps.items()})
    _show_by_layer(step_by_layer, tables, gradients.scale(tables.values(), "step", 1), "steps_start", all_layers)
    arrivals = [gradients.arrival(lengths) for lengths in steps.values()]
    if batch_norm and (answer := gradient_words.arrives(*arrivals)):
        st.markdown(f"### {answer}")
    st.markdown(
        "Dashed line: a step as big as the numbers themselves. **Above it, one step wipes out what the layer held.** "
        f"{all_layers}"
    )
    st.caption(
        f"Both begin with the same random weights (seed 0). One message, from the first {BATCH} training photos; step "
        f"size (learning rate) {FIRST_RATE:g}, the first in this lab's usual recipe."
    )
    with curious_charts("curious_message") as details:
        if details.open:
            _show_message(configs, tables)


def _show_by_layer(draw: Callable, tables: dict[str, pd.DataFrame], domain: list[float], key: str, alt: str) -> None:
    rows = pd.concat(tables.values()).query("not broken")
    chart.show(draw, rows, domain, "network", NETWORKS, width="stretch", key=key, alt=alt)


def _show_message(configs: Twins, tables: dict[str, pd.DataFrame]) -> None:
    st.markdown(
        "**The message as it arrives**, not measured by the weights. Alone it says little: with BatchNorm, doubling "
        "a layer's weights changes no answer, but halves its message."
    )
    norms = {name: gradients.finite_norms(table) for name, table in tables.items()}
    ends = {name: gradient_words.first_layer(gradients.first_by_last(each)) for name, each in norms.items()}
    finding = f"In the plain network the first layer receives {ends['plain']}; in the ResNet, {ends['ResNet']}."
    _show_by_layer(gradient_by_layer, tables, gradients.scale(tables.values()), "gradient_start", finding)
    st.markdown(f"{finding} {_against_shallow(configs, norms)}")


def _against_shallow(configs: Twins, norms: dict[str, np.ndarray]) -> str:
    """What a typical layer receives, by network, against the same network with the fewest layers."""
    shallow = cached.initial_gradients([replace(config, depth=DEPTHS[0]) for config in configs.values()])
    ratios = {
        name: gradients.typical_by_typical(norms[name], table["norm"].to_numpy())
        for name, table in zip(configs, shallow, strict=True)
    }
    return gradient_words.against_shallow(ratios, DEPTHS[0])


def _computed(label: str, key: str, help: str, compute: Callable[[], Computed]) -> Computed | None:
    """What `compute` gives once this button was pressed, now or earlier in the visit; it is then gone. Where others
    keep the computer busy, the button stays."""
    pressed = f"_{key}_pressed"
    if pressed in st.session_state:
        try:
            return compute()
        except LabError as error:
            del st.session_state[pressed]
            st.error(plain(error), icon=":material/hourglass:")
    st.button(
        label,
        key=key,
        type="primary",
        icon=":material/play_arrow:",
        on_click=lambda: st.session_state.update({pressed: True}),
        help=help,
    )
    return None


def step_configs() -> Twins:
    return twins(STEP_DEPTH, data="shipped", **RECIPE | {"batch_size": STEP_PHOTOS})


@fragment()
def show_one_step() -> None:
    """One step of training, and what is left of the weights."""
    st.markdown(
        f"A plain network and a ResNet of {STEP_DEPTH} layers begin with the same numbers. **What does one single step "
        "of training do to them?**"
    )
    configs = step_configs()
    tables = _computed(
        "Take one step",
        "one_step",
        "Trains both for a step, here and now. It takes some seconds.",
        lambda: {name: cached.first_step(config).assign(network=name) for name, config in configs.items()},
    )
    if tables is None:
        return
    before = gradient_words.rounded(tables["plain"]["before"][0])
    after = {name: gradient_words.rounded(table["after"][0]) for name, table in tables.items()}
    finding = (
        f"The largest weight of the first layer was {before}. Now it is {after['plain']} in the plain network, "
        f"and {after['ResNet']} in the ResNet."
    )
    st.markdown(f"### {finding}")
    chart.show(largest_weights, pd.concat(tables.values()), width="stretch", key="largest_weights", alt=finding)
    st.markdown(
        "Dashed: before the step. The message grew on its way back through the plain network, and threw its first "
        "layers far away. The answers do not show it, as BatchNorm brings all numbers back into range. But **against "
        f"such weights, a later step of the usual size is tiny.** {AFTERWARD}"
    )
    st.caption(
        f"This lab's usual recipe, with {STEP_PHOTOS} photos: a learning rate of {FIRST_RATE:g}, momentum "
        f"{configs['plain'].momentum:g}, seed 0. What else was tried at {STEP_DEPTH} layers is in docs/trials.md."
    )


@fragment()
def show_likeness() -> None:
    """Whether almost equal pictures send the same message, by depth."""
    st.markdown(
        f"We mix {APART * gradients.MIXED:.0%} of another photo into a photo: too little to see. **Does the message "
        "that comes back to the picture stay the same?** Where it does not, what helps with one picture may not help "
        "with the next."
    )
    each = {(name, depth): config for depth in LIKENESS_DEPTHS for name, config in twins(depth).items()}
    ways = _computed(
        "Compare the messages",
        "likeness",
        "Asks eight new networks, here and now. It takes some seconds.",
        lambda: {key: cached.interpolate(config) for key, config in each.items()},
    )
    if ways is None:
        return
    alike = pd.DataFrame(
        [(*key, table["alike"][APART]) for key, table in ways.items()], columns=["network", "depth", "alike"]
    )
    of_way = {name: gradient_words.alike(ways[name, WAY_DEPTH]["alike"][APART]) for name in NETWORKS}
    st.markdown(
        f"### In the ResNet of {WAY_DEPTH} layers the two messages {of_way['ResNet']}; in the plain network they "
        f"{of_way['plain']}."
    )
    left, right = st.columns(2)
    with left:
        st.markdown(f"**What the message says of one pixel**, on the way from photo to photo, at {WAY_DEPTH} layers")
        pixels = {name: ways[name, WAY_DEPTH].assign(network=name) for name in NETWORKS}
        for name, table in pixels.items():
            st.markdown(f":small[{NAMES[name]}]")
            turns = gradients.turns(table["pixel"].to_numpy())
            alt = f"In the {NAMES[name]}, the curve changes direction {turns} times in {len(table)} pictures"
            chart.show(pixel_walk, table, width="stretch", key=f"pixel_walk_{name}", alt=alt)
    with right:
        st.markdown("**How alike the two messages are**, by the number of layers")
        alt = gradient_words.likenesses(alike.itertuples(index=False))
        chart.show(likeness_by_depth, alike, width="stretch", key="likeness_by_depth", alt=alt)
    with curious("curious_likeness"):
        st.markdown(HOW_ALIKE)
