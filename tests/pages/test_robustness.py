"""The page What if the photo is bad? without a browser."""

import json
import re

import numpy as np
import pytest
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df

from core.analysis import metrics, robustness
from core.analysis.robustness import PHOTOS, Answers
from core.data import cifar10
from core.data.corruptions import CORRUPTIONS, corrupt
from core.heatmaps.predictor import Predictor
from core.runs.run import open_run
from tests.pages.opened import charts, open_page, said
from ui.pair import not_yet

OWN = {"A": "mine-plain", "B": "mine-residual"}


@pytest.fixture
def asked(own_runs):
    """Both know all clean photos; of the spoiled ones A half, B three quarters, in fog none."""
    for (_, name), share in zip(OWN.items(), (0.5, 0.75), strict=True):
        right = np.tile(np.arange(PHOTOS) % 4 < 4 * share, (5, 1))
        corrupted = {kind: right & (kind != "fog") for kind in CORRUPTIONS}
        robustness.save(open_run(own_runs / name), Answers(np.ones(PHOTOS, bool), corrupted))


def drawn(app) -> dict[str, list[float]]:
    """Right answers by strength, of each side, in the chart of many photos."""
    tables = [convert_arrow_bytes_to_pandas_df(one.data.data) for one in charts(app)[-1].proto.datasets]
    (table,) = (one for one in tables if "side" in one)
    return {side: rows["right"].round(4).tolist() for side, rows in table.groupby("side")}


def test_both_answer_the_photo_as_it_was_scored(app, own_runs):
    app.query_params.update({"image": "7", "spoil": CORRUPTIONS["impulse_noise"].label, "how_bad": "5"})
    app = open_page(app, "robustness")
    spoiled = corrupt(cifar10.load_test().pixels[7], "impulse_noise", 5, seed=7)
    for name, chart in zip(OWN.values(), charts(app), strict=True):
        (rows,) = (convert_arrow_bytes_to_pandas_df(dataset.data.data) for dataset in chart.proto.datasets)
        expected = metrics.probabilities(Predictor(open_run(own_runs / name)).logits(spoiled[None]))[0]
        assert rows["class"].iloc[0] == cifar10.CLASSES[expected.argmax()]
        assert rows["probability"].iloc[0] == pytest.approx(expected.max())


def test_the_curve_is_of_all_kinds_or_of_the_chosen_one(app, asked):
    app = open_page(app, "robustness")
    shares = {"A": 0.5, "B": 0.75}
    assert drawn(app) == {side: [1, *[round(share * 13 / 14, 4)] * 5] for side, share in shares.items()}
    app.selectbox(key="spoil").set_value("fog").run()
    app.segmented_control(key="drawn").set_value("one").run()
    assert drawn(app) == {"A": [1, *[0] * 5], "B": [1, *[0] * 5]}
    app.slider(key="how_bad").set_value(0).run()
    assert not app.exception
    assert "On clean photos, the plain network is right on 100%" in said(app)
    rule = json.loads(charts(app)[-1].proto.spec)["layer"][1]
    assert rule["mark"]["type"] == "rule"


def test_what_both_know_is_compared_and_with_it_other_pairs(app, asked):
    app = open_page(app, "robustness")
    assert "Of these two, the ResNet copes better with bad photos" in said(app)
    assert re.search(r"it keeps [\d.]+%; the plain network keeps [\d.]+%\.", said(app))
    assert "pairs here that differ in shortcuts alone, the gain of the ResNet over the plain network is" in said(app)
    assert "So one pair proves little" in said(app)
    # The three seeds of 20 layers that ship, recomputed.
    assert "3 of these pairs, of 20 layers, differ from each other in their seed alone: there the gain is +2.1" in said(
        app
    )
    assert "between +1.1 and +3.8 (95% interval)." in said(app)
    table = app.dataframe[0].value.set_index("A")
    assert table.loc["plain56-lr0.1", ["layers", "learning rate", "epochs", "seed"]].tolist() == [56, 0.1, 40, 0]
    gains = table["points that B keeps more"]
    assert gains["mine-plain"] == pytest.approx(100 * 0.25 * 13 / 14)
    assert gains["plain20-s0"] == pytest.approx(2.1, abs=0.1)


def test_a_study_that_was_stopped_counts_as_none(app, asked, own_runs):
    run = open_run(own_runs / OWN["A"])
    found = robustness.load(run)
    robustness.save(run, Answers(found.clean, {"fog": found.corrupted["fog"]}))
    app = open_page(app, "robustness")
    assert "**A** has not been asked about many spoiled photos yet" in said(app, "info")
    assert list(drawn(app)) == ["B"]
    assert "of what both know" not in said(app)


def test_what_is_missing_or_damaged_leaves_the_rest(app, asked, own_runs):
    (own_runs / OWN["A"] / robustness.FILE).write_bytes(b"damaged")
    (own_runs / OWN["B"] / "model.safetensors").unlink()
    app = open_page(app, "robustness")
    assert "corruptions.npz is damaged" in said(app, "warning").replace("\\", "")
    assert "do not come with the lab" in said(app, "info")
    assert list(drawn(app)) == ["B"]


@pytest.mark.parametrize("page", ["robustness", "when_it_knows", "confidence"])
def test_no_command_is_named_that_would_be_refused_without_weights(app, own_runs, page):
    for name in OWN.values():
        (own_runs / name / "model.safetensors").unlink()
        (own_runs / name / "temperature.json").unlink(missing_ok=True)
    app = open_page(app, page)
    assert [not_yet.WEIGHTS_FIRST in info.value for info in app.info].count(True) == 2
    assert not any(block.value.endswith(f"--temperature {name}") for block in app.code for name in OWN.values())
