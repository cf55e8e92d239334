"""The frame round every page: the navigation, and the pair of runs that the pages compare. Streamlit's main script."""

from pathlib import Path

import streamlit as st

from core.errors import LabError
from ui import gc_freeze, run_picker, warm_up
from ui.foreign_text import plain

st.set_page_config(page_title="ResNet Lab", page_icon=Path(__file__).with_name("icon.svg"), layout="wide")

page = st.navigation(
    {
        "Compare": [
            st.Page("../pages/compare.py", title="Compare", icon=":material/balance:", default=True),
            st.Page("../pages/learning_curves.py", title="Learning curves", icon=":material/show_chart:"),
            st.Page("../pages/mistakes.py", title="Mistakes", icon=":material/grid_on:"),
            st.Page("../pages/look_inside.py", title="Look inside", icon=":material/search:"),
        ],
        "Why it works": [
            st.Page("../pages/depth.py", title="Depth", icon=":material/stacks:"),
            st.Page("../pages/gradient_flow.py", title="Gradient flow", icon=":material/water_drop:"),
            st.Page("../pages/surgery.py", title="Surgery", icon=":material/content_cut:"),
            st.Page("../pages/transfer.py", title="Transfer", icon=":material/school:"),
            st.Page("../pages/architectures.py", title="Architectures", icon=":material/scatter_plot:"),
        ],
        "Do it yourself": [
            st.Page("../pages/race.py", title="Watch two networks learn", icon=":material/sports_score:"),
            st.Page("../pages/train.py", title="Train", icon=":material/fitness_center:"),
        ],
    },
)
run_picker.show()
try:
    page.run()
except LabError as error:  # e.g. a damaged file of a run; another run, or another page, may well do
    st.error(plain(error), icon=":material/broken_image:")
finally:  # a page may end itself
    gc_freeze.spare_modules_from_collection()
    warm_up.page_is_drawn()
