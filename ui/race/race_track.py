"""A race drawn as two runners on one track: the farther right, the more answers are right."""

from collections.abc import Mapping
from xml.sax.saxutils import escape

from core.analysis.metrics import GUESSING
from core.charts.palette import COLORS, GRAY, INK, SIDES

WIDTH, HEIGHT, MARGIN = 720, 178, 26  # pixels; it is shown as wide as the page
LANES = {"A": 52, "B": 118}  # y of a runner
RADIUS, NAME, NUMBER = 13, 27, 22  # of a dot; heights of letters, which are half as high on a phone
LETTER = 0.6  # width of a bold letter over its height, at most
AXIS = HEIGHT - 36


def track(names: Mapping[str, str], shares: Mapping[str, float], dark: bool = False) -> str:
    """SVG. By side: what the network is called, and its share of right answers (0 to 1). `dark`: the page is."""
    runners = (part for side in SIDES for part in _runner(side, names[side], shares[side], INK[dark]))
    parts = [*_axis(INK[dark]), *runners]
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">{"".join(parts)}</svg>'


def place(share: float) -> float:
    """The x of a share; what is no share stands at the end of the track."""
    return round(MARGIN + min(max(share, 0.0), 1.0) * (WIDTH - 2 * MARGIN), 1)


def _axis(ink: str) -> list[str]:
    guessing = place(GUESSING)
    labels = (
        (place(0), "middle", "0%"),
        (guessing - 14, "start", f"{GUESSING:.0%}: guessing"),
        (place(0.5), "middle", "50%"),
        (WIDTH - 2, "end", "100%"),
    )
    lanes = [
        _line(place(0), y, place(1), y, f'stroke="{GRAY}" stroke-opacity="0.3" stroke-width="6"')
        for y in LANES.values()
    ]
    ticks = [_line(place(x), AXIS - 8, place(x), AXIS, f'stroke="{GRAY}" stroke-width="2"') for x in (0, 0.5, 1)]
    look = f'stroke="{GRAY}" stroke-width="3" stroke-dasharray="4 5"'
    marks = [_line(guessing, y - 11, guessing, end, look) for y, end in zip(LANES.values(), (66, AXIS), strict=True)]
    ground = _line(place(0), AXIS, place(1), AXIS, f'stroke="{GRAY}" stroke-width="2"')
    look = f'font-size="{NUMBER}" fill="{ink}"'
    return [
        *lanes,
        *marks,  # which leave out the names
        ground,
        *ticks,
        *(f'<text x="{x:g}" y="{AXIS + 26}" text-anchor="{anchor}" {look}>{text}</text>' for x, anchor, text in labels),
    ]


def _runner(side: str, name: str, share: float, ink: str) -> list[str]:
    """A dot with its way so far, and its name above it, as near as the edges of the drawing allow."""
    x, y, color = place(share), LANES[side], COLORS[side]
    text = f"{name} {share:.0%}"
    half = LETTER * NAME * len(text) / 2
    middle = min(max(x, half), max(WIDTH - half, half))
    look = f'text-anchor="middle" font-size="{NAME}" font-weight="bold" fill="{ink}"'
    return [
        _line(place(0), y, x, y, f'stroke="{color}" stroke-width="6"'),
        f'<circle cx="{x:g}" cy="{y}" r="{RADIUS}" fill="{color}"/>',
        f'<text x="{middle:.1f}" y="{y - RADIUS - 9}" {look}>{escape(text)}</text>',
    ]


def _line(x1: float, y1: float, x2: float, y2: float, look: str) -> str:
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke-linecap="round" {look}/>'
