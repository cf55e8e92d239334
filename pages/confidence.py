"""How sure both networks are, and whether they are right as often: reliability, one correction, surest mistakes."""

from contextlib import suppress

import pandas as pd
import streamlit as st

from core.analysis import calibration
from core.charts.calibration import reliability, right_by_answered
from core.errors import RunError
from core.runs import validation
from core.runs.run import Run
from core.words import calibration as calibration_words
from core.words.settings import describe
from ui import cached, chart, tables
from ui.curious import curious
from ui.foreign_text import plain
from ui.pair import not_yet, pair_picker, studies
from ui.pictures import photos

SHOWN = 6  # photos
ALL_BUT_A_TENTH = 0.9  # answered, where it is silent on one photo in ten
WHY = """
**Why they are off.** Trained on hard right or wrong, big networks tend to be *too sure* (Guo et al. 2017, [On \
calibration of modern neural networks](https://arxiv.org/abs/1706.04599)). *Label smoothing* asks for 91% where others \
ask for 100%. It makes networks less sure, which can improve their calibration (Müller et al. 2019, [When does label \
smoothing help?](https://arxiv.org/abs/1906.02629)) or go too far: then they are *not sure enough*. So to compare how \
sure two networks are is to compare how they were trained.

**How it is corrected.** All scores (logits) are divided by one number, the *temperature*, which changes no answer. It \
is fitted on validation photos; the test photos above then judge it. One number can correct the \
average, but not everything: after label smoothing it may make the unsure half too sure (above: by how much). Guo et \
al. report a calibration error of 4.6% for a ResNet of 110 layers on CIFAR-10, and 0.8% after this correction (their \
Table 1; groups of equal width). **Wherever else the lab \
says how sure a network is, this is done already**, where the number is known; of photos unlike those of CIFAR-10, it \
promises nothing.

**What is drawn.** Test photos in ten groups of equal size, by how sure the network is. Bars: 95% intervals of luck \
with the photos. Calibration error: the mean distance between certainty and right answers over these groups \
(expected calibration error, with groups of equal mass).
"""
NOT_FITTED = "The temperature of {side} has not been fitted yet."


def validation_is_here(run: Run) -> bool:
    """Else all training photos would be downloaded first."""
    with suppress(RunError):  # the folder of its photos is gone, or a file is damaged
        known = validation.load(run)
        return (known is not None and known.logits is not None) or run.image_source == "shipped"
    return False


pair = pair_picker.choose()
st.title("How sure are they?")
st.markdown("When a network says “90% sure,” is it right 9 times out of 10?")
temperatures = {side: cached.stored(calibration.load, run) for side, run in pair}
calibrated = False
if all(temperatures.values()):
    calibrated = st.toggle(
        "Correct their certainty with one number",
        key="mended",
        bind="query-params",
        help="Divides each network's scores by one number, its temperature, chosen on validation photos. No answer "
        "changes.",
    )


def of_both(table_of) -> pd.DataFrame:
    return pd.concat(table_of(side).assign(side=side, run=run.name) for side, run in pair)


bins = {side: tables.reliability(run, calibrated) for side, run in pair}
finding = calibration_words.gaps(pair.names, bins)
st.markdown(f"## {finding}")
chart.show(reliability, of_both(bins.__getitem__), colors=pair.colors, width="stretch", key="reliability", alt=finding)
st.caption(
    "Dashed line: exactly as sure as it should be. Above it a network is right more often than it says; below it, less "
    "often."
)

st.header("What if they may say “I don’t know”?", anchor=False)
silent = {side: tables.risk_by_coverage(run, calibrated) for side, run in pair}
gains = {side: calibration.right_where_answered(table, ALL_BUT_A_TENTH) for side, table in silent.items()}
finding = calibration_words.silent_on_a_tenth(pair.names, gains)
left, right = st.columns([3, 2], vertical_alignment="center")
with left:
    chart.show(
        right_by_answered,
        of_both(silent.__getitem__),
        calibration.tenth_below(silent.values()),
        colors=pair.colors,
        width="stretch",
        key="silent",
        alt=finding,
    )
right.markdown(finding)

st.header("Most sure, but wrong", anchor=False)
for side, run in pair:
    mistakes = tables.surest_mistakes(run, calibrated)[:SHOWN]
    if len(mistakes):
        sure, uncorrected = tables.certainty(run, mistakes, calibrated), bool(temperatures[side]) and not calibrated
        st.markdown(calibration_words.of_these(side, plain(describe(run)), sure, uncorrected))
        photos.strip(mistakes, pair, key=f"surest_{side}")
st.page_link("../pages/robustness.py", icon=":material/foggy:", query_params=pair.link)
with curious():
    for side, run in pair:
        if found := temperatures[side]:
            before, after = (tables.reliability(run, scaled) for scaled in (False, True))
            st.markdown(calibration_words.errors(side, before, after, found))
        elif not calibration.can_be_fitted(run):
            st.markdown(
                f"{side} may have learned from the photos on which its temperature would be fitted: it has none."
            )
        elif run.has_weights:
            not_yet.offer(
                side,
                run,
                NOT_FITTED.format(side=side),
                lambda run: f"{calibration.COMMAND} {run.name}",
                studies.calibrate if validation_is_here(run) else None,
            )
        else:
            st.info(f"{NOT_FITTED.format(side=side)} {not_yet.WEIGHTS_FIRST}")
    st.markdown(WHY)
