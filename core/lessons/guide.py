"""The teacher's guide to a lesson, as Markdown: for the app, and for docs/."""

from collections.abc import Callable

from core.lessons.lesson import Lesson, Step, compute

HEAD = """# The lessons, for teachers

Written by `python -m core report --write` from `lessons/*.toml` and the runs that ship. A lesson of your own is a file
like those in a folder that `RESNET_LAB_LESSONS` names ([what it can hold](contributing.md#what-a-lesson-can-hold)); if
it has a mistake, the app says in which file and step.
Projector mode is a button in the menu, `?projector=1` in the link; the arrow keys lead on and back, A shows the answer;
a presenter's clicker (Page Down, Page Up) shows the answer, then leads on, and back.

"Let the class guess" asks a step's question on the students' phones; for a number they choose among ranges. They join
once: the room stays from question to question and into the next lesson, and each lesson counts its points from zero.
If no phone has looked for three minutes when a lesson begins, the room is closed, and the next class gets a new one;
"Close the room" on the page *Lessons* does the same at once.
Once all are in, "Close the door" beside the code keeps others out: a student may join as somebody new again and again.
"""
BEFORE = "Open *Lessons* before you switch the projector on: *Start* shows how often each network is right."


def document(lessons: list[Lesson]) -> str:
    """docs/lessons.md."""
    return "\n".join([HEAD, *(f"## {lesson.title}\n\n{guide(lesson)}" for lesson in lessons)])


def guide(lesson: Lesson, shown: Callable[[str], str] = str) -> str:
    """Aims, minutes, what to say, what comes out, what people may answer wrongly and why, what to try without a
    network. `shown`: what makes a text of the lesson's file safe where it is shown."""
    parts = [shown(lesson.about), BEFORE, f"About {lesson.minutes:.0f} minutes. Afterward, students can:"]
    parts.append("\n".join(f"- {shown(aim)}" for aim in lesson.aims))
    parts += [_step(number, step, shown) for number, step in enumerate(lesson.steps, start=1)]
    parts += [f"**Without internet.** {shown(lesson.offline)}"] if lesson.offline else []
    return "\n\n".join(part for part in parts if part) + "\n"


def _step(number: int, step: Step, shown: Callable[[str], str]) -> str:
    lines = [f"**{number}. {shown(step.title)}** ({step.minutes:g} min)  ", f"Say: {shown(step.say)}  "]
    if step.guess:
        lines += [f"Ask: {shown(step.guess.ask)}  ", f"Answer: {shown(compute(step.guess.fact).finding)}  "]
    for words, text in (("Why", step.why), ("Possible wrong answer", step.mistake), ("Note", step.note)):
        lines += [f"{words}: {shown(text)}  "] if text else []
    return "\n".join(lines).rstrip()
