"""Cut blocks out of both trained networks and see what they can still do (Veit et al. 2016)."""

from contextlib import suppress

import pandas as pd
import streamlit as st

from core.analysis import metrics, surgery
from core.charts.surgery import chain, removed_blocks, single_blocks
from core.errors import LabError, RunError
from core.runs.run import Run
from core.words import surgery as surgery_words
from core.words.glossary import explain
from core.words.settings import describe, headed
from ui import cached, chart, permission
from ui.curious import curious_charts
from ui.foreign_text import plain
from ui.fragment import fragment
from ui.pair import network_drawing, pair_picker
from ui.pair.pair import DEEP, SHALLOW
from ui.pair.pair_picker import offer_pair
from ui.pair.runs import finished_runs

TELLING_PAIRS = {
    "shallow": (*SHALLOW, "Try the pair of 20 layers"),
    "twins": (*DEEP, "Try the pair of 56 layers"),
    "depths": ("resnet20-s0", "resnet56-s0", "Try ResNets of 20 and 56 layers"),
}
VEIT_ET_AL = """
Veit et al. read a ResNet as **many short paths side by side**: a block removed closes some of them, and the others \
still work. A plain network is one path. Their ResNet had 110 layers and hardly noticed the loss of one block, unless \
it was one of those where the picture is halved. One would expect each block to matter more where there are fewer. \
In [the paper](https://arxiv.org/abs/1605.06431), section 3, the paths simply add up. Here, numbers below zero are \
set to zero after each addition (ReLU), so the paths are only a way of speaking.
"""
RESNETS = ("resnet20-s0", "resnet32-s0", "resnet56-s0")
THEN = "They then become A and B on every page."

pair = pair_picker.choose(SHALLOW, fits=lambda config: config.is_twin)
st.title("What if a block is cut?")
st.markdown(
    "Both networks have finished learning. **Click a block** to cut it out: what comes in then skips it unchanged. A "
    "ResNet had such a **shortcut** around each block all along; a plain network never learned with one.",
    help=explain("block", "shortcut", "points"),
)
networks = {side: (run, surgery.removable(run.config)) for side, run in pair}


def intact(run: Run) -> float:
    first = slice(surgery.IMAGES)
    return metrics.accuracy(cached.test_logits(run)[first], cached.test_labels()[first]).value


def remaining(run: Run, cut: surgery.Blocks, scale: float) -> float:
    """The accuracy after a cut: read where the study has it, else computed."""
    if scale == 1:
        with suppress(RunError):
            if cut in (known := cached.surgery_results(run) or {}):
                return known[cut]
    # Where its weights are missing, a sentence tells how it was made.
    return cached.accuracy_without(permission.shown(run), cut, scale, quick=True)


def condition(side: str, removed: surgery.Blocks, scale: float) -> str:
    """What was done to a network, in words."""
    run, removable = networks[side]
    return surgery_words.condition(removed & removable, scale if run.config.skip else 1.0)


def show_network(side: str, removed: surgery.Blocks, scale: float) -> float | None:
    """The network with its blocks, and its accuracy; None if it can't be read."""
    run, removable = networks[side]
    cut = removed & removable
    st.markdown(headed(side, run.config, plain(describe(run))))
    show_chain(side, cut, scale)
    scale = scale if run.config.skip else 1.0
    try:
        before = intact(run)
        now = before if not cut and scale == 1 else remaining(run, cut, scale)
    except LabError as error:
        st.error(plain(error), icon=":material/broken_image:")
        return None
    change = 100 * (now - before)
    could_be_luck = abs(change) < surgery.A_POINT
    st.metric(
        "right on 1,000 test photos",
        f"{now:.1%}",
        delta=f"{change:+.1f} points vs all blocks" if change else None,
        delta_color="off" if could_be_luck else "normal",
        delta_arrow="off" if could_be_luck else "auto",
        help="Guessing gives 10%. One photo is 0.1%.",
    )
    if needed := (removed & surgery.blocks(run.config)) - removable:
        st.markdown(surgery_words.needed(needed))
    return now


def show_chain(side: str, cut: surgery.Blocks, scale: float) -> None:
    """The drawing, to be clicked."""
    run, removable = networks[side]
    name = f"chain_{side}"
    chart.show(
        chain,
        surgery.stages(run.config),
        run.config.skip,
        cut,
        surgery.blocks(run.config) - removable,
        pair.colors[side],
        on_select=lambda: take_click(name),
        key=chart.click_key(name),
        width="stretch",
        alt=f"Network {side}: {network_drawing.in_words(run.config)}; {condition(side, cut, scale)}",
    )


def take_click(name: str) -> None:
    """Cut the block out of both networks, or put it back."""
    if clicked := chart.take_click(name, "block"):
        off = set(st.session_state["off"]) ^ {str(clicked["block"])}
        st.session_state["off"] = sorted(off, key=int)


