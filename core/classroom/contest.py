"""A contest of a person against two networks: which photos are asked, and who had how many right."""

from collections.abc import Sequence

import numpy as np

from core.analysis.comparison import A_ALONE, B_ALONE, BOTH, NEITHER

PHOTOS = 10
# How often a photo of each kind is drawn: at random, all would be right on most, and a single photo would decide.
SHARES = {BOTH: 0.4, B_ALONE: 0.25, A_ALONE: 0.15, NEITHER: 0.2}


def draw(kinds: dict[str, np.ndarray], seed: int) -> list[int]:
    """PHOTOS different test photos, the same for the same seed. `kinds`: indices of photos by who is right, as
    `comparison.by_who_is_right` gives them; a kind without photos is left out."""
    random = np.random.default_rng(seed)
    shares = {kind: share for kind, share in SHARES.items() if len(kinds[kind])}
    weights = np.array(list(shares.values())) / sum(shares.values())
    drawn: list[int] = []
    while len(drawn) < PHOTOS:
        kind = list(shares)[random.choice(len(shares), p=weights)]
        photo = int(random.choice(kinds[kind]))
        if photo not in drawn:
            drawn.append(photo)
    return drawn


def missed() -> dict[str, float]:
    """By side, how many of PHOTOS that are drawn so it gets wrong on average."""
    return {side: PHOTOS * (SHARES[wrong] + SHARES[NEITHER]) for side, wrong in (("A", B_ALONE), ("B", A_ALONE))}


def score(answers: Sequence[int], truths: Sequence[int]) -> int:
    """How many of the answers so far are right."""
    return sum(int(answer == truth) for answer, truth in zip(answers, truths, strict=False))
