"""The chart of a class's votes beside the networks."""

import pandas as pd
import pytest

from core.charts.answers import CLASS, COLORS_OF_ALL, votes
from core.charts.palette import PROJECTOR, SCREEN, theme


def test_the_three_are_told_apart_by_words_too_and_the_choices_keep_their_order():
    table = pd.DataFrame(
        [("truck", CLASS, 0.6, "Class: 3"), ("truck", "A", 0.1, "A: 10%"), ("cat", "B", 0.8, "B: 80%")],
        columns=["choice", "who", "share", "label"],
    )
    spec = votes(table, ["truck", "cat"]).to_dict()
    bars, text = spec["layer"]
    assert bars["encoding"]["color"]["scale"] == {"domain": list(COLORS_OF_ALL)}  # in which colors, says the theme
    assert text["encoding"]["text"]["field"] == "label"
    assert bars["encoding"]["y"]["sort"] == ["truck", "cat"]
    assert bars["encoding"]["yOffset"]["sort"] == [CLASS, "A", "B"]


def test_a_long_choice_is_shown_whole_in_lines():
    long, short = "From scratch: it then learns only what it is shown", "No"
    table = pd.DataFrame([(long, CLASS, 0.1, "")], columns=["choice", "who", "share", "label"])
    y = votes(table, [long, short]).to_dict()["layer"][0]["encoding"]["y"]
    assert y["axis"]["labelLimit"] == 0
    assert y["sort"][1] == short
    lines = y["sort"][0].split("\n")
    assert " ".join(lines) == long
    assert len(lines) > 1
    assert "'\\n'" in y["axis"]["labelExpr"]


@pytest.mark.parametrize("tokens", [SCREEN, PROJECTOR])
@pytest.mark.parametrize("choices", [2, 3, 4, 10])
def test_each_bar_has_room_for_the_letters_at_its_end(choices, tokens):
    named = [f"c{i}" for i in range(choices)]
    rows = [(choice, who, 0.1, who) for choice in named for who in COLORS_OF_ALL]
    spec = votes(pd.DataFrame(rows, columns=["choice", "who", "share", "label"]), named).to_dict()
    step = theme(COLORS_OF_ALL, tokens=tokens)["view"]["discreteHeight"]["step"]
    bar = step
    if "height" in spec:
        bar = 0.8 * spec["height"] / (choices + 0.2) / 3  # a fifth is between the choices
    assert bar >= tokens.letters


def test_with_one_bar_each_many_choices_get_a_higher_chart():
    table = pd.DataFrame([(f"c{i}", CLASS, 0.1, "") for i in range(10)], columns=["choice", "who", "share", "label"])
    few, many = (votes(table, [f"c{i}" for i in range(n)]).to_dict()["height"] for n in (2, 10))
    assert many > few
