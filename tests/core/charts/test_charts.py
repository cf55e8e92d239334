"""Charts, asserted as the data and encodings that they hold."""

import numpy as np
import pandas as pd
import pytest

from core.analysis.depth import NETWORKS
from core.charts import depth, gradients
from core.charts.answers import answers, confidence_curve, confusion, per_class
from core.charts.architectures import _with_room_for_names, architectures
from core.charts.depth import Axes, degradation
from core.charts.gradients import gradient_by_layer, gradient_heatmap, gradient_ratio
from core.charts.learning import gap, learning_curves
from core.charts.palette import COLORS
from core.charts.surgery import removed_blocks, single_blocks
from core.data.cifar10 import CLASSES


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
AXES = Axes(depths=(20, 32, 56), error=30.0)
PUBLISHED = pd.DataFrame(
    [("ResNet", 56, 6.97, "Table 6"), ("plain", 56, 13.0, "about, read off Figure 6")],
    columns=["network", "depth", "error", "source"],
)


def by_depth() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two runs, and their spread."""
    runs = pd.DataFrame(
        [("p", "plain", 20, 0, 9.0, ""), ("r", "ResNet", 20, 0, 8.0, "B")],
        columns=["run", "network", "depth", "seed", "test_error", "side"],
    )
    spread = runs.rename(columns={"test_error": "mean"}).assign(low=7.5, high=9.5, runs=1)
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


def test_a_and_b_have_the_same_colors_in_every_chart(curves):
    gaps = curves.assign(gap=1.0)
    classes = pd.DataFrame({"class": ["cat", "cat"], "side": ["A", "B"], "run": ["a", "b"], "value": [0.1, 0.2]})
    every = [
        learning_curves(curves, "epoch", "epochs", "accuracy", True),
        gap(gaps, "epoch", "epochs"),
        per_class(classes, "F1"),
        gradient_by_layer(GRADIENTS, [0.1, 1.0]),
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
            assert scale == {"domain": ["A", "B"], "range": [*COLORS.values()]}


def test_learning_curves_hold_all_points(curves):
    chart = learning_curves(curves, "epoch", "epochs", "accuracy", True).to_dict()
    assert len(rows(chart)) == len(curves)
    assert {row["split"] for row in rows(chart)} == {"training", "validation"}


def test_confusion_holds_every_cell_and_takes_clicks():
    values = np.arange(100).reshape(10, 10)
    chart = confusion(matrix(values), "A", largest=50).to_dict()
    assert sum(row["images"] for row in rows(chart)) == values.sum()
    assert {(row["true"], row["answer"]): row["images"] for row in rows(chart)}["cat", "dog"] == values[3, 5]
    (parameter,) = chart["params"]
    assert parameter["name"] == "cell"
    assert parameter["select"]["fields"] == ["true", "answer"]


def test_numbers_are_white_on_dark_cells_and_dark_on_light_ones():
    _, text = confusion(matrix(np.zeros((10, 10), int)), "A", largest=50).to_dict()["layer"]
    colors = text["encoding"]["color"]
    assert [(condition["test"], condition["value"]) for condition in colors["condition"]] == [
        ("datum.mistake && abs(datum.images) > 0.55 * 50", "white"),
        ("datum.mistake", "#111"),
    ]


def test_confusion_matrices_can_share_a_scale():
    domains = [
        color_scales(confusion(matrix(np.full((10, 10), n)), "x", largest=80).to_dict()["layer"][0]) for n in (1, 70)
    ]
    assert domains[0] == domains[1]


def test_the_diagonal_counts_in_a_difference_alone():
    values = np.eye(10, dtype=int)
    plain = rows(confusion(matrix(values), "x", largest=1).to_dict())
    difference = rows(confusion(matrix(values), "x", largest=1, difference=True).to_dict())
    assert not any(row["mistake"] for row in plain if row["true"] == row["answer"])
    assert all(row["mistake"] for row in difference)


def test_answers_are_on_a_scale_from_nothing_to_certain():
    table = pd.DataFrame({"class": ["cat", "dog"], "probability": [0.7, 0.2]})
    chart = answers(table, "B").to_dict()
    x, y = (chart["layer"][0]["encoding"][axis] for axis in "xy")
    assert x["scale"]["domain"][0] == 0
    assert x["axis"]["values"] == [0, 0.5, 1]
    assert y["sort"] == ["cat", "dog"]
    assert chart["layer"][0]["mark"]["color"] == COLORS["B"]


def test_confidence_curve_has_a_layer_for_each_part_of_its_data():
    spec = confidence_curve("Noise (%)").to_dict()
    parts = [layer["transform"][0]["filter"].split("'")[1] for layer in spec["layer"]]
    assert parts == ["now", "curve", "curve", "flip"]
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["rule", "line", "point", "point"]
    assert spec["layer"][3]["mark"]["opacity"] == 1
    assert spec["layer"][1]["encoding"]["y"]["scale"]["domain"] == [0, 1]


def test_depth_has_every_run_its_spread_and_what_was_published_and_takes_clicks():
    chart = degradation(*by_depth(), PUBLISHED, "test_error", "test error (%)", AXES, NETWORKS).to_dict()
    assert {row["run"] for row in rows(chart) if "run" in row} == {"p", "r"}
    line, points = ([row["error"] for row in chart["datasets"][name] if "error" in row] for name in datasets_of(chart))
    assert (line, points) == ([6.97], [6.97, 13.0])  # what was read off a figure is not joined
    assert [(row["low"], row["high"]) for row in rows(chart) if "low" in row] == [(7.5, 9.5)] * 2
    (parameter,) = chart["params"]
    assert (parameter["name"], parameter["select"]["fields"]) == ("point", ["run"])
    for scale in color_scales(chart):
        assert scale == {"domain": ["plain", "ResNet"], "range": [*COLORS.values()]}
    layer = chart["layer"][-1]["encoding"]
    assert layer["x"]["scale"]["domain"] == [20, 56]
    assert layer["x"]["axis"]["values"] == [20, 32, 56]
    assert {row["said"] for row in rows(chart) if "said" in row} == {
        "p: 20 layers, test error (%) 9.00",
        "r: 20 layers, test error (%) 8.00",
    }
    assert layer["y"]["scale"]["domain"] == [0, 30]


def test_seeds_of_a_depth_stand_side_by_side():
    runs, spread = by_depth()
    more = [runs.iloc[:1].assign(run=f"p{seed}", seed=seed) for seed in (1, 2)]
    chart = degradation(pd.concat([*more, runs]), spread, PUBLISHED, "test_error", "", AXES, NETWORKS).to_dict()
    places = {row["run"]: row["place"] for row in rows(chart) if "run" in row}
    step = (56 / 20) ** depth.SEED_STEP
    assert places == pytest.approx({"p": 20 / step, "p1": 20, "p2": 20 * step, "r": 20})


def test_a_single_depth_stands_in_the_middle_of_its_axis():
    axes = Axes(depths=[20], error=30.0)
    chart = degradation(*by_depth(), PUBLISHED[:0], "test_error", "", axes, NETWORKS).to_dict()
    low, high = chart["layer"][-1]["encoding"]["x"]["scale"]["domain"]
    assert low * high == pytest.approx(20**2)
    assert low < 20 < high


def test_depth_without_published_values():
    chart = degradation(*by_depth(), PUBLISHED[:0], "test_error", "test error (%)", AXES, NETWORKS).to_dict()
    assert not any("error" in row for row in rows(chart))


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


def test_gradients_by_layer_can_compare_the_two_kinds_of_network():
    table = GRADIENTS.assign(network="plain")
    chart = gradient_by_layer(table, [0.01, 1.0], "network", ("ResNet", "plain")).to_dict()
    for scale in color_scales(chart):
        assert scale == {"domain": ["ResNet", "plain"], "range": [*COLORS.values()]}
    assert chart["layer"][0]["encoding"]["y"]["scale"] == {"type": "log", "domain": [0.01, 1.0]}


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
    columns = ["run", "network", "side", "accuracy", "low", "high", "parameters"]
    table = pd.DataFrame(
        [("s0", "ResNet", "A", 0.90, 0.89, 0.91, 100), ("s1", "ResNet", "", 0.92, 0.91, 0.93, 100)], columns=columns
    )
    spec = architectures(table, "parameters", "parameters").to_dict()
    named = {layer["data"]["name"]: layer for layer in spec["layer"] if layer["mark"]["type"] == "text"}
    (names,) = (spec["datasets"][name] for name in named)
    assert [(row["run"], row["network"]) for row in names] == [("s0", "ResNet")]  # A; else the best
    dots = [row["run"] for name, data in spec["datasets"].items() if name not in named for row in data]
    assert dots == ["s1", "s0"]  # A over the others


def test_names_of_networks_do_not_run_into_each_other():
    rows = [("best", 100, 0.92), ("same place", 100, 0.919), ("below", 100, 0.80), ("right", 10_000, 0.91)]
    table = pd.DataFrame(rows, columns=["network", "parameters", "accuracy"])
    table = table.assign(side="")
    named = _with_room_for_names(table, "parameters", 1.0, 0.75).set_index("network")["align"].to_dict()
    assert named == {"best": "left", "below": "left", "right": "right"}  # at the edge, left of its dot
    between = table.assign(parameters=[435, 300, 207, 10_000], accuracy=[0.92, 0.915, 0.91, 0.80])
    named = _with_room_for_names(between, "parameters", 1.0, 0.75).set_index("network")["align"].to_dict()
    assert named["same place"] == "center"  # dots on both sides: above its dot
    chosen = table.assign(side=["", "A", "", ""])
    assert "same place" in _with_room_for_names(chosen, "parameters", 1.0, 0.75)["network"].tolist()
