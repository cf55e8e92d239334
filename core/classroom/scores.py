"""Who had how many right: each pupil, the class by most votes, and anybody else whose answers are known."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.classroom.room import Pupil, Room


@dataclass(frozen=True)
class Place:
    """`rank`: 1 is best; those with as many right answers share one."""

    pupil: Pupil
    score: int
    rank: int


def places(room: Room) -> list[Place]:
    """Best first; those who are level in the order in which they joined. Without those who never voted."""
    shown = room.revealed()
    scores = [
        (pupil, sum(votes.get(pupil.identity) == question.right for question, votes in shown))
        for pupil in room.pupils
        if any(pupil.identity in votes for _, votes in shown)
    ]
    scores.sort(key=lambda each: -each[1])
    better = Counter(score for _, score in scores)
    return [Place(pupil, score, 1 + sum(n for other, n in better.items() if other > score)) for pupil, score in scores]


def asked(room: Room, since: int = 0) -> int:
    """How many questions count: those that were revealed; `since` as in `Room.revealed`."""
    return len(room.revealed(since))


def majority(votes: Mapping[str, int]) -> int | None:
    """What more of the class voted for than for anything else; None without votes, and where two choices are level."""
    first, second = [*Counter(votes.values()).most_common(2), None, None][:2]
    return None if first is None or (second and second[1] == first[1]) else first[0]


def class_score(room: Room) -> int:
    return sum(majority(votes) == question.right for question, votes in room.revealed())


def score_of(answers: np.ndarray, room: Room) -> int:
    """Of a network, by its answers to all test photos."""
    shown = [(question.photo, question.right) for question, _ in room.revealed()]
    return sum(int(answers[photo]) == right for photo, right in shown if photo is not None)


def ordinal(rank: int) -> str:
    """1st, 2nd, 3rd, 4th ... 11th, 12th, 13th ... 21st."""
    ending = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending}"
