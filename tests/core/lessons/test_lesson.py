"""Lessons: the two that ship, and a sentence for each mistake that a teacher can make."""

import re
from pathlib import Path

import pytest

from core.analysis import metrics
from core.data.cifar10 import load_test_labels
from core.errors import LabError
from core.jobs.races import recorded_races
from core.lessons import lesson
from core.paths import ROOT
from core.runs.library import find_run

SHIPPED = sorted((ROOT / "lessons").glob("*.toml"))
FROZEN = ("resnet50-frozen", "resnet50-imagenet")
STEP = """
title = "A lesson"

[[steps]]
title = "First"
say = "Look."
show = { view = "photo", photo = 3 }
guess = { ask = "Who?", fact = "better", a = "plain56-s0", b = "resnet56-s0", answers = { a = "A", b = "B" } }
"""


def write(folder, text: str, name: str = "mine"):
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_lesson_is_whole(path):
    loaded = lesson.load(path)
    assert 8 <= len(loaded.steps) <= 10
    assert 12 <= loaded.minutes <= 18
    assert loaded.aims
    assert loaded.offline
    assert any(step.show and step.show.name == "own_photo" for step in loaded.steps)
    assert all(step.guess and step.why for step in loaded.steps[-3:])  # three questions, with reasons
    assert all(step.note for step in loaded.steps[:-3])
    assert all(lesson.compute(step.guess.fact).finding.endswith(".") for step in loaded.steps if step.guess)
    counts = re.compile(r"\b(first|second|third)\b:|\bThree questions\b")  # the handout leaves some steps out
    assert not any(counts.search(step.say) for step in loaded.steps)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_a_lesson_says_of_its_race_is_what_was_recorded(path):
    (step,) = (step for step in lesson.load(path).steps if step.show and step.show.name == "race")
    recording = recorded_races.load(recorded_races.path(step.show.parameters["race"]))
    passes = {1: "one pass", 2: "two passes"}[recording.facts.epochs]
    assert f"{passes} over 9,000 photos" in step.say
    assert 9_000 - 32 < recording.frames[-1].steps / recording.facts.epochs * 32 <= 9_000
    assert "smaller" not in step.say


def test_what_a_lesson_says_of_a_gentle_start_is_what_was_recorded():
    runs = [find_run(name) for name in ("plain56-clip1", "plain56-s0")]
    clipped, usual = (run.history() for run in runs)
    (step,) = (step for step in lesson.load(ROOT / "lessons" / "shortcuts.toml").steps if "clipping" in step.note)
    after_10 = [f"{history['train_accuracy'].iloc[9]:.0%}" for history in (clipped, usual)]
    assert f"right on {after_10[0]} of its training photos after 10 passes, not {after_10[1]}" in step.note
    right = [100 * metrics.accuracy(run.test_logits(), load_test_labels()).value for run in runs]
    assert f"ended at {right[0]:.0f} of 100, not {right[1]:.0f}" in step.why


def test_a_frozen_network_makes_as_many_more_mistakes_as_a_lesson_says():
    wrong = [1 - metrics.accuracy(find_run(name).test_logits(), load_test_labels()).value for name in FROZEN]
    (step,) = (step for step in lesson.load(ROOT / "lessons" / "transfer.toml").steps if "twice" in step.mistake)
    assert step.guess.fact.parameters == dict(zip("ab", FROZEN, strict=True))
    assert 2 < wrong[0] / wrong[1] < 3
    assert "more than twice as many mistakes" in step.mistake


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_people_will_say_is_expected_and_not_known(path):
    """Nobody has counted."""
    said = [text for step in lesson.load(path).steps for text in (step.mistake, step.note)]
    counted = re.compile(
        r"\b(Most|Many|Nearly everybody|Some|People) (say|guess|think|expect|remember)|people remember"
    )
    assert [text for text in said if counted.search(text)] == []


def test_two_lessons_ship_and_one_folder_of_ones_own_replaces_them(tmp_path, monkeypatch):
    assert [path.stem for path in SHIPPED] == ["shortcuts", "transfer"]
    write(tmp_path, STEP)
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path))
    found, problems = lesson.list_lessons()
    assert (list(found), problems) == (["mine"], [])
    assert found["mine"].minutes == 1


