"""Whose screen this is, by the link: ?room=CODE, with &teacher=1 or &me=TOKEN.

The session keeps it too, for when another page was visited, and a cookie: a pupil's phone for when it scans the code
again; the teacher's browser, one a room, for a reload. For the teacher's link is on the wall, so that the token may not
stand in it. A link with &teacher=TOKEN leads to the teacher's screen, too, and the token leaves it at once.
"""

from collections.abc import Sequence

import streamlit as st

from core.classroom import rooms, tokens
from core.classroom.question import Question
from core.classroom.room import Pupil, Room
from ui import cookies, permission

COOKIE = "resnet_lab_class"
TEACHERS_COOKIE = "resnet_lab_leads_"  # and the room's code
WHOSE = ("room", "teacher", "me")
KEPT = "_class"


def resume() -> Room | None:
    """The room that is meant, if it is open; where the link names none, that of before, which it then names."""
    kept = st.session_state.get(KEPT, {})
    if "room" not in st.query_params and _find(kept.get("room")):
        _write(kept)
    return _find(st.query_params.get("room"))


def names_a_room() -> bool:
    return "room" in st.query_params


def as_teacher() -> bool:
    """Whether the link claims to be a teacher's; `teachers_token` says whether it is that of this room's."""
    return "teacher" in st.query_params


def teachers_token(room: Room) -> str | None:
    """Where this visitor has it."""
    for token in (_token("teacher"), _kept(room, "teacher"), _cookie(TEACHERS_COOKIE + room.code)):
        if token and room.led_by(token):
            return token
    return None


def open_room(questions: Sequence[Question]) -> tuple[Room, str]:
    """One that this visitor leads, and the teacher's token. Raises ClassroomError where all rooms are taken."""
    room, token = rooms.ROOMS.open(questions, in_charge=permission.refusal() is None)
    st.session_state[KEPT] = {"room": room.code, "teacher": token}
    return room, token


def enter(room: Room, **who: str) -> None:
    """`who`: teacher or me, with the token."""
    st.session_state[KEPT] = {"room": room.code, **who}
    _write(st.session_state[KEPT])


def go_to(code: str) -> None:
    """To that room's door."""
    _write({"room": code})


def leave() -> None:
    st.session_state.pop(KEPT, None)
    _write({})


def led_room() -> tuple[Room, str] | None:
    """The open room that this visitor leads, and their token. The session names it; once the page was reloaded, the
    link; in another tab, a cookie: of several rooms, that of the last. Who leads one may be a pupil in this tab."""
    of_rooms = (name for name in cookies.known() if name.startswith(TEACHERS_COOKIE))
    kept = filter(None, (_find(name.removeprefix(TEACHERS_COOKIE)) for name in of_rooms))
    latest = sorted(kept, key=lambda room: room.opened, reverse=True)
    named = [_find(known.get("room")) for known in (st.session_state.get(KEPT, {}), st.query_params)]
    for found in filter(None, [*named, *latest]):
        if token := teachers_token(found):
            return found, token
    return None


def link_to_led_room() -> dict[str, str]:
    """What a link needs so that a reloaded page knows the room that is led."""
    return {"room": led[0].code, "teacher": "1"} if (led := led_room()) else {}


def hide_token() -> None:
    """A teacher's token leaves the link, and the session keeps it."""
    room, token = _find(st.query_params.get("room")), _token("teacher")
    if room and token and room.led_by(token):
        enter(room, teacher=token)


def rejoin(room: Room) -> Pupil | None:
    """Enter as the pupil that this phone is, by its link, the session or the cookie; None where it is none yet."""
    for token in (_token("me"), _kept(room, "me"), _from_cookie(room)):
        if token and (known := room.pupil(token)):
            enter(room, me=token)
            return known
    return None


def join(room: Room) -> Pupil:
    """A new pupil in the room. Raises ClassroomError where there is no place."""
    token = room.join(permission.device())
    enter(room, me=token)
    found = room.pupil(token)
    assert found  # they have just come in
    return found


def remember(room: Room) -> None:
    """On the phone."""
    cookies.keep(COOKIE, f"{room.code}.{_token('me')}", rooms.SECONDS)


def remember_teacher(room: Room, token: str) -> None:
    """In the teacher's browser."""
    cookies.keep(TEACHERS_COOKIE + room.code, token, rooms.SECONDS)


def forget(room: Room) -> None:
    """For a phone that another pupil shall use. Streamlit has told the cookie when the page was opened: it is
    known as long as the session is, so the session says that it no longer counts."""
    room.leave(_token("me") or "")
    st.session_state["_class_forgot"] = True
    go_to(room.code)


def _write(link: dict[str, str]) -> None:
    """Only where it says something else: each change reaches the browser. Never a teacher's token."""
    link = {key: "1" if key == "teacher" else value for key, value in link.items()}
    for key in WHOSE:
        if key not in link:
            st.query_params.pop(key, None)
        elif st.query_params.get(key) != link[key]:
            st.query_params[key] = link[key]


def _find(code: str | None) -> Room | None:
    read = tokens.read_code(code or "")
    return rooms.ROOMS.find(read) if read else None


def _token(name: str) -> str | None:
    token = st.query_params.get(name, "")
    return token if tokens.TOKEN.fullmatch(token) else None


def _kept(room: Room, who: str) -> str | None:
    kept = st.session_state.get(KEPT, {})
    return kept.get(who) if kept.get("room") == room.code else None


def _from_cookie(room: Room) -> str | None:
    code, _, token = _cookie(COOKIE).partition(".")
    known = code == room.code and tokens.TOKEN.fullmatch(token) and not st.session_state.get("_class_forgot")
    return token if known else None


def _cookie(name: str) -> str:
    return cookies.known().get(name, "")
