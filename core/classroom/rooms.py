"""All open rooms of this server, for a few hours each."""

import threading
import time
from collections.abc import Callable, Sequence

from core.classroom import tokens
from core.classroom.question import Question
from core.classroom.room import MOST_OF_DEVICE, Room
from core.errors import ClassroomError

MOST_ROOMS = 20
ABANDONED = 10 * 60  # seconds since anybody looked, as every open screen does all the time; or without any pupil
PRESENT = 3 * 60  # seconds since a phone looked: at least one of a class looks more often, though phones fall asleep
SECONDS = 3 * 60 * 60  # until a room ends by itself


class Rooms:
    """`clock`: seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rooms: dict[str, Room] = {}

    def open(self, questions: Sequence[Question], in_charge: bool = False) -> tuple[Room, str]:
        """A new room, and the token by which its teacher is known. Where all are taken, one that is abandoned gives
        way; to who is `in_charge` of the lab, at once, one with so few pupils that one device may have filled it.
        Raises ClassroomError where there is none."""
        token = tokens.new_token()
        with self._lock:
            self._forget_old()
            if len(self._rooms) >= MOST_ROOMS:
                self._make_place(in_charge)
            if len(self._rooms) >= MOST_ROOMS:
                raise ClassroomError(f"{MOST_ROOMS} rooms are open already: end one, or wait until one has ended.")
            code = tokens.new_code(set(self._rooms))
            room = self._rooms[code] = Room(code, questions, tokens.digest(token), self._clock())
        return room, token

    def find(self, code: str, by_phone: bool = False) -> Room | None:
        """None where no room of that code is open, or it no longer is. `by_phone`: a pupil's asks."""
        room = self._rooms.get(code)
        if room is None or self._is_old(room):
            return None
        room.looked_at = self._clock()
        if by_phone:
            room.phone_looked_at = room.looked_at
        return room

    def has_phones(self, room: Room) -> bool:
        """Whether its class is still there."""
        return self._clock() - room.phone_looked_at < PRESENT

    def close(self, room: Room, token: str) -> None:
        """For the teacher only. Its pupils learn of it the next time they look."""
        room.finish(token)  # so that whoever still holds it can't vote
        with self._lock:
            self._rooms.pop(room.code, None)

    def drop_old(self) -> None:
        """To be called now and then: what they hold is gone for good."""
        with self._lock:
            self._forget_old()

    def _forget_old(self) -> None:
        self._rooms = {code: room for code, room in self._rooms.items() if not self._is_old(room)}

    def _make_place(self, in_charge: bool) -> None:
        now, most = self._clock(), MOST_OF_DEVICE if in_charge else 0
        unseen = [room for room in self._rooms.values() if now - room.looked_at >= ABANDONED]
        old = [room for room in self._rooms.values() if in_charge or now - room.opened >= ABANDONED]
        if may_go := unseen or [room for room in old if len(room.pupils) <= most]:
            del self._rooms[min(may_go, key=lambda room: (len(room.pupils), room.opened)).code]

    def _is_old(self, room: Room) -> bool:
        return self._clock() - room.opened >= SECONDS


ROOMS = Rooms()  # this server's