def test_what_editors_and_systems_hide_beside_a_lesson_is_none(tmp_path, monkeypatch):
    write(tmp_path, STEP)
    (tmp_path / ".#mine.toml").symlink_to("somebody@here.1234:5678")  # Emacs, while the file is open
    (tmp_path / "._mine.toml").write_bytes(b"\0\5\x16\7")  # macOS, on a disk of Windows
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path))
    assert lesson.lesson_files(tmp_path) == [tmp_path / "mine.toml"]
    assert lesson.list_lessons()[1] == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_lesson_as_windows_saves_it_opens_or_it_is_said_how_to_save_it(tmp_path, encoding):
    path = tmp_path / "mine.toml"
    path.write_bytes(STEP.replace("\n", "\r\n").encode(encoding))
    if encoding == "utf-16":
        with pytest.raises(LabError, match="not written in UTF-8; save it anew with that encoding"):
            lesson.load(path)
    else:
        assert lesson.load(path).title == "A lesson"


def test_a_mistake_is_told_and_the_others_open(tmp_path, monkeypatch):
    write(tmp_path, STEP, "good")
    write(tmp_path, STEP.replace('view = "photo"', 'view = "foto"'), "bad")
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path))
    found, (problem,) = lesson.list_lessons()
    assert list(found) == ["good"]
    assert problem.startswith("bad.toml: step 1: show: there is no view 'foto'. Known: photo, ")


def test_what_cannot_be_read_is_told_and_the_others_open(tmp_path, monkeypatch):
    write(tmp_path, STEP, "good")
    (tmp_path / "mine.toml").symlink_to(tmp_path / "gone.toml")
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path))
    before = lesson.version()
    assert lesson.list_lessons()[1] == ["mine.toml can't be read: No such file or directory."]
    write(tmp_path, STEP, "gone")
    assert lesson.version() != before
    found, problems = lesson.list_lessons()
    assert (list(found), problems) == (["gone", "good", "mine"], [])


