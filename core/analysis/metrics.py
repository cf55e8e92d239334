"""From logits (float (n, 10)) and labels (integers (n,)) to figures and tables. NumPy and pandas; no torch.

Nor scikit-learn: it brings scipy.stats, which takes a second to load and fails while another thread loads PyTorch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
import scipy  # whose parts load when they are first used: the first page needs none

from core.data.cifar10 import CLASSES

GUESSING = 1 / len(CLASSES)  # the accuracy of a network that knows nothing
SURE = 0.975  # the quantile beyond which luck leads on either side: together, 1 time in 20
Z95 = NormalDist().inv_cdf(SURE)  # standard deviations that hold 95% of a normal distribution


@dataclass(frozen=True)
class Proportion:
    """A share of n cases, 0 to 1, with its 95% interval (Wilson 1927)."""

    value: float
    low: float
    high: float
    n: int

    @property
    def by_guessing(self) -> bool:
        """Whether so few right answers are what guessing gives."""
        return self.low <= GUESSING


def right(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """bool (n,): whether the highest logit is that of the label."""
    return logits.argmax(axis=1) == labels


def accuracy(logits: np.ndarray, labels: np.ndarray) -> Proportion:
    """The share of images whose highest logit is that of their label."""
    return proportion(int(right(logits, labels).sum()), len(labels))


def proportion(right: int, n: int) -> Proportion:
    """`right` of `n`."""
    z = Z95
    middle = (right + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * (right * (n - right) / n + z**2 / 4) ** 0.5
    return Proportion(right / n, middle - half, middle + half, n)


def reach_of_luck(freedom: float) -> float:
    """How many standard errors luck stays within in 19 of 20 cases: Student's t, or normal for endless `freedom`."""
    return float(scipy.special.stdtrit(freedom, SURE)) if np.isfinite(freedom) else Z95


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Within which luck leaves the mean of these, at least two, in 19 of 20 cases (Student 1908)."""
    mean = float(np.mean(values))
    half = reach_of_luck(len(values) - 1) * float(np.std(values, ddof=1)) / len(values) ** 0.5
    return mean - half, mean + half


def mcnemar(only_a: int, only_b: int) -> float:
    """The exact two-sided probability that luck splits the cases which one of two alone gets right so unevenly
    (McNemar 1947; a binomial test of 1/2)."""
    return min(1.0, 2 * float(scipy.special.bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


def loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean cross-entropy, in nats."""
    return float(-scipy.special.log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(labels)), labels].mean())


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax, float64 (n, 10); each row sums to 1."""
    return scipy.special.softmax(logits.astype(np.float64), axis=1)


def confusion(logits: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Counts, 10 x 10: rows are the true classes, columns the answers. Sums to n."""
    return confusion_of_answers(logits.argmax(axis=1), labels)


def confusion_of_answers(answers: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """The same from the answers, classes from 0 to 9 (n,)."""
    size = len(CLASSES)
    counts = np.bincount(size * labels.astype(int) + answers, minlength=size**2).reshape(size, size)
    return pd.DataFrame(counts, index=pd.Index(CLASSES, name="true"), columns=pd.Index(CLASSES, name="answer"))


def count(confusion: pd.DataFrame, true: str, answer: str) -> int:
    """One cell of a table from `confusion`, or of the difference of two."""
    return int(confusion.to_numpy()[CLASSES.index(true), CLASSES.index(answer)])


def mistakes(confusion: pd.DataFrame) -> pd.DataFrame:
    """A table from `confusion`, or the difference of two, with 0 for the right answers."""
    return confusion.where(~np.eye(len(confusion), dtype=bool), 0)


def most_common_mistakes(confusion: pd.DataFrame, number: int) -> list[tuple[str, str, int]]:
    """Of a table from `confusion`: what it is, what is said, and how often; the most common first."""
    counts = mistakes(confusion).to_numpy()
    cells = np.unravel_index(np.argsort(-counts, axis=None, kind="stable")[:number], counts.shape)
    return [(CLASSES[true], CLASSES[said], int(counts[true, said])) for true, said in zip(*cells, strict=True)]


def most_common_mistake(confusion: pd.DataFrame) -> tuple[str, str, int]:
    return most_common_mistakes(confusion, 1)[0]


def largest_mistake(confusion: pd.DataFrame) -> tuple[str, str, int]:
    """Of the difference of two tables from `confusion`, the cell that changes most, either way: what it is, what is
    said, and by how much. Of one such table, as `most_common_mistake`."""
    true, answer, _ = most_common_mistake(confusion.abs())
    return true, answer, count(confusion, true, answer)


def answered(answers: np.ndarray, labels: np.ndarray, true: str, answer: str) -> np.ndarray:
    """bool (n,): which images are of class `true` and got this `answer`. `answers` and `labels`: classes from 0 to 9
    (n,)."""
    return (labels == CLASSES.index(true)) & (answers == CLASSES.index(answer))


def per_class(logits: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """A row a class: precision, recall, f1 (0 to 1; 0 where undefined) and its count of images, "images"."""
    counts = confusion(logits, labels).to_numpy()
    right, said, images = counts.diagonal(), counts.sum(axis=0), counts.sum(axis=1)
    shares = {"precision": (right, said), "recall": (right, images), "f1": (2 * right, said + images)}
    table = {name: part / np.maximum(whole, 1) for name, (part, whole) in shares.items()}
    return pd.DataFrame(table | {"images": images}, index=pd.Index(CLASSES, name="class"))


@dataclass(frozen=True)
class ClassChange:
    """How a measure of `per_class` changes between two networks: most for class `most`, by so many `points`; of
    `classes`, it rises for so many."""

    most: str
    points: float
    rising: int
    classes: int


def class_change(before: pd.Series, after: pd.Series) -> ClassChange:
    """Of one column of `per_class` of each."""
    points = 100 * (after - before).to_numpy()
    most = int(np.abs(points).argmax())
    return ClassChange(str(before.index[most]), float(points[most]), int((points > 0).sum()), len(points))
