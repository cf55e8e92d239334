"""A class on its phones: who has joined, who has voted, who was right."""

from collections.abc import Sequence

from core.words import capitalized, counted, with_article
from core.words.play.contest import HARDER, THE_CLASS

PICKED = f" The photos were {HARDER}. That helps {THE_CLASS}."


def joined(count: int) -> str:
    """E.g. "12 joined"."""
    return f"{count} joined" if count else "Nobody has joined yet"


def latest(names: Sequence[str], most: int) -> str:
    """Who came last, first: at most so many names, e.g. "Otter, Lynx and 3 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[::-1][:most])}{more}"


def voted(count: int, of: int) -> str:
    """E.g. "1 of 2 has voted" or "2 of 2 have voted: all"."""
    return f"{count} of {of} {'has' if count == 1 else 'have'} voted{': all' if 0 < of == count else ''}"


def best(name: str, level: int) -> str:
    """Whom of the class the best score is from, e.g. "Best: Otter and 2 more"; `level`: how many others have it."""
    return f"Best: {name}" + (f" and {level} more" if level else "")


def took_part(count: int, against_networks: bool) -> str:
    """How many were in the game, and by which rule the class scored."""
    rule = "The class scores when the right answer gets the most votes; a tie scores nothing."
    return f"{count} took part. {rule}{PICKED * against_networks}"


def outcome(chosen: int | None, right: int, has_just_joined: bool) -> str:
    """What a phone says of its vote, e.g. "Not this time"; `chosen`: None without one."""
    if has_just_joined:
        return "You have just joined"
    if chosen is None:
        return "You did not vote"
    return "Right!" if chosen == right else "Not this time"


def answer(right: str, is_on_photo: bool) -> str:
    """The right answer as a heading, e.g. "It is a cat."; where it is not what a photo shows, as it was offered."""
    return f"It is {with_article(right)}." if is_on_photo else capitalized(right)


def phones(count: int, room: str, stay: bool) -> str:
    """E.g. "1 phone has joined the room **K7QX**."; `stay`: they are there still, and for what comes next."""
    has = "have" if count > 1 else "has"
    return f"{counted(count, 'phone')} {has} joined the room **{room}**{', also for the next lesson' * stay}."
