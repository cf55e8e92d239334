"""The page Bowl or mountains? without a browser."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.analysis.ground import landscape
from core.analysis.ground.landscape import MIDDLE, STEPS, Landscape
from core.runs.run import open_run
from tests.pages.opened import new_app, open_page, said

X, Y = np.meshgrid(STEPS, STEPS)
BOWL, SADDLE = 0.1 + 8 * (X**2 + Y**2), 0.4 + 3 * X**2 - Y**2 / 3


@pytest.fixture
def looked_round(app, own_runs) -> AppTest:
    """The plain network in a valley by the first directions, in a bowl by the others; the ResNet in a bowl by both."""
    for name, planes in (("mine-plain", (SADDLE, BOWL)), ("mine-residual", (BOWL, BOWL))):
        run, loss = open_run(own_runs / name), np.stack(planes).astype(np.float32)
        landscape.save(run, Landscape(loss, np.full_like(loss, 0.5), 1_000, "float32", run.facts["sha256"]))
    return app


def figures(app: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_both_have_one_scale_and_the_finding_follows_from_the_heights(looked_round):
    app = open_page(looked_round, "landscape")
    assert "The plain network ended in a valley, the ResNet in a bowl." in said(app)
    assert "In the other two directions: The plain network ended in a bowl, the ResNet in a bowl." in said(app)
    shown = figures(app)
    assert len(shown) == 2
    scales = {(f["data"][0]["cmin"], f["data"][0]["cmax"], *f["layout"]["scene"]["zaxis"]["range"]) for f in shown}
    assert scales == {(0, 5, 0, 5)}
    marks = [figure["data"][1] for figure in shown]
    assert [mark["z"] for mark in marks] == [[pytest.approx(h[MIDDLE, MIDDLE])] for h in (SADDLE, BOWL)]
    assert len({(mark["marker"]["color"], mark["marker"]["symbol"]) for mark in marks}) == 2
    cut = (BOWL > 5).mean()
    assert f"{cut:.0%} of the map is above 5 and cut off here" in app.get("plotly_chart")[1].proto.alt


def test_the_other_directions_are_a_click_away_and_the_view_turns_back(looked_round):
    app = open_page(looked_round, "landscape")
    before = figures(app)
    app.segmented_control(key="directions").set_value(1).run()
    app.button(key="turn_back").click().run()
    assert not app.exception
    assert "The plain network ended in a bowl, the ResNet in a bowl." in said(app)
    for old, new in zip(before, figures(app), strict=True):
        assert old["layout"]["uirevision"] != new["layout"]["uirevision"]


def test_a_run_that_nobody_looked_round_is_named_with_its_command(looked_round, own_runs):
    (own_runs / "mine-plain" / landscape.FILE).unlink()
    app = open_page(looked_round, "landscape")
    assert "The ground round **A** was not looked at yet" in said(app, "info")
    assert app.code[0].value == "python -m core landscape mine-plain"
    assert len(figures(app)) == 1
    (own_runs / "mine-residual" / landscape.FILE).write_bytes(b"PK")
    app.run()
    assert not figures(app)
    assert "is damaged" in said(app, "warning")
    assert app.code[1].value == "python -m core landscape mine-residual"


def test_only_twins_have_a_landscape():
    app = new_app()
    app.query_params["a"], app.query_params["b"] = "resnet50-scratch", "resnet50-imagenet"
    app = open_page(app, "landscape")
    assert [app.selectbox(key=key).value for key in "ab"] == ["plain56-s0", "resnet56-s0"]
