import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.opened import new_app
from ui import cookies as cookies_kept


@pytest.fixture(autouse=True)
def cookies(monkeypatch) -> dict[str, str]:
    """Those of the visitor's browser: a run without one has none."""
    kept: dict[str, str] = {}
    monkeypatch.setattr(cookies_kept, "known", lambda: kept)
    return kept


@pytest.fixture(autouse=True)
def _nothing_is_measured(monkeypatch) -> None:
    """The form asks a process of its own how fast this machine trains, in the background of all else."""
    monkeypatch.setattr("core.jobs.measurements.seconds_per_image", lambda config: 0.001)


@pytest.fixture(autouse=True)
def _a_map_is_compared_with_few(monkeypatch) -> None:
    """That 19 other photos are asked is held by the tests of the checks themselves."""
    monkeypatch.setattr("core.heatmaps.sanity_checks.OTHERS", 3)


@pytest.fixture
def app(make_run) -> AppTest:
    """The app with two runs of the test's own beside the shipped ones."""
    make_run("mine-plain", skip=False)
    make_run("mine-residual", skip=True)
    test = new_app()
    test.query_params["a"], test.query_params["b"] = "mine-plain", "mine-residual"
    return test
