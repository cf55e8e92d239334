"""A network drawn as its row of blocks, with its shortcuts as arcs over them."""

from collections.abc import Sequence
from math import ceil

from core.analysis import surgery_study
from core.config import TrainConfig

STEP, BLOCK, TOP = 34, 20, 26  # pixels
LOWER = 0.7  # a block's height over that of one in the stage before, where the picture is twice as high
DIGITS = 1 / 36  # height of a block's number over the drawing's width: it is shown as wide as half a page
# Of torchvision's ResNets; of its other networks, with or without shortcuts, only that the picture shrinks is drawn.
RESIDUAL_STAGES = {
    "resnet18": (2, 2, 2, 2),
    "resnet34": (3, 4, 6, 3),
    "resnet50": (3, 4, 6, 3),
    "resnet101": (3, 4, 23, 3),
    "resnet152": (3, 8, 36, 3),
}
FUNNEL = 6 * STEP, BLOCK / 5  # length, and height where the answer leaves


def network(config: TrainConfig, color: str) -> str:
    """SVG: a picture enters left, the answer leaves right."""
    if config.family == "cifar":
        return _row(surgery_study.stages(config), config.skip, color)
    if config.network in RESIDUAL_STAGES:
        return _row(RESIDUAL_STAGES[config.network], True, color)
    return _funnel(color)


def numbered_blocks(config: TrainConfig, color: str, removed: frozenset[int]) -> str:
    """SVG of one of the twins for CIFAR-10: its blocks are numbered from 1, those `removed` are hollow."""
    return _row(surgery_study.stages(config), config.skip, color, removed, numbered=True)


def _row(
    stages: Sequence[int], skip: bool, color: str, removed: frozenset[int] = frozenset(), numbered: bool = False
) -> str:
    """`stages`: how many blocks each has. The picture shrinks from one to the next, and with it the blocks drawn."""
    heights = [BLOCK * LOWER**stage for stage, blocks in enumerate(stages) for _ in range(blocks)]
    width, middle = STEP * (len(heights) + 1), TOP + BLOCK / 2
    digits = DIGITS * width if numbered else 0
    parts = _numbers(len(heights), digits, color) if numbered else []
    for i, height in enumerate(heights):
        left, top = STEP * (i + 0.75), middle - height / 2
        look = f'fill="none" stroke="{color}" stroke-dasharray="3 3"' if i + 1 in removed else f'fill="{color}"'
        parts.append(f'<rect x="{left}" y="{top:.1f}" width="{BLOCK}" height="{height:.1f}" rx="4" {look}/>')
        if skip:
            start, end = left - 5, left + BLOCK + 5
            arc = f"M{start},{middle} C{start},0 {end},0 {end},{middle}"
            parts.append(f'<path d="{arc}" fill="none" stroke="{color}" stroke-width="2.5"/>')
    return _drawing(width, color, parts, below=1.2 * digits)


def _numbers(blocks: int, size: float, color: str) -> list[str]:
    """Below the blocks, `size` pixels high: as many as keep apart where they have two digits."""
    look = f'text-anchor="middle" font-family="sans-serif" font-size="{size:.1f}" fill="{color}"'
    y = TOP + BLOCK + 1.2 * size
    every = ceil(1.5 * size / STEP)
    return [f'<text x="{STEP * (i + 0.75) + BLOCK / 2}" y="{y}" {look}>{i + 1}</text>' for i in range(0, blocks, every)]


def _funnel(color: str) -> str:
    length, end = FUNNEL
    middle = TOP + BLOCK / 2
    corners = ((STEP / 2, -BLOCK), (STEP / 2 + length, -end), (STEP / 2 + length, end), (STEP / 2, BLOCK))
    points = " ".join(f"{x},{middle + y / 2}" for x, y in corners)
    return _drawing(STEP + length, color, [f'<polygon points="{points}" fill="{color}"/>'])


def _drawing(width: float, color: str, parts: list[str], below: float = 0) -> str:
    """`parts` on the line along which the picture passes, with room `below` them."""
    middle = TOP + BLOCK / 2
    line = f'<line x1="0" y1="{middle}" x2="{width}" y2="{middle}" stroke="{color}" stroke-width="2"/>'
    box = f"0 0 {width} {TOP + BLOCK + below + 6:.1f}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width}">{line}{"".join(parts)}</svg>'
