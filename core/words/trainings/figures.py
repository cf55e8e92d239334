"""What a training came to, as a column of a table, and what each figure means."""

from core.analysis.metrics import Proportion
from core.analysis.training_summary import TARGETS, TrainingSummary
from core.runs.run import Run
from core.words import counted
from core.words.glossary import GLOSSARY, phrase

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
        f"How fast it learns. Validation photos: {phrase('validation photos')}. Epoch: {phrase('epoch')}.",
    ),
    GAP: "How much better it is on the photos it learned from. Small is good where accuracy is high; a network "
    "that learned little memorized little. Below zero is possible, as training photos may be mirrored and shifted, and "
    "are counted while it still learns.",
    TIME: "On the machine named in the run's card. Runs trained at the same time slowed each other "
    "down: times say little about which is faster.",
}
COST_MEANINGS = {"Parameters": GLOSSARY["parameters"], "Multiply-adds a photo": GLOSSARY["multiply-adds"]}


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


def validation_was_seen(side: str) -> str:
    """Of a run whose initial weights came with answers of their own."""
    return (
        f"{side} began with weights that had ten answers already. If they learned from CIFAR-10, they have seen the "
        "photos that were set aside: its curve for those is then too high. The test photos are not affected."
    )
