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


@pytest.fixture
def app(make_run) -> AppTest:
    """The app with two runs of the test's own beside the shipped ones."""
    make_run("mine-plain", skip=False)
    make_run("mine-residual", skip=True)
    test = new_app()
    test.query_params["a"], test.query_params["b"] = "mine-plain", "mine-residual"
    return test
