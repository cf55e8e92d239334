"""What the frames of a race say: one share for each network, who is ahead, how long it still takes. No torch."""

from math import sqrt

from core.jobs.races.frames import Frame

KEPT_APART = 1_000  # photos that neither learns from: the tenth of the shipped ones that is validation
SURE = 1.96  # standard errors: a difference that luck makes once in 20 times


def shares(frame: Frame) -> dict[str, float]:
    """By side, the one number that is shown for a network (0 to 1): at the end of the race its right answers on the
    photos kept apart, before that those on the latest photos that it trained on."""
    return {
        side: standing.validation if frame.finished and standing.validation is not None else standing.accuracy
        for side, standing in frame.standings.items()
    }


def ahead(frame: Frame) -> str | None:
    """The side that is ahead at the end; None where luck with the photos could make such a difference."""
    a, b = shares(frame)["A"], shares(frame)["B"]
    luck = SURE * sqrt((a * (1 - a) + b * (1 - b)) / KEPT_APART)
    if abs(a - b) <= luck:
        return None
    return "A" if a > b else "B"


def seconds_left(frames: list[Frame]) -> float | None:
    """As fast as it went so far; None where only the first step is done, which also sets up."""
    first, last = frames[0], frames[-1]
    done = last.step - first.step
    return (last.seconds - first.seconds) / done * (last.steps - last.step) if done else None