@fragment()
def operate() -> None:
    blocks = max(surgery.count_blocks(run.config) for run, _ in networks.values())
    place = st.container()
    with st.expander("Choose blocks by number, or weaken them all", icon=":material/tune:"):
        off = st.pills(
            "Cut out blocks",
            [str(number) for number in range(1, blocks + 1)],
            selection_mode="multi",
            key="off",
            bind="query-params",
            help="Block 1 is the first after the picture. It is cut from both networks, if both have it. Twice on the "
            "way the picture is halved: from there on, blocks are drawn lower.",
        )
        scale = 1.0
        if any(run.config.skip for run, _ in networks.values()):
            chosen = st.slider(
                "Strength of the blocks in a ResNet",
                0.0,
                1.0,
                1.0,
                0.1,
                key="branches",
                bind="query-params",
                help="What each block adds to its shortcut is multiplied by this. At 0 the shortcuts alone remain.",
            )
            scale = round(chosen, 1)  # a link may name what lies between two steps
    removed = frozenset(map(int, off))
    now = {}
    with place:
        for column, side in zip(st.columns(2), networks, strict=False):
            with column, st.container(border=True, key=f"surgery_{side}", height="stretch"):
                if (share := show_network(side, removed, scale)) is not None:
                    now[side] = share
        if not removed and scale == 1:
            example = surgery.example(run.config for run, _ in networks.values())
            st.markdown(f"## Nothing is cut out yet. Begin with {surgery_words.blocks([example])}, then another.")
        elif len(now) == 2:
            conditions = {side: condition(side, removed, scale) for side in now}
            st.markdown(f"## {surgery_words.left(pair.names, conditions, now)}")
            st.page_link(
                "../pages/when_it_knows.py",
                label="See when each of them knows its answer",
                icon=":material/lightbulb:",
                query_params=pair.link,
            )


def study(side: str) -> dict[surgery.Blocks, float] | None:
    """What the run's folder has of all these cuts, or a button that makes it."""
    run, _ = networks[side]
    try:
        if known := cached.surgery_results(run):
            return known
    except RunError as error:
        st.warning(plain(error), icon=":material/broken_image:")
    kept = st.session_state.get("_studies", {}).get(_study_key(run))
    if kept:
        return kept
    number = len(surgery.cuts(run.config))
    st.info(f"**{side}: {plain(run.name)}** has not been studied yet: {number} cuts, a second or more each.")
    if why := permission.refusal():
        st.caption(f":material/lock: {why}")
    elif st.button(
        f"Study {side}", key=f"study_{side}", icon=":material/content_cut:", help="Kept in the run's folder."
    ):
        try:
            return make_study(run)
        except LabError as error:
            st.error(plain(error), icon=":material/broken_image:")
    return None


def make_study(run: Run) -> dict[surgery.Blocks, float]:
    """Each cut is remembered: a click elsewhere on the page ends the study, and the next one resumes there."""
    bar = st.progress(0.0, "Removing blocks ...")
    results = surgery.study(
        run.config,
        lambda cut: cached.accuracy_without(run, cut, 1.0, quick=False),
        lambda done, total: bar.progress(done / total, f"Cut {done} of {total}"),
    )
    bar.empty()
    try:
        surgery.save(run, results)
    except RunError as error:
        st.session_state.setdefault("_studies", {})[_study_key(run)] = results
        st.caption(f"{plain(error)} So this is kept until you close the page.")
    return results


def _study_key(run: Run) -> tuple:
    return run.path, run.version


operate()


def costs_by_depth() -> dict[int, surgery.Cost]:
    """What a block costs ResNets that come with the lab, by their number of layers."""
    found = {}
    for run in finished_runs():
        with suppress(RunError):  # of the others, what is known is still told
            if run.name in RESNETS and (results := cached.surgery_results(run)):
                found[run.config.depth] = surgery.cost(results, run.config)
    return dict(sorted(found.items()))


def show_details() -> None:
    st.header("Without one block, and without more and more", anchor=False)
    studies = {side: results for side in networks if (results := study(side))}
    if studies:

        def of_all(table_of) -> pd.DataFrame:
            return pd.concat(
                table_of(results, networks[side][0]).assign(side=side, run=networks[side][0].name)
                for side, results in studies.items()
            )

        singles = of_all(lambda results, run: surgery.single(results, run.config))
        curves = of_all(lambda results, run: surgery.curve(results, run.config))
        left, right = st.columns(2)
        with left:
            st.subheader("Which block matters most?", anchor=False)
            costs = {side: surgery.cost(results, networks[side][0].config) for side, results in studies.items()}
            finding = surgery_words.costs(costs)
            chart.show(single_blocks, singles, colors=pair.colors, width="stretch", key="single_blocks", alt=finding)
            st.markdown(
                f"{finding} The average leaves out the blocks that halve the picture, marked by a vertical line: a "
                "plain network can't lose them. The dotted line is guessing."
            )
        with right:
            st.subheader("How many can go?", anchor=False)
            finding = surgery_words.falls({str(side): surgery.fall(rows) for side, rows in curves.groupby("side")})
            chart.show(removed_blocks, curves, colors=pair.colors, width="stretch", key="removed_blocks", alt=finding)
            st.markdown(f"{finding} Line: the mean over random choices of blocks; band: their range.")
        st.markdown(VEIT_ET_AL)
        if len(known := costs_by_depth()) > 1:
            st.markdown(surgery_words.by_depth(known))


with curious_charts() as details:
    if details.open:
        show_details()
with st.container(horizontal=True):
    for key, (a, b, label) in TELLING_PAIRS.items():
        offer_pair(a, b, label, THEN, key=f"operate_on_{key}")
cached.prepare_surgery([run for run, _ in networks.values()])
