"""The lessons on the screen: every step before and after its reveal, the way through, links by hand."""

import inspect
import os
import time
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from core.classroom.question import Question
from core.classroom.room import Phase
from core.classroom.rooms import PRESENT, ROOMS
from core.errors import LabError
from core.lessons import lesson
from core.lessons.views import VIEWS
from core.runs import store
from core.runs.library import find_run
from core.runs.run import open_run
from tests.core.lessons.test_lesson import SHIPPED, STEP, write
from tests.pages.opened import linked, new_app, open_page, said, teachers_token, undescribed
from ui import chart
from ui.classroom import class_link
from ui.lesson import lesson_views
from ui.pictures.picture_source import SOURCES
from ui.race import replay

STEPS = [(path.stem, number) for path in SHIPPED for number in range(1, len(lesson.load(path).steps) + 1)]


def visit(**link):
    app = new_app()
    for name, value in link.items():
        app.query_params[name] = value
    return open_page(app, "lesson")


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_every_step_is_drawn_before_and_after(name, step):
    app = visit(lesson=name, step=str(step))
    assert not app.error
    assert undescribed(app) == []
    shown = lesson.load(next(path for path in SHIPPED if path.stem == name)).steps[step - 1]
    assert app.title[0].value == shown.title.replace("$", "")
    named = [button.label for button in app.button if str(button.key).startswith("show_race_")]
    assert all(f"“{label}”" in shown.note for label in named)
    if shown.show and shown.show.name == "own_photo":
        assert f"choose **{SOURCES['camera']}**" in shown.say
    if shown.guess:
        finding = lesson.compute(shown.guess.fact).finding
        assert finding not in said(app)
        app.button(key="lesson_reveal").click().run()
        assert not app.exception
        assert not app.error
        assert finding[1:30] in said(app)
        assert undescribed(app) == []


def test_every_view_is_drawn_by_a_function_that_takes_what_the_table_says():
    assert lesson_views.DRAWN.keys() == VIEWS.keys()
    for name, draw in lesson_views.DRAWN.items():
        assert {key: each.annotation for key, each in inspect.signature(draw).parameters.items()} == VIEWS[name], name


def test_the_list_leads_into_a_lesson_and_the_end_back():
    app = visit()
    app.button(key="begin_shortcuts").click().run()
    assert (linked(app, "lesson"), linked(app, "step")) == ("shortcuts", "1")
    for step in range(2, 11):
        app.button(key="lesson_next").click().run()
        assert linked(app, "step") == str(step)
    app.button(key="lesson_back").click().run()
    assert linked(app, "step") == "9"
    app.button(key="lesson_next").click().run()
    app.button(key="lesson_next").click().run()
    assert app.title[0].value == "Lessons"


def test_a_guess_is_judged():
    app = visit(lesson="shortcuts", step="2")
    app.button_group(key="guess_shortcuts_2").set_value("a").run()
    app.button(key="lesson_reveal").click().run()
    assert "You guessed “The one without shortcuts”" in said(app)
    assert ":red[" in said(app)
    app = visit(lesson="shortcuts", step="6")
    app.slider(key="guess_shortcuts_6").set_value(90.0).run()
    app.button(key="lesson_reveal").click().run()
    assert "You guessed 90: very close." in said(app)


def test_a_slider_that_nobody_moved_is_no_guess():
    app = visit(lesson="transfer", step="3")
    app.button(key="lesson_reveal").click().run()
    assert "right on" in said(app)
    assert "You guessed" not in said(app)


def test_the_guess_of_the_moment_is_judged():
    """Though it was made just before the reveal."""
    app = visit(lesson="shortcuts", step="6")
    app.slider(key="guess_shortcuts_6").set_value(90.0)
    app.button(key="lesson_reveal").click().run()
    assert "You guessed 90: very close." in said(app)


def test_a_guess_in_percent_and_a_question_with_bold_words(tmp_path, monkeypatch):
    """The slider's format is one of C's, in which a percent sign is written twice."""
    text = STEP[: STEP.index('fact = "better"')] + 'fact = "right_share", run = "plain56-s0", unit = "%" }'
    write(tmp_path, text)
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path))
    (slider,) = visit(lesson="mine", step="1").slider
    assert slider.proto.format == "%g %%"
    room, token = ROOMS.open([Question("Is it **red**?", ("yes", "no"), 0)])
    room.start(token)
    app = new_app()
    app.query_params.update(room=room.code, teacher=token)
    assert open_page(app, "classroom").title[0].value == "Is it **red**?"


