"""The app run without a browser (streamlit.testing): a page opened, and what it says and shows."""

import re
from functools import cache

import numpy as np
from streamlit.components.v2 import manifest_scanner
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from core.paths import ROOT
from ui import curious

SECONDS = 120
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
FOLDED = (curious.KEY, "curious_message", "all_mix_ups")
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
    kinds = kinds or ("title", "header", "subheader", "markdown", "caption")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


def charts(app: AppTest) -> list:
    return app.get("vega_lite_chart")


def undescribed(app: AppTest) -> list[str]:
    """The charts and pictures without words for those who don't see them. A chart's words are a finding that stands on
    the page, or hold a figure that is drawn."""
    pictures = [picture for each in app.get("image") for picture in each.proto.imgs]
    page = said(app).replace("**", "")
    found = [chart.proto.alt or chart.proto.spec for chart in charts(app) if not _tells(chart.proto, page)]
    tables = [table.proto.id or "a table" for table in app.dataframe if not table.proto.alt]
    return found + tables + [picture.url for picture in pictures if not picture.alt]


def _tells(chart, page: str) -> bool:
    if chart.alt and chart.alt in page:
        return True
    tables = [one.data for one in (chart.data, *(each.data for each in chart.datasets)) if one.data]
    frames = [convert_arrow_bytes_to_pandas_df(table) for table in tables]
    drawn = np.concatenate([frame.select_dtypes("number").to_numpy(float).ravel() for frame in frames])
    if ">99%" in chart.alt and ((drawn >= 0.995) & (drawn < 1)).any():
        return True
    return any(_is_drawn(number.replace(",", ""), drawn) for number in NUMBER.findall(chart.alt))


def _is_drawn(number: str, drawn: np.ndarray) -> bool:
    """As it is or in percent, rounded to as many places."""
    rounding = 0.5001 * 10.0 ** -len(number.partition(".")[2])
    return any(bool((abs(scale * drawn - float(number)) <= rounding).any()) for scale in (1, 100))


def words(app: AppTest) -> str:
    """A line for each text of the page, in its order: titles, paragraphs, labels, values of metrics, help texts and
    charts in words."""
    lines = []
    for element in app.main:
        if element.type == "html" and element.value.startswith(("<style", "<script")):
            continue
        proto = getattr(element, "proto", None)
        for field in ("label", "body", "value", "delta", "help", "alt"):
            text = getattr(proto, field, "")
            if isinstance(text, str) and text:
                lines.append(f"{element.type} {field}: {text}")
    return "\n".join(lines)


def teachers_token(app: AppTest) -> str:
    """By which the app's visitor leads a class."""
    return app.session_state["_class"]["teacher"]


def linked(app: AppTest, name: str) -> str:
    """What the link says of `name`."""
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]
