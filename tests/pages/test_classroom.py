"""A class's page, run without a browser: a teacher and phones, each an app of its own in one server."""

import pytest
from streamlit.testing.v1 import AppTest

from core.classroom import rooms
from core.classroom.question import Question
from core.classroom.room import MOST_OF_DEVICE, Door, Room
from core.classroom.rooms import Rooms
from core.data.cifar10 import CLASSES
from core.words import with_article
from tests.pages.opened import charts, linked, new_app, said, teachers_token, undescribed
from ui import permission, screen
from ui.classroom import class_doors, class_link, class_teacher

HOSTILE = "![x](https://example.org/p.png)"


@pytest.fixture(autouse=True)
def clock(monkeypatch) -> list[float]:
    """No rooms are open; [the time]."""
    now = [0.0]
    monkeypatch.setattr(rooms, "ROOMS", Rooms(clock=lambda: now[0]))
    return now


def visit(**link: str) -> AppTest:
    app = new_app()
    app.switch_page("../pages/classroom.py")
    for key, value in link.items():
        app.query_params[key] = value
    return run(app)


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    assert len(app.title) == 1
    return app


def click(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click()
    return run(app)


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button}


def alert(app: AppTest) -> str:
    return "\n".join(each.value for kind in (app.warning, app.info, app.error) for each in kind)


def shown(app: AppTest) -> str:
    return said(app) + "\n".join(str(html.proto.body) for html in app.get("html"))


def teacher() -> tuple[AppTest, Room, str]:
    app = click(visit(), "open_room")
    room = rooms.ROOMS.find(app.query_params["room"])
    assert room
    return app, room, teachers_token(app)


def seen(app: AppTest) -> str:
    """What those hear of the photo who don't see it."""
    return app.get("image")[0].proto.imgs[0].alt


def ballot(app: AppTest) -> list[str]:
    return [button.label for button in app.button if button.key.startswith("vote_")]


def test_a_whole_game():
    screen, room, _ = teacher()
    assert room.code in shown(screen)
    assert "Nobody has joined" in said(screen)
    phones = [visit(room=room.code) for _ in range(3)]
    assert len(room.pupils) == 3
    assert "You are" in phones[0].title[0].value
    assert "3 joined" in said(run(screen))
    assert room.pupils[0].name in said(screen)
    click(screen, "class_start")
    for position, question in enumerate(room.questions):
        assert "0 of 3 have voted" in shown(run(screen))
        assert not charts(screen)
        for phone in phones:
            assert len(ballot(run(phone))) == 10
        assert seen(screen) == seen(phones[0]) == "The photo to name"
        click(phones[0], f"vote_{position}_{question.right}")
        assert "You chose" in said(phones[0])
        assert {button.proto.type for button in phones[0].button if button.key.startswith("vote_")} == {"secondary"}
        click(phones[1], f"vote_{position}_{question.right}")
        click(phones[1], f"vote_{position}_{(question.right + 1) % 10}")
        assert "2 of 3 have voted" in shown(run(screen))
        click(screen, "class_reveal")
        assert screen.title[0].value.startswith("It is a")
        assert len(charts(screen)) == 1
        assert undescribed(screen) == []
        titles = [run(phone).title[0].value for phone in phones]
        assert "Right!" in titles[0]
        assert f'role="alert">Right. It is {with_article(CLASSES[question.right])}.' in shown(phones[0])
        assert seen(screen) == seen(phones[0]) == f"The photo: {with_article(CLASSES[question.right])}"
        assert "Not this time" in titles[1]
        assert "did not vote" in titles[2]
        assert not ballot(phones[0])
        click(screen, "class_next")
    assert [metric.value for metric in screen.metric][:2] == ["10 of 10", "0 of 10"]  # each time two said two things
    assert [metric.label for metric in screen.metric] == [
        f"Best: {room.pupils[0].name}",
        "The class, by most votes",
        "The plain network (A)",
        "The ResNet (B)",
    ]
    (onward,) = [each.proto for each in screen.get("page_link")]
    assert (onward.page, onward.query_string) == ("lesson", "lesson=shortcuts&begin=1")
    assert run(phones[0]).title[0].value == "You are 1st of 2"  # who voted
    assert run(phones[1]).title[0].value == "You are 2nd of 2"
    click(screen, "class_close")
    assert "open_room" in keys(screen)
    assert class_doors.GONE in alert(run(phones[0]))
    assert "open_room" in keys(phones[0])


