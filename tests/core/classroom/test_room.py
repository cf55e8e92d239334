"""The rules of a room: who may do what, and which vote counts."""

import random
import threading

import pytest

from core.classroom import room as room_module
from core.classroom import rooms, scores, tokens
from core.classroom.question import Question
from core.classroom.room import Door, Phase, Room
from core.classroom.rooms import Rooms
from core.errors import ClassroomError

THREE = ("cat", "dog", "frog")
QUESTIONS = [Question(f"Question {i}", THREE, right) for i, right in enumerate((0, 1, 1, 2))]


def opened(questions=QUESTIONS) -> tuple[Room, str]:
    return Rooms().open(questions)


def join(room: Room):
    return room.pupil(room.join())


def test_a_second_vote_changes_the_first_until_the_reveal_and_none_counts_after():
    room, teacher = opened()
    me = join(room)
    assert not room.vote(me, 0, 1)  # not started
    room.start(teacher)
    assert room.vote(me, 0, 1)
    assert room.vote(me, 0, 0)
    assert room.view().counts == (1, 0, 0)
    assert room.choice(me, 0) == 0
    room.reveal(teacher, 0)
    assert not room.vote(me, 0, 2)
    assert room.view().counts == (1, 0, 0)


@pytest.mark.parametrize(("position", "choice"), [(1, 0), (-1, 0), (0, 3), (0, -1)])
def test_a_vote_for_another_question_or_no_choice_does_not_count(position, choice):
    room, teacher = opened()
    me = join(room)
    room.start(teacher)
    assert not room.vote(me, position, choice)
    assert room.view().voted == 0


def test_a_pupil_of_another_room_has_no_vote():
    room, teacher = opened()
    room.start(teacher)
    assert not room.vote(join(opened()[0]), 0, 0)


@pytest.mark.parametrize("token", ["", "garbage", "é" * 30])
def test_nobody_but_the_teacher_goes_on(token):
    room, teacher = opened()
    pupil = room.join()
    for stranger in (token, pupil):
        for act in (room.start, room.finish, lambda t: room.reveal(t, 0), lambda t: room.go_on(t, 0)):
            with pytest.raises(ClassroomError):
                act(stranger)
    assert room.view().phase is Phase.WAITING
    room.start(teacher)
    assert room.view().phase is Phase.VOTING


def test_a_double_click_skips_nothing():
    room, teacher = opened()
    room.start(teacher)
    room.go_on(teacher, 0)  # before the reveal
    assert room.view().position == 0
    room.reveal(teacher, 0)
    for _ in range(2):
        room.go_on(teacher, 0)
    for _ in range(2):
        room.start(teacher)
        room.reveal(teacher, 0)
    assert (room.view().phase, room.view().position) == (Phase.VOTING, 1)


def test_scores_ranks_and_the_majority():
    room, teacher = opened()
    a, b, c = (join(room) for _ in range(3))
    room.start(teacher)
    for position, said in enumerate([(0, 0, 1), (1, 0, 2), (0, 0, 0), (2, 2, 2)]):
        for pupil, choice in zip((a, b, c), said, strict=True):
            room.vote(pupil, position, choice)
        room.reveal(teacher, position)
        room.go_on(teacher, position)
    assert room.view().phase is Phase.FINISHED
    places = scores.places(room)
    assert [(place.pupil, place.score, place.rank) for place in places] == [(a, 3, 1), (b, 2, 2), (c, 1, 3)]
    assert scores.asked(room) == 4
    assert scores.class_score(room) == 2  # at the second, three said three things


def test_those_who_are_level_share_a_rank():
    room, teacher = opened(QUESTIONS[:1])
    a, b, c = (join(room) for _ in range(3))
    room.start(teacher)
    room.vote(b, 0, 0)
    room.vote(c, 0, 0)
    room.reveal(teacher, 0)
    assert [(place.pupil, place.rank) for place in scores.places(room)] == [(b, 1), (c, 1)]  # a never voted
    room.go_on(teacher, 0)
    room.play_again(teacher, QUESTIONS[:1])
    room.vote(a, 1, 0)
    room.vote(b, 1, 1)
    room.reveal(teacher, 1)
    assert [(place.pupil, place.rank) for place in scores.places(room)] == [(a, 1), (b, 2)]


