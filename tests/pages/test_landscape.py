"""The page Bowl or mountains? without a browser."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.analysis.landscapes import landscape, walk
from core.analysis.landscapes.landscape import MIDDLE, STEPS, Landscape
from core.runs import kept_weights
from core.runs.library import find_run
from core.runs.run import open_run
from tests.core.analysis.landscapes.made_up import seen
from tests.pages.opened import charts, new_app, open_page, said, words
from ui.pair.pair import DEEP, WITHOUT_BATCH_NORM

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
    assert "In these two directions: The plain network ended in a valley, the ResNet in a bowl." in said(app)
    assert "In the other two directions: Both ended in a bowl." in said(app)
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
    assert "## In these two directions: Both ended in a bowl." in said(app)
    for old, new in zip(before, figures(app), strict=True):
        assert old["layout"]["uirevision"] != new["layout"]["uirevision"]


def test_a_run_that_nobody_looked_round_is_named_with_its_command(looked_round, own_runs):
    (own_runs / "mine-plain" / landscape.FILE).unlink()
    app = open_page(looked_round, "landscape")
    assert "The ground around **A** has not been mapped yet" in said(app, "info")
    assert app.code[0].value == "python -m core landscape mine-plain"
    assert len(figures(app)) == 1
    (own_runs / "mine-residual" / landscape.FILE).write_bytes(b"PK")
    app.run()
    assert not figures(app)
    assert "is damaged" in said(app, "warning")
    assert app.code[1].value == "python -m core landscape mine-residual"


@pytest.fixture
def walked(app, own_runs) -> AppTest:
    """Both have gone the same way."""
    for name in ("mine-plain", "mine-residual"):
        run = open_run(own_runs / name)
        walk.save(run, seen(run.facts["sha256"]))
    return app


def test_both_ways_are_drawn_on_one_scale_with_what_they_do_not_prove(walked):
    app = open_page(walked, "landscape")
    assert "## Two directions capture 90% of the plain network's path, and 90% of the ResNet's." in said(app)
    assert "What this picture does not prove" in said(app)
    ways = charts(app)
    assert len(ways) == 2
    specs = [json.loads(way.proto.spec) for way in ways]
    assert len({str(spec["layer"][0]["encoding"]["color"]["scale"]) for spec in specs}) == 1
    assert [spec["layer"][3]["mark"]["shape"] for spec in specs] == ["circle", "square"]
    assert len({spec["layer"][2]["mark"]["color"] for spec in specs}) == 2
    assert "the loss only fell, from 2.00 to 0.10" in ways[0].proto.alt


def test_where_no_weights_were_kept_the_page_says_how(app, own_runs):
    app = open_page(app, "landscape")
    assert "No weights were saved while **A** and **B** learned." in said(app)
    (commands,) = (code.value for code in app.code if "--keep-weights" in code.value)
    train, look, *others = commands.splitlines()
    assert len(others) == 2
    assert train.startswith("python -m core train plain8 ")
    assert "--epochs 12 --keep-weights 12" in train
    assert train.endswith("--name mine-plain-walk")
    assert look == "python -m core landscape mine-plain-walk"


def test_where_weights_were_kept_the_page_says_how_to_look(make_run, app):
    run = make_run("mine-keeping", epochs=2, keep_weights=2)
    for epoch in (0, 1, 2):
        kept_weights.file_of(run.path, epoch).touch()
    app.query_params["b"] = "mine-keeping"
    app = open_page(app, "landscape")
    assert "The path of **B** has not been mapped yet." in said(app, "info")
    assert "No weights were saved while **A** learned." in said(app)
    assert app.code[2].value == "python -m core landscape mine-keeping"
    (run.path / walk.FILE).write_bytes(b"PK")
    app.run()
    assert "walk.npz is damaged" in said(app, "warning")


def test_a_pair_is_offered_only_where_there_is_something_to_see(app):
    page = open_page(app, "landscape")
    mapped = all(landscape.load(find_run(name)) for name in WITHOUT_BATCH_NORM)
    assert {"mapped", "walked"} <= {button.key for button in page.button}
    assert ("without_batch_norm" in {button.key for button in page.button}) == mapped
    page.button(key="mapped").click().run()
    assert [page.selectbox(key=key).value for key in "ab"] == [*DEEP]
    assert len(figures(page)) == 2
    assert "mapped" not in {button.key for button in page.button}


def test_where_paths_alone_are_known_they_come_before_what_to_run_for_the_ground(walked):
    shown = words(open_page(walked, "landscape"))
    assert shown.index("The path of the training") < shown.index("**A** has not been mapped yet")


def test_the_ground_comes_before_the_path(looked_round, walked):
    shown = words(open_page(looked_round, "landscape"))
    assert shown.index("ended in a valley") < shown.index("The path of the training")


def test_only_twins_have_a_landscape():
    app = new_app()
    app.query_params["a"], app.query_params["b"] = "resnet50-scratch", "resnet50-imagenet"
    app = open_page(app, "landscape")
    assert [app.selectbox(key=key).value for key in "ab"] == ["plain56-s0", "resnet56-s0"]