def test_a_folder_of_lessons_into_which_nobody_may_look_is_told(tmp_path, monkeypatch):
    """Root may look everywhere: so the answer that others get is given here."""
    monkeypatch.setenv("RESNET_LAB_LESSONS", str(tmp_path))
    empty = lesson.version()

    def denied(path: Path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", denied)
    assert lesson.list_lessons() == ({}, [f"{tmp_path} can't be read: Permission denied."])
    assert lesson.version() != empty


MISTAKES = {
    "no TOML": ("title = ", "mine.toml is not valid TOML"),
    "no title": (STEP.replace('title = "A lesson"', ""), "title is missing"),
    "no steps": ('title = "A lesson"', "it needs 1 to 40 steps"),
    "steps that are none": ('title = "A lesson"\nsteps = [1]', "step 1: it must be a table"),
    "unknown field": (STEP + "notes = 'x'", "step 1: 'notes' is not known here"),
    "unknown fact": (STEP.replace('"better"', '"best"'), "step 1: guess: there is no fact 'best'"),
    "no say": (STEP.replace('say = "Look."', ""), "step 1: say is missing"),
    "say that is no text": (STEP.replace('say = "Look."', "say = 3"), "step 1: say must be a text"),
    "a parameter too few": (STEP.replace(", photo = 3", ""), "step 1: show (photo): photo is missing"),
    "a parameter too many": (STEP.replace("photo = 3", "photo = 3, b = 1"), "step 1: 'b' is not known here"),
    "a photo that is none": (STEP.replace("photo = 3", "photo = 10000"), "photo must be a whole number from 0 to 9999"),
    "a photo in words": (STEP.replace("photo = 3", 'photo = "3"'), "photo must be a whole number"),
    "no such run": (STEP.replace("plain56-s0", "plain57-s0"), "step 1: guess (better): there is no run 'plain57-s0'"),
    "a number for a run": (STEP.replace('a = "plain56-s0"', "a = 3"), "a must be a name in quotes"),
    **{
        f"bounds: {kind}": (
            STEP[: STEP.index('fact = "better"')] + f'fact = "right_share", run = "plain56-s0", {bounds} }}',
            "low and high must be numbers from -1,000,000 to 1,000,000, low the smaller",
        )
        for kind, bounds in {
            "low above high": "low = 90, high = 10",
            "infinity": "high = inf",
            "minus infinity": "low = -inf",
            "400 digits": f"high = 1{'0' * 400}",
            "no number": "high = nan",
        }.items()
    },
    "5,000 digits": (f"minutes = {'1' * 5_000}\n{STEP}", "mine.toml is not valid TOML: Exceeds the limit"),
    "lists in lists": (f"aims = {'[' * 10_000}", "mine.toml is not valid TOML"),
    "a path for a run": (STEP.replace("plain56-s0", "../../etc"), "a is not the name of a run"),
    "one answer": (STEP.replace('a = "A", b = "B" }', 'b = "B" }'), "it needs 2 to 4 answers"),
    "the right answer not offered": (
        STEP.replace('{ a = "A", b = "B" }', '{ a = "A", same = "B" }'),
        "the right answer, as the runs have it, is 'b', and is not among the answers",
    ),
    "an empty answer": (STEP.replace('b = "B" }', 'b = "" }'), "step 1: b is missing"),
    "negative minutes": (STEP + "minutes = -1", "minutes must be a number above 0"),
    "endless minutes": (STEP + "minutes = inf", "minutes must be a number above 0"),
    "reveal without a guess": (
        STEP.split("guess =")[0] + 'reveal = { view = "photo", photo = 3 }',
        "there is something to reveal, and no guess before it",
    ),
    "no such race": (STEP.replace('view = "photo", photo = 3', 'view = "race", race = "x"'), "there is no race 'x'"),
    "a block that can't be cut": (
        STEP.replace('view = "photo", photo = 3', 'view = "surgery", a = "plain20-s0", b = "resnet20-s0", block = 4'),
        "step 1: show (surgery): What plain20-s0 does without block 4 is not known",
    ),
    "a depth of another kind": (
        STEP.replace('view = "photo", photo = 3', 'view = "depth", a = "plain20-s0", b = "resnet50-scratch"'),
        "step 1: show (depth): resnet50-scratch is no plain network or ResNet",
    ),
    "depths of two recipes": (
        STEP.replace('view = "photo", photo = 3', 'view = "depth", a = "plain20-s0", b = "resnet20-quick"'),
        "step 1: show (depth): plain20-s0 and resnet20-quick differ in more than depth, shortcuts and seed",
    ),
    "labels without a pair": (
        STEP.replace('view = "photo", photo = 3', 'view = "label_budget", a = "plain20-s0", b = "resnet50-imagenet"'),
        "plain20-s0 and resnet50-imagenet do not differ in their initial weights alone",
    ),
    "aims that are no list": ('aims = "x"\n' + STEP, "aims must be a list of sentences"),
    "a very long text": (STEP.replace("Look.", "Look. " * 200), "say must be a text of at most 600 letters"),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_each_mistake_has_its_sentence(tmp_path, kind):
    text, telling = MISTAKES[kind]
    with pytest.raises(LabError) as caught:
        lesson.load(write(tmp_path, text))
    assert telling in str(caught.value)
    assert str(caught.value).startswith("mine.toml")


def test_a_file_name_that_no_link_could_hold_is_a_mistake(tmp_path):
    with pytest.raises(LabError, match="its name must be made of"):
        lesson.load(write(tmp_path, STEP, "my lesson"))


def test_a_number_outside_the_slider_is_a_mistake(tmp_path):
    number = 'fact = "right_share", run = "plain56-s0", low = 0, high = 50, unit = "of 100" }'
    text = STEP[: STEP.index('fact = "better"')] + number
    with pytest.raises(LabError, match="the right answer is not between low"):
        lesson.load(write(tmp_path, text))
    guess = lesson.load(write(tmp_path, text.replace("50", "90"))).steps[0].guess
    assert (guess.low, guess.high, guess.unit) == (0, 90, "of 100")


def test_a_run_that_is_not_finished_is_a_mistake(tmp_path, make_run, own_runs):
    make_run("half")
    (own_runs / "half" / "test_logits.npz").unlink()
    with pytest.raises(LabError, match="half is not finished"):
        lesson.load(write(tmp_path, STEP.replace("plain56-s0", "half")))
