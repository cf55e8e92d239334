"""A handout as one HTML file, for the screen and for paper: no script, nothing to load, charts as vector graphics."""

from base64 import b64encode
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core.charts.palette import theme
from core.data.pictures import enlarge, png_address
from core.sharing.handout.handout import Chart, Handout
from core.words import capitalized
from core.words.glossary import GLOSSARY

TEMPLATES = Path(__file__).parent
PIXELS = 160  # of a photo's side: 5 for each of 32, so that printers and viewers do not smooth it
FULL, HALF = 600, 270  # pixels that a chart's axes are wide
# All have letters of the same widths, so that no label is cut where another of them is there.
FONTS = "Arial, Helvetica, 'Liberation Sans', sans-serif"
ONE_PLOT = {"mark", "layer"}  # a spec of several plots knows its own width


def render(handout: Handout) -> str:
    """The whole file. What stands in a handout is shown as text, whatever it is."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.filters |= {
        "said": said,
        "chart": chart_svg,
        "photo": lambda pixels: png_address(np.asarray(enlarge(pixels, PIXELS))),
        "png": png_address,
        "drawing": svg_address,
        "begun": capitalized,
    }
    return environment.get_template("page.html").render(handout=handout, glossary=GLOSSARY, fonts=Markup(FONTS))


def said(text: str) -> str:
    """Without the ** round what the app shows in bold."""
    parts = text.split("**")
    return "".join(parts) if len(parts) % 2 else text


def chart_svg(chart: Chart) -> Markup:
    """Vega escapes all text in it; it may load nothing."""
    import vl_convert  # starts a JavaScript engine: only once there is a chart to draw

    spec = dict(chart.spec)
    if ONE_PLOT & spec.keys():
        spec["width"] = HALF if chart.half else FULL
    look = {"font": FONTS.replace("'", ""), "background": "white", **theme(dict(chart.colors))}
    spec["config"] = spec.get("config", {}) | look
    return Markup(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))


def svg_address(drawing: str) -> str:
    """As a picture an SVG can hold no script and load nothing, wherever it is from."""
    return _address("image/svg+xml", drawing.encode())


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"
