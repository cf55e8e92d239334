"""ResNet Lab: `streamlit run streamlit_app.py`. The screen begins in ui/frame.py."""

import streamlit as st

from ui.warm_up import while_serving

# Not a plain script: beside a main script, a folder `pages/` would make Streamlit run a page without the frame.
app = st.App("ui/frame.py", lifespan=while_serving)
