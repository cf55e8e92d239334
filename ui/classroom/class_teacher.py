"""The teacher's screen, which the class looks at: the code, the photo, the votes, the truth, the scores."""

from contextlib import suppress
from html import escape
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.charts.palette import SIDES
from core.classroom import address, qr, rooms, scores
from core.classroom.room import MOST_OF_DEVICE, Door, Phase, Room, View
from core.errors import LabError
from core.words import capitalized
from core.words.play import classroom as class_words
from core.words.play.contest import THE_CLASS, verdict
from ui import link
from ui.classroom import class_answers, class_link, class_pupil
from ui.classroom.class_answers import Networks
from ui.classroom.class_doors import TITLE, ten_photos
from ui.classroom.class_pupil import truth
from ui.foreign_text import emphasized
from ui.fragment import fragment
from ui.permission import THIS_COMPUTER
from ui.pictures import photos

QR = 340  # pixels
SMALL = 320  # pixels, of a photo beside the chart
CLOSED = "The door is closed: no new phone can join."
LATEST = 40  # names that are shown while the pupils come in
BEST = 3


def show(room: Room, token: str) -> None:
    class_link.enter(room, teacher=token)
    class_link.remember_teacher(room, token)
    _screen(room.code, token)


@fragment(run_every=class_pupil.POLL)
def _screen(code: str, token: str) -> None:
    """All of it, at each poll, as on a phone."""
    room = rooms.ROOMS.find(code)
    if room is None:  # the doors say so, and ask no more
        st.rerun()
    view = room.view()
    if view.phase is Phase.WAITING:
        _wait(room, token)
    elif view.phase is Phase.FINISHED:
        _end(room, token, view)
    elif view.phase is Phase.REVEALED:
        _tell(room, token, view)
    else:
        _ask(room, token, view)


def _lesson_button(room: Room, **look: Any) -> None:
    """In a lesson: back to its step, which shows the answer once it is shown here."""
    if room.lesson_step and st.button("Back to the lesson", key="class_lesson", icon=":material/menu_book:", **look):
        lesson, step = room.lesson_step
        query = {"lesson": lesson, "step": str(step), **class_link.link_to_led_room()}
        st.switch_page("../pages/lesson.py", query_params=query)


def _door_button(room: Room, token: str) -> None:
    """Two, so that the second of a double click does not undo the first."""
    closed = room.door is Door.CLOSED
    st.button(
        "Open the door" if closed else "Close the door",
        key="class_open_door" if closed else "class_close_door",
        icon=":material/door_open:" if closed else ":material/door_front:",
        help=None if closed else "No new phone can join then. Who is in stays in, and may come back.",
        on_click=room.set_door,
        args=(token, room.open_door if closed else Door.CLOSED),
    )


def _turned_away(room: Room, token: str) -> None:
    """What only the teacher can know: is it one pupil who joins again and again, or a class behind a router?"""
    if not room.turned_away:
        return
    st.warning(
        f"{MOST_OF_DEVICE} have joined from one device; the next was turned away. Are they behind one router?",
        icon=":material/devices:",
    )
    st.button("Let more in", key="class_widen_door", on_click=room.set_door, args=(token, Door.WIDE))


def _close_button(room: Room, token: str) -> None:
    if st.button("Close the room", key="class_close", icon=":material/logout:"):
        rooms.ROOMS.close(room, token)
        class_link.leave()
        st.rerun()


def _finish_button(room: Room, token: str) -> None:
    st.button("End", key="class_end", icon=":material/stop:", on_click=room.finish, args=(token,))


# Before the first photo


def _wait(room: Room, token: str) -> None:
    st.title(TITLE, anchor=False)
    found = address.of(st.context.url)
    left, right = st.columns([2, 3])
    with left:
        if found.base:
            st.image(qr.address(found.room(room.code)), width=QR, alt="A QR code that leads phones to this room")
        else:
            st.warning(
                "This computer is not on a network that phones can reach. Connect it to Wi-Fi, and reload this page.",
                icon=":material/wifi_off:",
            )
    with right:
        where = f"Scan the square, or go to <b>{escape(found.page_to_type)}</b> and type"
        how = where if found.base else "The code"
        st.html(f'<div class="class-how">{CLOSED if room.door is Door.CLOSED else how}</div>')
        _code(room)
        _gather(room)
        with st.container(horizontal=True):
            st.button(
                "Start",
                key="class_start",
                type="primary",
                icon=":material/play_arrow:",
                on_click=room.start,
                args=(token,),
            )
            _lesson_button(room)
            _door_button(room, token)
            _close_button(room, token)
        _turned_away(room, token)
    st.caption(
        "**A phone can't find it?** It must be on the same network as this computer. Some school Wi-Fi keeps devices "
        "apart: then turn on a phone's hotspot, connect this computer and the students' phones to it, and reload this "
        f"page. {_listening()}"
    )


def _code(room: Room) -> None:
    st.html(f'<div class="class-code">{room.code}</div>')


def _listening() -> str:
    if st.get_option("server.address") in THIS_COMPUTER:
        return (
            "**This server listens to this computer alone:** start it again without `--server.address`, or with "
            "`--server.address 0.0.0.0`."
        )
    return "The server must listen on the network, as it does unless it was started with `--server.address`."


def _gather(room: Room) -> None:
    names = [pupil.name for pupil in room.pupils]
    st.header(class_words.joined(len(names)), anchor=False)
    if names:
        st.markdown(class_words.latest(names, LATEST))


