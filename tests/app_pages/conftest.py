import pytest
from streamlit.testing.v1 import AppTest

from core.runs import ROOT

SECONDS = 60


@pytest.fixture
def app(make_run):
    """The app with two runs of the test's own beside the shipped ones."""
    make_run("mine-plain", skip=False)
    make_run("mine-residual", skip=True)
    test = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS)
    test.query_params["a"], test.query_params["b"] = "mine-plain", "mine-residual"
    return test
