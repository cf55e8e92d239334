"""All words of each page, with the pair that it opens with: one snapshot a page."""

from concurrent.futures import Future

import pytest

from core.paths import ROOT
from tests.pages.opened import new_app, open_page, undescribed, words

PICTURED = {"start", "compare", "mistakes", "look_inside", "transfer"}
PAGES = sorted(page.stem for page in (ROOT / "pages").glob("*.py"))


@pytest.mark.parametrize("page", PAGES)
def test_the_words_of_a_page(page, snapshot, monkeypatch):
    # How long a training takes is never said.
    monkeypatch.setattr("ui.training.experiment_form._measurement", lambda config: Future())
    app = open_page(new_app(), page)
    assert words(app) == snapshot
    assert undescribed(app) == []
    assert app.get("image") or page not in PICTURED
