"""What the frames of a race say: one share for each network, who is ahead, how long it still takes. No torch."""

from math import sqrt

from core.analysis.metrics import Z95
from core.data.cifar10 import IMAGES_PER_SHEET, VALIDATION_SHARE
from core.jobs.races.frames import Frame

KEPT_APART = round(VALIDATION_SHARE * IMAGES_PER_SHEET)  # of the shipped photos; neither network learns from these


def shares(frame: Frame) -> dict[str, float]:
    """By side, the one number that is shown for a network (0 to 1): at the end of the race its right answers on the
    photos kept apart, before that those on the latest photos that it trained on."""
    return {
        side: standing.validation if frame.finished and standing.validation is not None else standing.accuracy
        for side, standing in frame.standings.items()
    }


def ahead(frame: Frame) -> str | None:
    """The side that is ahead at the end; None where luck with the photos could make such a difference 1 time in 20.

    A frame keeps only how many each gets right, so the z-test is that of two shares of different photos. Both are asked
    about the same, which they tend to find easy or hard alike: luck moves the difference less than is taken here."""
    a, b = shares(frame)["A"], shares(frame)["B"]
    luck = Z95 * sqrt((a * (1 - a) + b * (1 - b)) / KEPT_APART)
    if abs(a - b) <= luck:
        return None
    return "A" if a > b else "B"


def seconds_left(frames: list[Frame]) -> float | None:
    """As fast as it went so far; None where only the first step is done, which also sets up."""
    first, last = frames[0], frames[-1]
    done = last.step - first.step
    return (last.seconds - first.seconds) / done * (last.steps - last.step) if done else None