def test_a_phone_that_slept_and_a_screen_reloaded_come_back():
    screen, room, _ = teacher()
    phone = visit(room=room.code)
    me = phone.query_params["me"]
    click(screen, "class_start")
    click(run(phone), "vote_0_3")
    again = visit(room=room.code, me=me)
    assert len(room.pupils) == 1
    assert "You chose" in said(again)
    for app, key in ((phone, "vote_0_3"), (screen, "class_reveal")):  # who looked at another page
        app.query_params.clear()
        app.switch_page("../pages/race.py").run()
        app.switch_page("../pages/classroom.py")
        assert key in keys(run(app))
    assert len(room.pupils) == 1


@pytest.mark.parametrize("garbage", ["", "BCDG.x", HOSTILE])
def test_a_phone_that_scans_the_code_again_is_the_same_pupil(cookies, garbage):
    _, room, _ = teacher()
    me = visit(room=room.code).query_params["me"]
    cookies[class_link.COOKIE] = f"{room.code}.{me}"
    again = visit(room=room.code)
    assert len(room.pupils) == 1
    cookies[class_link.COOKIE] = garbage
    visit(room=room.code)
    assert len(room.pupils) == 2
    cookies[class_link.COOKIE] = f"{room.code}.{me}"
    click(again, "class_forget")  # though the cookie still says who it was
    assert room.pupil(me) is None
    assert len(room.pupils) == 2


def test_a_phone_can_be_handed_on():
    _, room, _ = teacher()
    first = visit(room=room.code)
    (before,) = room.pupils
    phone = click(first, "class_forget")
    (now,) = room.pupils  # nobody waits for a vote of the one before
    assert now.identity != before.identity
    assert now.name in phone.title[0].value


def test_another_tab_of_a_phone_that_was_handed_on_is_nobody_who_is_waited_for():
    screen, room, _ = teacher()
    tab = visit(room=room.code)
    (me,) = room.pupils
    other = visit(room=room.code, me=linked(tab, "me"))
    click(other, "class_forget")
    click(run(screen), "class_start")
    click(run(screen), "class_reveal")
    polled = AppTest.from_function(poll, args=(room.code, me)).run()
    assert "another tab" in polled.title[0].value
    assert me not in room.pupils
    assert len(room.pupils) == 1
    run(tab)  # "Join here, too"
    assert len(room.pupils) == 2


def poll(code, me):
    from ui.classroom import class_pupil

    class_pupil._screen(code, me)


def test_the_class_leaves_the_rest_of_the_link_alone():
    app, _, _ = teacher()
    app.query_params.update(projector="1", hide="controls")
    app.run()
    assert linked(app, "projector") == "1"
    assert linked(app, "teacher") == "1"
    click(app, "class_close")
    assert linked(app, "hide") == "controls"
    assert "room" not in app.query_params


@pytest.mark.parametrize("code", ["BCDG", "garbage", HOSTILE])
def test_a_room_that_never_was_is_told_and_the_doors_stand_open(code):
    app = visit(room=code, me=HOSTILE)
    assert alert(app) == class_doors.GONE
    assert "open_room" in keys(app)


def test_the_link_on_the_wall_leads_to_the_teachers_screen_in_the_teachers_browser_alone(cookies):
    screen, room, token = teacher()
    _, other, others_token = teacher()
    link = {name: linked(screen, name) for name in ("room", "teacher")}
    assert token not in str(link)
    assert alert(visit(**link)) == class_doors.NOT_THE_TEACHERS
    assert not room.pupils
    script = next(html.proto.body for html in screen.get("html") if "document.cookie" in html.proto.body)
    assert f"{class_link.TEACHERS_COOKIE}{room.code}={token};" in script
    assert "path=/;SameSite=Strict" in script
    cookies |= {class_link.TEACHERS_COOKIE + room.code: token, class_link.TEACHERS_COOKIE + other.code: others_token}
    for reloaded in (room, other):
        assert reloaded.code in shown(again := visit(room=reloaded.code, teacher="1"))
        assert "class_start" in keys(again)
    cookies[class_link.TEACHERS_COOKIE + room.code] = others_token
    assert alert(visit(**link)) == class_doors.NOT_THE_TEACHERS


