"""A room: who is in it, which question is on, and who voted what. The rules of the game are here."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from core.classroom import tokens
from core.classroom.names import new_name
from core.classroom.question import Question
from core.errors import ClassroomError

MOST_PUPILS = 200
MOST_OF_DEVICE = 5  # pupils: a phone may be handed on, but nobody shall fill a room from one


class Phase(Enum):
    WAITING = "waiting"  # for pupils
    VOTING = "voting"
    REVEALED = "revealed"
    FINISHED = "finished"  # the scores are shown


class Door(Enum):
    """Who may come in; who is in may always come back."""

    OPEN = "open"  # to everybody, but to few from one device
    WIDE = "wide"  # to any number from one device: it stands for many
    CLOSED = "closed"


@dataclass(frozen=True)
class Pupil:
    """`identity`: the hash of their token. `since`: the number of the first question that they can vote on."""

    identity: str
    name: str
    since: int


@dataclass(frozen=True)
class View:
    """A room at one moment. `position`: of the question that is on, in this game; `number`: of all that the room was
    asked; `counts`: its votes by choice."""

    phase: Phase
    position: int
    number: int
    questions: int
    question: Question
    joined: int
    counts: tuple[int, ...]

    @property
    def voted(self) -> int:
        return sum(self.counts)

    @property
    def is_last(self) -> bool:
        """Whether no question of this game is left; a lesson's questions come one by one."""
        return self.position + 1 == self.questions


