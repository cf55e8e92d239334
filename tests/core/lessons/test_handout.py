"""A lesson to take home."""

import pytest
from markupsafe import escape

from core.errors import LabError
from core.lessons import lesson
from core.lessons.handout import of_lesson
from core.sharing.handout.page import render
from tests.core.lessons.test_lesson import SHIPPED, STEP, write


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_it_asks_what_the_lesson_asked_and_answers_at_the_end(path):
    loaded = lesson.load(path)
    handout = of_lesson(loaded)
    asked = [step.guess for step in loaded.steps if step.guess and step.guess.fact.name != "answer"]
    for exercise, guess in zip(handout.exercises, asked, strict=True):
        assert exercise.question.endswith(guess.ask)
        fact = lesson.compute(guess.fact)
        chosen = f"{guess.answers[fact.right]}. " if guess.answers else ""
        assert exercise.answer.startswith(f"{chosen}{fact.finding}")
    page = render(handout)
    answers = page.index(">Answers<")
    for guess in asked:
        assert page.index(str(escape(lesson.compute(guess.fact).finding))) > answers
    assert str(escape(loaded.title)) in page
    assert len(page.encode()) < 2_000_000


def test_a_lesson_without_two_networks_is_a_sentence(tmp_path):
    loaded = lesson.load(write(tmp_path, STEP))
    with pytest.raises(LabError, match="shows no two networks"):
        of_lesson(loaded)
