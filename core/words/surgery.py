"""What trained networks lose with their blocks, in words that follow a network's name, and in sentences."""

from collections.abc import Collection, Iterable

from core.analysis.surgery import A_POINT, Cost, Fall
from core.words import capitalized

GUESSES = "does little better than guessing, with or without all its blocks."


def blocks(numbers: Iterable[int]) -> str:
    """E.g. "block 3" or "blocks 2, 3 and 7"."""
    names = [str(number) for number in sorted(numbers)]
    if len(names) < 2:
        return f"block {names[0]}" if names else "no block"
    return f"blocks {', '.join(names[:-1])} and {names[-1]}"


def in_a_row(number: int, skip: bool) -> str:
    """A network as it is drawn, e.g. "9 blocks in a row, each with an arc around it"; `skip`: with shortcuts."""
    return f"{number} blocks in a row, {'each with an arc around it' if skip else 'and no way around any of them'}"


def condition(cut: Collection[int], scale: float) -> str:
    """What was done to a network, e.g. "without block 4 and with its blocks at 50%"; `scale`: the strength of its
    blocks, 0 to 1."""
    done = [f"without {blocks(cut)}"] if cut else []
    if scale < 1:
        done.append(f"with its blocks at {scale:.0%}")
    return " and ".join(done) or "with all its blocks"


def left(names: dict[str, str], conditions: dict[str, str], right: dict[str, float]) -> str:
    """What both get right after that, by side; `conditions`: by `condition`."""
    each = (f"{names[side]}, {conditions[side]}, gets **{share:.1%}** right" for side, share in right.items())
    return f"{capitalized('; '.join(each))}."


def needed(kept: Collection[int]) -> str:
    """Of the blocks that a plain network can't lose."""
    stay = f"{capitalized(blocks(kept))} stay{'s' * (len(kept) == 1)}"
    return f"{stay}: here the picture is halved, and a plain network has no way around."


def costs(found: dict[str, Cost]) -> str:
    """`cost` of both, by side."""
    return f"One block removed: {' '.join(f'{side} {cost(of_side)}' for side, of_side in found.items())}"


def by_depth(found: dict[int, Cost]) -> str:
    """What a block costs ResNets, by their number of layers: e.g. "Here, a block costs the ResNet of 20 layers 27.4
    points on average, the one of 56 layers 1.6."."""
    (fewest, cost), *others = found.items()
    more = "".join(f", the one of {depth} layers {one.points:.1f}" for depth, one in others)
    return f"Here, a block costs the ResNet of {fewest} layers {cost.points:.1f} points on average{more}."


def falls(found: dict[str, Fall]) -> str:
    """`fall` of both, by side."""
    return " ".join(f"{side} {fall(of_side)}" for side, of_side in found.items())


def cost(found: Cost) -> str:
    """What a network does without one of its blocks."""
    if found.guesses:
        return GUESSES
    points = f"{found.points:.1f} points" if found.points >= A_POINT else "less than a point"
    return f"loses {points}{' on average' if found.blocks > 1 else ''}."


def fall(found: Fall) -> str:
    """What it does as ever more blocks are removed."""
    if found.guesses:
        return GUESSES
    if found.at is None:
        return "keeps more than half of its accuracy, however many are cut."
    gone = f"{found.at} of its blocks {'is' if found.at == 1 else 'are'} gone"
    not_yet = f" (not yet with {found.not_yet})" if found.not_yet is not None and found.not_yet < found.at - 1 else ""
    return f"falls below half of its accuracy when {gone}{not_yet}."
