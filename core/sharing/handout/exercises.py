"""Three questions on a pair of networks, with answers that are computed from what the two runs hold."""

import math
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from core.analysis.comparison import Verdict
from core.analysis.training_summary import ROUNDING, TARGETS, first_epoch_at
from core.data.cifar10 import CLASSES
from core.sharing.handout.handout import Exercise
from core.words import counted, plural
from core.words.comparison import ONE_RECIPE
from core.words.trainings.curves import needed


def of_hundred(share: float, digits: int = 1) -> float:
    """Right answers of 100 photos as they are printed: whoever subtracts two of them gets the difference we say."""
    return round(100 * share, digits)


def digits_of(verdict: Verdict) -> int:
    """With how many decimals both are told: two where they are less than a point apart, or where one is too few for
    what is printed to differ by what the app says (9.46 is 9.5, but 92.3 - 82.9 is 9.4)."""
    printed = of_hundred(verdict.b.value) - of_hundred(verdict.a.value)
    return 1 if abs(verdict.points) >= 1 and f"{printed:.1f}" == f"{verdict.points:.1f}" else 2


def called(names: Mapping[str, str], side: str) -> str:
    """E.g. "A (the plain network)"; "A" for what has no other name."""
    return side if names[side] == side else f"{side} ({names[side]})"


def right_more_often(verdict: Verdict, names: Mapping[str, str]) -> Exercise:
    question = "Which of the two was right more often, and by how many of 100 photos?"
    digits = digits_of(verdict)
    right = {side: of_hundred(share.value, digits) for side, share in (("A", verdict.a), ("B", verdict.b))}
    worse, better = sorted(right, key=lambda side: right[side])
    if right[worse] == right[better]:
        return Exercise(question, f"Neither: both were right on {right['A']:.{digits}f} of 100 photos.")
    difference = f"{right[better] - right[worse]:.{digits}f}"
    shown = f"{right[better]:.{digits}f} − {right[worse]:.{digits}f} = {difference}"
    numbers = f"by {difference} of 100 photos ({shown})"
    luck = " So small a difference could be luck." if verdict.could_be_luck else ""
    return Exercise(question, f"{called(names, better)}, {numbers}.{luck}")


def mixed_up_most(confusions: Mapping[str, pd.DataFrame], names: Mapping[str, str]) -> Exercise:
    """`confusions`: counts 10 x 10 by side, rows what the photos are."""
    question = "Look at the two tables. Which two things does each network mix up most? Count both directions."
    answers = [f"{called(names, side)}: {_most_mixed_up(matrix)}" for side, matrix in confusions.items()]
    return Exercise(question, "\n".join(answers))


def _most_mixed_up(matrix: pd.DataFrame) -> str:
    counts = matrix.to_numpy()
    either_way = np.triu(counts + counts.T, k=1)
    i, j = np.unravel_index(either_way.argmax(), either_way.shape)
    if not either_way[i, j]:
        return "none, as it made no mistake."
    one, other = CLASSES[i], CLASSES[j]
    return (
        f"{plural(one)} and {plural(other)}. It mistook {counts[i, j]:,} {plural(one)} for {plural(other)} and "
        f"{counts[j, i]:,} {plural(other)} for {plural(one)}: {either_way[i, j]:,} mistakes."
    )


def finish_line(histories: Mapping[str, pd.DataFrame]) -> float:
    """The share of right answers to ask about: the app's own, or, where neither gets there, the last 10% that one
    passed."""
    best = max(history["val_accuracy"].max() for history in histories.values())
    return min(TARGETS[0], max(0.1, math.floor(10 * (best + ROUNDING)) / 10))


def epochs_needed(
    histories: Mapping[str, pd.DataFrame],
    names: Mapping[str, str],
    seeds: Collection[Mapping[str, int | None]] | None,
) -> Exercise:
    """`seeds`: after how many epochs, by side, each pair of trainings was at the line that differ from these two in
    their seed alone; None where these two do."""
    line = finish_line(histories)
    question = (
        f"Look at the curves. After how many epochs was each network right on {line:.0%} of the photos set aside (the "
        "solid lines) for the first time?"
    )
    said = [f"{called(names, side)}: {_when(history, line)}." for side, history in histories.items()]
    return Exercise(question, "\n".join([*said, _of_seeds(seeds)]))


def _of_seeds(seeds: Collection[Mapping[str, int | None]] | None) -> str:
    if seeds is None:
        return ONE_RECIPE
    if len(seeds) < 2:
        return "This is one training of each."  # what that means stands on the first page
    each = (f"{side} {needed([pair[side] for pair in seeds], 'epoch')}" for side in "AB")
    return f"In {len(seeds)} trainings of each: {', '.join(each)}."


def _when(history: pd.DataFrame, line: float) -> str:
    epochs = first_epoch_at(history, line)
    if epochs is None:
        return f"never, in {counted(len(history), 'epoch')}"
    return f"after {counted(epochs, 'epoch')}"
