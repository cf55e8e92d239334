"""The page How sure are they? without a browser."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df

from core.analysis import calibration
from core.analysis.calibration import Temperature
from core.runs import store
from core.runs.run import open_run
from tests.pages.opened import charts, open_page, said


def drawn_certainty(app) -> float:
    """The mean of A's groups in the reliability diagram."""
    spec = charts(app)[0].proto
    rows = [convert_arrow_bytes_to_pandas_df(dataset.data.data) for dataset in spec.datasets]
    (table,) = (one for one in rows if "side" in one)
    return float(table.loc[table["side"] == "A", "sure"].mean())


def test_the_switch_mends_how_sure_and_no_answer(app, own_runs):
    names = {"A": "mine-plain", "B": "mine-residual"}
    app = open_page(app, "confidence")
    assert "mended" not in [toggle.key for toggle in app.toggle]
    for name in names.values():
        calibration.save(open_run(own_runs / name), Temperature(0.5, 40))
    assert "not corrected" not in said(app)  # nor does any other page correct it
    app.run()
    assert said(app).count("sure of these (not corrected;") == 2
    before, right = drawn_certainty(app), said(app).split("is right on ")[1][:3]
    app.toggle(key="mended").set_value(True).run()
    assert not app.exception
    assert drawn_certainty(app) > before + 0.05
    assert said(app).split("is right on ")[1][:3] == right
    assert "with temperature 0.50" in said(app)
    assert "not corrected" not in said(app)
    assert not np.isnan(before)


@pytest.mark.parametrize("answers", [True, False])
def test_photos_that_are_gone_are_not_needed_where_the_answers_to_them_are_known(app, own_runs, answers):
    run = open_run(own_runs / "mine-plain")
    store.save_facts(run.path, replace(run.config, data="full"), run.facts | {"data_folder": str(own_runs / "gone")})
    if not answers:
        (run.path / "validation.npz").unlink()
    app = open_page(app, "confidence")
    assert not app.error
    assert ("calibrate_A" in [button.key for button in app.button]) == answers
    assert (f"{calibration.COMMAND} mine-plain" in [block.value for block in app.code]) != answers
