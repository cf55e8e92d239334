"""Cut blocks out of both trained networks and see what they can still do (Veit et al. 2016)."""

from contextlib import suppress

import pandas as pd
import streamlit as st

from core.analysis import metrics, surgery_study
from core.charts.palette import COLORS
from core.charts.surgery import removed_blocks, single_blocks
from core.errors import LabError, RunError
from core.jobs import limits
from core.runs.run import Run
from core.words import surgery as surgery_words
from core.words.settings import describe
from ui import cached, network_drawing
from ui.foreign_text import plain
from ui.fragment import fragment
from ui.run_picker import DEFAULTS, offer_pair, pair

TELLING_PAIRS = {
    "twins": ("plain56-s0", "resnet56-s0", "Operate on the twins of 56 layers"),
    "depths": ("resnet20-s0", "resnet56-s0", "Operate on ResNets of 20 and 56 layers"),
}
THEN = "They then become A and B on every page."

chosen = pair()
st.title("How much can you cut out?")
st.markdown(
    "Both networks are **trained**, and learn nothing new here. Switch off a block: what comes in is then handed on "
    "unchanged. Only a ResNet has learned with such a **shortcut** (skip connection) around each block. How many of "
    "1,000 test photos do the networks still get right?"
)
networks, refusals = {}, {}
for side, run in chosen:
    try:
        networks[side] = (run, surgery_study.removable(run.config))
    except LabError as error:
        refusals.setdefault(str(error), []).append(f"**{side}: {plain(run.name)}**")
for reason, refused in refusals.items():
    st.info(f"{' and '.join(refused)}. {plain(reason)}", icon=":material/content_cut:")
if not networks:
    offer_pair(**DEFAULTS, label="Operate on the pair of 20 layers", help=THEN)
    st.stop()


def intact(run: Run) -> float:
    first = slice(surgery_study.IMAGES)
    return metrics.accuracy(cached.test_logits(run)[first], cached.test_labels()[first]).value


def remaining(run: Run, cut: surgery_study.Blocks, scale: float) -> float:
    """The accuracy after a cut: read where the study has it, else computed."""
    if scale == 1:
        with suppress(RunError):
            if cut in (known := cached.surgery_results(run)):
                return known[cut]
    return cached.accuracy_without(run, cut, scale, quick=True)


def condition(side: str, removed: surgery_study.Blocks, scale: float) -> str:
    """What was done to a network, e.g. "without block 4 and with its blocks at 50 %"."""
    run, removable = networks[side]
    done = [f"without {surgery_words.blocks(removed & removable)}"] if removed & removable else []
    if run.config.skip and scale < 1:
        done.append(f"with its blocks at {scale:.0%}")
    return " and ".join(done) or "with all its blocks"


def show_network(side: str, removed: surgery_study.Blocks, scale: float) -> float | None:
    """The network with its blocks, and its accuracy; None if it can't be read."""
    run, removable = networks[side]
    cut = removed & removable
    st.markdown(f"**{side}: {'ResNet' if run.config.skip else 'Plain network'}**, {plain(describe(run))}")
    drawn = f"Network {side} as a row of blocks: {condition(side, removed, scale)}"
    st.image(network_drawing.numbered_blocks(run.config, COLORS[side], cut), width="stretch", alt=drawn)
    scale = scale if run.config.skip else 1.0
    try:
        before = intact(run)
        now = before if not cut and scale == 1 else remaining(run, cut, scale)
    except RunError as error:
        st.error(plain(error), icon=":material/broken_image:")
        return None
    change = 100 * (now - before)
    could_be_luck = abs(change) < surgery_study.A_POINT
    st.metric(
        "right of 1,000 test photos",
        f"{now:.1%}",
        delta=f"{change:+.1f} points vs all blocks" if change else None,
        delta_color="off" if could_be_luck else "normal",
        delta_arrow="off" if could_be_luck else "auto",
        help="Guessing gives 10%. One photo is 0.1%.",
    )
    needed = (removed & frozenset(range(1, surgery_study.count_blocks(run.config) + 1))) - removable
    if needed:
        stay = f"{surgery_words.blocks(needed).capitalize()} stay{'s' * (len(needed) == 1)}"
        st.caption(f"{stay}: here the picture is halved, and a plain network has no way around.")
    return now


