"""The path of both trainings, each over the ground of the plane in which most of it lies."""

import streamlit as st

from core.analysis.landscapes import landscape, walk
from core.analysis.landscapes.walk import Walk
from core.charts.learning import path_on_map
from core.charts.palette import SYMBOLS
from core.errors import LabError
from core.runs import kept_weights, reproduction
from core.runs.run import Run
from core.settings.train_config import LONGEST_NAME
from core.words import landscape as landscape_words
from ui import chart, permission
from ui.pair import looks, not_yet
from ui.pair.pair import OBSERVED, Pair
from ui.pair.pair_picker import offer_pair

TIMES = 12  # that weights are kept, where nobody has yet
NAME = "-walk"  # how the name of a run ends that is trained once more, to keep weights
NO_PROOF = """
**What this picture does not prove.** Of a path whose steps all go in random directions, {chance:.0%} lies in two \
directions, too, and it bends much like this (Antognini and Sohl-Dickstein 2018, [PCA of high dimensional random \
walks](https://arxiv.org/abs/1806.08805)): so neither says that the training was led anywhere. And the network never \
left its path: beside it, the map shows how wrong it would have been there.
"""
HOW = f"""
**The path of the training.** All weights that were saved are points; the two main directions are those in which \
these points vary the most (principal components: Li et al. 2018, section 7.2), and the plane goes through the last \
point. *Of the path* means: a share of that variance. Unlike in the maps above, BatchNorm's scales and biases change, \
too. Its averages of what it sees are made anew at each place, from the photos that the loss is measured on, all as \
one batch: \
the first {walk.PHOTOS} training photos that ship (after Garipov et al. 2018, [Loss surfaces, mode connectivity, and \
fast ensembling of DNNs](https://arxiv.org/abs/1802.10026)). What a random walk would have is computed for the same \
number of points.
"""


def show(pair: Pair) -> None:
    """Where a path is not known, what to run to see it; where no weights were kept, a pair of which they were."""
    st.header("The path of the training")
    st.markdown(
        "If a network's weights were saved during training, this map shows the path that they took, from random "
        "numbers to what was learned. It shows the two directions in which the path goes the farthest; the colors are "
        "the loss there."
    )
    known = {side: run for side, run in pair if _was_kept(run)}
    paths = not_yet.read(known.items(), walk.load, "The path of **{side}** has not been mapped yet.", _command)
    if without := _without(pair):
        st.markdown(landscape_words.path_unknown(without))
        offer_pair(
            *OBSERVED,
            "See two such paths, 20 layers",
            "The weights of these two were saved during training.",
            key="walked",
            load=walk.load,
        )
    if not paths:
        return
    st.markdown(f"## {landscape_words.path_finding(pair.names, paths)}")
    scale = walk.scale(paths.values())
    for place, (side, found) in zip(st.columns(2), paths.items(), strict=False):
        with place, st.container(border=True, key=f"walk_{side}"):
            _show_path(pair, side, found, scale)
    st.caption(
        f"Both have one scale of colors, from a loss of {scale[0]:.2g} to {scale[1]:.2g}; anything above that has the "
        "last color. A point has the color of the loss of the network itself at that moment. Along the axes: how far "
        "the weights are from those of the end."
    )
    moments = max(len(found.epochs) for found in paths.values())
    st.markdown(NO_PROOF.format(chance=walk.share_of_chance(moments)))


def comes_first(pair: Pair) -> bool:
    """Whether the paths of both can be seen, but the ground around neither: what there is to see then comes first."""
    runs = [run for _, run in pair]
    mapped = any(not_yet.is_there(landscape.load, run) for run in runs)
    return not mapped and all(not_yet.is_there(walk.load, run) for run in runs)


def show_details(pair: Pair) -> None:
    """How it is made, and how a pair that kept no weights gets there."""
    st.markdown(HOW)
    if without := _without(pair):
        st.markdown("These train once more, saving weights, and then map the path:")
        st.code("\n".join(_command(permission.shown(run)) for run in without.values()), language=None, wrap_lines=True)


def _without(pair: Pair) -> dict[str, Run]:
    """Those that were trained here, but kept no weights, by side."""
    return {side: run for side, run in pair if not (_was_kept(run) or run.imported)}


def _was_kept(run: Run) -> bool:
    """Its path: the weights themselves, or what was seen of them."""
    return (run.path / walk.FILE).exists() or kept_weights.there(run)


def _show_path(pair: Pair, side: str, found: Walk, scale: list[float]) -> None:
    run = pair[side]
    words = landscape_words.path_details(found)
    looks.caption(pair, side, run)
    chart.show(
        path_on_map,
        walk.ground_table(found),
        walk.path_table(found),
        pair.colors[side],
        SYMBOLS[side],
        scale,
        found.share.tolist(),
        alt=f"Map of the loss along the path of {side}. {words}",
        colors=pair.colors,
        key=f"way_{side}",
    )
    st.markdown(words)


def _command(run: Run) -> str:
    """What makes the path known: to look, or first to train once more, with weights kept."""
    if kept_weights.there(run):
        return f"{landscape.COMMAND} {run.name}"
    name = f"{run.name[: LONGEST_NAME - len(NAME)]}{NAME}"
    try:
        trained = reproduction.command_with(run, name, keep_weights=min(TIMES, run.config.epochs))
    except LabError:
        trained = reproduction.command_with(run, name, keep_weights=TIMES, epochs=TIMES)
    return f"{trained}\n{landscape.COMMAND} {name}"
