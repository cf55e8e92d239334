"""How early networks know what they answer, in sentences."""

from collections.abc import Iterable

from core.analysis.probes import Probes, settled
from core.words import calibration, capitalized


def figures(found: Probes) -> str:
    """Percent of right answers after each block, by both readers."""
    own, probe = (" ".join(f"{share:.0%}" for share in shares) for shares in (found.own, found.probe))
    return f"its own last layer {own}; a linear probe {probe}{_before_training(found)}"


def details(side: str, found: Probes, blocks: range) -> str:
    """All figures, of each of these blocks, and on how many photos they rest."""
    return (
        f"{side}, right answers after blocks {blocks[0]} to {blocks[-1]}: {figures(found)}. Of {found.scored_on:,} "
        f"test photos; the linear probe, or simple reader, was fitted on {found.fitted_on:,} training photos, by ridge "
        "regression."
    )


def guesses(labels: list[str]) -> list[str]:
    """The answers after each block, with a question mark as long as another follows: "cat?", "dog!"."""
    stays = settled(labels)
    return [f"{label}{'!' if block >= stays else '?'}" for block, label in enumerate(labels, start=1)]


def in_turn(side: str, guesses: list[str], sure: Iterable[float]) -> str:
    """All `guesses` of a network and how sure it is of each, 0 to 1, e.g. "...: cat? 40%, dog! 83%"."""
    each = ", ".join(f"{guess} {calibration.share(how)}" for guess, how in zip(guesses, sure, strict=True))
    return f"What {side} would answer after each block, and how sure: {each}"


def how_to_read(known: bool) -> str:
    """The chart of one picture's opinions; whether its true class is `known`."""
    full = "the right class" if known else "the class of its last answer"
    return (
        f"After each block there are ten small bars, one for each class: how sure the network would be. Full color: "
        f"{full}. “?”: it will change its mind; “!”: it will not. Whether early blocks are right as often as they are "
        "sure was not checked."
    )


def settle(names: dict[str, str], labels: dict[str, list[str]], blocks: dict[str, range]) -> str:
    """E.g. "The plain network settles on **cat** only at the end; the ResNet settles on **dog** at block 22 of 27.";
    all by side. `blocks`: the numbers of those that were asked."""
    each = [f"{names[side]} settles on **{said[-1]}** {_when(said, blocks[side])}" for side, said in labels.items()]
    return f"{capitalized('; '.join(each))}."


def _when(labels: list[str], blocks: range) -> str:
    stays = settled(labels)
    return "only at the end" if stays == len(blocks) > 1 else f"at block {blocks[stays - 1]} of {blocks[-1]}"


def over_many(name: str, found: Probes, blocks: range) -> str:
    """What both readers find after these blocks, first and last among them; `name` begins the sentence."""
    if len(found.own) == 1:
        return f"{name} has one block here: its last layer is right on {found.own[0]:.0%}."
    early = {blocks[0]: found.own[0], blocks[-2]: found.own[-2]}  # of two blocks, one and the same
    own = ", ".join(f"on {share:.0%} after block {block}" for block, share in early.items())
    words = [
        f"{name}: its own last layer is right {own}, and on {found.own[-1]:.0%} at the end.",
        _simple_reader(found, blocks),
    ]
    if unread := found.unread:
        until = "Up to" if len(unread) == unread[-1] else "After"
        words.append(
            f"{until} block {blocks[unread[-1] - 1]}, much of the answer is there, but its own last layer can't read "
            "it yet."
        )
    return " ".join(words)


def _simple_reader(found: Probes, blocks: range) -> str:
    """From which block on it is as good as at the end."""
    words, enough = "A simple reader, trained for each block, is right", found.enough
    first, last = f"on {found.probe[0]:.0%} after block {blocks[0]}", f"on {found.probe[-1]:.0%} at the end"
    if enough == len(blocks):
        return f"{words} {first} and {last}; even the last block changes this by a point or more."
    there = f"on {found.probe[enough - 1]:.0%} after block {blocks[enough - 1]}"
    reached = f"{first} already" if enough == 1 else f"{first} and {there}"
    rest = len(blocks) - enough
    others = "the last block changes" if rest == 1 else f"the last {rest} blocks change"
    return f"{words} {reached}; {others} this by less than a point."


def _before_training(found: Probes) -> str:
    """What a simple reader finds in the same network while its weights are random."""
    low, high = (f"{share:.0%}" for share in (min(found.untrained), max(found.untrained)))
    return f" (in the same network before training: {low if low == high else f'{low} to {high}'})"