def test_a_run_that_cannot_be_read_is_left_out_of_the_depths(make_run, own_runs):
    recipe = find_run("plain56-s0").config
    make_run("mine")
    facts = open_run(own_runs / "mine").facts
    store.save_facts(own_runs / "mine", replace(recipe, seed=9), facts)
    (own_runs / "mine" / "history.csv").unlink()
    app = visit(lesson="shortcuts", step="5")
    app.button(key="lesson_reveal").click().run()
    assert not app.exception
    assert not app.error


def test_a_lesson_begun_again_is_new_to_the_next_class():
    app = visit(lesson="shortcuts", step="2")
    app.button(key="lesson_reveal").click().run()
    app.query_params.clear()
    app = open_page(app, "lesson")
    app.button(key="begin_shortcuts").click().run()
    app.button(key="lesson_next").click().run()
    assert app.button(key="lesson_reveal")
    assert "You guessed" not in said(app)
    app.button(key="lesson_reveal").click().run()
    app.query_params.update(lesson="shortcuts", begin="1")  # as the link on the first page does
    assert app.run().title[0].value == lesson.load(SHIPPED[0]).steps[0].title
    assert "begin" not in app.query_params
    app.button(key="lesson_next").click().run()
    assert app.button(key="lesson_reveal")


def test_the_race_of_a_lesson_plays_there_alone_ends_and_is_new_to_the_next_class():
    number, step = next(
        (n, step) for n, step in enumerate(lesson.load(SHIPPED[0]).steps, 1) if step.show and step.show.name == "race"
    )
    name = step.show.parameters["race"]
    app = visit(lesson="shortcuts", step=str(number))
    start = app.button(key=f"show_race_{name}")
    assert start.label == "Start the race"
    start.click().run()
    assert "shown faster" in app.get("progress")[-1].proto.text
    assert f"show_race_{name}" not in [button.key for button in app.button]
    assert open_page(app, "race").button(key="watch_recorded")
    app.session_state[replay.KEPT] = {lesson_views.PLACE: (name, time.monotonic() - replay.SECONDS)}
    app.query_params.update(lesson="shortcuts", step=str(number))
    app = open_page(app, "lesson")
    assert "is ahead" in app.success[0].value
    assert app.button(key=f"show_race_{name}").label == "Again"
    app.query_params.update(lesson="shortcuts", begin="1")
    app.run()
    app.query_params.update(step=str(number))
    assert app.run().button(key=f"show_race_{name}").label == "Start the race"


@pytest.mark.parametrize(
    ("step", "expected"), [("99", "10"), ("0", "1"), ("-3", "1"), ("abc", "1"), ("٣", "1"), ("1e9", "1")]
)
def test_a_step_by_hand_is_one_that_there_is(step, expected):
    app = visit(lesson="shortcuts", step=step)
    assert linked(app, "step") == expected
    assert not app.exception


@pytest.mark.parametrize("name", ["../x", "<b>", "nobody", "shortcuts.toml"])
def test_an_unknown_lesson_gives_those_that_there_are(name):
    app = visit(lesson=name)
    assert "no such lesson" in app.warning[0].value
    assert name not in app.warning[0].value
    assert app.button(key="begin_transfer")


def test_a_lesson_with_a_mistake_is_told_and_the_others_open(tmp_path, monkeypatch):
    write(tmp_path, STEP, "good")
    write(tmp_path, STEP.replace("[[steps]]", "[steps]"), "bad")
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path))
    app = visit()
    assert "bad.toml" in app.warning[0].value
    assert app.button(key="begin_good")


def test_a_lesson_that_cannot_be_read_is_told_and_the_others_open(tmp_path, monkeypatch):
    write(tmp_path, STEP, "good")
    (tmp_path / "mine.toml").symlink_to(tmp_path / "gone")
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path))
    app = visit()
    assert "mine.toml can't be read" in app.warning[0].value
    assert app.button(key="begin_good")


def test_what_a_lesson_says_is_text_with_bold_alone(tmp_path, monkeypatch):
    evil = "**Bold** [x](http://example.org) <b>b</b> $x$ :red[r] ![i](http://example.org/i.png)"
    write(tmp_path, STEP.replace("Look.", evil))
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path))
    shown = said(visit(lesson="mine"))
    assert "**Bold**" in shown
    for harmful in ("[x](", "<b>", "$x$", ":red[", "!["):
        assert harmful not in shown


def test_a_note_for_the_teacher_is_not_on_the_projector():
    note = lesson.load(SHIPPED[0]).steps[0].note
    assert note[:20] in said(visit(lesson="shortcuts"))
    assert note[:20] not in said(visit(lesson="shortcuts", projector="1"))