def test_a_question_that_was_not_revealed_does_not_count():
    room, teacher = opened()
    me = join(room)
    room.start(teacher)
    room.vote(me, 0, 0)
    room.finish(teacher)
    assert scores.asked(room) == 0
    assert scores.places(room) == []


def test_a_networks_score_counts_photos_alone():
    import numpy as np

    room, teacher = opened([Question("?", THREE, 1, photo=5), Question("?", THREE, 0)])
    room.start(teacher)
    for position in range(2):
        room.reveal(teacher, position)
        room.go_on(teacher, position)
    assert scores.score_of(np.ones(10, int), room) == 1
    assert scores.score_of(np.zeros(10, int), room) == 0


@pytest.mark.parametrize(
    ("rank", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (22, "22nd"), (112, "112th")]
)
def test_ordinals(rank, said):
    assert scores.ordinal(rank) == said


@pytest.mark.parametrize(
    ("choices", "right"), [(("a",), 0), (tuple("abcdefghijk"), 0), (("a", "b"), 2), (("a", "b"), -1)]
)
def test_a_question_that_makes_no_sense_is_none(choices, right):
    with pytest.raises(ValueError, match="choices"):
        Question("?", choices, right)


def test_a_full_room_says_so(monkeypatch):
    monkeypatch.setattr(room_module, "MOST_PUPILS", 3)
    room, _ = opened()
    names = {join(room).name for _ in range(3)}
    assert len(names) == 3
    with pytest.raises(ClassroomError, match="full"):
        room.join()


def test_one_device_does_not_fill_a_room_and_a_class_behind_a_router_may_be_let_in():
    room, teacher = opened()
    first, *_ = [room.join("10.0.0.7") for _ in range(room_module.MOST_OF_DEVICE)]
    for _ in range(10):  # whose address is not known, or stands for many
        room.join()
    room.join("10.0.0.8")
    with pytest.raises(ClassroomError, match="from this device"):
        room.join("10.0.0.7")
    assert room.turned_away
    room.leave(first)  # a phone that is handed on
    room.join("10.0.0.7")
    with pytest.raises(ClassroomError):
        room.set_door("garbage", Door.WIDE)
    room.set_door(teacher, Door.WIDE)
    room.join("10.0.0.7")
    assert not room.turned_away
    room.set_door(teacher, Door.CLOSED)
    room.set_door(teacher, room.open_door)  # opens as far as before
    room.join("10.0.0.7")


def test_by_a_closed_door_nobody_comes_in_and_nobody_leaves():
    room, teacher = opened()
    token = room.join()
    with pytest.raises(ClassroomError):
        room.set_door("garbage", Door.CLOSED)
    room.set_door(teacher, Door.CLOSED)
    with pytest.raises(ClassroomError, match="door is closed"):
        room.join()
    room.leave(token)
    assert room.pupil(token)  # who could not come back
    room.set_door(teacher, Door.OPEN)
    room.leave(token)
    assert room.pupil(room.join())


def test_two_hundred_pupils_have_two_hundred_names():
    room, _ = opened()
    assert len({join(room).name for _ in range(room_module.MOST_PUPILS)}) == room_module.MOST_PUPILS


def test_a_phone_that_slept_comes_back_and_the_state_holds_no_token():
    room, teacher = opened()
    token = room.join()
    assert room.pupil(token) == room.pupil(token) == room.pupils[0]
    assert room.pupil("garbage") is None
    kept = repr(vars(room))
    assert token not in kept
    assert teacher not in kept


def test_who_leaves_before_the_game_is_not_waited_for_and_later_the_votes_stay():
    room, teacher = opened()
    first, second = room.join(), room.join()
    room.leave("garbage")
    room.leave(first)
    assert room.pupils == [room.pupil(second)]
    room.start(teacher)
    room.leave(second)
    assert room.pupils


def test_who_comes_for_the_scores_plays_the_next_round():
    room, teacher = opened()
    room.finish(teacher)
    late = join(room)
    room.play_again(teacher, QUESTIONS)
    assert room.vote(late, room.view().number, 0)


