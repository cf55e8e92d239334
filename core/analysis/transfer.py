"""The second fight: a network from scratch against the same one that has learned before. Which runs make it; who wins.

Derives everything from run folders; no torch.
"""

from dataclasses import dataclass

from core.analysis.comparison import differing
from core.analysis.training_summary import TARGETS, Outcome, when_in_words
from core.runs.run import Run

BUDGET = {"train_fraction", "epochs"}  # what may differ between duels that show what labels are worth


@dataclass(frozen=True)
class Duel:
    """Two runs that differ in their initial weights alone."""

    scratch: Run
    pretrained: Run

    def __iter__(self):
        return iter((self.scratch, self.pretrained))


def duels(runs: list[Run]) -> list[Duel]:
    """All that the runs make; those with the most labels and nothing frozen first."""
    found = [
        Duel(scratch, pretrained)
        for pretrained in runs
        for scratch in runs
        if pretrained.config.pretrained
        and not scratch.config.pretrained
        and differing(scratch, pretrained).keys() == {"init"}
    ]
    return sorted(found, key=lambda c: (c.pretrained.config.freeze != "", -c.pretrained.config.train_fraction))


def comparable(duel: Duel, others: list[Duel]) -> list[Duel]:
    """Of `others` those that differ in their BUDGET alone, one a label budget (the first of each), the smallest
    first."""
    by_budget = {duel.pretrained.config.train_fraction: duel}
    for other in others:
        if differing(duel.pretrained, other.pretrained).keys() <= BUDGET:
            by_budget.setdefault(other.pretrained.config.train_fraction, other)
    return [by_budget[fraction] for fraction in sorted(by_budget)]


def frozen_variants(duel: Duel, runs: list[Run]) -> list[Run]:
    """The runs that differ from the pretrained one in what is frozen, and in nothing else."""
    return [run for run in runs if differing(duel.pretrained, run).keys() == {"freeze"}]


def observation(scratch: Outcome, pretrained: Outcome, by_luck: bool) -> str:
    """What the figures of the two say, in a few sentences. `by_luck`: as `comparison.Verdict` says it of the two."""
    points = 100 * (pretrained.accuracy.value - scratch.accuracy.value)
    ended = "about level" if by_luck else f"{abs(points):.1f} points "
    ended += "" if by_luck else ("higher" if points > 0 else "lower")
    return (
        f"{_speed(scratch, pretrained)} On photos it had never seen, the pretrained network ended "
        f"**{ended}**: {pretrained.accuracy.value:.1%} against {scratch.accuracy.value:.1%}. "
        f"The gap between training photos and validation photos is {100 * pretrained.gap:+.1f} points for it, "
        f"{100 * scratch.gap:+.1f} for the one from scratch{_less_by_heart(scratch, pretrained)}."
    )


def _less_by_heart(scratch: Outcome, pretrained: Outcome) -> str:
    """A small gap is no merit of a network that has learned less."""
    worse = scratch.accuracy.value < pretrained.accuracy.value
    return ": having learned less, it memorized less" if worse and scratch.gap < pretrained.gap else ""


def _speed(scratch: Outcome, pretrained: Outcome) -> str:
    """About the highest target that either of them reached."""
    for target in reversed(TARGETS):
        begun, learned = scratch.reached[target], pretrained.reached[target]
        slow, fast = when_in_words(begun), when_in_words(learned)
        if begun and learned:
            return f"Pretrained, it reached {target:.0%} after {fast}; from scratch after {slow}."
        if begun or learned:
            winner, loser = ("Pretrained", "from scratch") if learned else ("From scratch", "pretrained")
            return f"{winner}, it reached {target:.0%} after {when_in_words(learned or begun)}; {loser} never."
    return f"Neither reached {TARGETS[0]:.0%} on validation photos."