def test_the_class_can_guess_on_its_phones():
    app = visit(lesson="shortcuts", step="2")
    app.button(key="class_guess").click().run()
    assert not app.exception
    room = ROOMS.find(linked(app, "room"))
    assert room.led_by(teachers_token(app))
    assert linked(app, "teacher") == "1"
    (question,) = room.questions
    assert question.choices[question.right] == "The one with shortcuts"
    assert question.say == lesson.load(SHIPPED[0]).steps[1].say


def ask_the_class(app, step: int, **room: str):
    """The same app at the class's page."""
    app.query_params.clear()
    app.query_params.update(lesson="shortcuts", step=str(step), **room)
    app = open_page(app, "lesson")
    app.button(key="class_guess").click().run()
    assert not app.exception
    return app


def test_a_class_stays_in_its_room_from_question_to_question_and_into_the_next_lesson(cookies):
    app = ask_the_class(new_app(), 2)
    room, teacher = ROOMS.find(linked(app, "room")), teachers_token(app)
    cookies[class_link.TEACHERS_COOKIE + room.code] = teacher
    assert linked(ask_the_class(app, 1), "room") == room.code  # nobody is in it yet, but somebody may be scanning
    assert room.view().phase is Phase.WAITING
    assert room.view().question.picture == 3986
    room.join()
    app = ask_the_class(new_app(), 3, room=room.code, teacher="1")  # the lesson's page was reloaded
    assert linked(app, "room") == room.code
    assert room.view().phase is Phase.VOTING
    room.reveal(teacher, room.view().number)
    ROOMS.find(room.code, by_phone=True)
    app.query_params.clear()
    app = open_page(app, "lesson")
    assert f"1 phone has joined the room **{room.code}**" in said(app)
    app.button(key="begin_transfer").click().run()
    assert {name: linked(app, name) for name in ("room", "teacher")} == {"room": room.code, "teacher": "1"}
    assert len(room.pupils) == 1
    assert not room.revealed()
    room.phone_looked_at -= PRESENT
    app.query_params.update(lesson="shortcuts", begin="1")
    app.run()
    assert ROOMS.find(room.code) is None  # the next class gets a room of its own
    assert "room" not in app.query_params


def test_a_game_that_is_on_is_not_ended_by_a_lesson_and_who_waits_for_one_is_taken_along():
    room, token = ROOMS.open([Question("?", ("a", "b"), 0)])
    room.join()
    here = {"room": room.code, "teacher": token}
    room.start(token)
    ROOMS.find(room.code, by_phone=True)
    app = ask_the_class(new_app(), 2, **here)
    assert [error.value for error in app.error] == [
        f"A game is on in the room {room.code}. End it first: on “Your class plays”, by “End”."
    ]
    assert room.game_is_on
    room.phone_looked_at -= PRESENT
    assert linked(ask_the_class(new_app(), 2, **here), "room") != room.code  # the class has gone
    room.finish(token)
    assert linked(ask_the_class(new_app(), 2, **here), "room") == room.code
    waiting, token = ROOMS.open([Question("?", ("a", "b"), 0)])
    waiting.join()
    app = ask_the_class(new_app(), 2, room=waiting.code, teacher=token)
    assert linked(app, "room") == waiting.code
    assert waiting.view().phase is Phase.VOTING


def test_what_the_teacher_reveals_in_the_lesson_the_phones_are_told():
    app = ask_the_class(new_app(), 2)
    room, token = ROOMS.find(linked(app, "room")), teachers_token(app)
    room.start(token)
    here = {"lesson": "shortcuts", "room": room.code, "teacher": token}
    for step, phase in ((3, Phase.VOTING), (2, Phase.REVEALED)):
        app = visit(step=str(step), **here)
        app.button(key="lesson_reveal").click().run()
        assert room.view().phase is phase


def test_a_class_that_played_ten_photos_and_left_makes_room_for_the_next():
    room, token = ROOMS.open([Question("?", ("a", "b"), 0)])
    room.join()
    room.start(token)
    room.finish(token)
    app = new_app()
    app.query_params.update(room=room.code, teacher=token)
    app = open_page(app, "lesson")
    assert f"1 phone has joined the room **{room.code}**." in said(app)  # no more is promised
    app.button(key="begin_transfer").click().run()
    assert ROOMS.find(room.code) is None


def test_a_number_is_asked_for_by_ranges():
    app = ask_the_class(new_app(), 6)
    (question,) = ROOMS.find(linked(app, "room")).questions
    assert question.choices[question.right] == "75 to 100 of 100"


