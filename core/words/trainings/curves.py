"""How trainings went: who was first, what was learned last, and what the curves show, in sentences."""

import math
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from core.words import capitalized, counted, course, passes
from core.words.comparison import ONE_RECIPE

ONE_OF_EACH = (
    "This is one training of each. Trained again from other random numbers (seeds), they might need more or fewer "
    "passes; how many is not known for these two."
)


def finish(names: dict[str, str], epochs: dict[str, int | None]) -> str:
    """Who crosses the finish line first, and after how many `epochs`; None: never. Both by side."""
    first, second = sorted(epochs, key=lambda side: epochs[side] or math.inf)
    soonest, latest = epochs[first], epochs[second]
    if soonest is None:
        return "Neither reaches the finish line."
    if latest is None:
        return (
            f"{capitalized(names[first])} crosses the finish line after {passes(soonest)}; {names[second]} never does."
        )
    if soonest == latest:
        return f"Both cross the finish line after {passes(soonest)}."
    return (
        f"{capitalized(names[first])} crosses the finish line first, after {passes(soonest)}; {names[second]} needs "
        f"{latest}."
    )


def finish_heading(
    names: dict[str, str], these: dict[str, int | None], seeds: Collection[dict[str, int | None]] | None
) -> tuple[str, str]:
    """Who crosses the finish line first, and what to know of it. `these`: as in `finish`; `seeds`: the same of each
    pair of trainings that differ from these two in their seed alone, None where these two do."""
    of_these = finish(names, these)
    if seeds is None:
        return of_these, ONE_RECIPE
    if len(seeds) < 2:
        return of_these, ONE_OF_EACH
    return finish_over_seeds(names, seeds), f"**These two alone:** {of_these}"


def finish_over_seeds(names: Mapping[str, str], seeds: Collection[dict[str, int | None]]) -> str:
    """Of several trainings of both, e.g. "In 3 trainings of each, the ResNet crosses the finish line after 9 to 17
    passes over the photos, the plain network after 20 to 23."."""
    epochs = {side: [pair[side] for pair in seeds] for side in names}
    trainings = f"In {len(seeds)} trainings of each,"
    if not any(map(any, epochs.values())):
        return f"{trainings} neither reaches the finish line."
    first, second = sorted(epochs, key=lambda side: _how_late(epochs[side]))
    soonest = needed(epochs[first], "pass", " over the photos")
    if not any(epochs[second]):
        return f"{trainings} {names[first]} crosses the finish line {soonest}; {names[second]} never does."
    return f"{trainings} {names[first]} crosses the finish line {soonest}, {names[second]} {needed(epochs[second])}."


def _how_late(epochs: Collection[int | None]) -> tuple[int, float]:
    """Who never got there comes after who did."""
    known = [number for number in epochs if number]
    return len(epochs) - len(known), float(np.mean(known)) if known else math.inf


def needed(epochs: Collection[int | None], noun: str = "", of_what: str = "") -> str:
    """After how many each of several trainings was there, e.g. "after 9 to 17 passes" or, where some never were, "after
    20 (in 2 of 3; else never)"."""
    known = [number for number in epochs if number]
    if not known:
        return "never"
    low, high = min(known), max(known)
    told = counted(high, noun) if noun else str(high)
    after = f"after {told if low == high else f'{low} to {told}'}{of_what}"
    return after if len(known) == len(epochs) else f"{after} (in {len(known)} of {len(epochs)}; else never)"


def learned_last(name: str, since: np.ndarray, lost: int) -> str:
    """Of `right_for_good` and `lost_again`; `name` begins the sentence."""
    learned = np.sort(since[since > 0])
    if not len(learned):
        return f"{name} is right on none of {len(since):,} photos in the end."
    half = learned[(len(learned) - 1) // 2]
    once = f"{counted(lost, 'more photo')} {'was' if lost == 1 else 'were'} right at some point, but not in the end."
    return (
        f"**{name}** is right on {len(learned):,} of {len(since):,} photos in the end. It had half of them right for "
        f"good by epoch {half}. {once} Last to be learned:"
    )


def how_to_read_curves(best: dict[str, float], augmented: bool) -> str:
    """The learning curves; `best`: by side, the best validation accuracy, 0 to 1. `augmented`: training photos were
    mirrored and shifted."""
    how = ", mirrored and shifted at random" if augmented else ""
    return (
        f"Solid lines: photos set aside from training (validation photos). Dashed: training photos{how}. The best "
        f"validation accuracy of A is {best['A']:.1%}, of B {best['B']:.1%}. Hover over a line for its values. When a "
        "network crosses the finish line also depends on the schedule, which makes its steps shorter toward the end: "
        "with another schedule, it would cross at another time."
    )


def smoothed(sides: list[str]) -> str:
    """Of those that were trained with label smoothing, e.g. "The training loss of A and B is higher ..."."""
    return (
        f"The training loss of {' and '.join(sides)} is higher because of how it is counted: full certainty counts as "
        "a mistake, too (label smoothing), so that a network does not learn to be too sure."
    )


def gap_at_the_end(points: dict[str, float]) -> str:
    """The generalization gap, by side."""
    return f"At the end it is {points['A']:+.1f} points for A and {points['B']:+.1f} points for B."


def gap_below_zero(augmented: bool) -> str:
    """Why a network may be worse on the photos that it learns from; `augmented` as in `how_to_read_curves`."""
    harder = ", and are mirrored and shifted, so they are harder." if augmented else "."
    return f"Below zero is no error: training photos are counted while the network still learns{harder}"


def schedules(rates: pd.DataFrame) -> str:
    """How each learning rate goes; `rates`: columns run and lr, in the order of time."""
    each = (
        f"{run}: the learning rate begins at {lr.iloc[0]:.3g}, is at most {lr.max():.3g}, and ends at {lr.iloc[-1]:.3g}"
        for run, lr in rates.groupby("run", sort=False)["lr"]
    )
    return ". ".join(each)


def validation(histories: dict[str, pd.DataFrame], measure: str) -> str:
    """How the accuracy or the loss on validation photos goes in each training, by name."""
    said = "{:.0%}".format if measure == "accuracy" else "{:.2f}".format
    each = (course(who, history[f"val_{measure}"].tolist(), said) for who, history in histories.items())
    return capitalized(f"{measure} on photos set aside: {'; '.join(each)}")
