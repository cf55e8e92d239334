"""Charts, asserted as the data and encodings that they hold."""

import numpy as np
import pandas as pd
import pytest

from core.charts import depth, gradients, learning
from core.charts.answers import MISTAKE, answers, confidence_curve, confusion, per_class, right_by_strength
from core.charts.architectures import KINDS, _with_room_for_names, architectures
from core.charts.depth import Axes, degradation
from core.charts.gradients import (
    gradient_by_layer,
    gradient_heatmap,
    gradient_ratio,
    largest_weights,
    likeness_by_depth,
    pixel_walk,
    step_by_layer,
)
from core.charts.learning import gap, learning_curves
from core.charts.palette import COLORS, GRAY, INK, PROJECTOR, SCREEN, WITH, WITHOUT, colors, theme, told_apart
from core.charts.surgery import chain, removed_blocks, single_blocks
from core.data.cifar10 import CLASSES
from core.settings.train_config import TrainConfig


def matrix(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, index=pd.Index(CLASSES, name="true"), columns=pd.Index(CLASSES, name="answer"))


def rows(spec: dict) -> list[dict]:
    """All data rows of a chart's spec."""
    return [row for dataset in spec["datasets"].values() for row in dataset]


def datasets_of(chart: dict) -> list[str]:
    """Of the two layers that show what was published, the names of their data."""
    return [layer["data"]["name"] for layer in chart["layer"][:2]]


def color_scales(node) -> list[dict]:
    """The scale of every color encoding in a spec, wherever it stands."""
    if isinstance(node, list):
        return [scale for item in node for scale in color_scales(item)]
    if not isinstance(node, dict):
        return []
    own = [node["color"]["scale"]] if isinstance(node.get("color"), dict) and "scale" in node["color"] else []
    return own + [scale for item in node.values() for scale in color_scales(item)]


GRADIENTS = pd.DataFrame(
    [
        {"side": side, "epoch": epoch, "number": number, "layer": f"l{number}", "norm": 0.1 * number, "broken": False}
        for side in "AB"
        for epoch in (1, 2)
        for number in (1, 2, 3)
    ]
)
GROUNDS = [(False, "#FFFFFF"), (True, "#171614")]  # of the page, by whether it is dark
AXES = Axes(depths=(20, 32, 56), lowest=70.0)
PUBLISHED = pd.DataFrame(
    [("ResNet", 56, 93.03, "Table 6"), ("plain", 56, 87.0, "about, read off Figure 6")],
    columns=["network", "depth", "right", "source"],
)


