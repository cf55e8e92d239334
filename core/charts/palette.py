"""The colors of the two networks, and the look of a chart's letters. Needs no chart library, which is slow to load."""

from typing import NamedTuple

from core.settings.train_config import TrainConfig

# Vermilion and blue of Okabe and Ito, which the color-blind can tell apart: the network without what helps (shortcuts,
# or having learned before), and the one with it.
WITHOUT, WITH = "#D55E00", "#0072B2"
COLORS = {"A": WITHOUT, "B": WITH}  # of a pair in its usual order
SIDES = tuple(COLORS)
SYMBOLS = {"A": "circle", "B": "square"}  # of points and marks
CLASS = "Class"  # beside A and B, where a class answers too
GRAY = "#808080"
LEARNED_BEFORE = "#AA4499"  # of a dot among others; Tol's purple, which the color-blind tell from them
INK = {False: "#31333F", True: "#FAFAFA"}  # by whether the page is dark


class Tokens(NamedTuple):
    """The sizes of a chart, in pixels (symbols: their area). Twice: for a screen, and for a projector."""

    letters: int
    line: float
    symbol: int


SCREEN = Tokens(letters=14, line=2.5, symbol=60)
PROJECTOR = Tokens(letters=26, line=5, symbol=220)


def colors(a: TrainConfig, b: TrainConfig) -> dict[str, str]:
    """{side: color}, by kind: a plain network is vermilion and a ResNet blue, whichever is A. Two of a kind have one
    color, and are told apart by shape and name."""
    one_learned_before = a.architecture == b.architecture and a.pretrained != b.pretrained
    return {
        side: WITH if (config.pretrained if one_learned_before else _has_help(config)) else WITHOUT
        for side, config in (("A", a), ("B", b))
    }


def _has_help(config: TrainConfig) -> bool:
    return config.skip if config.is_twin else config.pretrained


def told_apart(colors: dict[str, str]) -> tuple[str, str]:
    """The colors of A and B for what shows nothing but a color: gray for A where both have the same."""
    a, b = colors.values()
    return (GRAY if a == b else a), b


def theme(colors: dict[str, str], dark: bool = False, tokens: Tokens = SCREEN) -> dict:
    """Vega's config: the colors of A and B, in this order, and letters that are read from the last row."""
    ink = INK[dark]
    letters = {
        "labelFontSize": tokens.letters,
        "titleFontSize": tokens.letters,
        "labelColor": ink,
        "titleColor": ink,
    }
    return {
        "range": {"category": list(colors.values())},
        "axis": letters,
        "legend": letters | {"symbolSize": tokens.symbol},
        "header": letters,
        "title": {"fontSize": tokens.letters + 2, "color": ink},
        "text": {"color": ink, "fontSize": tokens.letters},
        "view": {"discreteHeight": {"step": tokens.letters}},  # a bar's, in a chart that has no height of its own
        "line": {"strokeWidth": tokens.line},
        "point": {"size": tokens.symbol},
    }
