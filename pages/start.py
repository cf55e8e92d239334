"""The first page: the two questions of the lab, each with its answer in one picture, and the doors to all else."""

import streamlit as st

from core.analysis.comparison import B_ALONE
from core.charts.palette import SIDES
from core.data.cifar10 import CLASSES
from core.words import capitalized, times, with_article
from core.words.glossary import explain
from core.words.questions import TITLES
from ui import cached, link
from ui.fragment import errors_shown
from ui.pair import network_drawing
from ui.pair.pair import DEEP, TRANSFER, Pair
from ui.pair.runs import finished_runs
from ui.pictures import photos
from ui.pictures.picture_source import OWN_PHOTO

PHOTO = 88  # pixels
WHAT_THEY_ARE = {
    "skip": ("Plain network", "ResNet"),
    "init": ("From scratch", "Pretrained"),
}
IDEA = {
    "skip": "Both are deep: {depth} layers. In the **ResNet**, a **shortcut** (an arc) leads around each pair of "
    "layers.",
    "init": "The same network twice. The **pretrained** one saw a million other photos first. Then both saw each photo "
    "here **{times}**.",
}
TELLING = {"skip": 7458, "init": 9856}  # test photos that people name at once: a bird, a dog; no lesson asks for them
WAY_IN = {"skip": "Which is better?", "init": "Learned before?"}  # the titles of the pages they lead to
LESSONS = {"skip": "shortcuts", "init": "transfer"}
DOORS = (
    ("look_inside", "Try your own photo", ":material/photo_camera:", OWN_PHOTO),
    ("race", "Watch them learn", ":material/flag:", None),
    ("play", "Can you beat them?", ":material/sports_esports:", None),
)

if {"a", "b"} & st.query_params.keys():  # a link from before this page was the first
    st.switch_page("../pages/compare.py", query_params=st.query_params.to_dict())


def stories() -> dict[str, Pair]:
    """The pair that tells each of the two stories, by the setting that it is about: as far as they are here."""
    runs = finished_runs()
    questions = cached.questions(runs)
    found = {}
    for setting, first in (("skip", DEEP), ("init", TRANSFER)):
        about = [question for question in questions if question.setting == setting]
        if about:
            best = next((one for one in about if one.names == frozenset(first)), about[-1])
            found[setting] = Pair(best.a, best.b, best)
    return found


def show_story(setting: str, pair: Pair) -> None:
    called = dict(zip(SIDES, WHAT_THEY_ARE[setting], strict=True))
    st.header(TITLES[setting], anchor=False)
    st.markdown(IDEA[setting].format(depth=pair.a.config.depth, times=times(pair.a.config.epochs)))
    with st.container(horizontal=True, wrap=False, key=f"networks_{setting}"):
        for side, run in pair:
            with st.container(width="stretch", gap="xsmall"):
                drawing = network_drawing.beginning(run.config, pair.colors[side])
                st.image(drawing, width="stretch", alt=network_drawing.beginning_in_words(run.config))
                st.markdown(called[side])
                st.subheader(f"{cached.accuracy(run).value:.0%} right", anchor=False)
    show_photo(setting, pair, called)
    show_way_in(setting, pair)


def show_photo(setting: str, pair: Pair, called: dict[str, str]) -> None:
    """One that B names and A does not."""
    found = cached.disagreements(pair.a, pair.b)[B_ALONE]
    if not len(found):
        return
    index = TELLING[setting] if TELLING[setting] in found else int(found[0])
    truth = CLASSES[cached.test_labels()[index]]
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"photo_{setting}"):
        st.image(photos.address(index), width=PHOTO, alt=f"A photo of {with_article(truth)}")
        lines = [f"What is this? {capitalized(with_article(truth))}."]
        for side, run in pair:
            answer = CLASSES[cached.test_answers(run)[index]]
            lines.append(f"{called[side]}: **{answer}** {photos.mark(answer == truth)}")
        st.markdown("  \n".join(lines), width="stretch")


def show_way_in(setting: str, pair: Pair) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"way_{setting}"):
        if st.button(
            WAY_IN[setting],
            key=f"story_{setting}",
            type="primary",
            icon=":material/arrow_forward:",
            help="The two networks side by side.",
        ):
            page = "../pages/compare.py" if setting == "skip" else "../pages/transfer.py"
            st.switch_page(page, query_params=pair.link)
        link.to_lesson(LESSONS[setting], "The lesson")


st.title("A computer learns to name what is in a photo")
st.markdown(
    "Two **neural networks** learn from the same photos. They differ in **one thing**. Which one gets more "
    "right, on 10,000 photos that it has never seen?",
    help=explain("network", "layer", "deep"),
)
told = stories()
for column, (setting, pair) in zip(st.columns(2), told.items(), strict=False):
    with column, st.container(border=True, key=f"card_{setting}", height="stretch"), errors_shown():
        show_story(setting, pair)
if not told:
    st.info("The networks that come with the lab are not here. Train a pair of your own.")
for column, (page, label, icon, query) in zip(st.columns(len(DOORS)), DOORS, strict=True):
    with column, st.container(border=True, key=f"door_{page}"):
        st.page_link(f"../pages/{page}.py", label=f"**{label}**", icon=icon, query_params=query)
