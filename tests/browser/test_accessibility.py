"""What axe-core finds on every page, light and wide, dark and narrow."""

from pathlib import Path

import axe_playwright_python
import pytest

from benchmarks.running_app import PAGES, page_path

pytestmark = pytest.mark.slow
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
FIND = """async () => (await axe.run({resultTypes: ['violations']})).violations
    .filter(rule => ['serious', 'critical'].includes(rule.impact))
    .flatMap(rule => rule.nodes.map(node => [rule.id, node.target.join(' '), node.html]))"""
# Streamlit's own menu: groups of pages are a `div` between `ul` and `li`.
STREAMLITS = {("list", 'data-testid="stSidebarNavItems"'), ("listitem", "<li class=")}


@pytest.mark.parametrize(("width", "height", "scheme"), [(1440, 1000, "light"), (390, 844, "dark")])
def test_nothing_serious_is_found_on_any_page(lab, width, height, scheme):
    lab.page.emulate_media(color_scheme=scheme)
    lab.page.set_viewport_size({"width": width, "height": height})
    found = []
    for name in PAGES:
        lab.open(page_path(name))
        lab.page.evaluate(AXE)
        found += [(name, *violation) for violation in lab.page.evaluate(FIND) if not is_streamlits(*violation)]
    assert found == []


def is_streamlits(rule: str, target: str, html: str) -> bool:
    return any(rule == known and part in html for known, part in STREAMLITS)