def test_a_phone_counts_from_the_question_at_which_it_joined():
    room, teacher = opened()
    first = join(room)
    room.start(teacher)
    second = join(room)
    room.reveal(teacher, 0)
    third = join(room)
    assert [pupil.since for pupil in (first, second, third)] == [0, 0, 1]
    room.go_on(teacher, 0)
    room.vote(third, 1, 1)
    room.reveal(teacher, 1)
    assert [scores.asked(room, pupil.since) for pupil in (first, third)] == [2, 1]
    room.finish(teacher)
    fourth = join(room)
    assert scores.asked(room, fourth.since) == 0
    room.play_again(teacher, QUESTIONS)
    assert room.vote(fourth, room.view().number, 0)
    room.reveal(teacher, room.view().number)
    assert scores.asked(room, fourth.since) == 1


# A lesson


def of_lesson(step: int, lesson: str = "one") -> Question:
    return Question(f"Question {step}", THREE, 0, step=(lesson, step))


def ask(room: Room, teacher: str, question: Question, *votes) -> None:
    """And reveal; `votes`: (pupil, choice)."""
    room.ask(teacher, question)
    for pupil, choice in votes:
        assert room.vote(pupil, room.view().number, choice)
    room.reveal(teacher, room.view().number)


def test_the_points_of_a_lesson_are_added_up_and_another_begins_with_none():
    room, teacher = opened([of_lesson(1)])
    me = join(room)
    ask(room, teacher, of_lesson(1), (me, 0))
    room.ask(teacher, of_lesson(2))  # never revealed
    assert room.vote(me, room.view().number, 0)
    ask(room, teacher, of_lesson(3), (me, 1))
    room.go_on(teacher, room.view().number)
    assert room.view().phase is Phase.FINISHED
    ask(room, teacher, of_lesson(4), (me, 0))
    assert (scores.places(room)[0].score, scores.asked(room)) == (2, 3)
    assert [room.has_revealed(("one", step)) for step in range(1, 5)] == [True, False, True, True]
    ask(room, teacher, of_lesson(1, "two"), (me, 0))
    assert (scores.places(room)[0].score, scores.asked(room)) == (1, 1)
    assert room.lesson_step == ("two", 1)


def test_a_question_asked_again_before_its_answer_is_shown_keeps_its_votes():
    room, teacher = opened([of_lesson(1)])
    me = join(room)
    room.start(teacher)
    room.vote(me, 0, 2)
    room.ask(teacher, of_lesson(1))
    assert room.view().counts == (0, 0, 1)


@pytest.mark.parametrize(("pupils", "phase"), [(0, Phase.WAITING), (1, Phase.VOTING)])
@pytest.mark.parametrize("questions", [QUESTIONS, [of_lesson(1)]])
def test_a_lesson_asks_at_once_if_somebody_waits_and_else_waits(questions, pupils, phase):
    room, teacher = opened(questions)
    for _ in range(pupils):
        join(room)
    with pytest.raises(ClassroomError):
        room.ask("garbage", of_lesson(2))
    room.ask(teacher, of_lesson(2))
    view = room.view()
    assert (view.phase, view.question, view.joined) == (phase, of_lesson(2), pupils)
    room.start(teacher)
    assert room.view().phase is Phase.VOTING


def test_a_lesson_that_begins_keeps_the_class_and_no_points():
    room, teacher = opened([of_lesson(1)])
    me = join(room)
    ask(room, teacher, of_lesson(1), (me, 0))
    with pytest.raises(ClassroomError):
        room.begin_lesson("garbage", "one")
    room.begin_lesson(teacher, "one")  # the same one, by the next class on the same computers
    assert room.pupils == [me]
    assert (room.view().phase, room.lesson_step, scores.asked(room)) == (Phase.FINISHED, ("one", 1), 0)
    assert not room.has_revealed(("one", 1))
    ask(room, teacher, of_lesson(1), (me, 1))
    assert (scores.places(room)[0].score, scores.asked(room, me.since)) == (0, 1)
    room.finish(teacher)
    room.play_again(teacher, QUESTIONS)
    assert room.lesson_step is None


