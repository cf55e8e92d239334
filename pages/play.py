"""Ten photos, one at a time: you against both networks."""

import secrets

import streamlit as st

from core.classroom import contest
from core.data.cifar10 import CLASSES
from core.words import capitalized, with_article
from core.words.glossary import explain
from core.words.play import contest as contest_words
from core.words.settings import names
from ui import cached, link
from ui.curious import curious
from ui.pair.pair import DEEP
from ui.pair.runs import finished_runs
from ui.pictures import photos

LARGE, SMALL, STRIP, BUTTON = 320, 160, 96, 140  # pixels
SEEDS = 10_000
KEYS = "1234567890"
PEOPLE = (
    f"Of all test photos, people get about **{contest_words.PEOPLE:.0%}** right: [Ho-Phuoc "
    "2018](https://arxiv.org/abs/1811.07270) measured that, and Andrej Karpathy got the same when he tried it."
)

st.title("Can you beat them?")
runs = {run.name: run for run in finished_runs()}
if not set(DEEP) <= runs.keys():
    st.info("The two networks of this game are not here.")
    st.stop()
a, b = (runs[name] for name in DEEP)
called = names(a, b)
answers_of = {"A": cached.test_answers(a), "B": cached.test_answers(b)}
right = {"A": cached.accuracy(a).value, "B": cached.accuracy(b).value}


def seed() -> int:
    """Of the draw: from the link, so that a link repeats it; else a new one."""
    asked = link.number("seed")
    number = asked if asked is not None and asked < SEEDS else secrets.randbelow(SEEDS)
    link.write(seed=str(number))
    return number


def start_over(new_seed: int | None) -> None:
    st.session_state.pop("_game", None)
    if new_seed is not None:
        st.query_params["seed"] = str(new_seed)


def take(answer: int) -> None:
    game = st.session_state["_game"]
    if len(game["answers"]) == game["shown"]:
        game["answers"].append(answer)


def go_on(number: int) -> None:
    """From this photo, however often it is pressed before the page has changed."""
    st.session_state["_game"]["shown"] = number + 1


def ask(photo: int, number: int) -> None:
    st.progress(number / contest.PHOTOS, f"Photo {number + 1} of {contest.PHOTOS}")
    answers = st.session_state["_game"]["answers"]
    answered = len(answers) > number
    picture, beside = st.columns([2, 3])
    with picture:
        large = st.toggle("Larger", key="larger", help="The same 32 × 32 pixels: all that the networks get.")
        side = LARGE if large else SMALL
        st.image(photos.address(photo), width=side, alt="The photo to name")
    with beside:
        if answered:
            reveal(photo, answers[number], number)
        else:
            st.header("What is it?", anchor=False)
            with st.container(horizontal=True, key="choices"):
                for index, (name, shortcut) in enumerate(zip(CLASSES, KEYS, strict=True)):
                    st.button(name, key=f"say_{name}", shortcut=shortcut, on_click=take, args=(index,), width=BUTTON)


def reveal(photo: int, answer: int, number: int) -> None:
    truth = int(cached.test_labels()[photo])
    st.header(f"It is {with_article(CLASSES[truth])}.", anchor=False)
    said = {contest_words.YOU: answer} | {called[side]: int(answers_of[side][photo]) for side in "AB"}
    for who, what in said.items():
        st.markdown(f"### {capitalized(who)}: {CLASSES[what]} {photos.mark(what == truth)}")
    last = number + 1 == contest.PHOTOS
    st.button(
        "See the score" if last else "Next photo",
        key="next_photo",
        type="primary",
        icon=":material/arrow_forward:",
        shortcut="Enter",
        on_click=go_on,
        args=(number,),
    )


def show_score(drawn: list[int], answers: list[int]) -> None:
    truths = [int(cached.test_labels()[photo]) for photo in drawn]
    scores = {contest_words.YOU: contest.score(answers, truths)}
    for side in "AB":
        scores[called[side]] = contest.score(answers_of[side][drawn].tolist(), truths)
    st.header(contest_words.verdict(scores, contest_words.YOU), anchor=False)
    with st.container(horizontal=True, key="scores"):
        for who, points in scores.items():
            st.metric(capitalized(who), f"{points} of {contest.PHOTOS}", border=True, width=220)
    st.markdown(f"{contest_words.fairness(contest_words.YOU, called, contest.missed(), right)} {PEOPLE}")
    with st.container(horizontal=True, key="played"):
        for photo, answer, truth in zip(drawn, answers, truths, strict=True):
            with st.container(width=STRIP + 34, gap=None):
                st.image(photos.address(photo), width=STRIP, alt=capitalized(with_article(CLASSES[truth])))
                lines = [f"**{CLASSES[truth]}**", f"you: {CLASSES[answer]} {photos.mark(answer == truth)}"]
                lines += [
                    f"{side}: {CLASSES[what]} {photos.mark(what == truth)}"
                    for side in "AB"
                    for what in (int(answers_of[side][photo]),)
                ]
                st.markdown("  \n".join(lines))
    with st.container(horizontal=True):
        st.button(
            "Ten other photos",
            key="play_again",
            type="primary",
            icon=":material/casino:",
            on_click=start_over,
            args=(secrets.randbelow(SEEDS),),
        )
        st.button("The same ten again", key="play_same", icon=":material/replay:", on_click=start_over, args=(None,))
    st.caption("**Share**, in the menu, has a link that draws the same ten photos.")
    link.to_lesson("shortcuts", link.WHY)


number = seed()
drawn = contest.draw(cached.by_who_is_right(a, b), number)
game = st.session_state.get("_game")
if game is None or game["seed"] != number:
    game = st.session_state["_game"] = {"seed": number, "answers": [], "shown": 0}
if game["shown"] < contest.PHOTOS:
    st.markdown(
        f"Ten photos. You, {called['A']} (A) and {called['B']} (B) name each of them. Keys 1 to 9 and 0 work, too.",
        help=explain("plain network", "ResNet"),
    )
    ask(drawn[game["shown"]], game["shown"])
else:
    show_score(drawn, game["answers"])
with curious():
    st.markdown(contest_words.how_photos_are_picked(right, contest.SHARES))
