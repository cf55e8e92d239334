"""A contest against two networks: who has won, and why its photos are not picked at random."""

from collections.abc import Mapping
from math import floor

from core.analysis.comparison import A_ALONE, B_ALONE, BOTH, NEITHER
from core.words import capitalized

PEOPLE = 0.94  # right on the test photos: Ho-Phuoc 2018, arXiv 1811.07270, and Andrej Karpathy, who tried it
YOU, THE_CLASS = "You", "the class"  # who plays against the networks
HARDER = "picked so that the networks make more mistakes than usual"
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


def fairness(player: str, called: Mapping[str, str], missed: Mapping[str, float], right: Mapping[str, float]) -> str:
    """That the photos were picked to the advantage of the `player` (YOU or THE_CLASS), and how. By side: `called`, as
    in a sentence; `missed`, of ten photos that are picked so; `right`, on all test photos, 0 to 1."""
    usual = {side: _about(10 * (1 - share)) for side, share in right.items()}
    return (
        f"The ten photos were {HARDER}: of ten, {called['A']} gets {_about(missed['A'])} wrong on average and "
        f"{called['B']} {_about(missed['B'])}, instead of {usual['A']} and {usual['B']}. That helps {player.lower()}."
    )


def how_photos_are_picked(right: Mapping[str, float], shares: Mapping[str, float]) -> str:
    """Why, in a few sentences, and a list with a row for each kind of photo, e.g. "- 25%: B alone is right".
    `right`: how often each side is right on all test photos, 0 to 1; `shares`: how often each kind is drawn."""
    rows = "\n".join(f"- {shares[kind]:.0%}: {words}" for kind, words in KINDS.items())
    missed = {who: f"{10 * (1 - share):.0f}" for who, share in {**right, "people": PEOPLE}.items()}
    return (
        f"On all 10,000 test photos A is right on {right['A']:.0%} and B on {right['B']:.0%}, people on about "
        f"{PEOPLE:.0%}. So of ten photos picked at random A would miss about {missed['A']}, B about {missed['B']} and "
        f"you about {missed['people']}: a single photo would often decide. So that it does not hang on one, "
        f"each of these ten is picked from one of four kinds of photos, with these chances:\n\n{rows}"
    )


def _about(count: float) -> str:
    """E.g. "about 2", or "4 or 5" of what lies between them."""
    below = floor(count)
    return f"{below} or {below + 1}" if abs(count - below - 0.5) < 0.1 else f"about {count:.0f}"