def test_without_lessons_the_page_says_so_and_start_leads_to_none(tmp_path, monkeypatch):
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path))
    assert "There are no lessons here" in visit().info[0].value
    pages = [link.proto.page.split("/")[-1] for link in new_app().run().get("page_link")]
    assert "lesson" not in pages
    assert "look_inside" in pages


def test_a_folder_of_lessons_that_may_not_be_searched_keeps_nobody_from_the_first_page(tmp_path, monkeypatch):
    """Root may search everywhere: so the answer that others get is given here."""
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path / "lessons"))
    stat = os.stat

    def denied(path, *args, **kwargs):
        if str(path).startswith(f"{tmp_path / 'lessons'}"):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *args, **kwargs)

    monkeypatch.setattr(os, "stat", denied)
    app = new_app().run()
    assert not app.exception
    assert "lesson" not in [link.proto.page.split("/")[-1] for link in app.get("page_link")]
    assert "lessons can't be read" in visit().warning[0].value


def test_a_lesson_without_two_networks_offers_nothing_to_take_home(tmp_path, monkeypatch):
    write(tmp_path, STEP)
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path))
    app = visit()
    assert app.button(key="begin_mine")
    assert not app.get("download_button")


def test_a_lesson_opens_once_its_run_is_there(tmp_path, monkeypatch, make_run):
    write(tmp_path, STEP.replace("plain56-s0", "mine"))
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path))
    assert "there is no run 'mine'" in visit().warning[0].value
    make_run("mine")
    assert visit().button(key="begin_mine")


def test_what_labels_are_worth_is_told_with_the_steps_that_were_made(monkeypatch):
    shown = []
    monkeypatch.setattr(chart, "show", lambda draw, table, **options: shown.append(table))
    reveals = [step.reveal for step in lesson.load(SHIPPED[1]).steps if step.reveal]
    view = next(reveal for reveal in reveals if reveal.name == "label_budget")
    lesson_views.show(view)
    assert (shown[0]["steps"] > 0).all()


def test_at_the_end_stands_what_to_take_along_and_where_to_go():
    app = visit(lesson="shortcuts", step="10")
    app.button(key="lesson_next").click().run()
    assert all(aim in app.success[0].value for aim in lesson.load(SHIPPED[0]).aims)


@pytest.mark.parametrize("reloaded", [False, True])
def test_from_the_question_of_a_lesson_the_teacher_finds_back(reloaded, cookies):
    app = visit(lesson="shortcuts", step="2")
    app.button(key="class_guess").click().run()
    where, token = {name: linked(app, name) for name in ("room", "teacher")}, teachers_token(app)
    room = ROOMS.find(where["room"])
    cookies[class_link.TEACHERS_COOKIE + room.code] = token
    room.start(token)
    room.reveal(token, 0)
    if reloaded:
        app = new_app()
        app.query_params.update(where)
    app = open_page(app, "classroom")
    app.button(key="class_lesson").click().run()
    where |= {"lesson": "shortcuts", "step": "2"}
    assert {name: linked(app, name) for name in where} == where
    step = lesson.load(SHIPPED[0]).steps[1]
    assert app.title[0].value == step.title
    assert step.why in said(app)  # the class has seen the answer


def test_from_the_own_photo_of_a_lesson_one_finds_back():
    app = visit(lesson="shortcuts", step="7")
    there = next(each.proto for each in app.get("page_link") if "Show them" in each.proto.label)
    app = new_app()
    app.query_params.update(parse_qs(there.query_string), source="Test photo")
    app = open_page(app, "look_inside")
    back = next(each.proto for each in app.get("page_link") if each.proto.label == "Back to the lesson")
    assert back.query_string == "lesson=shortcuts&step=7"


def test_a_reason_without_a_question_is_shown(tmp_path, monkeypatch):
    write(tmp_path, STEP[: STEP.index("guess =")] + 'why = "Because."')
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path))
    assert "Because." in said(visit(lesson="mine", step="1"))


@pytest.mark.parametrize("none", ["lesson_views.finished_runs", "tables.figures"])
@pytest.mark.parametrize(("name", "step"), [("transfer", 5), ("shortcuts", 5)])
def test_a_view_without_a_run_that_can_be_read_says_so(name, step, none, monkeypatch):
    monkeypatch.setattr(lesson_views, "readable_runs", list)
    monkeypatch.setattr(f"ui.{'lesson.' if 'lesson' in none else ''}{none}", lambda *runs: [])
    path = next(path for path in SHIPPED if path.stem == name)
    with pytest.raises(LabError):
        lesson_views.show(lesson.load(path).steps[step - 1].reveal)
