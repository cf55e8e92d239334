"""The page When does it know? without a browser."""

import json

import pandas as pd
import pytest
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df

from core.analysis import calibration, probes
from core.analysis.calibration import Temperature
from core.analysis.probes import Probes
from core.charts.probes import READERS
from core.data import cifar10
from core.runs.library import find_run
from core.runs.run import open_run
from tests.pages.opened import charts, new_app, open_page, said


def drawn(chart) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What stands beside each block's bars, and the bars, of a chart of opinions."""
    tables = [convert_arrow_bytes_to_pandas_df(dataset.data.data) for dataset in chart.proto.datasets]
    return next(t for t in tables if "answer" in t), next(t for t in tables if "class" in t)


def test_the_last_block_says_what_the_network_says(app, own_runs):
    app.query_params["a"], app.query_params["b"], app.query_params["image"] = "plain20-s0", "resnet20-s0", "7"
    app = open_page(app, "when_it_knows")
    truth = cifar10.CLASSES[cifar10.load_test_labels()[7]]
    for chart, name in zip(charts(app)[:2], ("plain20-s0", "resnet20-s0"), strict=True):
        rows, bars = drawn(chart)
        assert rows["block"].tolist() == [7, 8, 9]
        assert rows["answer"].iloc[-1] == f"{cifar10.CLASSES[find_run(name).test_logits()[7].argmax()]}!"
        assert (len(bars), set(bars.loc[bars["full"], "class"])) == (30, {truth})
        surest = bars.loc[bars.groupby("block")["sure"].idxmax(), "class"]
        assert surest.tolist() == [answer.rstrip("?!") for answer in rows["answer"]]
        assert bars.groupby("block")["sure"].sum().tolist() == pytest.approx([1, 1, 1])


def test_after_the_last_block_it_is_as_sure_as_on_every_other_page(app, own_runs):
    for name in ("mine-plain", "mine-residual"):
        calibration.save(open_run(own_runs / name), Temperature(0.5, 40))
    app.query_params["image"] = "7"
    app = open_page(app, "when_it_knows")
    _, bars = drawn(charts(app)[0])
    sure = f"{bars.loc[bars['block'] == bars['block'].max(), 'sure'].max():.0%} sure"
    app = open_page(app, "look_inside")
    app.number_input(key="image").set_value(7).run()
    assert next(line for line in said(app).splitlines() if line.endswith("% sure")) == sure


def test_a_run_that_was_not_asked_is_named_and_shown_once_it_was(app, own_runs):
    app = open_page(app, "when_it_knows")
    assert "**A** has not been asked about many photos yet" in said(app, "info")
    assert len(charts(app)) == 2
    probes.save(open_run(own_runs / "mine-plain"), Probes([0.25], [0.5], 360, 40, [0.3]))
    app.run()
    assert "its last layer is right on 25%" in said(app)
    spec = json.loads(charts(app)[-1].proto.spec)
    assert spec["layer"][1]["encoding"]["strokeDash"]["scale"]["domain"] == list(READERS)


def test_a_network_without_weights_leaves_the_other_to_answer(app, own_runs):
    (own_runs / "mine-plain" / "model.safetensors").unlink()
    app = open_page(app, "when_it_knows")
    assert len(charts(app)) == 1
    assert "do not come with the lab" in said(app, "info")


def test_only_twins_can_be_asked():
    app = new_app()
    app.query_params["a"], app.query_params["b"] = "resnet50-scratch", "resnet50-imagenet"
    app = open_page(app, "when_it_knows")
    assert [app.selectbox(key=key).value for key in "ab"] == ["plain56-s0", "resnet56-s0"]
