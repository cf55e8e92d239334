"""Two runs side by side: is it a fair fight, who won, by how much, could it be luck? The figures and their words.

Derives everything from what the two run folders hold; no torch.
"""

import re
from dataclasses import dataclass

import numpy as np

from core.analysis import metrics
from core.config import differences
from core.paths import file_name
from core.runs.run import Run

# What beside the settings decides on what is learned, by more than the last digits; and its usual value.
USUAL_ENVIRONMENT = {"processes": 1, "precision": "float32"}

OTHER_SEEDS = "From different random starting numbers (seeds), each would score a little differently."


@dataclass(frozen=True)
class Fairness:
    """`differing`: in what the two runs differ, {setting: (value of A, value of B)}, see `differing`."""

    differing: dict[str, tuple]

    @property
    def fair(self) -> bool:
        return len(self.differing) == 1


def fairness(a: Run, b: Run) -> Fairness:
    """In what two runs differ."""
    return Fairness(differing(a, b))


def differing(a: Run, b: Run) -> dict[str, tuple]:
    """`config.differences` of two runs, and in what else they did not learn alike (USUAL_ENVIRONMENT). A file of
    weights is the same in whatever folder it lay."""
    found = differences(a.config, b.config)
    found.pop("init", None)
    inits = {} if _same_weights(a, b) else {"init": (a.config.init, b.config.init)}
    return found | inits | _differing_environment(a, b)


def _differing_environment(a: Run, b: Run) -> dict[str, tuple]:
    known = [run.environment for run in (a, b)]
    if not all(known):  # trained elsewhere
        return {}
    both = {name: tuple(str(one.get(name, usual)) for one in known) for name, usual in USUAL_ENVIRONMENT.items()}
    return {name: values for name, values in both.items() if values[0] != values[1]}


def _same_weights(a: Run, b: Run) -> bool:
    """Whether both began with the same weights: by their recorded sha256, or else by the file's name."""
    hashes = [re.search(r"sha256 ([0-9a-f]{64})", str(run.facts.get("initial_weights"))) for run in (a, b)]
    if all(hashes):
        return hashes[0][1] == hashes[1][1]
    return file_name(a.config.init) == file_name(b.config.init)


def answers_in_words(
    names: dict[str, str], labels: dict[str, str], confidences: dict[str, float], truth: str | None = None
) -> str:
    """Two answers to one picture in a sentence or two; `names`, `labels` and `confidences` (0 to 1) by side."""
    percent = {side: f"{value:.0%}" for side, value in confidences.items()}
    if labels["A"] != labels["B"]:
        said = ", ".join(f"{names[side]} says **{labels[side]}** ({percent[side]} sure)" for side in labels)
        right = [side for side in labels if labels[side] == truth]
        end = (
            ""
            if truth is None
            else f" The truth is {truth}: {names[right[0]] + ' is right' if right else 'both are wrong'}."
        )
        return f"They disagree: {said}.{end}"
    both = f"Both say **{labels['A']}**"
    both += "." if truth in (None, labels["A"]) else f", but the truth is {truth}."
    if percent["A"] == percent["B"]:
        return f"{both} They are equally sure: {percent['A']}."
    surer, other = sorted(confidences, key=confidences.get, reverse=True)
    name = names[surer][0].upper() + names[surer][1:]
    return f"{both} {name} is surer: {percent[surer]} against {percent[other]}."


@dataclass(frozen=True)
class Verdict:
    """Test accuracies, and the exact two-sided probability that so uneven a split is luck."""

    a: metrics.Share
    b: metrics.Share
    only_a: int  # test images that A alone gets right
    only_b: int
    p_value: float

    @property
    def by_luck(self) -> bool:
        return self.p_value >= 0.05

    @property
    def headline(self) -> str:
        if self.by_luck:
            return "Too close to call."
        return f"{self._winner} wins by {100 * abs(self.b.value - self.a.value):.1f} points."

    @property
    def sentence(self) -> str:
        return " ".join([self._split, *self._guessing, OTHER_SEEDS])

    @property
    def _split(self) -> str:
        alone = f"Of {self.a.n:,} test photos, A alone is right on {self.only_a:,}, B alone on {self.only_b:,}."
        if self.by_luck:
            return f"{alone} Luck with the photos could explain so small a difference (p = {self.p_value:.2f})."
        times = round(1000 * self.p_value)
        chance = f"{times} time{'s' if times > 1 else ''} in 1,000" if times else "less than 1 time in 1,000"
        return f"{alone} If both were equally good, luck with the photos would give so uneven a split {chance}."

    @property
    def _guessing(self) -> list[str]:
        return [
            f"{side} does no better than guessing, one right answer in ten: it has learned nothing."
            for side, share in (("A", self.a), ("B", self.b))
            if share.by_guessing
        ]

    @property
    def _winner(self) -> str:
        return "B" if self.b.value > self.a.value else "A"


def verdict(logits_a: np.ndarray, logits_b: np.ndarray, labels: np.ndarray) -> Verdict:
    """From both runs' logits float (n, 10) on the same images and their labels (n,)."""
    kinds = pools(logits_a, logits_b, labels)
    only_a, only_b = len(kinds["A right, B wrong"]), len(kinds["B right, A wrong"])
    shares = metrics.accuracy(logits_a, labels), metrics.accuracy(logits_b, labels)
    return Verdict(*shares, only_a, only_b, metrics.mcnemar(only_a, only_b))


def pools(logits_a: np.ndarray, logits_b: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Indices of the test images by who is right, in their own order."""
    right_a, right_b = metrics.right(logits_a, labels), metrics.right(logits_b, labels)
    kinds = {
        "A right, B wrong": right_a & ~right_b,
        "B right, A wrong": right_b & ~right_a,
        "both wrong": ~right_a & ~right_b,
        "both right": right_a & right_b,
    }
    return {name: np.flatnonzero(which) for name, which in kinds.items()}


def disagreements(logits_a: np.ndarray, logits_b: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Indices of the test images on which the answers differ, by who is right, surest disagreement first."""
    p_a, p_b = metrics.probabilities(logits_a), metrics.probabilities(logits_b)
    sureness = p_a.max(axis=1) + p_b.max(axis=1)
    differ = p_a.argmax(axis=1) != p_b.argmax(axis=1)
    found = {}
    by_who_is_right = pools(logits_a, logits_b, labels)
    for name in ("B right, A wrong", "A right, B wrong", "both wrong"):
        indices = by_who_is_right[name][differ[by_who_is_right[name]]]
        found[name] = indices[np.argsort(-sureness[indices], kind="stable")]
    return found
