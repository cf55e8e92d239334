"""How early networks know what they answer, in sentences."""

from core.analysis.probes import Probes, settled
from core.words import capitalized

UNREAD = 0.3  # of right answers that a probe finds and the last layer misses: then it is said


def figures(found: Probes) -> str:
    """Percent of right answers after each block, by both readers."""
    own, probe = (" ".join(f"{share:.0%}" for share in shares) for shares in (found.own, found.probe))
    return f"its own last layer {own}; a linear probe {probe}"


def guesses(labels: list[str]) -> list[str]:
    """The answers after each block, with a question mark as long as another follows: "cat?", "dog!"."""
    stays = settled(labels)
    return [f"{label}{'!' if block >= stays else '?'}" for block, label in enumerate(labels, start=1)]


def settle(names: dict[str, str], labels: dict[str, list[str]]) -> str:
    """E.g. "The plain network settles on **cat** only at the end; the ResNet on **dog** after block 4 of 9."; both
    by side."""
    each = [f"{names[side]} settles on **{said[-1]}** {_when(said)}" for side, said in labels.items()]
    return capitalized("; ".join([each[0], *(words.replace(" settles", "") for words in each[1:])])) + "."


def _when(labels: list[str]) -> str:
    stays, blocks = settled(labels), len(labels)
    return "only at the end" if stays == blocks > 1 else f"after block {stays} of {blocks}"


def over_many(name: str, found: Probes) -> str:
    """What both readers find from block to block, of `name` at the start of a sentence."""
    if len(found.own) == 1:
        return f"{name} has one block here: its last layer is right on {found.own[0]:.0%}."
    first, before, last = found.own[0], found.own[-2], found.own[-1]
    words = (
        f"{name}: its last layer is right on {first:.0%} after the first block, {before:.0%} before the last one, "
        f"{last:.0%} at the end. A simple reader finds {found.probe[0]:.0%}, {found.probe[-2]:.0%} and "
        f"{found.probe[-1]:.0%}."
    )
    if found.probe[-2] - before < UNREAD:
        return words
    return f"{words} So it knows before it can say so: its last layer can't read what the earlier blocks have found."
