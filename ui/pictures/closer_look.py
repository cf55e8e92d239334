"""Three experiments with two answers and two heatmaps: can the maps be believed, shake the picture, cover it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from core.charts.answers import confidence_curve
from core.data import pictures
from core.data.cifar10 import CLASSES
from core.data.distortions import SLIDERS, distort, flips, sweep
from core.heatmaps import gradcam, occlusion
from core.runs.run import Run
from core.words import capitalized
from core.words import comparison as comparison_words
from core.words.pictures import distortions as distortion_words
from core.words.pictures import heatmaps as heatmap_words
from ui import cached, chart
from ui.fragment import errors_shown, fragment
from ui.pair.pair import Pair

if TYPE_CHECKING:  # they bring torch
    from core.heatmaps.predictor import Prediction

SIDE = 256  # pixels on the screen: three side by side fit a small laptop
KNOW_NOTHING = (
    "Most maps can't be told from luck: the map of another photo passed the second check for 3 to 6 of 100 photos, a "
    "network's own map for 5 to 17."
)
HOW_OFTEN = (
    "*Can I trust these maps?* says how often maps pass its second check. That was counted with Grad-CAM at the last "
    "layer, for resnet20-s0 and plain56-s0, by `python -m benchmarks.know_nothing_maps`."
)


@dataclass(frozen=True)
class MapStyle:
    """How heatmaps are made and drawn. `strength`: 0 shows the picture alone, 1 the map alone."""

    method: str
    layer: str | None
    target: int | None  # None: each network's own answer
    strength: float

    def draw(self, seen: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
        """Uint8 (SIDE, SIDE, 3)."""
        return gradcam.overlay(np.asarray(pictures.enlarge(seen, SIDE)), heatmap, self.strength)


USUAL = MapStyle(gradcam.USUAL, None, None, 0.5)


@dataclass(frozen=True)
class Look:
    """One network's look at a picture: `seen` is uint8 (size, size, 3), what it is shown."""

    side: str
    run: Run
    seen: np.ndarray
    style: MapStyle
    answer: Prediction

    @property
    def explained(self) -> str:
        return CLASSES[self.answer.explained]

    @property
    def method(self) -> gradcam.Method:
        return gradcam.METHODS[self.style.method]

    @property
    def drawn(self) -> np.ndarray:
        """The picture under the heatmap, uint8 (SIDE, SIDE, 3)."""
        return self.style.draw(self.seen, self.answer.heatmap)


def in_words(caption: str, heatmap: np.ndarray) -> str:
    """A map for those who don't see it."""
    return f"{caption}: {comparison_words.looked(gradcam.focus(heatmap))}"


def look(side: str, run: Run, seen: np.ndarray, style: MapStyle) -> Look:
    return Look(side, run, seen, style, cached.prediction(run, seen, style.target, style.method, style.layer))


def trust(looks: list[Look]) -> None:
    """Adebayo et al. 2018 and Rong et al. 2022 in plain words, for each map."""
    st.markdown(
        "A heatmap always looks convincing. Two checks: does it **change when the network forgets** what it learned? "
        "And does **hiding what it marks** hurt the answer more than hiding the rest?"
    )
    for column, one in zip(st.columns(len(looks)), looks, strict=True):
        with column, errors_shown():
            _show_trust(one)
    st.caption(KNOW_NOTHING)


def _show_trust(one: Look) -> None:
    style = one.style
    checks = cached.sanity_checks(one.run, one.seen, style.target, style.method, style.layer)
    st.subheader(f"{one.side}: {heatmap_words.VERDICTS[checks.passed]}", anchor=False)
    st.progress(checks.passed / 2, f"{checks.passed} of 2 checks passed")
    if checks.empty:
        st.markdown("The map is **empty**: it marks nothing in this picture, so there is nothing to check.")
        return
    likenesses = checks.likenesses
    change = heatmap_words.change(checks.depends_on_learning, likenesses)
    st.markdown(f"**Does it change when the network forgets?** {change}")
    with st.container(horizontal=True):
        last = len(checks.randomized) - 1
        for number, (name, heatmap) in enumerate(checks.randomized.items()):
            drawn = gradcam.overlay(np.asarray(pictures.enlarge(one.seen, 96)), heatmap)
            alt = in_words(f"Heatmap of a network that forgot its layers from the last to {name}", heatmap)
            st.image(drawn, caption=heatmap_words.forgot(number, last), width=66, alt=alt)
    matters = heatmap_words.matters(checks.marks_what_matters, checks.beaten, len(checks.baseline_scores))
    st.markdown(f"**Does what it marks matter?** {matters}")
    st.caption(heatmap_words.score(checks.road, float(checks.baseline_scores.mean()), likenesses))


