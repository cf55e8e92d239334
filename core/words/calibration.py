"""Whether networks are as sure as they are right, in sentences."""

import numpy as np
import pandas as pd

from core.analysis import calibration
from core.analysis.calibration import Temperature
from core.data.cifar10 import CLASSES
from core.words import capitalized
from core.words.glossary import GLOSSARY

ABOUT = 0.01  # a gap between certainty and right answers below which it is not worth a word
HOW_SURE = f"{GLOSSARY['how sure']} Where a network is unsure, its number may still be too high."


def share(probability: float) -> str:
    """How sure, 0 to 1, e.g. "83%"; nothing is called 100% that is not."""
    return "over 99%" if 0.995 <= probability < 1 else f"{probability:.0%}"


def span(probabilities: np.ndarray) -> str:
    """Of several, e.g. "83% to over 99%"."""
    low, high = share(probabilities.min()), share(probabilities.max())
    return low if low == high else f"{low} to {high}"


def short(probability: float) -> str:
    """The same for a bar's end, e.g. ">99%"."""
    return share(probability).replace("over ", ">")


def likeliest(probabilities: np.ndarray, most: int) -> pd.DataFrame:
    """At most so many answers that a network thinks of, the likeliest first: columns class, probability (0 to 1) and
    said, e.g. "83%" or ">99%". Without those that would be called 0%."""
    table = pd.DataFrame({"class": CLASSES, "probability": probabilities, "said": [*map(short, probabilities)]})
    return table[table["said"] != "0%"].nlargest(most, "probability")


def answers(side: str, likely: pd.DataFrame) -> str:
    """`likeliest` in words, e.g. "A: cat 83%, dog 10%"."""
    return f"{side}: " + ", ".join(f"{name} {said}" for name, said in zip(likely["class"], likely["said"], strict=True))


def gap(name: str, bins: pd.DataFrame) -> str:
    """E.g. "the ResNet is 84% sure on average and right on 92%: not sure enough"; of `calibration.reliability`."""
    over = calibration.overconfidence(bins)
    sure, right = bins["sure"].mean(), bins["right"].mean()
    how = "about the same" if abs(over) < ABOUT else "too sure" if over > 0 else "not sure enough"
    return f"{name} is {sure:.0%} sure on average and right on {right:.0%}: {how}"


def gaps(names: dict[str, str], bins: dict[str, pd.DataFrame]) -> str:
    """`gap` of both networks, by side, in a sentence."""
    return f"{capitalized('; '.join(gap(names[side], of_side) for side, of_side in bins.items()))}."


def errors(name: str, before: pd.DataFrame, after: pd.DataFrame, found: Temperature) -> str:
    """What one temperature does to the calibration error and what it leaves, of `calibration.reliability` before and
    after it; `name` begins the sentence."""
    sure, right = map(share, calibration.furthest(after))
    words = (
        f"{name}: calibration error {calibration.calibration_error(before):.1%}; with temperature {found.value:.2f}, "
        f"fitted on {found.photos:,} validation photos, {calibration.calibration_error(after):.1%}."
    )
    if sure == right:
        return words
    return (
        f"{words} Even then, there is a tenth of the photos of which it is {sure} sure, while it is right on {right} "
        "of them."
    )


def of_these(side: str, described: str, sure: np.ndarray, uncorrected: bool) -> str:
    """How sure a network is of some photos; `uncorrected`: its certainty could be corrected, and is not."""
    by_itself = " (not corrected; the switch above does that)" if uncorrected else ""
    return f"**{side}**, {described}: {span(sure)} sure of these{by_itself}"


def as_it_came(raw: float, found: Temperature | None) -> str:
    """How sure a network says it is of an answer, 0 to 1, before its temperature corrects that."""
    if found is None:
        return "This is what it says by itself; how to correct that (page *How sure are they?*) is not known."
    return (
        f"Corrected by its temperature, {found.value:.2f} (page *How sure are they?*); by itself it says {share(raw)}."
    )


def silent_on_a_tenth(names: dict[str, str], right: dict[str, tuple[float, float]]) -> str:
    """What both gain, by side, by keeping silent where they are least sure: `calibration.right_where_answered`."""
    each = [f"{names[side]} is right on {rest:.1%} instead of {whole:.1%}" for side, (rest, whole) in right.items()]
    return f"If each may skip the 10% of photos it is least sure about, then of the rest {'; '.join(each)}."
