"""A network drawn as its row of blocks, with its shortcuts as arcs over them."""

from collections.abc import Sequence

from core.analysis import surgery
from core.models.resnets import RESNETS
from core.settings.train_config import TrainConfig
from core.words import surgery as surgery_words

STEP, BLOCK, TOP = 34, 20, 26  # pixels
LOWER = 0.7  # a block's height over that of one in the stage before, where the picture is twice as high
# Of torchvision's ResNets; of its other networks, with or without shortcuts, only that the picture shrinks is drawn.
RESIDUAL_STAGES = {name: blocks for name, (_, blocks) in RESNETS.items()}
FIRST = 6  # blocks
FUNNEL = 6 * STEP, BLOCK / 5  # length, and height where the answer leaves


def network(config: TrainConfig, color: str) -> str:
    """SVG: a picture enters left, the answer leaves right."""
    if config.is_twin:
        return _row(surgery.stages(config), config.skip, color)
    if config.network in RESIDUAL_STAGES:
        return _row(RESIDUAL_STAGES[config.network], True, color)
    return _funnel(color)


def beginning(config: TrainConfig, color: str) -> str:
    """SVG of a network's first blocks: where all of them would be too small to see."""
    return _row((FIRST,), _has_shortcuts(config), color)


def beginning_in_words(config: TrainConfig) -> str:
    return f"the first {surgery_words.in_a_row(FIRST, _has_shortcuts(config))}"


def _has_shortcuts(config: TrainConfig) -> bool:
    return config.skip if config.is_twin else config.network in RESIDUAL_STAGES


def in_words(config: TrainConfig) -> str:
    """What `network` draws."""
    if config.is_twin:
        return surgery_words.in_a_row(surgery.count_blocks(config), config.skip)
    if config.network in RESIDUAL_STAGES:
        return surgery_words.in_a_row(sum(RESIDUAL_STAGES[config.network]), True)
    return "a picture that shrinks from layer to layer"


def _row(stages: Sequence[int], skip: bool, color: str) -> str:
    """`stages`: how many blocks each has. The picture shrinks from one to the next, and with it the blocks drawn."""
    heights = [BLOCK * LOWER**stage for stage, blocks in enumerate(stages) for _ in range(blocks)]
    width, middle = STEP * (len(heights) + 1), TOP + BLOCK / 2
    parts = []
    for i, height in enumerate(heights):
        left, top = STEP * (i + 0.75), middle - height / 2
        parts.append(f'<rect x="{left}" y="{top:.1f}" width="{BLOCK}" height="{height:.1f}" rx="4" fill="{color}"/>')
        if skip:
            start, end = left - 5, left + BLOCK + 5
            arc = f"M{start},{middle} C{start},0 {end},0 {end},{middle}"
            parts.append(f'<path d="{arc}" fill="none" stroke="{color}" stroke-width="2.5"/>')
    return _drawing(width, color, parts)


def _funnel(color: str) -> str:
    length, end = FUNNEL
    middle = TOP + BLOCK / 2
    corners = ((STEP / 2, -BLOCK), (STEP / 2 + length, -end), (STEP / 2 + length, end), (STEP / 2, BLOCK))
    points = " ".join(f"{x},{middle + y / 2}" for x, y in corners)
    return _drawing(STEP + length, color, [f'<polygon points="{points}" fill="{color}"/>'])


def _drawing(width: float, color: str, parts: list[str]) -> str:
    """`parts` on the line along which the picture passes."""
    middle = TOP + BLOCK / 2
    line = f'<line x1="0" y1="{middle}" x2="{width}" y2="{middle}" stroke="{color}" stroke-width="2"/>'
    box = f"0 0 {width} {TOP + BLOCK + 6}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width}">{line}{"".join(parts)}</svg>'