def test_a_game_is_on_until_its_last_answer():
    room, teacher = opened(QUESTIONS[:2])
    on = []
    for act in (room.start, lambda t: room.reveal(t, 0), lambda t: room.go_on(t, 0), lambda t: room.reveal(t, 1)):
        on.append(room.game_is_on)
        act(teacher)
    assert [*on, room.game_is_on] == [False, True, True, True, False]
    room.ask(teacher, of_lesson(1))
    join(room)
    room.start(teacher)
    assert not room.game_is_on


# Rooms


def test_a_class_is_there_while_one_of_its_phones_looks():
    now = [0.0]
    all_rooms = Rooms(clock=lambda: now[0])
    room, _ = all_rooms.open(QUESTIONS)
    all_rooms.find(room.code)  # the teacher
    assert not all_rooms.has_phones(room)
    all_rooms.find(room.code, by_phone=True)
    now[0] = rooms.PRESENT - 1
    assert all_rooms.has_phones(room)
    all_rooms.find(room.code)
    now[0] = rooms.PRESENT
    assert not all_rooms.has_phones(room)


def test_a_room_ends_after_three_hours():
    now = [0.0]
    all_rooms = Rooms(clock=lambda: now[0])
    room, _ = all_rooms.open(QUESTIONS)
    now[0] = rooms.SECONDS - 1
    assert all_rooms.find(room.code) is room
    now[0] = rooms.SECONDS
    assert all_rooms.find(room.code) is None
    all_rooms.drop_old()
    assert not all_rooms._rooms  # its pupils and votes are gone


def test_only_the_teacher_closes_a_room_and_no_vote_counts_then():
    all_rooms = Rooms()
    room, teacher = all_rooms.open(QUESTIONS)
    me = join(room)
    room.start(teacher)
    with pytest.raises(ClassroomError):
        all_rooms.close(room, "garbage")
    assert all_rooms.find(room.code) is room
    all_rooms.close(room, teacher)
    assert all_rooms.find(room.code) is None
    assert not room.vote(me, 0, 0)


def test_there_is_an_end_to_rooms_and_an_ended_one_makes_place():
    all_rooms = Rooms()
    first, teacher = all_rooms.open(QUESTIONS)
    for _ in range(rooms.MOST_ROOMS - 1):
        all_rooms.open(QUESTIONS)
    with pytest.raises(ClassroomError, match="rooms are open"):
        all_rooms.open(QUESTIONS)
    all_rooms.close(first, teacher)
    all_rooms.open(QUESTIONS)


def test_an_abandoned_room_gives_way_to_a_new_one_and_one_that_is_looked_at_stays():
    now = [0.0]
    all_rooms = Rooms(clock=lambda: now[0])
    opened_first, forgotten, *_ = [all_rooms.open(QUESTIONS)[0] for _ in range(rooms.MOST_ROOMS)]
    opened_first.join()
    now[0] = rooms.ABANDONED - 1
    assert all_rooms.find(opened_first.code)
    with pytest.raises(ClassroomError, match="rooms are open"):
        all_rooms.open(QUESTIONS)
    now[0] = rooms.ABANDONED
    newest, _ = all_rooms.open(QUESTIONS)
    assert all_rooms.find(newest.code)
    assert all_rooms.find(opened_first.code)
    assert all_rooms.find(forgotten.code) is None


def test_a_room_without_pupils_gives_way_though_it_is_looked_at_and_at_once_to_who_is_in_charge():
    now = [0.0]
    all_rooms = Rooms(clock=lambda: now[0])
    by_age = []
    for now[0] in range(rooms.MOST_ROOMS):
        by_age.append(all_rooms.open(QUESTIONS)[0])
    one_pupil, first, second, third, *classes = by_age
    one_pupil.join()
    for room in classes:
        for _ in range(room_module.MOST_OF_DEVICE + 1):
            room.join()

    def open_one(**who) -> None:
        for room in by_age:
            all_rooms.find(room.code)
        by_age.append(all_rooms.open(QUESTIONS, **who)[0])

    with pytest.raises(ClassroomError, match="rooms are open"):
        open_one()
    open_one(in_charge=True)
    now[0] = rooms.ABANDONED + second.opened
    open_one()
    assert [all_rooms.find(room.code) for room in (first, second, third)] == [None, None, third]
    for room in (third, *by_age[-2:]):
        room.join()
    with pytest.raises(ClassroomError, match="rooms are open"):
        open_one()
    open_one(in_charge=True)  # one device may have joined each of many
    assert all_rooms.find(one_pupil.code) is None
    for room in (third, *by_age[-3:]):
        for _ in range(room_module.MOST_OF_DEVICE + 1):
            room.join()
    with pytest.raises(ClassroomError, match="rooms are open"):  # no class is sent away
        open_one(in_charge=True)


