"""ResNet Lab: `streamlit run streamlit_app.py`. The screen begins in ui/frame.py."""

import sys

import streamlit as st

from core.errors import LabError
from core.settings import environment
from ui import middleware, permission
from ui.warm_up import while_serving

try:
    environment.check()
    print(permission.announcement(), flush=True)
except LabError as error:
    sys.exit(str(error))
# Not a plain script: beside a main script, a folder `pages/` would make Streamlit run a page without the frame.
app = st.App("ui/frame.py", lifespan=while_serving, middleware=middleware.ALL)
