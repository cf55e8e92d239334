"""A network drawn as its row of blocks, with its short cuts as arcs over them."""

from core.config import TrainConfig

STEP, BLOCK, TOP = 34, 20, 26  # pixels
# Of torchvision's ResNets; of its other networks no more is drawn than that the picture shrinks on its way.
RESIDUAL_BLOCKS = {"resnet18": 8, "resnet34": 16, "resnet50": 16, "resnet101": 33, "resnet152": 50}
HALVINGS = 5


def network(config: TrainConfig, colour: str, removed: frozenset[int] = frozenset()) -> str:
    """SVG: a picture enters left, the answer leaves right. Blocks `removed` (numbered from 1) are hollow."""
    if config.family == "cifar":
        return _row([BLOCK] * ((config.depth - 2) // 2), config.skip, colour, removed)  # two layers in each
    if config.network in RESIDUAL_BLOCKS:
        return _row([BLOCK] * RESIDUAL_BLOCKS[config.network], True, colour, removed)
    return _row([BLOCK * (HALVINGS + 1 - i) / HALVINGS for i in range(HALVINGS)], False, colour, removed)


def _row(heights: list[float], skip: bool, colour: str, removed: frozenset[int]) -> str:
    width = STEP * (len(heights) + 1)
    middle = TOP + BLOCK / 2
    parts = [f'<line x1="0" y1="{middle}" x2="{width}" y2="{middle}" stroke="{colour}" stroke-width="2"/>']
    for i, height in enumerate(heights):
        left, top = STEP * (i + 0.75), middle - height / 2
        look = f'fill="none" stroke="{colour}" stroke-dasharray="3 3"' if i + 1 in removed else f'fill="{colour}"'
        parts.append(f'<rect x="{left}" y="{top}" width="{BLOCK}" height="{height}" rx="4" {look}/>')
        if skip:
            start, end = left - 5, left + BLOCK + 5
            arc = f"M{start},{middle} C{start},0 {end},0 {end},{middle}"
            parts.append(f'<path d="{arc}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
    box = f"0 0 {width} {TOP + BLOCK + 6}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width}">{"".join(parts)}</svg>'