def test_codes_are_four_letters_that_make_no_word():
    codes: set[str] = set()
    for _ in range(500):
        code = tokens.new_code(codes)
        assert tokens.CODE.fullmatch(code)
        assert not set(code) & set("AEIOUY")
        codes.add(code)
    assert len(codes) == 500


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (" bc dg\n", "BCDG"),
        ("BCDG", "BCDG"),
        ("ABCD", None),
        ("", None),
        ("bcdgh", None),
        ("B" * 10**6, None),
        ("ßcdg", None),
    ],
)
def test_a_typed_code_is_read_in_any_case(typed, code):
    assert tokens.read_code(typed) == code


# Many at once


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_at_once_no_vote_is_lost_and_none_counts_too_late(seed):
    """Pupils join and vote from eight threads while the teacher goes on, and strangers try to."""
    room, teacher = opened([Question("?", THREE, i % 3) for i in range(6)])
    counted: dict[tuple[str, int], int] = {}  # the last vote that was said to count
    at_reveal: dict[int, tuple[int, ...]] = {}
    failures: list[BaseException] = []
    over = threading.Event()

    def pupils(number: int) -> None:
        dice = random.Random(f"{seed} {number}")
        mine = []
        while not over.is_set():
            if len(mine) < 6 and dice.random() < 0.2:
                try:
                    mine.append(join(room))
                except ClassroomError:
                    return
            elif mine:
                me, position, choice = dice.choice(mine), room.view().position, dice.randrange(-1, 4)
                if room.vote(me, position, choice):
                    counted[me.identity, position] = choice
            if dice.random() < 0.05:
                with pytest.raises(ClassroomError):
                    room.reveal(f"stranger {number}", room.view().position)

    def guarded(number: int) -> None:
        try:
            pupils(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    dice = random.Random(seed)
    pause = threading.Event()
    room.start(teacher)
    for position in range(5):
        pause.wait(dice.random() * 0.03)
        while not room.view().voted and not failures:
            pause.wait(0.001)
        room.reveal(teacher, position)
        at_reveal[position] = room.view().counts
        pause.wait(dice.random() * 0.01)
        room.go_on(teacher, position)
    room.finish(teacher)
    over.set()
    for thread in threads:
        thread.join()
    assert failures == []
    revealed = room.revealed()
    assert len(revealed) == 5
    for position, (_, votes) in enumerate(revealed):
        assert votes == {who: choice for (who, at), choice in counted.items() if at == position}
        assert tuple(list(votes.values()).count(choice) for choice in range(3)) == at_reveal[position]
        assert votes.keys() <= {pupil.identity for pupil in room.pupils}
    assert sum(place.score for place in scores.places(room)) == sum(
        choice == question.right for question, votes in revealed for choice in votes.values()
    )


def test_a_second_game_begins_from_no_points_with_all_who_are_there():
    room, token = opened()
    first = room.pupil(room.join())
    room.start(token)
    room.vote(first, 0, 1)
    room.reveal(token, 0)
    room.play_again(token, [QUESTIONS[1]])  # not before the scores are shown
    assert len(room.questions) == len(QUESTIONS)
    room.finish(token)
    with pytest.raises(ClassroomError, match="Only the teacher"):
        room.play_again("x", QUESTIONS)
    room.play_again(token, [QUESTIONS[1]])
    view = room.view()
    assert (view.phase, view.position, view.questions, view.joined, view.voted) == (Phase.VOTING, 0, 1, 1, 0)
    assert not room.vote(first, 0, 0)  # a tap on a question of the game before
    assert room.choice(first, 0) is None
    assert room.vote(first, view.number, 0)
    assert room.choice(first, view.number) == 0
    room.reveal(token, 0)  # a press that comes too late
    assert room.view().phase is Phase.VOTING
    room.reveal(token, view.number)
    assert (scores.asked(room), room.view().phase) == (1, Phase.REVEALED)
