"""The frame round every page: the navigation, and what is said where a page can't go on. Streamlit's main script."""

from pathlib import Path

import streamlit as st

from ui import link, permission, screen, warm_up
from ui.fragment import errors_shown

STATIC = Path(__file__).parent / "static"
SIDEBAR = 250  # pixels
START = st.Page("../pages/start.py", title="Start", icon=":material/home:", default=True)
PAGES = {
    "": [START, st.Page("../pages/lesson.py", title="Lessons", icon=":material/menu_book:")],
    "Compare": [
        st.Page("../pages/compare.py", title="Which is better?", icon=":material/balance:"),
        st.Page("../pages/surgery.py", title="What if a block is cut?", icon=":material/content_cut:"),
        st.Page("../pages/look_inside.py", title="What do they see?", icon=":material/photo_camera:"),
        st.Page("../pages/mistakes.py", title="What do they mix up?", icon=":material/grid_on:"),
        st.Page("../pages/confidence.py", title="How sure are they?", icon=":material/speed:"),
        st.Page("../pages/learning_curves.py", title="Which learns faster?", icon=":material/show_chart:"),
    ],
    "Why it works": [
        st.Page("../pages/depth.py", title="Is deeper better?", icon=":material/stacks:"),
        st.Page("../pages/when_it_knows.py", title="When does it know?", icon=":material/lightbulb:"),
        st.Page("../pages/landscape.py", title="Bowl or mountains?", icon=":material/landscape:"),
        st.Page("../pages/robustness.py", title="What if the photo is bad?", icon=":material/foggy:"),
        st.Page("../pages/transfer.py", title="Learned before?", icon=":material/school:"),
        st.Page("../pages/gradient_flow.py", title="Is the message lost?", icon=":material/water_drop:"),
        st.Page("../pages/architectures.py", title="What does it cost?", icon=":material/scatter_plot:"),
    ],
    "Play": [
        st.Page("../pages/race.py", title="Watch them learn", icon=":material/flag:"),
        st.Page("../pages/play.py", title="Can you beat them?", icon=":material/sports_esports:"),
        st.Page("../pages/classroom.py", title="Your class plays", icon=":material/groups:"),
    ],
    "Do it yourself": [st.Page("../pages/train.py", title="Train networks", icon=":material/fitness_center:")],
}

# The icon comes first: without one, the browser would fetch that of the page from the internet.
st.set_page_config(page_icon=STATIC / "icon.svg", layout="wide", initial_sidebar_state=SIDEBAR)
st.html(STATIC / "style.css")
st.html(f"<script>{(STATIC / 'page.js').read_text(encoding='utf-8')}</script>", unsafe_allow_javascript=True)
st.logo(STATIC / "logo.svg", icon_image=STATIC / "icon.svg", size="large")
page = st.navigation(PAGES, expanded=True)
st.set_page_config(page_title=f"{page.title} · ResNet Lab")
link.repair()
permission.follow_link()
screen.apply()
screen.show_switch()
try:
    with errors_shown():  # e.g. a damaged file of a run; another run, or another page, may well do
        page.run()
finally:  # a page may end itself
    screen.offer_the_way_out()
    warm_up.page_is_drawn()
