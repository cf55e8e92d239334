"""What there is to see of a race at one moment, and how it is read again from JSON. Needs no PyTorch."""

from dataclasses import dataclass
from typing import Any

from core.data.cifar10_facts import CLASSES


@dataclass(frozen=True)
class Standing:
    """Where one of the two networks is. Loss (nats) and accuracy (0 to 1) are means over its last batches."""

    loss: float
    accuracy: float
    validation: float | None  # accuracy on images kept apart, at the end of the last epoch; None in the first
    gradient_norms: list[float]  # of the last step, by layer, first to last
    probabilities: list[list[float]]  # by photo, by class: what it answers now


@dataclass(frozen=True)
class Frame:
    """What there is to see at one moment: both networks have made `step` of `steps` steps in `seconds`."""

    step: int
    steps: int
    seconds: float
    standings: dict[str, Standing]  # by side, "A" and "B"

    @property
    def finished(self) -> bool:
        return self.step == self.steps

    @classmethod
    def from_json(cls, values: Any) -> "Frame":
        """From the fields as `dataclasses.asdict` gives them. Raises ValueError where they are no frame's."""
        try:
            standings = {side: Standing(**fields) for side, fields in values["standings"].items()}
            frame = cls(**values | {"standings": standings})
        except (KeyError, TypeError, AttributeError):
            raise ValueError("a frame lacks something, or has too much") from None
        if problem := _problem(frame):
            raise ValueError(problem)
        return frame


def _problem(frame: Frame) -> str | None:
    standings = frame.standings.values()
    if frame.standings.keys() != {"A", "B"}:
        return "a frame is not of two networks"
    if not (type(frame.step) is type(frame.steps) is int and 1 <= frame.step <= frame.steps):
        return "a frame is at no step of the race"
    if not _is_number(frame.seconds):
        return "a frame's time is no number"
    if not all(map(_is_sound, standings)):
        return "a frame has other numbers than networks give"
    if frame.finished and any(standing.validation is None for standing in standings):
        return "the last frame has no result"
    return None


def _is_sound(standing: Standing) -> bool:
    alone = standing.loss, standing.accuracy, *([] if standing.validation is None else [standing.validation])
    rows = standing.probabilities
    return (
        all(map(_is_number, alone))
        and _are_numbers(standing.gradient_norms)
        and isinstance(rows, list)
        and all(_are_numbers(row) and len(row) == len(CLASSES) for row in rows)
    )


def _are_numbers(values: object) -> bool:
    return isinstance(values, list) and all(map(_is_number, values))


def _is_number(value: object) -> bool:
    """Not finite is one, too: JSON as Python writes it has NaN and Infinity."""
    return type(value) in (int, float)
