"""A contest against two networks: who has won, and why its photos are not picked at random."""

from collections.abc import Mapping

from core.analysis.comparison import A_ALONE, B_ALONE, BOTH, NEITHER
from core.words import capitalized

YOU, THE_CLASS = "You", "the class"  # who plays against the networks
KINDS = {
    BOTH: "both are right",
    B_ALONE: "B alone is right",
    A_ALONE: "A alone is right",
    NEITHER: "neither is right",
}


def verdict(points: Mapping[str, int], player: str) -> str:
    """Who has won, e.g. "You beat both networks!" or "The ResNet won this time."; `points`: by who has them, of the
    `player` (YOU or THE_CLASS) and of both networks."""
    best = max(points.values())
    winners = [who for who, score in points.items() if score == best]
    if winners == [player]:
        return f"{capitalized(player)} beat both networks!"
    if player in winners:
        return f"{capitalized(player)} {'are' if player == YOU else 'is'} level with the best."
    return capitalized(f"{' and '.join(winners)} won this time.")


def how_photos_are_picked(right: Mapping[str, float], shares: Mapping[str, float]) -> str:
    """Why, in a sentence or two, and a list with a row for each kind of photo, e.g. "- 25%: B alone is right".
    `right`: how often each side is right on all test photos, 0 to 1; `shares`: how often each kind is drawn."""
    rows = "\n".join(f"- {shares[kind]:.0%}: {words}" for kind, words in KINDS.items())
    return (
        f"On all 10,000 test photos A is right on {right['A']:.0%} and B on {right['B']:.0%}: of ten photos picked at "
        "random they would miss only one or two, and you could hardly win. So that it is a fair contest, each of these "
        f"ten is picked from one of four kinds of photos, with these chances:\n\n{rows}"
    )
