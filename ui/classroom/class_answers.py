"""What two networks say to the photos of a class, beside what the class says."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from core.charts.palette import CLASS, SIDES
from core.classroom.room import View
from core.runs.run import Run
from core.words import calibration as calibration_words
from core.words import counted
from core.words.settings import names
from ui import cached, chart
from ui.pair.looks import MARKDOWN_COLORS, MARKS
from ui.pair.pair import DEEP
from ui.pair.runs import finished_runs
from ui.pictures import photos

SEEN = 0.03  # a share below it is not worth a row, or a label


@dataclass(frozen=True)
class Networks:
    """By side. `answers`: to all test photos."""

    called: dict[str, str]
    runs: dict[str, Run]
    answers: dict[str, np.ndarray]


def networks() -> Networks | None:
    """None where they are not here."""
    runs = {run.name: run for run in finished_runs()}
    if not set(DEEP) <= runs.keys():
        return None
    pair = {side: runs[name] for side, name in zip(SIDES, DEEP, strict=True)}
    answers = {side: cached.test_answers(run) for side, run in pair.items()}
    return Networks(names(pair["A"], pair["B"]), pair, answers)


def show_answers(view: View, networks: Networks) -> None:
    """Who of the two was right."""
    for side in SIDES:
        said = int(networks.answers[side][view.question.photo])
        st.markdown(
            f"## :{MARKDOWN_COLORS[side]}[{MARKS[side]}] {side}, {networks.called[side]}: "
            f"{view.question.choices[said]} {photos.mark(said == view.question.right)}"
        )


def show_votes(view: View, networks: Networks | None) -> None:
    """The chart. Of a photo, the classes that nobody voted for and no network thinks of are left out."""
    from core.charts.answers import COLORS_OF_ALL, votes

    table = _table(view, networks)
    best = table.groupby("choice")["share"].max()
    right = view.question.right
    choices = [
        choice for i, choice in enumerate(view.question.choices) if best[choice] >= SEEN or i == right or not networks
    ]
    shown = table[table["choice"].isin(choices)].reset_index(drop=True)
    labels = shown[shown["label"] != ""].groupby("choice", sort=False)["label"].agg(", ".join)
    alt = ". ".join(f"{choice}: {said}" for choice, said in labels.items())
    chart.show(votes, shown, choices, colors=COLORS_OF_ALL, alt=alt)
    if networks:
        called = " and ".join(f"**{side}**, {networks.called[side]}," for side in SIDES).removesuffix(",")
        st.caption(f"**{CLASS}**: {counted(view.voted, 'vote')}. Of {called}: how sure they are.")


def _table(view: View, networks: Networks | None) -> pd.DataFrame:
    rows = []
    for index, choice in enumerate(view.question.choices):
        count = view.counts[index]
        share = count / view.voted if count else 0.0
        rows.append((choice, CLASS, share, f"{CLASS}: {count}" if count else ""))
    if networks and view.question.photo is not None:
        for side in SIDES:
            sure = cached.test_probabilities(networks.runs[side], view.question.photo)
            for choice, share in zip(view.question.choices, sure, strict=True):
                rows.append((choice, side, share, f"{side}: {calibration_words.short(share)}" if share >= SEEN else ""))
    return pd.DataFrame(rows, columns=["choice", "who", "share", "label"])
