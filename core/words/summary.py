"""How a training stands, and what it came to, as a column of a table; and what each figure means."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from core.analysis.metrics import Proportion, most_common_mistake
from core.analysis.training_summary import TARGETS, TrainingSummary
from core.runs.run import Run
from core.runs.status import Status
from core.words import capitalized, counted, course, plural
from core.words.glossary import explain
from core.words.gradients import rounded
from core.words.settings import in_short

ACCURACY, GAP, TIME = "Test accuracy", "Train minus validation accuracy, at the end", "Training time"
REACHING = {target: f"Time to {target:.0%} validation accuracy" for target in TARGETS}
ON_NEW_PHOTOS = (
    "Right answers on 10,000 photos never used in training. About 3 in 100 look almost like a training photo (Barz and "
    "Denzler 2020, “Do we train on test data?”)."
)
MEANINGS = {
    ACCURACY: f"{ON_NEW_PHOTOS} In parentheses: how far luck with the photos could move it (95%).",
    **dict.fromkeys(
        REACHING.values(),
        f"How fast it learns. {explain('validation photos')} {explain('epoch')}",
    ),
    GAP: "How much better it is on the photos it learned from. Small is good where accuracy is high; a network "
    "that learned little memorized little. Below zero is possible, as training photos may be mirrored and shifted, and "
    "are counted while it still learns.",
    TIME: "On the machine named in the run's card. Runs trained at the same time slowed each other "
    "down: times say little about which is faster.",
}

COST_MEANINGS = {"Parameters": explain("parameters"), "Multiply-adds a photo": explain("multiply-adds")}


def costs(run: Run) -> dict[str, str]:
    """{measure: value}; the measures are those of COST_MEANINGS."""
    values = f"{run.parameters:,}", f"{run.multiply_adds / 1e6:,.0f} million"
    return dict(zip(COST_MEANINGS, values, strict=True))


def figures_of_imported(accuracy: Proportion) -> dict[str, str]:
    """The same of a network whose training is not known."""
    return dict.fromkeys(MEANINGS, "trained elsewhere") | {ACCURACY: _share(accuracy)}


def figures(summary: TrainingSummary) -> dict[str, str]:
    """{measure: value with its unit}; the measures are those of MEANINGS."""
    return {
        ACCURACY: _share(summary.accuracy),
        **{REACHING[target]: when(reached) for target, reached in summary.reached.items()},
        GAP: f"{100 * summary.gap:+.1f} points",
        TIME: when((summary.epochs, summary.minutes)),
    }


def _share(accuracy: Proportion) -> str:
    return f"{accuracy.value:.1%}  ({accuracy.low:.1%} to {accuracy.high:.1%})"


def when(reached: tuple[int, float] | None) -> str:
    """Of (epochs, minutes), e.g. "1 epoch (3 min)"; "never"."""
    if reached is None:
        return "never"
    epochs, minutes = reached
    return f"{counted(epochs, 'epoch')} ({minutes:.0f} min)"


def passes(epochs: int) -> str:
    """E.g. "5 passes over the photos"."""
    return f"{counted(epochs, 'pass')} over the photos"


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


def mixed_up(confusion: pd.DataFrame) -> str:
    """Of counts 10 x 10, rows what the photos are: e.g. "right on 62%. Most often it mistakes cats for dogs (83)."."""
    counts = confusion.to_numpy()
    true, said, count = most_common_mistake(confusion)
    right = f"right on {counts.trace() / counts.sum():.0%}"
    return f"{right}. Most often it mistakes {plural(true)} for {plural(said)} ({count})." if count else f"{right}."


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


def validation_was_seen(side: str) -> str:
    """Of a run whose initial weights came with answers of their own."""
    return (
        f"{side} began with weights that had ten answers already. If they learned from CIFAR-10, they have seen the "
        "photos that were set aside: its curve for those is then too high. The test photos are not affected."
    )


def dots(table: pd.DataFrame, cost: str, called: str) -> str:
    """The highest dot and the cheapest of a plot of accuracy against the column `cost`, which is `called` so."""
    highest, cheapest = table.iloc[table["accuracy"].argmax()], table.iloc[table[cost].argmin()]
    each = (
        f"{word}: {dot['network']}, right on {dot['accuracy']:.1%}, {called}: {rounded(dot[cost])}"
        for word, dot in (("Highest", highest), ("Cheapest", cheapest))
    )
    return f"{len(table)} networks. {'. '.join(each)}."


def dot(run: Run, name: str, accuracy: float, minutes: float | None) -> str:
    """One dot of that plot: the network, the run's `name`, how often it is right (0 to 1), what it costs, and its
    `training`."""
    return (
        f"**{in_short(run)}**, {name}: right on **{accuracy:.1%}**; {run.parameters:,} parameters, "
        f"{run.multiply_adds / 1e6:,.0f} million multiply-adds a photo; {training(run, minutes)}."
    )


def training(run: Run, minutes: float | None) -> str:
    """E.g. "5 epochs of 45,000 photos, at 64 pixels, 63 min"; without `minutes`, it was trained elsewhere."""
    pixels = f"at {run.config.input_size} pixels"
    if run.training_images is None or minutes is None:
        return f"trained elsewhere, {pixels}"
    epochs = f"{counted(run.config.epochs, 'epoch')} of {counted(run.training_images, 'photo')}"
    return f"{epochs}, {pixels}, {minutes:.0f} min"


def held_back(runs: int) -> str:
    """Of what asks for the dots of those that were held back, e.g. "Also 3 runs with fewer photos, ..."."""
    return f"Also {counted(runs, 'run')} with fewer photos, frozen layers or no BatchNorm"


def unequal(table: pd.DataFrame) -> str:
    """Of the same dots, that they learned for different times, where they did: a dot is a training, not an architecture
    alone. Columns epochs, images and pixels."""
    said = [
        f"{words} {table[column].min():,.0f} to {table[column].max():,.0f} {unit}"
        for column, words, unit in (
            ("epochs", "for", "passes over their photos"),
            ("images", "from", "photos"),
            ("pixels", "at", "pixels a side"),
        )
        if table[column].min() < table[column].max()
    ]
    if not said:
        return ""
    return (
        f"They learned {', '.join(said)} (point at a dot to see): a low dot may be a network that "
        "learned for less time or from less, not a worse one."
    )


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


def state(called: str, status: Status) -> str:
    """How an unfinished run stands, which is `called` so; of one in training also where and how far, e.g. "in training
    on node3, epoch 2 of 8, about 5 min left"."""
    if status.state != "training":
        return called
    where = "" if status.here else f" on {status.machine}"
    if status.seconds_left is None:
        return called + where
    minutes = max(1, round(status.seconds_left / 60))
    return f"{called}{where}, epoch {status.epoch} of {status.epochs}, about {minutes} min left"


def in_one_picture(runs: Mapping[str, str]) -> str:
    """Which run is which, by side, e.g. "In this picture A is `plain20` and B is `resnet20`."."""
    return f"In this picture {' and '.join(f'{side} is `{name}`' for side, name in runs.items())}."