@fragment()
def operate() -> None:
    blocks = max(surgery_study.count_blocks(run.config) for run, _ in networks.values())
    off = st.pills(
        "Switch off blocks",
        [str(number) for number in range(1, blocks + 1)],
        selection_mode="multi",
        key="off",
        bind="query-params",
        help="Block 1 is the first after the picture. In both networks at once, where they have that block. Twice on "
        "the way the picture is halved: from there on, blocks are drawn lower.",
    )
    scale = 1.0
    if any(run.config.skip for run, _ in networks.values()):
        scale = st.slider(
            "Strength of the blocks in a ResNet",
            0.0,
            1.0,
            1.0,
            0.1,
            key="branches",
            bind="query-params",
            help="What each block adds to its shortcut is multiplied by this. At 0 the shortcuts alone remain.",
        )
    removed = frozenset(map(int, off))
    now = {}
    for column, side in zip(st.columns(2), networks, strict=False):
        with column, st.container(border=True, key=f"surgery_{side}"):
            now[side] = show_network(side, removed, scale)
    if not removed and scale == 1:
        st.caption(f"Nothing is switched off yet. Begin with {example()}, then another.")
    elif len(now) == 2 and None not in now.values():
        named = (f"{side}, {condition(side, removed, scale)}, gets {share:.0%} right" for side, share in now.items())
        st.caption(f"{'; '.join(named)}. On 1,000 photos, a few points can be luck.")


def example() -> str:
    """A block to begin with: one that all can lose, from the middle."""
    blocks = sorted(surgery_study.common(run.config for run, _ in networks.values()))
    return surgery_words.blocks([blocks[len(blocks) // 2]])


def study(side: str) -> dict[surgery_study.Blocks, float] | None:
    """What the run's folder has of all these cuts, or a button that makes it."""
    run, _ = networks[side]
    try:
        return cached.surgery_results(run)
    except RunError as error:
        if (run.path / surgery_study.FILE).exists():
            st.warning(plain(error), icon=":material/broken_image:")
    kept = st.session_state.get("_studies", {}).get(_study_key(run))
    if kept:
        return kept
    number = len(surgery_study.cuts(run.config))
    st.info(f"**{side}: {plain(run.name)}** has not been studied yet: {number} cuts, a second or more each.")
    if not limits.training_allowed():
        st.caption("Studies are switched off in this demonstration.")
    elif st.button(
        f"Study {side}", key=f"study_{side}", icon=":material/content_cut:", help="Kept in the run's folder."
    ):
        try:
            return make_study(run)
        except RunError as error:
            st.error(plain(error), icon=":material/broken_image:")
    return None


def make_study(run: Run) -> dict[surgery_study.Blocks, float]:
    """Each cut is remembered: a click elsewhere on the page ends the study, and the next one resumes there."""
    bar = st.progress(0.0, "Removing blocks ...")
    results = surgery_study.study(
        run.config,
        lambda cut: cached.accuracy_without(run, cut, 1.0, quick=False),
        lambda done, total: bar.progress(done / total, f"Cut {done} of {total}"),
    )
    bar.empty()
    try:
        surgery_study.save(run, results)
    except RunError as error:
        st.session_state.setdefault("_studies", {})[_study_key(run)] = results
        st.caption(f"{plain(error)} So this is kept until you close the page.")
    return results


def _study_key(run: Run) -> tuple:
    return run.path, run.last_change


operate()

st.header("Without one block, and without more and more", anchor=False)
studies = {side: results for side in networks if (results := study(side))}
if studies:

    def of_all(table_of) -> pd.DataFrame:
        return pd.concat(
            table_of(results, networks[side][0]).assign(side=side, run=networks[side][0].name)
            for side, results in studies.items()
        )

    singles = of_all(lambda results, run: surgery_study.single(results, run.config))
    curves = of_all(lambda results, run: surgery_study.curve(results, run.config))
    left, right = st.columns(2)
    with left:
        st.subheader("Which block matters most?", anchor=False)
        st.vega_lite_chart(cached.chart(single_blocks, singles), width="stretch")
        costs = (
            f"{side} {surgery_words.cost(surgery_study.cost(results, networks[side][0].config))}"
            for side, results in studies.items()
        )
        st.caption(
            f"One block removed: {' '.join(costs)} The average leaves out the blocks that halve the picture, marked by "
            "an upright line: a plain network can't lose them. The dotted line is guessing."
        )
    with right:
        st.subheader("How many can go?", anchor=False)
        st.vega_lite_chart(cached.chart(removed_blocks, curves), width="stretch")
        falls = (f"{side} {surgery_words.fall(surgery_study.fall(rows))}" for side, rows in curves.groupby("side"))
        st.caption(f"{' '.join(falls)} Line: the mean over random choices of blocks; band: their range.")
    st.markdown(
        "Veit et al. read a ResNet as **many short paths side by side**: a block removed closes some of them, and the "
        "others still work. A plain network is one path. Their ResNet had 110 layers and hardly noticed the loss of "
        "one block, unless it was one of those where the picture is halved. One would expect each block to matter "
        "more where there are fewer. [The paper](https://arxiv.org/abs/1605.06431), section 3, writes a block as its "
        "branch plus its shortcut, so that the paths add up exactly; here a ReLU follows each addition, and the paths "
        "are only a way of speaking."
    )
with st.container(horizontal=True):
    for key, (a, b, label) in TELLING_PAIRS.items():
        offer_pair(a, b, label, THEN, key=f"operate_on_{key}")
cached.prepare_surgery([run for run, _ in networks.values()])
