"""The page of the races, run without a browser: nothing is trained here. A live race is a process that waits, and its
frames are written by hand."""

import itertools
import json
import re
import subprocess
import sys
import time
from dataclasses import asdict
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import TrainingError
from core.jobs.races import race_process, recorded_races
from core.jobs.races.frames import Frame, Standing
from core.jobs.races.pairs import RACES
from core.runs.library import find_run
from core.words.gradients import SIZE_ALONE
from tests.pages.opened import charts, new_app, open_page, said, undescribed
from ui.race import race_host, race_stage, replay

NO_WINNER, HOSTILE = "no winner", "![x](https://example.org/p.png)"


@pytest.fixture
def live(monkeypatch, own_runs):
    """live(): starts a "race" that waits, as the page does; gives the token. Ended afterwards."""
    own_runs.mkdir(exist_ok=True)

    def detached(command, log):
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])

    monkeypatch.setattr(race_process.processes, "detached", detached)
    yield lambda name="20": race_process.start(name)[1]
    end_race()


def end_race() -> None:
    if race := race_process.current():
        race_process._end(race)


def write_frames(own_runs, step: int, failure: str = "") -> None:
    """What a race shows that has got to `step` of 420: at the end, 25 and 36 of 100 are right."""
    standings = {
        side: Standing(
            1.5, accuracy, final if step == 420 else None, [0.1 * i for i in range(20)], [[0.9] + [0.01] * 9] * 4
        )
        for side, accuracy, final in (("A", 0.31, 0.25), ("B", 0.52, 0.361))
    }
    frames = [asdict(Frame(i, 420, float(i), standings)) for i in [*range(1, step, 7), step]]
    lines = [*frames, *([{"failure": failure}] if failure else [])]
    (own_runs / race_process.FRAMES_FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))


def visit(**link: str) -> AppTest:
    app = new_app()
    app.switch_page("../pages/race.py")
    for key, value in link.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.main.button}


def alert(app: AppTest) -> str:
    return "\n".join(each.value for kind in (app.success, app.info, app.error) for each in kind)


def track(app: AppTest) -> str:
    """What the drawing of the runners says to those who do not see it."""
    return next(
        (image.proto.imgs[0].alt for image in app.get("image") if "Right answers" in image.proto.imgs[0].alt), ""
    )


def heading(app: AppTest) -> str:
    return "".join(html.proto.body for html in app.get("html"))


def link(app: AppTest) -> str:
    """That to two networks that learned for longer."""
    return next(each.proto.query_string for each in app.get("page_link") if each.proto.label == "Compare them")


def test_nothing_stands_below_start_until_a_race_starts():
    app = visit()
    assert keys(app) == {"watch_recorded", "start_race"}
    assert not alert(app)
    assert not app.get("image")
    assert not charts(app)
    assert [len(chips.options) for chips in app.get("button_group")] == [len(RACES), 3]


def test_the_link_chooses_the_race_and_a_name_unknown_here_is_as_none():
    assert visit(race="56").button_group(key="race").value == "56"
    assert visit(race=HOSTILE).button_group(key="race").value == "20"


def test_an_old_link_to_train_leads_here():
    app = new_app()
    app.switch_page("../pages/train.py")
    app.query_params["race"] = "56"
    app.run()
    assert not app.exception
    assert app.title[0].value == "Watch them learn"
    assert app.button_group(key="race").value == "56"


def bet(app: AppTest, name: str, side: str) -> None:
    app.button_group(key="race").set_value(name).run()
    app.button_group(key=f"bet_{name}").set_value(side).run()


def test_a_clock_that_is_set_back_does_not_stop_a_recorded_race(monkeypatch):
    hours = itertools.count(1e9, -3600)
    monkeypatch.setattr(replay, "time", SimpleNamespace(monotonic=time.monotonic, time=lambda: next(hours)))
    app = visit()
    app.button(key="watch_recorded").click().run()
    assert not app.exception
    assert track(app)


def let_pass(app: AppTest, seconds: float) -> AppTest:
    name, _ = app.session_state[replay.KEPT][race_stage.PLACE]
    app.session_state[replay.KEPT] = {race_stage.PLACE: (name, time.monotonic() - seconds)}
    return app.run()


