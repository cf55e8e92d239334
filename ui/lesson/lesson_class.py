"""A lesson and the class on its phones: one room from question to question, and from lesson to lesson."""

from typing import NoReturn

import streamlit as st

from core.classroom import rooms
from core.classroom.question import Question
from core.classroom.room import Room
from ui.classroom import class_link


def ask(question: Question) -> NoReturn:
    """On the class's screen, and in the room that the class is in already, unless a game is on there."""
    led = class_link.led()
    if led and not led[0].game_is_on:
        room, token = led
        room.ask(token, question)
    else:
        class_link.open_room([question])
    st.switch_page("../pages/classroom.py", query_params=class_link.of_led())


def has_revealed(step: tuple[str, int]) -> bool:
    """Whether the class has seen the answer on its screen."""
    led = class_link.led()
    return led is not None and led[0].has_revealed(step)


def begin(lesson: str) -> None:
    """A class that is still there stays in its room, with no points; for the next class, a new room will be opened."""
    led = class_link.led()
    if not led or led[0].game_is_on:
        return
    room, token = led
    if not rooms.ROOMS.has_phones(room):
        if room.pupils or room.lesson_step:
            _close(room, token)
    elif room.lesson_step:  # else the first question makes it the lesson's
        room.begin_lesson(token, lesson)


def show_room() -> None:
    """Who will be asked, before a lesson begins."""
    led = class_link.led()
    if led and (joined := len(led[0].pupils)):
        stays = rooms.ROOMS.has_phones(led[0]) and not led[0].game_is_on
        with st.container(horizontal=True, vertical_alignment="center", key="lesson_room"):
            phones = f"{joined} phone{'s have' if joined > 1 else ' has'} joined the room **{led[0].code}**"
            st.markdown(f"{phones}{', also for the next lesson' * stays}.", width="content")
            st.button("Close the room", key="lesson_close", icon=":material/logout:", on_click=_close, args=led)


def _close(room: Room, token: str) -> None:
    rooms.ROOMS.close(room, token)
    class_link.leave()
