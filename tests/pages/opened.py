"""The app run without a browser (streamlit.testing): a page opened, and what it says and shows."""

from functools import cache

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from core.paths import ROOT
from ui import curious

SECONDS = 120
FOLDED = (curious.KEY, "all_mix_ups")
# A first run of AppTest reads the metadata of all installed packages, for components, of which the app uses none.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def new_app() -> AppTest:
    """With all opened that a page draws only then."""
    app = AppTest.from_file(str(ROOT / "ui" / "frame.py"), default_timeout=SECONDS)
    for key in FOLDED:
        app.session_state[key] = True
    return app


def open_page(app: AppTest, page: str) -> AppTest:
    """The app at that file of pages, drawn without an exception."""
    app.switch_page(f"../pages/{page}.py").run()
    assert not app.exception
    return app


def said(app: AppTest, *kinds: str) -> str:
    """The words of these kinds of elements."""
    kinds = kinds or ("title", "markdown", "subheader", "caption")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


def charts(app: AppTest) -> list:
    return app.get("vega_lite_chart")


def words(app: AppTest) -> str:
    """A line for each text of the page, in its order: titles, paragraphs, labels, values of metrics and help texts."""
    lines = []
    for element in app.main:
        if element.type == "html" and element.value.startswith(("<style", "<script")):
            continue
        proto = getattr(element, "proto", None)
        for field in ("label", "body", "value", "delta", "help"):
            text = getattr(proto, field, "")
            if isinstance(text, str) and text:
                lines.append(f"{element.type} {field}: {text}")
    return "\n".join(lines)


def linked(app: AppTest, name: str) -> str:
    """What the link says of `name`."""
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]