def test_in_another_tab_the_teacher_finds_the_latest_room(cookies):
    opened = [rooms.ROOMS.open([Question("?", ("a", "b"), 0)]) for _ in range(3)]
    for minute, (room, token) in enumerate(opened):
        room.opened += 60 * minute
        cookies[class_link.TEACHERS_COOKIE + room.code] = token
    rooms.ROOMS.close(*opened[2])
    app = visit()
    assert app.button(key="led_room").label == f"Back to your room {opened[1][0].code}"
    click(app, "led_room")
    assert linked(app, "room") == opened[1][0].code
    assert "class_start" in keys(app)
    cookies.clear()
    assert "led_room" not in keys(visit())


def test_a_teacher_who_tries_her_room_as_a_pupil_stays_one_in_that_tab_though_she_looks_at_a_lesson(cookies):
    _, room, token = teacher()
    cookies[class_link.TEACHERS_COOKIE + room.code] = token
    tab = visit(room=room.code)
    me = linked(tab, "me")
    tab.query_params.clear()
    tab.switch_page("../pages/lesson.py").run()
    click(tab, "begin_shortcuts")
    tab.query_params.clear()
    tab.switch_page("../pages/classroom.py")
    assert "You are" in run(tab).title[0].value
    assert linked(tab, "me") == me
    assert "class_start" not in keys(tab)


def test_a_token_leaves_the_link_of_a_lesson_too_and_the_session_keeps_it():
    _, room, token = teacher()
    app = new_app()
    app.query_params.update(lesson="shortcuts", step="2", room=room.code, teacher=token)
    app.switch_page("../pages/lesson.py")
    assert linked(run(app), "teacher") == "1"
    assert linked(app, "lesson") == "shortcuts"
    assert teachers_token(app) == token
    app.query_params.clear()
    app.switch_page("../pages/classroom.py")
    assert "class_start" in keys(run(app))


def test_a_token_leaves_the_link_at_once():
    _, room, token = teacher()
    app = visit(room=room.code, teacher=token)
    assert linked(app, "teacher") == "1"
    assert "class_start" in keys(run(app))


@pytest.mark.parametrize("token", ["garbage", HOSTILE, "x" * 22, "1"])
def test_a_stranger_does_not_get_the_teachers_screen(token):
    _, room, _ = teacher()
    pupil = visit(room=room.code).query_params["me"]
    for garbage in (token, pupil):
        app = visit(room=room.code, teacher=garbage)
        assert alert(app) == class_doors.NOT_THE_TEACHERS
        assert "class_start" not in keys(app)
    assert len(room.pupils) == 1


def test_garbage_of_a_pupil_joins_anew():
    _, room, _ = teacher()
    visit(room=room.code, me=HOSTILE)
    assert len(room.pupils) == 1


def test_the_typed_code_leads_in_and_what_else_is_typed_is_told():
    _, room, _ = teacher()
    app = visit()
    for typed, telling in ((HOSTILE[:8], "can't be a code"), ("aeiou", "can't be"), ("bbbb", "No room")):
        app.text_input(key="class_code").set_value(typed)
        submit(app)
        assert telling in alert(app)
    app.text_input(key="class_code").set_value(f" {room.code.lower()}")
    submit(app)
    assert "You are" in app.title[0].value
    assert len(room.pupils) == 1


def submit(app: AppTest) -> None:
    next(button for button in app.button if button.label == "Join with a code").click()
    run(app)


def test_by_a_closed_door_comes_who_was_in_and_nobody_else():
    screen, room, _ = teacher()
    phone = visit(room=room.code)
    click(run(screen), "class_close_door")
    assert class_teacher.CLOSED in shown(screen)
    assert "class_forget" not in keys(run(phone))
    assert "You are" in visit(room=room.code, me=phone.query_params["me"]).title[0].value
    late = visit(room=room.code)
    assert "The door is closed" in alert(late)
    click(screen, "class_start")
    assert class_teacher.CLOSED in shown(screen)
    click(screen, "class_open_door")
    assert "You" not in alert(run(late))
    assert len(room.pupils) == 2


