"""What networks take for what, class by class, and which labels people doubt, in sentences."""

import pandas as pd

from core.analysis.metrics import ClassChange, most_common_mistake
from core.data.doubted_labels import JUDGED, JUDGES, MAJORITY, Doubt
from core.words import counted, plural


def of_both(names: dict[str, str], true: str, answer: str, counts: dict[str, int]) -> str:
    """How often both take a class for another, by side: "Of 1,000 cats, A mistakes **83** for dogs, B **60**."."""
    a, b = (f"**{counts[side]}**" for side in "AB")
    return f"Of 1,000 {plural(true)}, {names['A']} mistakes {a} for {plural(answer)}, {names['B']} {b}."


def of_one(name: str, true: str, answer: str, count: int) -> str:
    """The same of one network: "Of 1,000 cats, the ResNet mistakes 60 for dogs."."""
    return f"Of 1,000 {plural(true)}, {name} mistakes {count} for {plural(answer)}."


def most_common(true: str, answer: str, count: int) -> str:
    return f"Most often {plural(true)} are mistaken for {plural(answer)}: {count} of 1,000"


def largest_change(true: str, answer: str, change: int) -> str:
    """`change`: of how many more of 1,000 photos B says so than A."""
    return f"What changes most from A to B: {plural(true)} mistaken for {plural(answer)}, {change:+d} of 1,000"


def of_an_epoch(confusion: pd.DataFrame) -> str:
    """Of counts 10 x 10, rows what the photos are: e.g. "right on 62%. Most often it mistakes cats for dogs (83)."."""
    counts = confusion.to_numpy()
    true, answer, count = most_common_mistake(confusion)
    right = f"right on {counts.trace() / counts.sum():.0%}"
    return f"{right}. Most often it mistakes {plural(true)} for {plural(answer)} ({count})." if count else f"{right}."


def of_cell(title: str, photos: int, most: int) -> str:
    """What stands above some photos, of which at most so many are shown, e.g. "**Only A says cat**: 1 photo"."""
    return f"**{title}**: {counted(photos, 'photo')}{f', the first {most} shown' if photos > most else ''}"


def class_change(measure: str, found: ClassChange) -> str:
    """Of "recall", "precision" or "f1"."""
    rising = "all" if found.rising == found.classes else f"{found.rising} of the"
    return (
        f"From A to B, {measure} changes most for {found.most}: {found.points:+.1f} points. It rises for {rising} "
        f"{found.classes} classes."
    )


def judged(doubt: Doubt) -> str:
    """What people call a photo instead of its label, e.g. "4 of 5 people say dog"."""
    if doubt.preferred is None:
        return "people disagree"
    said = doubt.proposed if doubt.preferred == "proposed" else f"neither {doubt.label} nor {doubt.proposed}"
    return f"{doubt.votes[doubt.preferred]} of {JUDGES} people say {said}"


def doubted(doubtful: int, otherwise: int) -> str:
    """Of how many photos people doubted the label, and for how many of these most would have had another."""
    return (
        f"A program found {JUDGED} of the 10,000 test photos suspicious, and {JUDGES} people judged each. For "
        f"**{doubtful}**, fewer than {MAJORITY} of the {JUDGES} agreed with the label that counts as right here; for "
        f"{otherwise} of these, most preferred another class, or neither."
    )


def with_and_without(names: dict[str, str], shares: dict[str, tuple[float, float]]) -> str:
    """Accuracies with and without some photos, by side, e.g. "Without them, the plain network is right on 90.51%
    instead of 90.37%"."""
    each = [
        f"{names[side]} is right on {without:.2%} instead of {whole:.2%}" for side, (whole, without) in shares.items()
    ]
    return f"Without them, {', '.join(each)}."
