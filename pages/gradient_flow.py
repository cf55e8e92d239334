"""What the learning signal does in each layer: in new networks of any depth, in one step, and where a pair ended."""

from contextlib import suppress

import pandas as pd
import streamlit as st

from core.analysis import gradients
from core.charts.gradients import step_by_layer
from core.errors import LabError, RunError
from core.runs import status
from core.runs.library import list_runs
from core.runs.run import Run
from core.words import gradients as gradient_words
from core.words.glossary import explain
from core.words.settings import in_words
from ui import cached, chart
from ui.curious import curious_charts
from ui.foreign_text import plain
from ui.gradients import gradient_record, new_networks
from ui.gradients.gradient_record import Record
from ui.pair import looks, pair_picker
from ui.pair.pair import DEEP, WITHOUT_BATCH_NORM, Pair
from ui.pair.pair_picker import offer_pair

WORDS = """
1. A network learns backwards: the mistake is seen at the answer, and a message about it, the **gradient**, travels \
back through all layers to the first.
2. It **vanishes** if it becomes so faint that layers hardly change. That is how a deep plain network begins \
**without BatchNorm** (switch it off above). In the one trained here, within an epoch the layers received far more \
than before, yet it learned little.
3. **With BatchNorm it does not vanish**: before training it even grows on its way back through a deep plain \
network, by far too much. The first steps of training even that out, but by blowing up the weights: see *One step \
that is far too long*.
4. **Shortcuts** carry the message around every block, so that with BatchNorm no layer of a deep ResNet \
is flooded or starved; without BatchNorm the parts add up, and it explodes: such a network \
learns if its steps are kept short all the same (gradient clipping).
5. So "ResNets win because gradients no longer vanish" is **not** the whole story of networks with BatchNorm: the \
gradients of the plain ones are there, but following them seems to be harder. One suspect: in a new plain network of \
56 layers two nearly equal pictures send unrelated messages back to the picture. Why plain networks learn less is not \
fully known.
"""
SOURCES = f"""
- He et al. 2015, [Deep residual learning](https://arxiv.org/abs/1512.03385), section 4.1, of plain networks with \
BatchNorm: the difficulty is "unlikely to be caused by vanishing gradients"; their gradients have "healthy norms". \
They conjecture "exponentially low convergence rates".
- van Laarhoven 2017, [L2 regularization versus batch and weight normalization](https://arxiv.org/abs/1706.05350): \
where BatchNorm follows, the size of the weights changes nothing but the size of the gradient, which is inverse to it. \
You, Gitman and Ginsburg 2017, [Large batch training](https://arxiv.org/abs/1708.03888): what counts is the step \
against the weights.
- Balduzzi et al. 2017, [The shattered gradients problem](https://arxiv.org/abs/1702.08591): in deep plain networks, \
gradients at neighboring inputs are like noise.
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

Norms are Euclidean, of the loss's gradient with respect to each layer's weights (convolutions and the last \
linear layer); by epoch, the mean over its steps, before any clipping. What is below {gradients.SMALLEST:g} is drawn \
as {gradients.SMALLEST:g}. A step is learning rate × norm of the gradient / norm of the weights; momentum, which makes \
steps up to ten times as long, is left out. Layers differ in size and in the scale of their weights, so a ratio of 2 \
between two of them means nothing.
"""

st.title("Is the message lost?")
st.markdown(
    "Every step of training sends a message back from the answer to the first layer: how to do better (the "
    "**gradient**). Then each layer moves its weights, the numbers that training changes. **How far would one step "
    "move them in two new networks?**",
    help=explain("gradient", "layer"),
)


def read_gradients(pair: Pair) -> dict[str, Record]:
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


def show_what_to_know(pair: Pair, found: dict[str, Record]) -> None:
    """What is special of a run: that it broke down, is frozen in part, or had its gradients shortened."""
    for side, (layers, norms) in found.items():
        if broken := gradients.breakdown(norms):
            words = gradient_words.broke_down(side, broken, plain(layers[broken.layer - 1]))
            st.warning(words, icon=":material/dangerous:")
    for side, run in pair:
        if side in found and run.config.freeze:
            st.info(f"Part of {side} is frozen and learns nothing; its layers are counted from the first that learns.")
    if clipped := gradient_words.clipping({side: run.config for side, run in pair if side in found}):
        st.info(clipped)


