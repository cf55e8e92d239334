"""What a pair mixed up while it learned, on the page What do they mix up?, without a browser."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.runs import reproduction, validation
from core.runs.file_names import VALIDATION_FILE
from core.runs.run import Run, open_run
from core.runs.validation import Validation
from tests.pages.opened import charts, new_app, open_page, said

LABELS = (np.arange(40) % 10).astype(np.uint8)


@pytest.fixture
def opened(app) -> AppTest:
    app.session_state["by_epoch"] = True
    return app


def keep(run: Run, *epochs: np.ndarray) -> None:
    """As answers by epoch, to 40 training photos of which the last 20 don't come with the lab."""
    photos = np.r_[:20, 20_000:20_020]
    validation.save(run.path, Validation(photos, LABELS, np.stack(epochs).astype(np.uint8)))


def test_the_slider_goes_through_the_epochs_and_the_photos_that_turned_right_last_are_shown(opened, own_runs):
    all_ships = np.full(40, 8)
    late = np.where(np.isin(np.arange(40), [3, 23]), 5, LABELS)  # both wrong: a cat, and one that is not here
    keep(open_run(own_runs / "mine-plain"), all_ships, late, LABELS)
    keep(open_run(own_runs / "mine-residual"), LABELS)
    app = open_page(opened, "mistakes")
    before = said(app)
    assert "**A**, epoch 1: right on 10%. Most often it mistakes airplanes for ships (4)." in before
    assert "**B**, epoch 1: right on 100%." in before
    assert (
        "right on 40 of 40 photos in the end. It had half of them right for good by epoch 2. 0 more photos were"
        in before
    )
    captions = [line for line in before.splitlines() if "right since epoch" in line]
    assert captions[0] == "**cat**, right since epoch 3"
    assert "come with the lab can be shown: about a fifth" in before
    assert len([line for line in captions if line.endswith("epoch 3")]) == 1  # the other one is not here
    app.slider(key="mistakes_epoch").set_value(2).run()
    assert not app.exception
    assert "**A**, epoch 2: right on 95%." in said(app)
    assert "**B**, epoch 1: right on 100%." in said(app)  # its last


@pytest.mark.parametrize("without", [["mine-plain"], ["mine-plain", "mine-residual"]])
def test_a_run_whose_answers_were_not_kept_is_named_with_its_command(opened, own_runs, without):
    for name in without:
        (own_runs / name / VALIDATION_FILE).unlink()
    app = open_page(opened, "mistakes")
    assert [block.value for block in app.code] == [reproduction.command(open_run(own_runs / name)) for name in without]
    assert said(app, "info").count("was not kept") == len(without)
    assert ("Learned last" in said(app)) == (len(without) < 2)


def test_a_pair_whose_answers_were_not_kept_leads_to_one_whose_were():
    app = new_app()
    app.session_state["by_epoch"] = True
    app = open_page(app, "mistakes")
    app.button(key="observed").click().run()
    assert not app.exception
    assert "Learned last" in said(app)
    assert "observed" not in [button.key for button in app.button]


def test_nothing_of_it_is_read_before_somebody_asks(app):
    assert len(charts(open_page(app, "mistakes"))) == 2  # the confusion matrix, and class by class