class Room:
    def __init__(self, code: str, questions: Sequence[Question], teacher: str, opened: float) -> None:
        """`teacher`: the hash of the teacher's token; `opened`: when, by the clock of `rooms.Rooms`, which notes
        in `looked_at` when anybody last asked for the room, and in `phone_looked_at` when a pupil's phone did.
        `lesson_step`: where the lesson is whose questions are asked, as in Question; None in a game."""
        if not questions:
            raise ValueError("A room needs a question.")
        self.code, self.questions = code, tuple(questions)
        self.opened = self.looked_at = opened
        self.phone_looked_at = -math.inf
        self.lesson_step = self.questions[0].step
        self.door = self.open_door = Door.OPEN  # `open_door`: how far the door was opened last
        self.turned_away = False  # whether somebody was, from a device of many, since the door was last moved
        self._teacher = teacher
        self._lock = threading.Lock()
        self._phase = Phase.WAITING
        self._position = 0
        self._before = 0  # questions of games before
        self._revealed: set[int] = set()  # positions of the questions whose answer was shown
        self._pupils: dict[str, Pupil] = {}
        self._devices: dict[str, str] = {}  # {identity: address}, where it is one device's
        self._votes: list[dict[str, int]] = [{} for _ in self.questions]  # {identity: choice} by question

    # Pupils

    def join(self, device: str | None = None) -> str:
        """A new pupil's token. Who has one already is known by it (`pupil`), and need not join again. `device`: the
        address of theirs, None where it may stand for many. Raises ClassroomError for who can't come in."""
        token = tokens.new_token()
        identity = tokens.digest(token)
        with self._lock:
            self._check_door(device)
            if device:
                self._devices[identity] = device
            name = new_name({pupil.name for pupil in self._pupils.values()})
            too_late = self._phase in (Phase.REVEALED, Phase.FINISHED)
            self._pupils[identity] = Pupil(identity, name, self._number + too_late)
        return token

    def _check_door(self, device: str | None) -> None:
        if self.door is Door.CLOSED:
            raise ClassroomError("The door is closed: no new phone can join. Ask your teacher, then reload this page.")
        if len(self._pupils) >= MOST_PUPILS:
            raise ClassroomError(f"This room is full: {MOST_PUPILS} have joined.")
        joined = sum(known == device for known in self._devices.values())
        if joined >= MOST_OF_DEVICE and self.door is Door.OPEN:
            self.turned_away = True
            raise ClassroomError(
                f"{joined} have joined from this device, or its router. Ask your teacher to let more in, then reload "
                "this page."
            )

    def leave(self, token: str) -> None:
        """Before the first question: nobody waits for who has left. Later, the votes stay, and their pupil; and who
        left by a closed door could not come back."""
        with self._lock:
            if self._phase is Phase.WAITING and self.door is not Door.CLOSED:
                identity = tokens.digest(token)
                self._pupils.pop(identity, None)
                self._devices.pop(identity, None)

    def pupil(self, token: str) -> Pupil | None:
        return self._pupils.get(tokens.digest(token))

    def vote(self, pupil: Pupil, number: int, choice: int) -> bool:
        """Whether the vote counts: a second one replaces the first, until the reveal. `number`: of the question that
        the pupil saw, for it may be another by now."""
        with self._lock:
            on = self._phase is Phase.VOTING and number == self._number
            known = pupil.identity in self._pupils and 0 <= choice < len(self.questions[self._position].choices)
            if on and known:
                self._votes[self._position][pupil.identity] = choice
            return on and known

    # The teacher

    def led_by(self, token: str) -> bool:
        """Whether this is the teacher's token."""
        return tokens.same(token, self._teacher)

    def set_door(self, token: str, door: Door) -> None:
        with self._lock:
            self._check(token)
            self.door, self.turned_away = door, False
            if door is not Door.CLOSED:
                self.open_door = door

    def start(self, token: str) -> None:
        with self._lock:
            self._check(token)
            if self._phase is Phase.WAITING:
                self._move(Phase.VOTING, self._position)

    def reveal(self, token: str, number: int) -> None:
        self._go(token, Phase.VOTING, number, Phase.REVEALED)

    def go_on(self, token: str, number: int) -> None:
        """From the answer of the question of this `number` to the next one, or to the scores."""
        last = number + 1 == self._before + len(self.questions)
        self._go(token, Phase.REVEALED, number, Phase.FINISHED if last else Phase.VOTING, steps=0 if last else 1)

    def finish(self, token: str) -> None:
        """Show the scores now. Only questions whose answer was revealed are counted."""
        with self._lock:
            self._check(token)
            if self._phase is not Phase.FINISHED:
                self._move(Phase.FINISHED, self._position)

    def play_again(self, token: str, questions: Sequence[Question]) -> None:
        """With other questions, from no points, once the scores are shown; who is in the room stays in it."""
        with self._lock:
            self._check(token)
            if self._phase is Phase.FINISHED:
                self._renew(questions)
                self._move(Phase.VOTING, 0)

    @property
    def game_is_on(self) -> bool:
        """Whether a lesson's question would end a game."""
        view = self.view()
        left = view.phase is Phase.VOTING or (view.phase is Phase.REVEALED and not view.is_last)
        return left and self.lesson_step is None

    def begin_lesson(self, token: str, lesson: str) -> None:
        """Who is in the room stays in it, and waits for the first question with no points."""
        with self._lock:
            self._check(token)
            self._revealed.clear()
            self.lesson_step = (lesson, 1)
            self._move(Phase.FINISHED, self._position)

    def ask(self, token: str, question: Question) -> None:
        """Have this question of a lesson voted on, once somebody is in the room; its points are added to those of the
        questions of the same lesson before it. Asked again before the reveal, it keeps its votes."""
        with self._lock:
            self._check(token)
            if self._phase is Phase.VOTING and self.questions[self._position] == question:
                return
            if self._phase is not Phase.WAITING and self.lesson_step and self.lesson_step[0] == question.lesson:
                self.questions += (question,)
                self._votes.append({})
                self.lesson_step = question.step
            else:
                self._renew([question])
            self._move(Phase.VOTING if self._pupils else Phase.WAITING, len(self.questions) - 1)

    def _renew(self, questions: Sequence[Question]) -> None:
        self._before += len(self.questions)
        self.questions, self.lesson_step = tuple(questions), questions[0].step
        self._revealed.clear()
        self._votes = [{} for _ in self.questions]

    def _go(self, token: str, before: Phase, number: int, after: Phase, steps: int = 0) -> None:
        """A press that comes too late, as the second of a double click, changes nothing."""
        with self._lock:
            self._check(token)
            if self._phase is before and self._number == number:
                self._move(after, self._position + steps)

    @property
    def _number(self) -> int:
        return self._before + self._position

    def _check(self, token: str) -> None:
        if not self.led_by(token):
            raise ClassroomError("Only the teacher who opened this room can do that.")

    def _move(self, phase: Phase, position: int) -> None:
        self._phase, self._position = phase, position
        if phase is Phase.REVEALED:
            self._revealed.add(position)

    # What the screens show

    def view(self) -> View:
        with self._lock:
            question, votes = self.questions[self._position], self._votes[self._position].values()
            counts = [0] * len(question.choices)
            for choice in votes:
                counts[choice] += 1
            joined = len(self._pupils)
            where = self._position, self._number, len(self.questions)
            return View(self._phase, *where, question, joined, tuple(counts))

    def choice(self, pupil: Pupil, number: int) -> int | None:
        """What this pupil voted for at that question so far; None, too, where it is one of a game before."""
        with self._lock:
            position = number - self._before
            return self._votes[position].get(pupil.identity) if position >= 0 else None

    @property
    def pupils(self) -> list[Pupil]:
        """In the order in which they joined."""
        with self._lock:
            return list(self._pupils.values())

    def revealed(self, since: int = 0) -> list[tuple[Question, dict[str, int]]]:
        """The questions whose answer was shown, each with its votes, {identity of a pupil: choice}; `since`: from the
        question of this number on."""
        with self._lock:
            shown = [position for position in sorted(self._revealed) if self._before + position >= since]
            return [(self.questions[position], dict(self._votes[position])) for position in shown]

    def has_revealed(self, step: tuple[str, int]) -> bool:
        """Whether the answer of this step of a lesson was shown."""
        return any(question.step == step for question, _ in self.revealed())