def show_steps(pair: Pair, found: dict[str, Record]) -> None:
    """How far the same step would move each layer once it is trained, where what is stored tells that."""
    steps = {}
    for side, run in pair:
        if side in found and run.config.optimizer != "sgd":
            name = in_words("optimizer", run.config.optimizer)
            st.caption(
                f"{side}: {name} rescales each gradient, so its norm does not tell how far a step moves a layer."
            )
        elif side in found and not run.has_weights:
            st.caption(f"{side}: how far a step would move its layers is not known, as its weights are not here.")
        elif side in found:
            try:
                steps[side] = gradients.with_steps(cached.gradients_at_end(run), new_networks.FIRST_RATE)
            except LabError as error:
                st.caption(f"{side}: how far a step would move its layers is not known. {plain(error)}")
    if not steps:
        return
    lengths = {side: gradients.step_lengths(table) for side, table in steps.items()}
    first = gradient_words.first_steps({side: length[0] for side, length in lengths.items()})
    st.markdown(f"### The same step, once they were trained, would move the first layer's weights {first}.")
    rows = pd.concat(table.assign(side=side) for side, table in steps.items()).query("not broken")
    scale = gradients.scale(steps.values(), "step", 1)
    all_layers = gradient_words.steps_of_each({f"In {side}": length for side, length in lengths.items()})
    chart.show(step_by_layer, rows, scale, colors=pair.colors, width="stretch", key="steps_end", alt=all_layers)
    st.markdown(gradient_words.steps_at_the_end(lengths))
    asked = {side: run for side, run in pair if side in steps}
    epochs = {side: run.best_epoch for side, run in asked.items()}
    clipped = any(run.config.clip_norm or run.config.clip_layer for run in asked.values())
    st.caption(gradient_words.measured_at_the_end(new_networks.FIRST_RATE, epochs, clipped))


def diverged() -> list[tuple[Run, str]]:
    """The trainings that broke down, and what was said of each."""
    said = [(run, status.read(run.path)) for run in list_runs()[0] if not run.finished]
    return [(run, last.reason) for run, last in said if last and last.diverged]


def show_details(pair: Pair, found: dict[str, Record]) -> None:
    if found:
        st.subheader("How far the steps went, in every epoch", anchor=False)
        gradient_record.show_steps(pair, found)
        st.subheader("The message in every epoch", anchor=False)
        gradient_record.show(pair, found)
    st.subheader("What “vanishing” means here, and what it does not", anchor=False)
    st.markdown(WORDS)
    offer_pair(
        *WITHOUT_BATCH_NORM,
        label="See two networks that were trained without BatchNorm",
        help="Of 56 layers each; they then become A and B on every page.",
    )
    st.subheader("Sources, and what is measured", anchor=False)
    st.markdown(SOURCES)


new_networks.show_steps()
st.header("One step that is far too long", anchor=False)
new_networks.show_one_step()
st.header("Do almost equal pictures send the same message?", anchor=False)
new_networks.show_likeness()
st.header("And once they are trained?", anchor=False)
pair = pair_picker.choose(DEEP)
looks.legend(pair)
found = read_gradients(pair)
if found:
    show_what_to_know(pair, found)
    show_steps(pair, found)
st.page_link("../pages/landscape.py", icon=":material/landscape:", query_params=pair.link)
with curious_charts() as details:
    if details.open:
        show_details(pair, found)
if broken := diverged():
    st.header("Runs that broke down", anchor=False)
    for run, reason in broken:
        st.warning(f"**{plain(run.name)}**: {plain(reason)}", icon=":material/dangerous:")
        with suppress(RunError):  # it was the first step
            layers, norms = cached.gradient_norms(run)
            table = gradients.by_epoch(layers, norms)
            gradient_record.show_heatmap(table, norms[-1], gradients.scale([table]), key=f"broken_{run.name}")
    st.markdown("The last column is the epoch that was not finished. Green: the gradient is no longer a finite number.")
