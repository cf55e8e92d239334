"""A surface over a plane, to be turned with mouse or finger, by Plotly in the browser.

The browser loads its library with the first surface that is drawn, and on no other page.
"""

from typing import Any

import numpy as np
import streamlit as st

from core.charts.palette import INK, SYMBOLS
from ui import screen

HEIGHT = 430  # pixels
COLORS = "Cividis"  # light is high: also for the color-blind, and in gray
FROM = {"x": 1.2, "y": -1.2, "z": 1.9}  # where one looks from, in sizes of the box
CONFIG = {"displayModeBar": False, "scrollZoom": False}  # a page that is scrolled past a surface goes on


def show(side: str, color: str, steps: np.ndarray, heights: np.ndarray, cap: float, view: int, alt: str) -> None:
    """`heights` (n, n) over `steps` (n,) both ways, up to `cap`, with a mark of `side` in the middle. Surfaces of one
    cap have one scale of colors and heights. Another `view` turns it back to how it was at first."""
    dark = st.context.theme.type == "dark"
    figure = _figure(side, color, steps, heights, cap, INK[dark], screen.tokens().letters)
    figure["layout"]["uirevision"] = view
    st.plotly_chart(figure, theme=None, height=HEIGHT, config=CONFIG, key=f"surface_{side}", alt=alt)


def _figure(
    side: str, color: str, steps: np.ndarray, heights: np.ndarray, cap: float, ink: str, letters: int
) -> dict[str, Any]:
    middle = len(steps) // 2
    surface = {
        "type": "surface",
        "x": steps,
        "y": steps,
        "z": heights,
        "cmin": 0,
        "cmax": cap,
        "colorscale": COLORS,
        "colorbar": {"orientation": "h", "y": -0.02, "thickness": 10, "len": 0.7, "title": {"text": "loss"}},
        "contours": {"z": {"show": True, "start": 0, "end": cap, "size": cap / 10, "color": "rgba(255,255,255,0.35)"}},
        "hovertemplate": "loss %{z:.2f}<extra></extra>",
    }
    mark = {
        "type": "scatter3d",
        "x": [steps[middle]],
        "y": [steps[middle]],
        "z": [heights[middle, middle]],
        "mode": "markers",
        "marker": {"size": 7, "color": color, "symbol": SYMBOLS[side], "line": {"color": "white", "width": 2}},
        "hovertemplate": f"{side}, as trained: loss %{{z:.2f}}<extra></extra>",
    }
    axis = {  # without numbers: a phone cuts them off, and the colors say how high it is
        "showbackground": False,
        "gridcolor": "rgba(128,128,128,0.4)",
        "zeroline": False,
        "showspikes": False,
        "showticklabels": False,
        "title": {"text": ""},
    }
    scene = {
        "xaxis": axis,
        "yaxis": axis,
        "zaxis": axis | {"range": [0, cap], "nticks": 6},
        "aspectratio": {"x": 1, "y": 1, "z": 0.7},
        "camera": {"eye": FROM, "center": {"x": 0, "y": 0, "z": -0.1}},
    }
    layout = {
        "scene": scene,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": ink, "size": letters},
        "showlegend": False,
    }
    return {"data": [surface, mark], "layout": layout}