def test_one_device_does_not_fill_a_room_unless_the_teacher_says_so(elsewhere):
    room, token = rooms.ROOMS.open([Question("?", ("a", "b"), 0)])
    for _ in range(MOST_OF_DEVICE):
        room.join(permission.device())
    assert f"{MOST_OF_DEVICE} have joined from this device" in alert(visit(room=room.code))
    screen = visit(room=room.code, teacher=token)
    assert "the next was turned away" in alert(screen)
    click(screen, "class_widen_door")
    assert room.door is Door.WIDE
    assert "turned away" not in alert(screen)


def test_on_a_phone_the_students_door_comes_first(monkeypatch):
    assert [header.value for header in visit().header] == ["Teacher", "Student"]
    monkeypatch.setattr(screen, "on_phone", lambda: True)
    assert [header.value for header in visit().header] == ["Student", "Teacher"]


def test_who_comes_after_the_reveal_is_not_blamed_and_counts_from_there():
    room, token = rooms.ROOMS.open([Question("?", ("a", "b"), 0)] * 2)
    room.start(token)
    room.reveal(token, 0)
    phone = visit(room=room.code)
    assert phone.title[0].value == "You have just joined"
    assert "The next one is yours." in said(phone)
    assert not phone.metric
    room.go_on(token, 0)
    click(run(phone), "vote_1_0")
    room.reveal(token, 1)
    assert run(phone).metric[0].value == "1 of 1"


def test_a_phone_in_a_lesson_waits_for_the_next_question_and_adds_up():
    questions = [Question("Which?", ("a", "b"), 0, step=("shortcuts", n), say="Look.", picture=5) for n in (1, 2)]
    room, token = rooms.ROOMS.open(questions[:1])
    screen, phone = visit(room=room.code, teacher=token), visit(room=room.code)
    for wrong, question in enumerate(questions):
        room.ask(token, question)
        assert "Look." in said(run(screen))
        click(run(phone), f"vote_{room.view().number}_{wrong}")
        for app in (screen, phone):
            assert seen(app) == "The photo that the question is about"
            assert undescribed(app) == []
        click(screen, "class_reveal")
        assert {"class_lesson", "class_next"} <= keys(screen)
        assert "next question comes on this phone" in said(run(phone))
        assert phone.metric[0].value == f"1 of {wrong + 1}"
    click(screen, "class_next")
    assert screen.metric[0].value == "1 of 2"
    assert "1st" not in run(phone).title[0].value
    assert phone.metric[0].value == "1 of 2"
    click(screen, "class_again")  # the class may play now, without joining again
    assert len(ballot(run(phone))) == 10


def test_after_three_hours_all_are_told(clock):
    screen, room, _ = teacher()
    phone = visit(room=room.code)
    clock[0] = rooms.SECONDS
    assert class_doors.GONE in alert(run(phone))
    assert alert(run(screen)) == class_doors.NOT_THE_TEACHERS
    assert "open_room" in keys(screen)


def test_no_more_rooms_than_there_are_is_told(monkeypatch):
    for _ in range(rooms.MOST_ROOMS):
        rooms.ROOMS.open([Question("?", ("a", "b"), 0)])
    app = visit()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(permission, "refusal", lambda: permission.NOT_HERE)
        click(app, "open_room")
    assert "rooms are open already" in app.toast[0].value
    assert "class_start" in keys(click(app, "open_room"))  # at the server itself


def test_who_comes_to_a_game_that_is_over_waits_for_the_next_in_its_room():
    screen, room, token = teacher()
    room.finish(token)
    phone = visit(room=room.code)
    assert "over" in phone.title[0].value
    assert room.pupils
    assert "no scores" in said(run(screen))


def test_a_question_of_a_lesson_needs_no_photo():
    room, token = rooms.ROOMS.open([Question(f"Why? {HOSTILE}", ("Luck", f"Skill {HOSTILE}"), 1)])
    screen, phone = visit(room=room.code, teacher=token), visit(room=room.code)
    click(screen, "class_start")
    assert "![" not in shown(screen)
    click(run(phone), "vote_0_1")
    click(screen, "class_reveal")
    assert screen.title[0].value.startswith("Skill")
    assert "Why?" in said(screen, "markdown")
    assert "![" not in shown(screen)
    assert len(charts(screen)) == 1
    assert "Right!" in run(phone).title[0].value
    click(screen, "class_next")
    assert screen.title[0].value == "The class has 1 of 1"