def by_depth() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two runs, and their spread."""
    runs = pd.DataFrame(
        [("p", "plain", 20, 0, 91.0), ("r", "ResNet", 20, 0, 92.0)],
        columns=["run", "network", "depth", "seed", "test_right"],
    )
    spread = runs.rename(columns={"test_right": "mean"}).assign(low=90.5, high=92.5, runs=1)
    return runs, spread[["network", "depth", "mean", "low", "high", "runs"]]


@pytest.fixture
def curves() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"side": side, "run": side.lower(), "split": split, "epoch": epoch, "value": epoch / 10}
            for side in "AB"
            for split in ("training", "validation")
            for epoch in (1, 2, 3)
        ]
    )


def test_every_chart_leaves_the_colors_of_a_and_b_to_the_theme(curves):
    gaps = curves.assign(gap=1.0)
    classes = pd.DataFrame({"class": ["cat", "cat"], "side": ["A", "B"], "run": ["a", "b"], "value": [0.1, 0.2]})
    every = [
        learning_curves(curves, "epoch", "epochs", "accuracy", True),
        gap(gaps, "epoch", "epochs"),
        per_class(classes, "F1"),
        right_by_strength(
            pd.DataFrame({"side": ["A"], "run": "a", "strength": 0, "right": 0.5, "low": 0.4, "high": 0.6}), 3
        ),
        gradient_by_layer(GRADIENTS, [0.1, 1.0]),
        step_by_layer(GRADIENTS.assign(step=GRADIENTS["norm"]), [0.1, 1.0]),
        gradient_ratio(GRADIENTS.assign(run="x", ratio=0.5), about_equal=2),
        single_blocks(
            pd.DataFrame({"side": ["A"], "run": "a", "block": 1, "accuracy": 0.5, "loss": 20.0, "halves": True})
        ),
        removed_blocks(
            pd.DataFrame({"side": ["A"], "run": "a", "removed": 1, "mean": 0.5, "low": 0.4, "high": 0.6, "draws": 5})
        ),
    ]
    for chart in every:
        scales = color_scales(chart.to_dict())
        assert scales
        for scale in scales:
            assert scale == {"domain": ["A", "B"]}  # in which colors, says the theme


def test_a_legend_names_only_lines_that_are_there(curves):
    for table, lines in ((curves, 2), (curves[curves["split"] == "validation"], 1)):
        layers = learning_curves(table, "epoch", "epochs", "accuracy", True).to_dict()["layer"]
        (dash,) = (layer["encoding"]["strokeDash"] for layer in layers if "strokeDash" in layer["encoding"])
        assert (dash["legend"] is not None) == (lines == 2)


def test_learning_curves_hold_all_points(curves):
    chart = learning_curves(curves, "epoch", "epochs", "accuracy", True).to_dict()
    assert len(rows(chart)) == len(curves)
    assert {row["split"] for row in rows(chart)} == {"training", "validation"}


@pytest.mark.parametrize("percent", [True, False])
def test_two_of_one_color_are_told_apart_in_every_line(curves, percent):
    flags, _, training, validation, _ = (
        layer
        for layer in learning_curves(curves, "epoch", "epochs", "right", percent, line=0.2).to_dict()["layer"]
        if layer["mark"]["type"] != "rule"
    )
    assert "color" not in flags["encoding"]  # letters have that of the page
    always, of_one_color = 1, {"expr": learning.ONE_COLOR}
    for points, split, look in (
        (training, "training", (None, of_one_color)),
        (validation, "validation", (True, always)),
    ):
        assert points["encoding"]["shape"]["scale"]["range"] == ["circle", "square"]
        assert (points["mark"].get("filled"), points["mark"]["opacity"]) == look
        assert split in points["transform"][0]["filter"]
    dashes = confidence_curve("Noise (%)").to_dict()["layer"][1]["encoding"]["strokeDash"]["scale"]
    assert dashes == {"domain": ["A", "B"], "range": [[6, 3], [1, 0]]}


@pytest.mark.parametrize(("dark", "ground"), GROUNDS)
def test_gray_lines_are_seen(dark, ground):
    """Contrast of at least 3 to 1 (WCAG 2.1, 1.4.11)."""
    assert min(contrast(rgb(gray), rgb(ground)) for gray in learning.GRAYS) >= 3


def test_confusion_holds_every_cell_and_takes_clicks():
    values = np.arange(100).reshape(10, 10)
    chart = confusion(matrix(values), 50, chosen=("cat", "dog")).to_dict()
    assert sum(row["images"] for row in rows(chart)) == values.sum()
    assert {(row["true"], row["answer"]): row["images"] for row in rows(chart)}["cat", "dog"] == values[3, 5]
    (parameter,) = chart["params"]
    assert parameter["name"] == "cell"
    assert parameter["select"]["fields"] == ["true", "answer"]
    assert [(row["true"], row["answer"]) for row in rows(chart) if row["chosen"]] == [("cat", "dog")]
    assert {layer["mark"]["cursor"] for layer in chart["layer"]} == {"pointer"}


def test_a_confusion_matrix_that_takes_no_clicks_does_not_look_as_if_it_did():
    chart = confusion(matrix(np.eye(10)), largest=1).to_dict()
    assert "params" not in chart
    assert not any(row["chosen"] for row in rows(chart))
    assert not any("cursor" in layer["mark"] for layer in chart["layer"])


@pytest.mark.parametrize(("dark", "ground"), GROUNDS)
@pytest.mark.parametrize("hue", [MISTAKE, WITHOUT, WITH, GRAY])
def test_the_letters_of_the_page_are_read_on_the_fullest_cell(hue, dark, ground):
    squares, text = confusion(matrix(np.eye(10)), 1, (hue, hue)).to_dict()["layer"]
    assert "color" not in text["mark"]
    share = squares["encoding"]["fillOpacity"]["scale"]["range"][1]
    cell = [share * full + (1 - share) * page for full, page in zip(rgb(hue), rgb(ground), strict=True)]
    assert contrast(cell, rgb(INK[dark])) >= 4.5


def test_confusion_matrices_can_share_a_scale():
    full = [
        max(row["fullness"] for row in rows(confusion(matrix(np.full((10, 10), n)), largest=80).to_dict()))
        for n in (20, 160)
    ]
    assert full == [0.25, 1]
    values = np.zeros((10, 10), int)
    values[3, 5], values[3, 6], values[3, 3] = 40, 10, 900
    fullness = {(row["true"], row["answer"]): row["fullness"] for row in rows(confusion(matrix(values), 50).to_dict())}
    assert (fullness["cat", "dog"], fullness["cat", "frog"], fullness["cat", "cat"]) == (0.8, 0.2, 0)


def test_in_a_difference_the_diagonal_counts_and_a_cell_has_the_color_of_the_one_with_more():
    values = np.diag([1] * 9 + [-1])
    alone = rows(confusion(matrix(values), largest=1).to_dict())
    assert {row["fullness"] for row in alone} == {0}
    spec = confusion(matrix(values), 1, ("#D55E00", "#0072B2")).to_dict()
    diagonal = {row["true"]: (row["fullness"], row["more"]) for row in rows(spec) if row["true"] == row["answer"]}
    assert diagonal == dict.fromkeys(CLASSES[:9], (1, "B")) | {CLASSES[9]: (1, "A")}
    assert color_scales(spec)[0] == {"domain": ["A", "B"], "range": ["#D55E00", "#0072B2"]}


def test_answers_are_on_a_scale_from_nothing_to_certain():
    table = pd.DataFrame({"class": ["cat", "dog"], "probability": [0.7, 0.2]})
    chart = answers(table, "#123456").to_dict()
    x, y = (chart["layer"][0]["encoding"][axis] for axis in "xy")
    assert x["scale"]["domain"][0] == 0
    assert x["axis"]["values"] == [0, 0.5, 1]
    assert y["sort"] == ["cat", "dog"]
    assert chart["layer"][0]["mark"]["color"] == "#123456"


def test_confidence_curve_has_a_layer_for_each_part_of_its_data():
    spec = confidence_curve("Noise (%)").to_dict()
    parts = [layer["transform"][0]["filter"].split("'")[1] for layer in spec["layer"]]
    assert parts == ["now", "curve", "curve", "flip"]
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["rule", "line", "point", "point"]
    assert spec["layer"][3]["mark"]["opacity"] == 1
    assert spec["layer"][1]["encoding"]["y"]["scale"]["domain"] == [0, 1]


def test_depth_has_every_run_its_spread_and_what_was_published_and_takes_clicks():
    chart = degradation(*by_depth(), PUBLISHED, "test_right", "right (%)", AXES).to_dict()
    assert {row["run"] for row in rows(chart) if "run" in row} == {"p", "r"}
    line, points = ([row["right"] for row in chart["datasets"][name] if "right" in row] for name in datasets_of(chart))
    assert (line, points) == ([93.03], [93.03, 87.0])  # what was read off a figure is not joined
    assert chart["layer"][1]["mark"] == {"type": "point", "size": 70, "opacity": 1}  # hollow
    assert not any("opacity" in layer["encoding"] for layer in chart["layer"])
    assert [(row["low"], row["high"]) for row in rows(chart) if "low" in row] == [(90.5, 92.5)] * 2
    (parameter,) = chart["params"]
    assert (parameter["name"], parameter["select"]["fields"]) == ("point", ["run"])
    for scale in color_scales(chart):
        assert scale == {"domain": ["plain", "ResNet"]}  # in which colors, says the theme
    layer = chart["layer"][-1]["encoding"]
    assert layer["x"]["scale"]["domain"] == [20, 56]
    assert layer["x"]["axis"]["values"] == [20, 32, 56]
    assert {row["said"] for row in rows(chart) if "said" in row} == {
        "p: 20 layers, right (%) 91.00",
        "r: 20 layers, right (%) 92.00",
    }
    assert layer["y"]["scale"]["domain"] == [70, 100]


def test_seeds_of_a_depth_stand_side_by_side():
    runs, spread = by_depth()
    more = [runs.iloc[:1].assign(run=f"p{seed}", seed=seed) for seed in (1, 2)]
    chart = degradation(pd.concat([*more, runs]), spread, PUBLISHED, "test_right", "", AXES).to_dict()
    places = {row["run"]: row["place"] for row in rows(chart) if "run" in row}
    step = (56 / 20) ** depth.SEED_STEP
    assert places == pytest.approx({"p": 20 / step, "p1": 20, "p2": 20 * step, "r": 20})


def test_a_single_depth_stands_in_the_middle_of_its_axis():
    axes = Axes(depths=[20], lowest=70.0)
    chart = degradation(*by_depth(), PUBLISHED[:0], "test_right", "", axes).to_dict()
    low, high = chart["layer"][-1]["encoding"]["x"]["scale"]["domain"]
    assert low * high == pytest.approx(20**2)
    assert low < 20 < high


def test_depth_without_published_values():
    chart = degradation(*by_depth(), PUBLISHED[:0], "test_right", "right (%)", AXES).to_dict()
    assert not any("right" in row for row in rows(chart))


def test_gradient_heatmaps_share_a_logarithmic_scale_and_mark_what_broke():
    broken = GRADIENTS.assign(broken=GRADIENTS["number"] == 2)
    chart = gradient_heatmap(broken, [0.01, 1.0]).to_dict()
    assert len(rows(chart)) == len(broken)
    color = chart["encoding"]["color"]
    text = str(color)
    assert gradients.BROKEN in text
    assert "broken" in text
    assert "'type': 'log'" in text
    assert "'domain': [0.01, 1.0]" in text
    steps = gradient_heatmap(broken.rename(columns={"norm": "step"}), [0.01, 1.0], "step", gradients.STEP).to_dict()
    assert steps["encoding"]["color"] != color
    assert "'step'" in str(steps["encoding"]["color"])


def test_gradients_by_layer_can_compare_the_two_kinds_of_network():
    table = GRADIENTS.assign(network="plain")
    chart = gradient_by_layer(table, [0.01, 1.0], "network", ("ResNet", "plain")).to_dict()
    for scale in color_scales(chart):
        assert scale == {"domain": ["ResNet", "plain"]}
    assert chart["layer"][0]["encoding"]["y"]["scale"] == {"type": "log", "domain": [0.01, 1.0]}


def test_a_step_is_drawn_against_one_as_long_as_the_weights():
    chart = step_by_layer(GRADIENTS.assign(step=0.5), [0.1, 2.0]).to_dict()
    rule, line, points = chart["layer"]
    assert {"whole": 1} in rows(chart)
    assert rule["encoding"]["y"]["scale"] == line["encoding"]["y"]["scale"] == {"type": "log", "domain": [0.1, 2.0]}
    assert points["encoding"]["y"]["field"] == "step"


def test_weights_before_a_step_are_drawn_beside_those_after_it():
    table = pd.DataFrame(
        [("plain", 1, "conv1", 0.7, 4300.0), ("ResNet", 1, "conv1", 0.7, 0.9)],
        columns=["network", "number", "layer", "before", "after"],
    )
    after, before = largest_weights(table).to_dict()["layer"]
    assert before["encoding"]["y"]["scale"] == after["encoding"]["y"]["scale"] == {"type": "log", "domain": [0.7, 4300]}
    assert (before["encoding"]["y"]["field"], after["encoding"]["y"]["field"]) == ("before", "after")
    assert before["mark"]["color"] == GRAY
    assert color_scales(after) == [{"domain": ["plain", "ResNet"]}]


def test_the_walk_of_one_network_has_its_color():
    walk = pd.DataFrame({"network": "ResNet", "mixed": [0.0, 0.1], "pixel": [-1.0, 0.5]})
    for layer in pixel_walk(walk).to_dict()["layer"]:
        assert layer["encoding"]["y"]["scale"] == {"zero": False}
        assert layer["encoding"]["color"]["scale"] == {"domain": ["plain", "ResNet"]}


def test_the_likeness_of_gradients_is_on_a_scale_to_one():
    alike = pd.DataFrame({"network": ["plain", "ResNet"], "depth": [56, 56], "alike": [-0.02, 0.6]})
    for layer in likeness_by_depth(alike).to_dict()["layer"]:
        assert layer["encoding"]["y"]["scale"] == {"domain": [-0.02, 1]}
        assert layer["encoding"]["x"]["axis"]["values"] == [56]


def test_accuracies_after_surgery_are_on_a_scale_from_nothing_to_all_with_guessing():
    table = pd.DataFrame({"side": ["A", "B"], "run": "a", "block": 1, "accuracy": [0.1, 0.6], "loss": [60.0, 20.0]})
    table = table.assign(halves=[False, True])
    chart = single_blocks(table).to_dict()
    assert {"guessing": 0.1} in rows(chart)
    halving, *others = chart["layer"]
    assert all(layer["encoding"]["y"]["scale"]["domain"] == [0, 1] for layer in others)
    assert [row["accuracy"] for row in rows(chart) if "accuracy" in row] == [0.1, 0.6]
    assert (halving["mark"]["type"], halving["transform"]) == ("rule", [{"filter": "datum.halves"}])


def test_seeds_of_one_network_are_dots_of_their_own_under_one_name():
    columns = ["run", "network", "kind", "accuracy", "low", "high", "parameters"]
    table = pd.DataFrame(
        [("s0", "ResNet", KINDS[1], 0.90, 0.89, 0.91, 100), ("s1", "ResNet", KINDS[1], 0.92, 0.91, 0.93, 100)],
        columns=columns,
    )
    spec = architectures(table, "parameters", "parameters", 14).to_dict()
    named = {layer["data"]["name"]: layer for layer in spec["layer"] if layer["mark"]["type"] == "text"}
    (names,) = (spec["datasets"][name] for name in named)
    assert [(row["run"], row["network"]) for row in names] == [("s1", "ResNet")]  # the best
    dots = [row["run"] for name, data in spec["datasets"].items() if name not in named for row in data]
    assert dots == ["s0", "s1"]


def test_names_of_networks_do_not_run_into_each_other():
    rows = [("best", 100, 0.92), ("same place", 100, 0.919), ("below", 100, 0.80), ("right", 10_000, 0.91)]
    table = pd.DataFrame(rows, columns=["network", "parameters", "accuracy"])
    named = names_with_room(table, SCREEN.letters)
    assert named == {"best": "left", "below": "left", "right": "right"}  # at the edge, left of its dot
    between = table.assign(parameters=[435, 300, 207, 10_000], accuracy=[0.92, 0.912, 0.904, 0.80])
    assert names_with_room(between, SCREEN.letters)["same place"] == "center"  # dots on both sides: above its dot
    assert "same place" not in names_with_room(between, PROJECTOR.letters)


def names_with_room(table: pd.DataFrame, letters: int) -> dict[str, str]:
    return _with_room_for_names(table, "parameters", 1.0, 0.75, letters).set_index("network")["align"].to_dict()


PLAIN, RESIDUAL = TrainConfig(skip=False), TrainConfig(skip=True)
SCRATCH = TrainConfig(family="torchvision", network="resnet50")
PRETRAINED = TrainConfig(family="torchvision", network="resnet50", init="imagenet")


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (PLAIN, RESIDUAL, [WITHOUT, WITH]),
        (RESIDUAL, PLAIN, [WITH, WITHOUT]),  # by kind, whichever is A
        (SCRATCH, PRETRAINED, [WITHOUT, WITH]),
        (PRETRAINED, SCRATCH, [WITH, WITHOUT]),
        (RESIDUAL, PRETRAINED, [WITH, WITH]),
        (RESIDUAL, TrainConfig(skip=True, init="weights.safetensors"), [WITHOUT, WITH]),
        (RESIDUAL, RESIDUAL, [WITH, WITH]),
    ],
)
def test_a_color_is_that_of_a_kind(a, b, expected):
    assert list(colors(a, b).values()) == expected


def test_two_of_one_color_are_told_apart_where_there_is_nothing_but_color():
    assert told_apart(colors(RESIDUAL, RESIDUAL)) == (GRAY, WITH)
    assert told_apart(COLORS) == (WITHOUT, WITH)


@pytest.mark.parametrize(("dark", "ground"), GROUNDS)
def test_letters_stand_out_from_the_page(dark, ground):
    """Contrast of at least 4.5 to 1 (WCAG 2.1, 1.4.3)."""
    look = theme(COLORS, dark)
    assert look["range"]["category"] == [WITHOUT, WITH]
    assert look["axis"]["labelFontSize"] >= 14
    assert contrast(rgb(ground), rgb(INK[dark])) >= 4.5


def rgb(color: str) -> list[float]:
    """0 to 1, of "#RRGGBB"."""
    return [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def contrast(one: list[float], other: list[float]) -> float:
    """Of two colors, 1 to 21 (WCAG 2.1)."""
    shade, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (shade + 0.05)


def luminance(parts: list[float]) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.1)."""
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("skip", [False, True])
def test_a_network_is_drawn_to_be_cut(skip):
    spec = chain((3, 3, 3), skip, frozenset({2}), frozenset({4}), "#123456").to_dict()
    blocks = {row["block"]: row for row in rows(spec) if "hint" in row}
    assert list(blocks) == list(range(1, 10))
    assert [number for number, row in blocks.items() if row["filled"] == 0] == [2]
    assert [blocks[number]["top"] > blocks[number + 1]["top"] for number in (3, 6)] == [True, True]
    assert "must stay" in blocks[4]["hint"]
    assert "put it back" in blocks[2]["hint"]
    arcs = {row["block"] for row in rows(spec) if "order" in row}
    assert arcs == (set(blocks) if skip else set())
    (parameter,) = spec["params"]
    assert (parameter["name"], parameter["select"]["fields"]) == ("block", ["block"])
