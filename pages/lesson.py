"""The lessons: one idea a screen, a guess before the answer, and something for everybody to do."""

from ui.lesson import lesson_stage

lesson_stage.show()
