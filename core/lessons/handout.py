"""A lesson to take home: its two networks, what was asked, and what came out."""

from dataclasses import replace

from core.errors import LabError
from core.lessons.lesson import Lesson, Step, compute, first_pair
from core.runs.run import Run
from core.sharing.handout.handout import Exercise, Handout
from core.sharing.handout.pairs import of_pair, with_glossary


def of_lesson(lesson: Lesson, **options) -> Handout:
    """Its questions but for those about a photo, which paper shows too small; what came out stands with the answers.
    `options`: of `sharing.handout.pairs.of_pair`. Raises LabError where it shows no pair, or a run is damaged."""
    pair = of_pair(*pair_of(lesson), **options)
    exercises = [_exercise(step) for step in lesson.steps if step.guess and step.guess.fact.name != "answer"]
    return with_glossary(
        replace(
            pair,
            title=lesson.title,
            asked=lesson.about,
            sides=tuple(replace(side, number="", meaning="") for side in pair.sides),  # some questions ask for these
            charts=pair.charts[:1],
            findings=(),
            exercises=tuple(exercises),
        )
    )


def pair_of(lesson: Lesson) -> tuple[Run, Run]:
    """The first two networks that it shows."""
    pair = first_pair(lesson)
    if pair is None:
        raise LabError(f"{lesson.title} shows no two networks, so there is nothing to take home.")
    return pair


def _exercise(step: Step) -> Exercise:
    assert step.guess is not None
    fact = compute(step.guess.fact)
    chosen = f"{step.guess.answers[fact.right]}. " if isinstance(fact.right, str) else ""  # a finding has its number
    answer = f"{chosen}{fact.finding} {step.why}".strip()
    return Exercise(f"{step.title}: {step.say} {step.guess.ask}", answer, tuple(step.guess.answers.values()))
