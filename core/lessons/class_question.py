"""The question of a lesson's step as a class has it on its phones, where one taps an answer and can't move a slider."""

from bisect import bisect_right
from math import ceil, floor

from core.classroom.question import Question
from core.lessons.lesson import Guess, Step

RANGES = 4


def of_step(lesson: str, number: int, step: Step, right: str | float) -> Question:
    """`number`: of the step, which asks something; `right`: by its fact. A number is asked for by ranges."""
    assert step.guess
    shown = step.show.parameters.get("photo") if step.show else None
    choices, index = _choices(step.guess, right)
    picture = shown if isinstance(shown, int) else None
    return Question(step.guess.ask, choices, index, step=(lesson, number), say=step.say, picture=picture)


def _choices(guess: Guess, right: str | float) -> tuple[tuple[str, ...], int]:
    """What can be tapped, and the index of the right one."""
    if isinstance(right, str):
        return tuple(guess.answers.values()), list(guess.answers).index(right)
    low, high = floor(guess.low), ceil(guess.high)
    count = high - low + 1
    ranges = min(RANGES, count)
    starts = [low + i * count // ranges for i in range(ranges)]
    ends = [start - 1 for start in starts[1:]] + [high]
    choices = [_range(start, end, guess.unit) for start, end in zip(starts, ends, strict=True)]
    return tuple(choices), bisect_right(starts, round(right)) - 1


def _range(start: int, end: int, unit: str) -> str:
    numbers = f"{start}" if start == end else f"{start} to {end}"
    return f"{numbers} {unit}".strip()
