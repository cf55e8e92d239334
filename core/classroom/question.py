"""What a class votes on: a photo of the contest, or one question of a lesson."""

from dataclasses import dataclass

import numpy as np

from core.classroom import contest
from core.data.cifar10 import CLASSES

FEWEST, MOST = 2, 10  # choices
ABOUT_A_PHOTO = "What is it?"


@dataclass(frozen=True)
class Question:
    """`right`: index of the right choice. `photo`: index of the test photo to name; the choices are then CLASSES, and
    networks answer, too.

    Of a lesson's question, `step`: the lesson's name and the number of the step; `say`: what is told before it;
    `picture`: index of the test photo that is shown with it.
    """

    text: str
    choices: tuple[str, ...]
    right: int
    photo: int | None = None
    step: tuple[str, int] | None = None
    say: str = ""
    picture: int | None = None

    def __post_init__(self) -> None:
        if not FEWEST <= len(self.choices) <= MOST:
            raise ValueError(f"{len(self.choices)} choices; there must be {FEWEST} to {MOST}.")
        if not 0 <= self.right < len(self.choices):
            raise ValueError("The right answer is none of the choices.")

    @property
    def shown(self) -> int | None:
        """Index of the test photo on the screens."""
        return self.picture if self.photo is None else self.photo

    @property
    def lesson(self) -> str | None:
        return self.step[0] if self.step else None


def about_photos(kinds: dict[str, np.ndarray], labels: np.ndarray, seed: int) -> list[Question]:
    """The questions of a contest: `contest.draw` says which photos, `kinds` is what it takes."""
    photos = contest.draw(kinds, seed)
    return [Question(ABOUT_A_PHOTO, CLASSES, int(labels[photo]), photo) for photo in photos]
