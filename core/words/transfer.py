"""What it did for a network to have learned before, in a few sentences."""

from core.analysis.training_summary import TARGETS
from core.analysis.transfer import Benefit
from core.words.summary import when


def benefit(found: Benefit) -> str:
    scratch, pretrained = found.scratch, found.pretrained
    ended = "about level"
    if not found.could_be_luck:
        ended = f"{abs(found.points):.1f} points {'higher' if found.points > 0 else 'lower'}"
    why = ": having learned less, it memorized less" if found.scratch_learned_less else ""
    return (
        f"{_speed(found)} On photos it had never seen, the pretrained network ended **{ended}**: "
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
            f"Pretrained, it reached {found.target:.0%} after {when(pretrained)}; from scratch after {when(scratch)}."
        )
    winner, loser = ("Pretrained", "from scratch") if pretrained else ("From scratch", "pretrained")
    return f"{winner}, it reached {found.target:.0%} after {when(pretrained or scratch)}; {loser} never."


def why_low(accuracy: float, epochs: int) -> str:
    """Why a large network is so often wrong where it started from nothing. `accuracy`: of it, 0 to 1."""
    return (
        f"From scratch, {accuracy:.0%} is low for so large a network. It saw each photo only {epochs} times, in steps "
        "that were chosen for the pretrained one: with larger steps and more time it should come far closer. Learning "
        "fast, and from few photos, is what it is worth to have learned before."
    )