@pytest.mark.parametrize(("side", "judged"), [("A", "wrong"), ("B", "right"), ("same", "wrong")])
def test_a_recorded_race_moves_ends_and_judges_the_bet(side, judged):
    app = visit()
    bet(app, "56", side)
    app.button(key="watch_recorded").click().run()
    assert not app.exception
    assert "latest training photos" in said(app)
    begin = track(app)
    let_pass(app, replay.SECONDS * 0.8)
    assert track(app) not in ("", begin)
    assert not alert(app)
    let_pass(app, replay.SECONDS + 1)
    assert not app.exception
    last = recorded_races.load(recorded_races.path("56")).frames[-1].standings
    shares = {side: f"{standing.validation:.0%}" for side, standing in last.items()}
    assert track(app) == f"Right answers: Plain network {shares['A']}, ResNet {shares['B']}"
    assert f"The ResNet is ahead**: right on {shares['B'][:-1]} of 100 photos" in alert(app)
    assert f": **{judged}**." in alert(app)
    assert "2 passes over the photos took 12" in said(app)
    assert link(app) == "a=plain56-s0&b=resnet56-s0"
    assert {"again", "start_race", "leave_race"} <= keys(app)
    app.button(key="again").click().run()
    assert track(app) == begin
    app.button(key="leave_race").click().run()
    assert "watch_recorded" in keys(app)


def test_networks_that_learned_for_longer_are_of_the_same_kinds_as_those_of_the_race():
    assert race_stage.LEARNED_LONGER.keys() == RACES.keys()
    for name, race in RACES.items():
        for run, raced in zip(map(find_run, race_stage.LEARNED_LONGER[name]), (race.a, race.b), strict=True):
            assert run.config.epochs * run.training_images > 9_000 * recorded_epochs(name)
            assert (run.config.skip, run.config.pretrained) == (raced.skip, raced.pretrained)
            assert not run.config.is_twin or run.config.depth == raced.depth


def recorded_epochs(name: str) -> int:
    return recorded_races.load(recorded_races.path(name)).facts.epochs


def test_without_a_bet_nothing_is_judged():
    app = visit(race="pretrained")
    app.button(key="watch_recorded").click().run()
    assert RACES["pretrained"].question in heading(app)
    let_pass(app, 99)
    assert "ahead" in alert(app)
    assert "You bet" not in alert(app)


def test_the_curious_see_charts_and_nobody_else():
    app = visit()
    app.button(key="watch_recorded").click().run()
    let_pass(app, 99)
    assert not charts(app)
    app.session_state["race_details"] = True
    app.run()
    assert not app.exception
    assert len(charts(app)) == 3
    assert SIZE_ALONE in said(app, "caption")  # its gradients are as they came, not measured by the weights
    assert undescribed(app) == []


def test_a_damaged_recording_is_told_and_the_offer_stays(monkeypatch, tmp_path):
    monkeypatch.setattr(recorded_races, "FOLDER", tmp_path)
    replay.recording.clear()
    app = visit()
    app.button(key="watch_recorded").click().run()
    assert not app.exception
    assert "missing" in alert(app)
    assert "start_race" in keys(app)
    replay.recording.clear()


def test_where_training_is_off_the_recorded_race_plays(monkeypatch):
    monkeypatch.setenv("RESNET_LAB_TRAINING", "off")
    app = visit()
    assert keys(app) == {"watch_recorded"}
    assert "switched off" in said(app)
    app.button(key="watch_recorded").click().run()
    let_pass(app, 99)
    assert "ahead" in alert(app)
    assert keys(app) == {"again", "leave_race"}


def hosts_token(app) -> str:
    """What the host's browser is given to keep."""
    script = next(html.proto.body for html in app.get("html") if "document.cookie" in html.proto.body)
    return re.search(rf"{race_host.COOKIE}=([^;]+);max-age=3600;path=/;SameSite=Strict", script)[1]


def test_who_starts_a_race_may_stop_it_also_after_a_reload(live, own_runs, cookies):
    app = visit()
    bet(app, "20", "B")
    app.button(key="start_race").click().run()
    assert not app.exception
    token = hosts_token(app)
    assert race_process.current().hosted_by(token)
    assert token not in str(app.query_params)
    write_frames(own_runs, 141)
    app.run()
    assert track(app) == "Right answers: Plain network 31%, ResNet 52%"
    assert "About 4:39 left" in app.get("progress")[0].proto.text
    assert keys(app) == {"stop_race"}
    cookies[race_host.COOKIE] = token
    again = visit()
    assert "stop_race" in keys(again)
    again.button(key="stop_race").click().run()
    assert not again.exception
    assert not race_process.current().alive
    assert NO_WINNER in alert(again)
    app.run()
    assert NO_WINNER in alert(app)


