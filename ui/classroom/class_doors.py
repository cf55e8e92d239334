"""The two ways into a class: open a room, or join one."""

import secrets

import streamlit as st

from core.classroom import contest, question, rooms, tokens
from core.errors import LabError
from core.runs.library import find_run
from core.words.glossary import explain
from core.words.play import contest as contest_words
from ui import cached, screen
from ui.classroom import class_answers, class_link
from ui.curious import curious
from ui.foreign_text import plain
from ui.fragment import errors_shown
from ui.pair.pair import DEEP
from ui.pair.runs import finished_runs

TITLE = "Your class plays"
GONE = "This room is no longer open; ask for the new code."
NOT_THE_TEACHERS = (
    "This link does not lead to the teacher's screen of a room that is open. "
    f"A room closes after {rooms.SECONDS // 3600} hours, and a browser that keeps no cookies loses it when the page is "
    "reloaded."
)


def show() -> None:
    st.title(TITLE, anchor=False)
    if class_link.as_teacher():
        st.warning(NOT_THE_TEACHERS, icon=":material/link_off:")
    elif class_link.names_a_room():
        st.warning(GONE, icon=":material/meeting_room:")
    st.markdown(
        "Ten photos. The class votes on phones, a plain network (A) and a ResNet (B) answer too, and the screen shows "
        "who was right.",
        help=explain("plain network", "ResNet"),
    )
    doors = [_teachers_door, _pupils_door]
    if (class_link.names_a_room() or screen.on_phone()) and not class_link.as_teacher():
        doors.reverse()  # a phone shows them one below the other
    for column, door in zip(st.columns(2, border=True), doors, strict=True):
        with column:
            door()
    with curious():
        st.markdown(
            "**What is kept?** Made-up names, votes, and a phone's address in the local network, in this server's "
            f"memory alone; they are gone when the teacher closes the room, and after {rooms.SECONDS // 3600} hours in "
            "any case. So that a phone can rejoin after its screen was off, its link and a cookie keep a secret "
            "number for the same time. The teacher's browser keeps such a cookie, too."
        )
        if networks := class_answers.networks():
            with errors_shown():
                right = {side: cached.accuracy(run).value for side, run in networks.runs.items()}
                fairness = contest_words.fairness(contest_words.THE_CLASS, networks.called, contest.missed(), right)
                st.markdown(f"**Is it fair?** Not quite. {fairness}")


def _teachers_door() -> None:
    st.header("Teacher", anchor=False)
    st.markdown(
        "Show this screen to the class. Students join with the code on it: there is nothing to install, and no real "
        "name is asked for."
    )
    led = class_link.led_room()
    if led:
        room, token = led
        st.button(
            f"Back to your room {room.code}",
            key="led_room",
            type="primary",
            icon=":material/meeting_room:",
            on_click=class_link.enter,
            args=(room,),
            kwargs={"teacher": token},
        )
    if set(DEEP) <= {run.name for run in finished_runs()}:
        st.button(
            "Open a new room" if led else "Open a room",
            key="open_room",
            type="secondary" if led else "primary",
            icon=":material/meeting_room:",
            on_click=_open,
        )
    else:
        st.info("The two networks of this game are not here.")


def ten_photos() -> list[question.Question]:
    """Others each time. Raises LabError where the two networks of the game can't be read."""
    a, b = (find_run(name) for name in DEEP)
    return question.about_photos(cached.by_who_is_right(a, b), cached.test_labels(), secrets.randbits(32))


def _open() -> None:
    try:
        room, token = class_link.open_room(ten_photos())
    except LabError as error:
        st.toast(plain(error), icon=":material/info:")
    else:
        class_link.enter(room, teacher=token)


def _pupils_door() -> None:
    st.header("Student", anchor=False)
    with st.form("class_join", border=False, enter_to_submit=True):
        typed = st.text_input(
            "The four letters on the screen", key="class_code", max_chars=8, autocomplete="off", placeholder="ABCD"
        )
        if st.form_submit_button("Join with a code", icon=":material/login:"):
            _join(typed)


def _join(typed: str) -> None:
    code = tokens.read_code(typed)
    room = rooms.ROOMS.find(code) if code else None
    if not code:
        st.error("That can't be a code: it is four letters, without vowels.", icon=":material/error:")
    elif room is None:
        st.error("No room with this code is open. Look at the screen again.", icon=":material/error:")
    else:
        class_link.go_to(code)
        st.rerun()
