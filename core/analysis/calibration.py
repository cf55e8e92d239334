"""How far a network can be believed when it says how sure it is: "90% sure" should be right 9 times of 10. No torch.

Guo et al. 2017, "On calibration of modern neural networks" (arXiv 1706.04599). A network's certainty is mended by one
number, its temperature: all logits are divided by it. It changes no answer, only how sure the network is.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import scipy  # whose parts load when they are first used: the first page needs none

from core.analysis import metrics
from core.files import write_json, writing
from core.runs.run import LARGEST_COUNT, Run
from core.runs.tables import read_json

FILE = "temperature.json"
LARGEST = 2_000  # bytes; it has about 50
COLDEST, HOTTEST = 0.05, 20.0  # where a temperature is sought: no network here needs less or more
BINS = 10
COMMAND = "python -m core evaluate --temperature"


@dataclass(frozen=True)
class Temperature:
    """`value`: divides the logits; below 1 a network was not sure enough, above 1 too sure. `photos`: of validation,
    on which it was fitted."""

    value: float
    photos: int


def can_be_fitted(run: Run) -> bool:
    """Whether nothing that the run knows was learned from the photos of its validation."""
    return not (run.imported or run.validation_was_seen)


def fit(logits: np.ndarray, labels: np.ndarray) -> Temperature:
    """The temperature with the least loss (section 4.2) on logits float (n, 10) of validation photos."""
    found = scipy.optimize.minimize_scalar(
        lambda log: metrics.loss(logits / np.exp(log), labels),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
    )
    return Temperature(float(np.exp(found.x)), len(labels))


def reliability(logits: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """BINS of as many photos each, from those of which the network is least sure: sure (mean certainty), right (share
    of right answers), low and high (its 95% interval), photos; all 0 to 1."""
    certainty, right = _certainty(logits, labels)
    rows = []
    for photos in np.array_split(np.argsort(certainty, kind="stable"), BINS):
        share = metrics.proportion(int(right[photos].sum()), len(photos))
        rows.append((certainty[photos].mean(), share.value, share.low, share.high, len(photos)))
    return pd.DataFrame(rows, columns=["sure", "right", "low", "high", "photos"])


def calibration_error(bins: pd.DataFrame) -> float:
    """Expected calibration error (equation 3), 0 to 1, of `reliability`: over bins of equal mass, not equal width."""
    return float(np.average((bins["sure"] - bins["right"]).abs(), weights=bins["photos"]))


def overconfidence(bins: pd.DataFrame) -> float:
    """Mean certainty less the share of right answers, of `reliability`: above 0 a network is too sure."""
    return float(np.average(bins["sure"] - bins["right"], weights=bins["photos"]))


def furthest(bins: pd.DataFrame) -> tuple[float, float]:
    """How sure and how often right (0 to 1) in the bin of `reliability` in which these are furthest apart."""
    row = bins.iloc[(bins["sure"] - bins["right"]).abs().argmax()]
    return float(row["sure"]), float(row["right"])


def risk_by_coverage(logits: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Share of right answers where the network may keep silent on the photos it is least sure of: a row for each
    `answered` share, 0.05 to 1 (Geifman and El-Yaniv 2017, "Selective classification for deep neural networks")."""
    certainty, right = _certainty(logits, labels)
    surest_first = right[np.argsort(-certainty, kind="stable")]
    answered = np.arange(1, 21) / 20
    counts = np.maximum(1, (answered * len(labels)).round().astype(int))
    return pd.DataFrame({"answered": answered, "right": [surest_first[:count].mean() for count in counts]})


def right_where_answered(table: pd.DataFrame, share: float) -> tuple[float, float]:
    """Of `risk_by_coverage`: the share of right answers where so many are answered, and where all are."""
    right = table["right"].to_numpy()
    return float(right[np.isclose(table["answered"], share)][0]), float(right[-1])


def tenth_below(tables: Iterable[pd.DataFrame]) -> float:
    """From where to draw these tables of `risk_by_coverage`: the last tenth below all shares of right answers."""
    return float(np.floor(10 * min(table["right"].min() for table in tables)) / 10)


def surest_mistakes(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Numbers of the photos on which the answer is wrong, the surest first."""
    certainty, right = _certainty(logits, labels)
    wrong = np.flatnonzero(~right)
    return wrong[np.argsort(-certainty[wrong], kind="stable")]


def probabilities(logits: np.ndarray, temperature: Temperature | None) -> np.ndarray:
    """How sure a network is of each class, as the lab says it wherever it says "90% sure": float64 (n, 10), each row
    sums to 1, of its logits float (n, 10). Divided by its temperature first; as they are where that is not known."""
    return metrics.probabilities(calibrated(logits, temperature))


def calibrated(logits: np.ndarray, temperature: Temperature | None) -> np.ndarray:
    """Logits divided by the temperature, where that is known."""
    return logits / temperature.value if temperature else logits


def _certainty(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each photo: the probability of the answer, 0 to 1, and whether it is right."""
    return metrics.probabilities(logits).max(axis=1), metrics.right(logits, labels)


def save(run: Run, temperature: Temperature) -> None:
    """temperature.json in the run's folder. Raises RunError where it can't be written."""
    with writing(run.path):
        write_json(run.path / FILE, asdict(temperature))


def load(run: Run) -> Temperature | None:
    """What `save` wrote; None where there is none. Raises RunError if it is damaged."""
    return read_json(run.path / FILE, LARGEST, _sound)


def _sound(**values) -> Temperature:
    found = Temperature(**values)
    if type(found.value) is not float or not COLDEST <= found.value <= HOTTEST:
        raise ValueError(f"a temperature is from {COLDEST:g} to {HOTTEST:g}")
    if type(found.photos) is not int or not 0 < found.photos <= LARGEST_COUNT:
        raise ValueError("a count of photos is a whole number")
    return found
