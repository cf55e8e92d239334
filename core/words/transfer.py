"""What it did for a network to have learned before, in a few sentences."""

import pandas as pd

from core.analysis.training_summary import TARGETS
from core.analysis.transfer import Benefit, HeadStart, Moved, TrainingLength
from core.settings.train_config import TrainConfig
from core.words import capitalized, counted, times
from core.words.settings import network_name, restrictions, without_markup
from core.words.trainings.figures import when

SMALLER_ELSEWHERE = (
    "ImageNet also shows dogs, cats, birds, ships and cars: for things that it does not show, expect a smaller gain."
)


MINUTES = (
    "Training times are upper bounds, and not to be compared: on the machine that trained the networks that ship, "
    "other work ran beside them."
)


def network(config: TrainConfig) -> str:
    """What both are, e.g. "ResNet-50, 10% of the photos"."""
    return ", ".join([network_name(config), *restrictions(config)])


def benefit(found: Benefit) -> str:
    scratch, pretrained = found.scratch, found.pretrained
    ended = "about level"
    if not found.could_be_luck:
        ended = f"{abs(found.points):.1f} points {'higher' if found.points > 0 else 'lower'}"
    why = ": it learned less, so it also memorized less" if found.scratch_learned_less else ""
    return (
        f"{_speed(found)} On the test photos, the pretrained network ended **{ended}**: "
        f"{pretrained.accuracy.value:.1%} against {scratch.accuracy.value:.1%}. "
        f"The gap between training photos and validation photos is {100 * pretrained.gap:+.1f} points for it, "
        f"{100 * scratch.gap:+.1f} for the one from scratch{why}."
    )


def _speed(found: Benefit) -> str:
    if found.target is None:
        return f"Neither reached {TARGETS[0]:.0%} on validation photos."
    scratch, pretrained = found.scratch.reached[found.target], found.pretrained.reached[found.target]
    if scratch and pretrained:
        return (
            f"The pretrained network reached {found.target:.0%} after {when(pretrained)}, the one from scratch after "
            f"{when(scratch)}."
        )
    winner, loser = "The pretrained network", "the one from scratch"
    if scratch:
        winner, loser = "The network from scratch", "the pretrained one"
    return f"{winner} reached {found.target:.0%} after {when(pretrained or scratch)}; {loser} never did."


def short_training(accuracy: float, epochs: int) -> str:
    """Why a network that started from scratch, and learned briefly, is wrong so often. `accuracy`: its own, 0 to 1."""
    return (
        f"For a network from scratch, {accuracy:.0%} is low. This one saw each photo only {times(epochs)}, with the "
        "same learning rate as the pretrained one. With more time and a rate of its own, it should come far closer; "
        "that was not tried here. In another task, finding objects in photos, a head start mainly saved time (He, "
        "Girshick and Dollár 2019)."
    )


def head_start(found: HeadStart) -> str:
    return (
        f"With {found.few:,} photos, the head start is worth **{found.points_few:.0f} points**; with {found.many:,} "
        f"photos, {found.points_many:.0f} points."
    )


def badly_trained(photos: int, training_accuracy: float) -> str:
    """Of a network from scratch that was right on so few (0 to 1) of the photos it learned from."""
    return (
        "Part of that gap is the recipe: in the end, the network from scratch was right on only "
        f"{training_accuracy:.0%} of its own {photos:,} training photos. A better recipe should help it."
    )


def fine_tuning(points: float, could_be_luck: bool) -> str:
    """What it is worth that every layer learns, not the last one alone."""
    worth = "no more than luck explains" if could_be_luck else f"{points:+.1f} points"
    return (
        "Where only the last layer learns, what was learned before is used unchanged (feature extraction). Letting "
        f"everything learn (fine-tuning) is worth {worth} here. Only runs that are equal in all else are compared, "
        "learning rates and epochs, too: with a learning rate of its own, the last layer alone may do better."
    )


def training_lengths(found: list[TrainingLength]) -> str:
    """How long each learned, by label budget: with few photos, often fewer steps, to which part of what is lost is
    due."""
    words = ", ".join(f"{one.steps:,} with {one.images:,} photos (each seen {times(one.epochs)})" for one in found)
    fewer = found[0].steps < found[-1].steps
    due = ": part of what few labels cost is that they gave fewer steps" if fewer else ""
    return (
        "Luck with the test photos: at most 1 point. Luck with the seed, and with which few photos were drawn to "
        f"learn from, is not known: each is one training. Learning steps: {words}{due}. The weights kept are those "
        "that did best on the validation photos, whose labels come on top of these."
    )


def moved(found: dict[str, Moved]) -> str:
    """By side, e.g. "training changed a typical layer of A by 93.1%, and layer 5 of 54 the most"."""
    return "; ".join(
        f"training changed a typical layer of {side} by {one.typical:.1%}, and layer {one.most} of {one.layers} the "
        "most"
        for side, one in found.items()
    )


def layers_changed(found: dict[str, Moved]) -> str:
    """`moved` and `still`, and how to read them."""
    return (
        f"{capitalized(moved(found))}. {still(found)}".rstrip()
        + " The last layer, which is new to both, is left out. Changes are measured against the size that a layer's "
        "weights had at the start. Random ones often begin larger than learned ones, so a smaller change does not mean "
        "that less was learned."
    )


def what_learns(frozen: str) -> str:
    """By what is frozen, as in `TrainConfig.freeze`, e.g. "what comes after layer2"."""
    return {"": "everything", "backbone": "the last layer alone"}.get(
        frozen, f"what comes after {without_markup(frozen)}"
    )


def still(found: dict[str, Moved]) -> str:
    """By side, e.g. "53 layers of B did not move."; "" where all did."""
    each = (f"{counted(one.still, 'layer')} of {side} did not move." for side, one in found.items() if one.still)
    return " ".join(each)


def by_photos(table: pd.DataFrame) -> str:
    """Of `charts.transfer.label_budget`'s table, e.g. "from scratch: 20% right with 450 photos, 65% with 45,000"."""
    each = (
        f"{who}: " + ", ".join(f"{row.accuracy:.0%} right with {row.images:,} photos" for row in rows.itertuples())
        for who, rows in table.sort_values("images").groupby("side", sort=False)
    )
    return "; ".join(each)


def filters(when: str, count: int, most: int) -> str:
    """What stands below a sheet of filters, of which at most so many are shown, e.g. "before training"."""
    return f"{when}, the first {most} of {count}" if count > most else when


def first_filters(pretrained: bool, count: int) -> str:
    """What a network's first filters show before training."""
    return f"{count} filters: {'stripes and patches of color, which every photo contains' if pretrained else 'noise'}"