def reset_sliders() -> None:
    for name, slider in SLIDERS.items():
        st.session_state[f"shake_{name}"] = slider.neutral


@fragment()
def shake(looks: list[Look], pair: Pair) -> None:
    """Sliders that spoil the picture; both answers, both maps and the curve along the slider moved last follow."""
    amounts = _sliders()
    moved = st.session_state.get("_shaken") or next(
        (name for name, slider in SLIDERS.items() if amounts[name] != slider.neutral), None
    )
    whole = looks[0].seen  # all networks are shown the same
    distorted = distort(whole, amounts)
    shown, *columns = st.columns(1 + len(looks))
    with shown:
        st.markdown("**The picture now**")
        st.image(pictures.png_address(distorted), width=SIDE, alt=distortion_words.spoiled_by(amounts))
    for column, before in zip(columns, looks, strict=True):
        with column, errors_shown():
            now = look(before.side, before.run, distorted, before.style)
            said = distortion_words.says(now.side, now.answer.label, now.answer.confidence, before.answer.label)
            st.markdown(said)
            alt = in_words(f"Where {now.side} looked for “{now.explained}”", now.answer.heatmap)
            st.image(now.drawn, width=SIDE, alt=alt)
    if moved:
        _show_curve(looks, amounts, moved, pair)


def _sliders() -> dict[str, int]:
    amounts = {}
    for row in (list(SLIDERS)[i : i + 3] for i in range(0, len(SLIDERS), 3)):
        for column, name in zip(st.columns(3), row, strict=True):
            slider = SLIDERS[name]
            amounts[name] = column.slider(
                distortion_words.title(slider),
                slider.low,
                slider.high,
                slider.neutral,
                key=f"shake_{name}",
                bind="query-params",
                on_change=_remember,
                args=(name,),
                help=slider.meaning,
            )
    st.button(
        "Undo all",
        key="shake_reset",
        icon=":material/restart_alt:",
        on_click=reset_sliders,
        help="The picture as it was.",
    )
    return amounts


def _remember(name: str) -> None:
    st.session_state["_shaken"] = name


def _show_curve(looks: list[Look], amounts: dict, moved: str, pair: Pair) -> None:
    slider, along = SLIDERS[moved], sweep(moved)
    others = {name: amount for name, amount in amounts.items() if name != moved}
    rows: list[tuple] = [(None, None, amounts[moved], None, "now")]
    words = []
    for one in looks:
        probabilities = cached.probabilities_along(one.run, one.seen, others, moved)
        first = CLASSES.index(one.answer.label)
        sure, kept = probabilities[:, first], probabilities.argmax(axis=1) == first
        flipped = flips(moved, along, kept)
        for part, shown in (("curve", along), ("flip", flipped)):
            rows += [(one.side, one.answer.label, amount, sure[along.index(amount)], part) for amount in shown]
        name = capitalized(pair.names[one.side])
        kept_at_neutral = bool(kept[along.index(slider.neutral)])
        words.append(f"{name} {distortion_words.change_of_mind(slider, flipped, kept_at_neutral)}.")
    finding = " ".join(words)
    st.markdown(f"**How sure it stays of its first answer as “{slider.label}” changes**: {finding}")
    chart.show(
        confidence_curve,
        distortion_words.title(slider),
        data=pd.DataFrame(rows, columns=["side", "answer", "amount", "probability", "part"]),
        colors=pair.colors,
        width="stretch",
        key="shake_curve",
        alt=finding,
    )


def cover(looks: list[Look]) -> None:
    """A patch slid over the picture, beside the heatmap of the same class (Zeiler and Fergus 2014)."""
    st.markdown(
        "A check that needs no look inside the network: a gray patch slides over the picture, and wherever it makes "
        "the network **less sure**, it must have covered something that counts. Do the two maps mark the same places?"
    )
    from core.heatmaps.sanity_checks import rank_correlation  # brings torch

    for column, one in zip(st.columns(len(looks)), looks, strict=True):
        with column, errors_shown():
            falls = cached.occlusion(one.run, one.seen, one.answer.explained)
            st.markdown(f"**{one.side}**, for “{one.explained}”")
            with st.container(horizontal=True):
                hurts, looks_here = occlusion.as_heatmap(falls), f"{one.method.name} looks here"
                for heatmap, caption in ((hurts, "Covering hurts here"), (one.answer.heatmap, looks_here)):
                    drawn = one.style.draw(one.seen, heatmap)
                    st.image(drawn, caption=caption, width=200, alt=in_words(f"{one.side}: {caption}", heatmap))
            worst, likeness = max(float(falls.max()), 0.0), rank_correlation(falls, one.answer.heatmap)
            st.caption(heatmap_words.covered(worst, likeness))
