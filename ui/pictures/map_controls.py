"""How the heatmaps of a picture are made and drawn: the controls."""

import streamlit as st

from core.data.cifar10 import CLASSES
from core.heatmaps import gradcam
from ui.pictures.closer_look import MapStyle

LAST = "last"  # the layer, of each network its own: what `core predict` takes, too
OWN_ANSWER, TRUE_CLASS = "its own answer", "the true class"


def choose(map_sizes: dict[str, dict[str, int]], truth: str | None) -> MapStyle:
    """Draw the controls, folded away: the defaults serve. `map_sizes`: by side, `cached.map_sizes`; `truth`: the class
    of the picture, where it is known."""
    both = list(map_sizes.values())
    last = list(dict.fromkeys(list(one)[-1] for one in both))
    shared = [name for name in both[0] if name in both[-1] and last != [name]]

    def cells(layer: str) -> str:
        sides = [list(one.values())[-1] if layer == LAST else one[layer] for one in both]
        return " and ".join(dict.fromkeys(f"{side} × {side}" for side in sides))

    with st.popover("Heatmaps", icon=":material/tune:", help="How they are made and drawn."):
        method = st.selectbox(
            "Method",
            list(gradcam.METHODS),
            key="method",
            bind="query-params",
            format_func=lambda name: gradcam.METHODS[name].name + (" (slow)" if gradcam.METHODS[name].slow else ""),
            help="\n\n".join(f"**{method.name}**: {method.idea}" for method in gradcam.METHODS.values()),
        )
        layer = st.selectbox(
            "Layer",
            [*shared, LAST],
            index=len(shared),
            key="layer",
            bind="query-params",
            format_func=lambda name: f"{' and '.join(last) if name == LAST else name}: {cells(name)} cells",
            help="Where in the network to look. Early layers see edges, finely; the last one, the usual choice, sees "
            "whole things, coarsely.",
        )
        targets = [OWN_ANSWER, *([TRUE_CLASS] if truth else []), *CLASSES]
        target = st.selectbox(
            "Show what points to …",
            targets,
            key="target",
            bind="query-params",
            disabled=not gradcam.METHODS[method].of_class,
            help="Each network can be asked what in the picture points to any of the ten classes.",
        )
        strength = st.slider(
            "Strength",
            0,
            100,
            50,
            key="strength",
            bind="query-params",
            help="0: the picture alone; 100: the map alone.",
        )
        st.caption(gradcam.METHODS[method].idea)
    wanted = {OWN_ANSWER: None, TRUE_CLASS: truth}.get(target, target)
    return MapStyle(method, None if layer == LAST else layer, CLASSES.index(wanted) if wanted else None, strength / 100)
