"""A network drawn as its row of blocks, with its short cuts as arcs over them."""

from core.config import TrainConfig

STEP, BLOCK, TOP = 34, 20, 26  # pixels


def network(config: TrainConfig, colour: str, removed: frozenset[int] = frozenset()) -> str:
    """SVG: a picture enters left, each block holds two layers, the answer leaves right. Blocks `removed` (numbered from
    1) are hollow."""
    blocks = (config.depth - 2) // 2
    width = STEP * (blocks + 1)
    middle = TOP + BLOCK / 2
    parts = [f'<line x1="0" y1="{middle}" x2="{width}" y2="{middle}" stroke="{colour}" stroke-width="2"/>']
    for i in range(blocks):
        left = STEP * (i + 0.75)
        look = f'fill="none" stroke="{colour}" stroke-dasharray="3 3"' if i + 1 in removed else f'fill="{colour}"'
        parts.append(f'<rect x="{left}" y="{TOP}" width="{BLOCK}" height="{BLOCK}" rx="4" {look}/>')
        if config.skip:
            start, end = left - 5, left + BLOCK + 5
            arc = f"M{start},{middle} C{start},0 {end},0 {end},{middle}"
            parts.append(f'<path d="{arc}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
    box = f"0 0 {width} {TOP + BLOCK + 6}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width}">{"".join(parts)}</svg>'
