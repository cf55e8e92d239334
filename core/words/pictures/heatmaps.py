"""Whether a heatmap can be believed, in sentences."""

from collections.abc import Sequence
from statistics import fmean

from core.words import counted

VERDICTS = {
    0: "Don't believe this map.",
    1: "Be careful with this map.",
    2: "This map passed both checks. The answer may still be wrong.",
}  # by the number of checks passed
CHANGES = {
    True: "It does: it depends on what was learned.",
    False: "Hardly: networks that never learned draw much the same map.",
    None: "That is too close to call.",
}
LIKENESS = "1: the same, 0: nothing in common, below 0: one is bright where the other is dark"


def change(depends_on_learning: bool | None, likenesses: Sequence[float]) -> str:
    """Whether a map changes when the network forgets: of `SanityChecks`."""
    if not likenesses:
        return "It can't be said: networks that never learned anything mark nothing in this picture."
    return CHANGES[depends_on_learning]


def forgot(number: int, last: int) -> str:
    """What a network has forgotten, of a row of maps from number 0 to the `last`."""
    return {0: "forgot its last part", last: "forgot all"}.get(number, "and more")


def matters(marks_what_matters: bool, beaten: int, comparisons: int) -> str:
    """Whether hiding what a map marks hurts: it did more than `beaten` of the maps that it was compared with."""
    return (
        f"{'Yes' if marks_what_matters else 'Not clearly'}: in {beaten} of {comparisons} comparisons, hiding what this "
        "map marks hurts the answer more than hiding what another map marks, which knows nothing of this photo. Those "
        f"are the maps of {comparisons - 1} other photos, and a blob in the middle, where most subjects are."
    )


def score(road: float, others: float, likenesses: Sequence[float]) -> str:
    """Of both checks in figures: the map's score, the mean of those of the others, and the map's likeness to those of
    networks that never learned."""
    words = f"Its score (ROAD, in points of certainty): {_points(road)}; theirs: {_points(others)} on average."
    if not likenesses:
        return words
    return (
        f"{words} Its likeness to the maps of {len(likenesses)} networks that never learned: {fmean(likenesses):.2f} "
        f"on average, {min(likenesses):.2f} to {max(likenesses):.2f} ({LIKENESS})."
    )


def _points(share: float) -> str:
    return f"{round(100 * share):+d}"


def covered(worst: float, likeness: float) -> str:
    """What a patch over the brightest spot costs, 0 to 1, and how alike two maps are, -1 to 1."""
    return (
        f"Patches over the brightest spot cost {counted(round(100 * worst), 'point')} of certainty on average. "
        f"Likeness of the two maps: {likeness:.2f} ({LIKENESS})."
    )
