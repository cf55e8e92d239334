"""A pupil's phone: who I am, the photo, ten large buttons, and whether I was right."""

from html import escape

import streamlit as st

from core.classroom import rooms, scores
from core.classroom.room import Door, Phase, Pupil, Room, View
from core.errors import ClassroomError
from core.words import with_article
from core.words.play import classroom as class_words
from ui.classroom import class_link
from ui.foreign_text import emphasized, plain
from ui.fragment import fragment
from ui.pictures import photos

POLL = 1.0  # seconds between two looks of a screen
PHONES_A_SECOND = 25  # that the server answers: it draws ten buttons for each
PHOTO = 224  # pixels; all screens are sent this one, and enlarge it without smoothing
NEXT_OF_LESSON = "**Keep this page open:** the next question comes on this phone."


def show(room: Room) -> None:
    try:
        me = class_link.rejoin(room) or class_link.join(room)
    except ClassroomError as error:
        st.title("You can't join", anchor=False)
        st.error(plain(error), icon=":material/block:")
        st.button("Back", key="class_back", on_click=class_link.leave)
        return
    class_link.remember(room)
    # Asked for more than it can draw, the server would begin everything anew and end nothing: who joins a large class
    # late looks less often.
    seconds = max(POLL, room.view().joined / PHONES_A_SECOND)
    fragment(run_every=seconds)(_screen)(room.code, me)


def _screen(code: str, me: Pupil) -> None:
    """All that a phone shows, at each poll: a dozen small messages, of which the phone redraws what has changed.

    A fragment that draws nothing loses what it drew before; and Streamlit, on a busy server, may lose what a run has
    drawn when the next poll arrives. So the phone is right again a second later, whatever was lost.
    """
    room = rooms.ROOMS.find(code, by_phone=True)
    if room is None:  # the doors say so, and ask no more
        st.rerun()
    with st.container(key="phone", gap="small"):
        if me not in room.pupils:
            st.title("You are playing in another tab", anchor=False)
            st.markdown("You joined there as somebody new. You may close this tab.")
            if st.button("Join here, too", key="class_rejoin", icon=":material/login:"):
                st.rerun()
            return
        view = room.view()
        {
            Phase.WAITING: _wait,
            Phase.VOTING: _ask,
            Phase.REVEALED: _judge,
            Phase.FINISHED: _end,
        }[view.phase](room, me, view)


def _wait(room: Room, me: Pupil, view: View) -> None:
    st.title(f"You are {me.name}", anchor=False)
    st.markdown("You are in. **Keep this page open:** the first question comes when your teacher starts.")
    st.caption("Your name is made up, and forgotten when the room ends.")
    # By a closed door, who has left can't come back.
    if room.door is not Door.CLOSED and st.button("Not you? Join as somebody new", key="class_forget"):
        class_link.forget(room)
        st.rerun()


def _heading(me: Pupil, view: View) -> None:
    numbered = view.questions > 1 and not view.question.lesson
    number = f"{view.position + 1} of {view.questions} · " if numbered else ""
    st.caption(f"{number}{me.name}")


def _speak(words: str) -> None:
    """For those who don't see that something new has come."""
    st.html(f'<div class="class-spoken" role="alert">{escape(words)}</div>')


def _ask(room: Room, me: Pupil, view: View) -> None:
    st.title(emphasized(view.question.text), anchor=False)
    _heading(me, view)
    _photo(view)
    _ballot(room, me, view)
    _speak(view.question.text)


def _photo(view: View) -> None:
    if view.question.shown is not None:
        st.image(photos.address(view.question.shown), width=PHOTO, alt=what_is_seen(view))


def _ballot(room: Room, me: Pupil, view: View) -> None:
    """All buttons are of one type: one that changed it would be another to the browser, and lose the focus. The one
    with the check mark is blue by classroom.css."""
    choices, chosen = view.question.choices, room.choice(me, view.number)
    with st.container(key="ballot"):
        for index, choice in enumerate(choices):
            st.button(
                plain(choice),
                key=f"vote_{view.number}_{index}",
                icon=":material/check:" if index == chosen else None,
                on_click=_vote,
                args=(room.code, me, view.number, index),
                width="stretch",
            )
    if chosen is None:
        st.caption("Tap your answer.")
    else:
        st.caption(f"{confirmation(choices[chosen])} You may change it until the reveal.")


def confirmation(choice: str) -> str:
    """What a phone says once a vote for `choice` is counted."""
    return f"You chose “{plain(choice)}”."


def _vote(code: str, me: Pupil, number: int, choice: int) -> None:
    """One that comes too late does not count; the phone is about to be told the answer."""
    if room := rooms.ROOMS.find(code):
        room.vote(me, number, choice)


def _judge(room: Room, me: Pupil, view: View) -> None:
    question, chosen = view.question, room.choice(me, view.number)
    outcome = class_words.outcome(chosen, question.right, has_just_joined=me.since > view.number)
    st.title(outcome if chosen is None else f"{photos.mark(chosen == question.right)} {outcome}", anchor=False)
    _heading(me, view)
    _photo(view)
    st.header(truth(view), anchor=False)
    if chosen is not None:
        st.markdown(f"You said “{plain(question.choices[chosen])}”.")
    if asked := scores.asked(room, me.since):
        _show_score("Your score", _place(scores.places(room), me), asked)
    if question.lesson:
        st.markdown(NEXT_OF_LESSON)
    elif me.since > view.number and not view.is_last:
        st.markdown("The next one is yours.")
    _speak(f"{outcome.removesuffix('!')}. {_answer(view)}")


def truth(view: View) -> str:
    """The right answer in a sentence."""
    return plain(_answer(view))


def what_is_seen(view: View) -> str:
    """On the photo: what it shows, once that may be told."""
    if view.question.photo is None:
        return "The photo that the question is about"
    return f"The photo: {with_article(_right(view))}" if view.phase is Phase.REVEALED else "The photo to name"


def _answer(view: View) -> str:
    return class_words.answer(_right(view), is_on_photo=view.question.photo is not None)


def _right(view: View) -> str:
    return view.question.choices[view.question.right]


def _show_score(label: str, place: scores.Place | None, asked: int) -> None:
    """`asked`: how many questions there were for them."""
    st.metric(label, f"{place.score if place else 0} of {asked}", border=True)


def _end(room: Room, me: Pupil, view: View) -> None:
    places, asked = scores.places(room), scores.asked(room, me.since)
    place = _place(places, me)
    if room.lesson_step:
        st.title(f"You are {me.name}", anchor=False)
        if asked:
            _show_score("Your score", place, asked)
        st.markdown(NEXT_OF_LESSON)
        return
    if not asked or not place:
        st.title("The game is over", anchor=False)
        st.markdown("Keep this page open: another one may follow.")
        return
    st.title(f"You are {scores.ordinal(place.rank)} of {len(places)}", anchor=False)
    _show_score(me.name, place, asked)
    st.markdown("Look at the screen: how did the class do, and how did the networks do?")


def _place(places: list[scores.Place], me: Pupil) -> scores.Place | None:
    """None for who never voted."""
    return next((place for place in places if place.pupil == me), None)