def test_the_host_who_looked_at_another_page_is_still_the_host(live):
    app = visit()
    app.button(key="start_race").click().run()
    app.query_params.clear()
    app.switch_page("../pages/compare.py").run()
    app.switch_page("../pages/race.py").run()
    assert "stop_race" in keys(app)


@pytest.mark.parametrize("host", [None, "garbage", HOSTILE])
def test_a_visitor_watches_and_cannot_stop(live, own_runs, host, elsewhere, cookies):
    live()
    write_frames(own_runs, 100)
    if host:
        cookies[race_host.COOKIE] = host
    app = visit()
    assert track(app)
    assert keys(app) == {"watch_instead"}
    with pytest.raises(TrainingError):
        race_process.stop(host or "")
    assert race_process.current().alive


def test_a_visitor_need_not_wait_for_the_end_and_who_is_in_charge_ends_it(live):
    live("56")
    app = visit()
    app.button(key="watch_instead").click().run()
    assert "Recorded, and shown faster" in app.get("progress")[0].proto.text
    assert RACES["56"].question in heading(app)
    app.button(key="leave_race").click().run()
    assert keys(app) == {"stop_race", "watch_instead"}
    app.button(key="stop_race").click().run()
    assert not race_process.current().alive


def test_two_who_press_at_once_watch_the_first_ones_race(live, own_runs, elsewhere):
    app = visit(race="56")
    live("20")
    app.button(key="start_race").click().run()
    assert not app.exception
    assert "already on" in app.toast[0].value
    assert RACES["20"].question in heading(app)
    assert "stop_race" not in keys(app)


def test_the_end_is_shown_to_the_host_and_to_who_watched(live, own_runs, cookies):
    token = live()
    write_frames(own_runs, 100)
    watcher = visit()
    write_frames(own_runs, 420)
    end_race()
    watcher.run()
    cookies[race_host.COOKIE] = token
    for app in (watcher, visit()):
        assert not app.exception
        assert "**The ResNet is ahead**: right on 36 of 100 photos" in alert(app)
        assert "the plain network on 25." in alert(app)
        assert track(app) == "Right answers: Plain network 25%, ResNet 36%"
        app.button(key="leave_race").click().run()
        assert keys(app) == {"watch_recorded", "start_race"}
        assert not alert(app)
    assert any(f"{race_host.COOKIE}=;max-age=0;" in html.proto.body for html in app.get("html"))
    cookies.clear()
    late = visit()
    assert keys(late) == {"watch_recorded", "start_race"}
    assert not alert(late)
    assert not track(late)


def test_why_a_race_failed_is_said_to_the_host_alone(live, own_runs, cookies):
    token = live("pretrained")
    watcher = visit()
    write_frames(own_runs, 8, failure=f"The disk is full. {HOSTILE}")
    end_race()
    cookies[race_host.COOKIE] = token
    host = visit()
    assert "The disk is full." in alert(host)
    assert "![" not in alert(host)
    cookies.clear()
    assert "The disk is full." not in alert(watcher.run())
    assert NO_WINNER in alert(watcher)
    assert not alert(visit())


def test_a_race_that_failed_before_its_first_step_leaves_the_offer(live, own_runs, cookies):
    token = live("pretrained")
    (own_runs / race_process.FRAMES_FILE).write_text(json.dumps({"failure": "There is no internet."}) + "\n")
    end_race()
    cookies[race_host.COOKIE] = token
    host = visit()
    assert "There is no internet." in alert(host)
    assert "watch_recorded" in keys(host)
    host.button(key="watch_recorded").click().run()
    assert track(host)
    assert not alert(host)


def test_who_waits_before_the_offer_sees_a_race_that_starts(live, own_runs):
    app = visit()
    live()
    write_frames(own_runs, 50)
    app.run()
    assert track(app)


def test_a_live_race_says_what_it_waits_for(live):
    live("pretrained")
    assert "45 MB" in visit().get("progress")[0].proto.text


def test_who_bets_and_waits_keeps_the_bet_when_somebody_else_starts(live, own_runs):
    app = visit(race="20")
    app.segmented_control(key="bet_20").set_value("B").run()
    live("20")
    write_frames(own_runs, step=40)
    app.run()
    assert app.session_state["_bet"] == {"20": "B"}


def test_back_leads_to_the_race_of_the_link():
    app = visit(race="20")
    app.segmented_control(key="race").set_value("56").run()
    app = open_page(app, "start")
    app.switch_page("../pages/race.py")
    app.query_params["race"] = "56"
    assert app.run().segmented_control(key="race").value == "56"
