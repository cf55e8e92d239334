"""Every page, found by looking, run without a browser (streamlit.testing)."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.runs import ROOT

PAGES = sorted((ROOT / "app_pages").glob("*.py"))
SECONDS = 60


@pytest.fixture
def app(make_run):
    """The app with two runs of the test's own beside the shipped ones."""
    make_run("mine-plain", skip=False)
    make_run("mine-residual", skip=True)
    test = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS)
    test.query_params["a"], test.query_params["b"] = "mine-plain", "mine-residual"
    return test


def open_page(app: AppTest, page: str) -> AppTest:
    app.run()
    return app.switch_page(f"app_pages/{page}.py").run()


def texts(app: AppTest) -> str:
    return "\n".join(
        str(element.value) for kind in ("title", "markdown", "subheader", "caption") for element in app.get(kind)
    )


def charts(app: AppTest) -> list:
    return app.get("vega_lite_chart")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_opens_with_a_title_and_no_exception(app, page: Path):
    app = open_page(app, page.stem)
    assert not app.exception
    assert len(app.title) == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_says_what_to_do_where_nothing_is_trained(monkeypatch, tmp_path, page: Path):
    monkeypatch.setattr("core.runs.SHIPPED", tmp_path)
    app = open_page(AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS), page.stem)
    assert not app.exception
    if page.stem == "train":
        assert app.button(key="start")
    else:
        assert "no trained networks" in app.info[0].value


def test_the_link_chooses_the_pair(app):
    app.run()
    assert (app.selectbox(key="a").value, app.selectbox(key="b").value) == ("mine-plain", "mine-residual")


def test_an_unknown_name_in_the_link_is_reported_and_replaced(app):
    app.query_params["b"] = "no-such-run"
    app.run()
    assert not app.exception
    assert "no-such-run" in app.warning[0].value
    assert app.selectbox(key="b").value != "no-such-run"


def test_a_damaged_run_is_reported_and_the_others_open(app, own_runs):
    (own_runs / "broken").mkdir()
    (own_runs / "broken" / "config.json").write_text("{")
    app.run()
    assert not app.exception
    assert "broken" in app.warning[0].value
    assert app.selectbox(key="a").value == "mine-plain"


def test_compare_names_the_one_difference(app):
    app.run()
    assert "one thing only: **short cuts**" in texts(app)


def test_compare_warns_of_an_unfair_pair(app, make_run):
    make_run("mine-other-seed", skip=True, seed=7)
    app.query_params["b"] = "mine-other-seed"
    app.run()
    assert any("Not a fair pair" in warning.value for warning in app.warning)


def test_learning_curves_draw_every_epoch_of_both(app):
    app = open_page(app, "learning_curves")
    assert not app.exception
    assert len(charts(app)) == 2


def test_mistakes_show_the_photos_of_the_chosen_cell(app):
    app = open_page(app, "mistakes")
    app.selectbox(key="true").set_value("ship")
    app.selectbox(key="answer").set_value("truck").run()
    assert not app.exception
    assert "A says truck, and it is ship" in texts(app)
    app.selectbox(key="whose").set_value("difference").run()
    assert "Only B says truck" in texts(app)


def test_look_inside_answers_for_a_test_photo(app):
    app.query_params["image"] = "0"
    app = open_page(app, "look_inside")
    app.number_input(key="image").set_value(0).run()
    assert not app.exception
    assert "Test photo 0: cat" in texts(app)
    assert len(charts(app)) == 2


def test_look_inside_refuses_what_is_no_picture(app):
    app = open_page(app, "look_inside")
    app.segmented_control(key="source").set_value("upload").run()
    app.file_uploader(key="upload").upload("x.png", b"this is no picture", "image/png").run()
    assert not app.exception
    assert len(app.error) == 1


def test_train_refuses_names_that_are_taken(app, own_runs):
    from core.config import TrainConfig

    (own_runs / TrainConfig(depth=8, skip=False, data="shipped", epochs=1).default_run_name).mkdir()
    app = open_page(app, "train")
    app.selectbox(key="depth").set_value(8)
    app.number_input(key="epochs").set_value(1)
    app.button(key="start").click().run()
    assert not app.exception
    assert "exists already" in app.error[0].value
