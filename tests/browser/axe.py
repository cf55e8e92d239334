"""What axe-core finds on a page in a browser."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
FIND = """async () => (await axe.run({resultTypes: ['violations']})).violations
    .filter(rule => ['serious', 'critical'].includes(rule.impact) || rule.id === 'heading-order')
    .flatMap(rule => rule.nodes.map(node => [rule.id, node.target.join(' '), node.html]))"""
# Streamlit's own menu: groups of pages are a `div` between `ul` and `li`.
STREAMLITS = {("list", 'data-testid="stSidebarNavItems"'), ("listitem", "<li class=")}


def violations(page: Page) -> list[list[str]]:
    """Those that are serious or critical, or headings out of order, and not Streamlit's own: [rule, target, HTML]."""
    page.evaluate(AXE)
    return [found for found in page.evaluate(FIND) if not _is_streamlits(*found)]


def _is_streamlits(rule: str, target: str, html: str) -> bool:
    return any(rule == known and part in html for known, part in STREAMLITS)
