"""The ground around both networks' weights, as surfaces to turn: how wrong each gets as its weights are changed."""

import streamlit as st

from core.analysis.landscapes import landscape
from core.analysis.landscapes.landscape import PAIRS, STEPS
from core.words import landscape as landscape_words
from core.words.glossary import explain
from ui.curious import curious
from ui.landscape import surface, training_walk
from ui.pair import looks, not_yet, pair_picker
from ui.pair.pair import DEEP, WITHOUT_BATCH_NORM
from ui.pair.pair_picker import offer_pair

CAP = 5.0  # loss; guessing has 2.3
DIRECTIONS = ("first two", "another two")
NO_PROOF = """
**What the picture does not prove.** It is one flat slice through a space with as many directions as a network has \
weights ({parameters:,} here), around the place where training *ended*. It does not show the path there. And flat \
need not be good: the ground is flat, too, where a network has learned nothing that it could lose.
"""
WHY = """
**How it is made.** Two directions are chosen at random, with the same random numbers for twins. Each filter of a \
direction is made as long as that filter of the network (*filter normalization*: Li et al. 2018, [Visualizing the \
loss landscape of neural nets](https://arxiv.org/abs/1712.09913)): at the edge of the map, in the middle of a side, \
each filter has been changed by as much as it is long. Without that, a network with larger weights would look flatter \
and be no different. BatchNorm and biases stay as they are, as in the paper's own code.

**Which loss, on which photos.** The height is plain cross-entropy. Most trainings also ask the networks not to be too \
sure (label smoothing) and keep their weights small, so this is nearly, but not exactly, what they made smaller. The \
photos are training photos: the first {photos:,} of those that ship, as they are, neither shifted nor mirrored. (About \
a tenth of them were set aside for validation.) The network is asked as in a test, in {precision}.

**The words.** *Near the middle*: within {near:g}. *Bends down*: the curvature, over {stride} points of the map, is \
below -{bent:g} in some direction (a negative eigenvalue of the Hessian in this plane). *Valley*: at {bends:.0%} or \
more of the places near the middle. *Bowl*: at fewer. *Plateau*: {plateau:.0%} or more of the map is as high as the \
middle (within {little:g}). *Mountains* or *hills*: on one or more of {rays} straight ways from the middle to the \
distance 1, the loss goes down again by more than {fall:g}. That bar was raised after the first map was seen: by a \
lower one, of 0.1, small dips far from the middle would count as hills.

**And the famous picture?** In the paper, a network of 56 layers without shortcuts stands in a range of mountains. \
Its recipe of training was another one. What is found here is said above, from numbers that are computed from the \
map, not from how it looks.
"""

pair = pair_picker.choose(DEEP, fits=lambda config: config.is_twin)
st.title("Bowl or mountains?")
st.markdown(
    "To learn is to walk downhill: all the numbers (weights) are changed, step by step, so that there are fewer "
    "mistakes. **This is the ground around the place where each network ended.** Height: how wrong the "
    "network is there.",
    help=explain("loss", "weights"),
)


def reset_view() -> None:
    st.session_state["_view"] = st.session_state.get("_view", 0) + 1


def show_surface(side: str, found: landscape.Landscape, directions: int) -> None:
    run = pair[side]
    shape = landscape.shape(found, directions)
    words = landscape_words.details(shape, found.photos, landscape.share_above(found, directions, CAP), CAP)
    looks.caption(pair, side, run)
    surface.show(
        side,
        pair.colors[side],
        STEPS,
        found.loss[directions],
        CAP,
        view=st.session_state.get("_view", 0),
        alt=f"Surface of the loss around the weights of {side}. {words}",
    )
    st.markdown(words)


def show_ground(found: dict[str, landscape.Landscape]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        directions = st.segmented_control(
            "Directions",
            range(PAIRS),
            default=0,
            key="directions",
            bind="query-params",
            required=True,
            format_func=DIRECTIONS.__getitem__,
            help="A network can be changed in very many directions; a map shows two, chosen at random. Another two "
            "may look different.",
        )
        st.button(
            "Reset view", key="turn_back", icon=":material/360:", on_click=reset_view, help="Back to the first view."
        )
    findings = [
        landscape_words.finding(pair.names, {side: landscape.shape(one, number) for side, one in found.items()})
        for number in range(PAIRS)
    ]
    st.markdown(f"## {landscape_words.here(findings, directions)}")
    st.markdown(landscape_words.meanings(landscape.shape(one, directions) for one in found.values()))
    for place, (side, one) in zip(st.columns(2), found.items(), strict=False):
        with place, st.container(border=True, key=f"landscape_{side}"):
            show_surface(side, one, directions)
    st.caption(
        "Turn it with the mouse or a finger. Along the ground: two directions, chosen at random. Both have one scale "
        f"of heights and colors, which ends at {CAP:g}."
    )
    st.markdown(landscape_words.elsewhere(findings, directions))
    st.markdown(NO_PROOF.format(parameters=max(run.parameters for _, run in pair)))


ground, path = st.container(), st.container()
if training_walk.comes_first(pair):
    ground, path = path, ground
with ground:
    found = not_yet.read(
        pair,
        landscape.load,
        "The ground around **{side}** has not been mapped yet.",
        lambda run: f"{landscape.COMMAND} {run.name}",
    )
    if found:
        show_ground(found)
    if len(found) < 2:
        offer_pair(
            *DEEP,
            "Look at 56 layers",
            "The ground around these two has been mapped.",
            key="mapped",
            load=landscape.load,
        )
with path:
    training_walk.show(pair)
offer_pair(
    *WITHOUT_BATCH_NORM,
    "Look at 56 layers without BatchNorm",
    "One of these two networks has learned little.",
    key="without_batch_norm",
    load=landscape.load,
)
st.page_link("../pages/learning_curves.py", icon=":material/show_chart:", query_params=pair.link)
with curious():
    if found:
        one = next(iter(found.values()))
        st.markdown(
            WHY.format(
                photos=one.photos,
                precision=" and ".join(sorted({each.precision for each in found.values()})),
                near=landscape.NEAR,
                stride=landscape.STRIDE,
                bent=landscape.BENT,
                bends=landscape.BENDS,
                plateau=landscape.PLATEAU,
                little=landscape.LITTLE,
                rays=landscape.RAYS,
                fall=landscape.FALL,
            )
        )
    training_walk.show_details(pair)
    st.code(f"{landscape.COMMAND} {pair.a.name} {pair.b.name}", language=None, wrap_lines=True)
