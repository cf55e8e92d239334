"""The ground that networks learned on, in sentences."""

from collections.abc import Iterable
from math import log

from core.analysis.landscapes.landscape import LITTLE, Shape
from core.analysis.landscapes.walk import Walk
from core.data.cifar10 import CLASSES
from core.words import capitalized

GUESSING = log(len(CLASSES))  # the loss of a network that gives each class the same share
KINDS = {"plateau": "on a plateau", "valley": "in a valley", "bowl": "in a bowl"}
MEANINGS = {
    "plateau": "On a plateau, hardly anything is higher than the middle.",
    "valley": "In a valley, there are directions in which the ground near the middle rises less and less steeply, or "
    "falls (it bends down).",
    "bowl": "In a bowl, the ground near the middle gets steeper and steeper in all directions, or nearly all (it bends "
    "up).",
}


def figures(found: Shape) -> str:
    """In a line."""
    return (
        f"loss {found.middle:.2f} in the middle ({found.right:.1%} right), from {found.lowest:.2f} to "
        f"{found.highest:.1f} on the map; {found.flat:.0%} of it within {LITTLE:g} of the middle; bends down at "
        f"{found.bent_down:.0%} of the places near the middle; {found.falls:.0%} of the ways out go down again"
    )


def finding(names: dict[str, str], shapes: dict[str, Shape]) -> str:
    """E.g. "The plain network ended in a valley, the ResNet in a bowl. This map shows no mountains around either.";
    both by side."""
    if len(shapes) == 2 and len(kinds := {found.kind for found in shapes.values()}) == 1:
        return f"Both ended {KINDS[kinds.pop()]}. {_mountains(names, shapes)}"
    first, *others = [(names[side], KINDS[found.kind]) for side, found in shapes.items()]
    ends = [f"{first[0]} ended {first[1]}", *(" ".join(other) for other in others)]
    return f"{capitalized(', '.join(ends))}. {_mountains(names, shapes)}"


def here(findings: list[str], shown: int) -> str:
    """What one pair of directions shows; `findings`: of both."""
    same = len(set(findings)) == 1
    return findings[shown] if same else f"In these two directions: {findings[shown]}"


def elsewhere(findings: list[str], shown: int) -> str:
    """What the other pair of directions shows; `findings`: of both."""
    other = findings[1 - shown]
    same = other == findings[shown]
    return "The other two directions show the same." if same else f"In the other two directions: {other}"


def meanings(shapes: Iterable[Shape]) -> str:
    """What each kind of ground that is among these means."""
    kinds = {found.kind for found in shapes}
    return " ".join(words for name, words in MEANINGS.items() if name in kinds)


def _mountains(names: dict[str, str], shapes: dict[str, Shape]) -> str:
    hilly = [f"{_share(found.falls)} of those from {names[side]}" for side, found in shapes.items() if found.falls]
    if hilly:
        return f"Of the straight ways out, {' and '.join(hilly)} go down again: hills."
    return f"This map shows no mountains around {'either' if len(shapes) > 1 else 'it'}."


def details(found: Shape, photos: int, cut_off: float, cap: float) -> str:
    """Of one surface, measured on so many photos, whose heights above `cap` (`cut_off`: a share of the map) are not
    drawn."""
    words = (
        f"In the middle the loss is {found.middle:.2f} (pure guessing: {GUESSING:.1f}), and {found.right:.0%} of the "
        f"answers to {photos:,} training photos are right. {found.flat:.0%} of the map is about as high as the middle "
        f"(loss within {LITTLE:g}). {_bending(found.bent_down)}"
    )
    if not cut_off:
        return words
    cut = f"{capitalized(_share(cut_off))} of the map is above {cap:g} and cut off here"
    return f"{words} {cut}; it goes up to {found.highest:.3g}."


def _share(share: float) -> str:
    """Of what there is, however little: "0%" would say that there is none."""
    return f"{share:.0%}" if share >= 0.005 else "less than 1%"


def _bending(share: float) -> str:
    if not share:
        return "Near the middle, the ground bends down nowhere."
    return f"Near the middle, the ground bends down in some direction at {_share(share)} of the places."


def path(found: Walk) -> str:
    """The path of a training, in a line."""
    losses = ", ".join(f"{loss:.2f}" for loss in found.own_loss)
    return (
        f"two directions capture {found.share[0]:.0%} and {found.share[1]:.0%} of its path; it ended {found.far:.2f} "
        f"lengths of its weights from its start; loss at the moments that were saved: {losses}; along the path, the "
        f"map is off by up to {found.off:.2f}"
    )


def path_unknown(sides: Iterable[str]) -> str:
    """Of those that kept no weights while they learned."""
    return f"No weights were saved while {' and '.join(f'**{side}**' for side in sides)} learned."


def path_finding(names: dict[str, str], paths: dict[str, Walk]) -> str:
    """E.g. "Two directions capture 84% of the plain network's path, and 88% of the ResNet's."; by side."""
    first, *others = [(f"{found.held:.0%}", f"{names[side]}'s") for side, found in paths.items()]
    each = [f"{first[0]} of {first[1]} path", *(" of ".join(other) for other in others)]
    return f"Two directions capture {', and '.join(each)}."


def path_details(found: Walk) -> str:
    """Of one path."""
    start, end = found.own_loss[0], found.own_loss[-1]
    if found.rises:
        epochs = f"epoch{'s' if len(found.rises) > 1 else ''} {', '.join(map(str, found.rises))}"
        loss = f"the loss went from {start:.2f} to {end:.2f}, but was higher after {epochs} than at the moment before."
    else:
        loss = f"the loss only fell, from {start:.2f} to {end:.2f}."
    return (
        f"The two directions capture {found.share[0]:.0%} and {found.share[1]:.0%} of the path. From start to end the "
        f"weights moved by {found.far:.0%} of their own length. At the moments that were saved, {loss} The map ignores "
        f"all other directions, so along the path its loss is off by up to {found.off:.2f}."
    )