# A question


def _ask(room: Room, token: str, view: View) -> None:
    if view.question.say:
        with st.container(key="class_say"):
            st.markdown(emphasized(view.question.say))
    st.title(emphasized(view.question.text), anchor=False)
    if view.question.shown is None:
        right = st.container()
    else:
        left, right = st.columns(2)
        with left:
            _photo(view.question.shown, view, "class_photo", "stretch")
    with right:
        with _buttons():
            st.button(
                "Reveal",
                key="class_reveal",
                type="primary",
                icon=":material/visibility:",
                on_click=room.reveal,
                args=(token, view.number),
            )
            _lesson_button(room)
            _game_buttons(room, token, view)
        _count(view)
        _latecomers(room)
        _door_button(room, token)
        _turned_away(room, token)


def _tell(room: Room, token: str, view: View) -> None:
    """The truth, and who was right."""
    networks = class_answers.networks() if view.question.photo is not None else None
    st.title(truth(view), anchor=False)
    if view.question.photo is None:
        st.markdown(emphasized(view.question.text))
    if view.question.shown is None:
        right = st.container()
    else:
        left, right = st.columns([2, 3])
        with left:
            _photo(view.question.shown, view, "class_photo_small", SMALL)
            if networks:
                class_answers.show_answers(view, networks)
    with right:
        with _buttons():
            _go_on_buttons(room, token, view)
            _game_buttons(room, token, view)
        class_answers.show_votes(view, networks)
        _door_button(room, token)
        _turned_away(room, token)


def _buttons() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center")


def _game_buttons(room: Room, token: str, view: View) -> None:
    """What only a game has."""
    if room.lesson_step:
        return
    _finish_button(room, token)
    if view.questions > 1:
        st.markdown(f"Photo {view.position + 1} of {view.questions}", width="content")


def _go_on_buttons(room: Room, token: str, view: View) -> None:
    on: dict[str, Any] = {"type": "primary", "shortcut": "Enter"}
    _lesson_button(room, **on)
    st.button(
        "See the scores" if view.is_last else "Next",
        key="class_next",
        icon=":material/arrow_forward:",
        on_click=room.go_on,
        args=(token, view.number),
        **({} if room.lesson_step else on),
    )


def _photo(number: int, view: View, key: str, width: int | Literal["stretch"]) -> None:
    with st.container(key=key):
        st.image(photos.address(number), width=width, alt=class_pupil.what_is_seen(view))


def _count(view: View) -> None:
    words = class_words.voted(view.voted, view.joined)
    st.html(f'<div class="class-count" role="status">{words}</div>')
    st.progress(view.voted / view.joined if view.joined else 0.0)


def _latecomers(room: Room) -> None:
    found = address.of(st.context.url)
    where = f" at {escape(found.page_to_type)}" if found.base else ""
    words = f"Late? Join{where} with the code <b>{room.code}</b>"
    st.html(f'<div class="class-late">{CLOSED if room.door is Door.CLOSED else words}</div>')


# The scores


def _end(room: Room, token: str, view: View) -> None:
    asked, places = scores.asked(room), scores.places(room)
    networks = class_answers.networks() if any(question.photo is not None for question in room.questions) else None
    if not asked:
        st.title("No scores yet" if room.lesson_step else "The game is over", anchor=False)
        st.markdown("No answer was revealed, so there are no scores.")
    else:
        points = {THE_CLASS: scores.class_score(room)} | _of_networks(networks, room)
        title = verdict(points, THE_CLASS) if networks else f"The class has {points[THE_CLASS]} of {asked}"
        st.title(title, anchor=False)
        with st.container(horizontal=True, key="class_scores"):
            if places:
                st.metric(_best(places), f"{places[0].score} of {asked}", border=True, width=260)
            for who, label in _labels(networks).items():
                st.metric(capitalized(label), f"{points[who]} of {asked}", border=True, width=220)
        for place in places[:BEST]:
            st.markdown(f"## {scores.ordinal(place.rank)} · {place.pupil.name} · {place.score} of {asked}")
        st.caption(class_words.took_part(len(places), against_networks=networks is not None))
    with st.container(horizontal=True):
        _lesson_button(room, type="primary")
        if networks or class_answers.networks():
            st.button(
                "Ten other photos" if networks else "Ten photos, against two networks",
                key="class_again",
                type="secondary" if room.lesson_step else "primary",
                icon=":material/casino:",
                on_click=_play_again,
                args=(room, token),
            )
        _door_button(room, token)
        _close_button(room, token)
    _turned_away(room, token)
    if networks and asked and not room.lesson_step:
        link.to_lesson("shortcuts", link.WHY)


def _play_again(room: Room, token: str) -> None:
    with suppress(LabError):  # the networks are gone: the scores stay
        room.play_again(token, ten_photos())


def _labels(networks: Networks | None) -> dict[str, str]:
    """Of the scores, by whose they are."""
    of_networks = {called: f"{called} ({side})" for side, called in networks.called.items()} if networks else {}
    return {THE_CLASS: f"{THE_CLASS}, by most votes"} | of_networks


def _of_networks(networks: Networks | None, room: Room) -> dict[str, int]:
    if networks is None:
        return {}
    return {networks.called[side]: scores.score_of(networks.answers[side], room) for side in SIDES}


def _best(places: list[scores.Place]) -> str:
    return class_words.best(places[0].pupil.name, sum(place.rank == 1 for place in places) - 1)
