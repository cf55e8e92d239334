"""What a page offers where a study of a run is missing: who may change runs gets a button, all others the command."""

from unittest.mock import Mock

import numpy as np
import pytest

from core.analysis import calibration, probes, robustness
from core.analysis.robustness import Answers
from core.data.corruptions import CORRUPTIONS
from core.errors import RunError
from core.runs.run import open_run
from core.studies import probes as asking
from tests.pages.opened import open_page

OWN = {"A": "mine-plain", "B": "mine-residual"}
STUDIES = {
    "when_it_knows": ("probe", probes),
    "robustness": ("corrupt", robustness),
    "confidence": ("calibrate", calibration),
}


@pytest.fixture
def few_photos(monkeypatch, tiny_images):
    """So that a study takes a moment; of spoiled photos, as if each answer were right."""

    def study(runs, photos, precision, on_strength):
        right = {kind: np.ones((5, len(photos.labels)), bool) for kind in CORRUPTIONS}
        on_strength()
        yield "fog", runs[0], Answers(np.ones(len(photos.labels), bool), {"fog": right["fog"]})
        yield "snow", runs[0], Answers(np.ones(len(photos.labels), bool), right)

    monkeypatch.setattr("core.studies.robustness.study", study)
    monkeypatch.setattr("ui.pair.studies.cifar10.load_training", lambda data: tiny_images)
    probe = asking.study
    monkeypatch.setattr(asking, "study", lambda run, training, test, *more: probe(run, training, test[:100], *more))


@pytest.mark.parametrize("page", STUDIES)
def test_a_missing_study_is_made_at_a_click(app, own_runs, few_photos, page):
    name, module = STUDIES[page]
    app = open_page(app, page)
    assert not {f"{module.COMMAND} {run}" for run in OWN.values()} & {block.value for block in app.code}
    assert [app.button(key=f"{name}_{side}").label for side in OWN] == ["Do it now for A", "Do it now for B"]
    app.button(key=f"{name}_A").click().run()
    assert not app.exception
    assert module.load(open_run(own_runs / OWN["A"])) is not None
    assert module.load(open_run(own_runs / OWN["B"])) is None
    assert [button.key for button in app.button if button.key in (f"{name}_A", f"{name}_B")] == [f"{name}_B"]


def test_where_nothing_can_be_kept_nothing_is_computed(app, monkeypatch):
    study = Mock(__name__="probe")
    monkeypatch.setattr("ui.pair.studies.probe", study)
    monkeypatch.setattr("ui.pair.not_yet.require_writable", Mock(side_effect=RunError("A cannot be written.")))
    app = open_page(app, "when_it_knows")
    app.button(key="probe_A").click().run()
    assert "A cannot be written." in [error.value for error in app.error]
    study.assert_not_called()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("page", STUDIES)
def test_who_may_change_nothing_is_told_the_command(app, own_runs, page):
    name, module = STUDIES[page]
    app = open_page(app, page)
    assert [block.value for block in app.code][:2] == [f"{module.COMMAND} {run}" for run in OWN.values()]
    assert not [button for button in app.button if button.key == f"{name}_A"]
