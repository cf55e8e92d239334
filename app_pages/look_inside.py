"""One picture, both networks: what they answer, how sure they are, and where they looked."""

import numpy as np
import pandas as pd
import streamlit as st

from core import charts, images
from core.cifar10 import CLASSES
from core.errors import RunError
from ui import cached, image_input
from ui.run_picker import pair

TOP = 5  # classes
SIDE = 288  # pixels on the screen

chosen = pair()
st.title("What do they see, and where do they look?")
choice = image_input.choose(chosen)
if choice is None:
    st.stop()


def show_answer(side: str, run) -> None:
    try:
        classifier = cached.classifier(run)
    except RunError as error:
        st.warning(str(error))
        return
    from core.explain import overlay

    seen = images.to_pixels(choice.square, classifier.input_size)
    answer = classifier.answer(seen)
    mark = "" if choice.truth is None else (" ✓" if answer.label == choice.truth else " ✗")
    st.subheader(f"{side}: {answer.label}{mark}", anchor=False)
    st.markdown(f"**{run.name}** is {answer.confidence:.0%} sure.")
    picture = np.asarray(images.enlarge(seen, SIDE))
    st.image(overlay(picture, answer.heatmap), caption=f"Where {side} looked for “{answer.label}”", width=SIDE)
    top = np.argsort(-answer.probabilities)[:TOP]
    table = pd.DataFrame({"class": [CLASSES[i] for i in top], "probability": answer.probabilities[top]})
    st.altair_chart(charts.answers(table, side), width="stretch", key=f"answers_{side}")


picture, first, second = st.columns(3)
with picture:
    st.subheader(choice.title, anchor=False)
    st.markdown("What the networks really see: **32 × 32** points.")
    st.image(images.enlarge(images.to_pixels(choice.square, 32), SIDE), width=SIDE)
    if choice.square.width > 32:
        st.image(choice.square.resize((SIDE, SIDE)), caption="What you see", width=SIDE)
for column, (side, run) in zip((first, second), chosen, strict=True):
    with column:
        show_answer(side, run)
st.caption(
    "The heatmap (Grad-CAM) is bright where the picture speaks for the answer. It is coarse: it has 8 × 8 cells, "
    "smoothed. It says where a network looked, not why."
)
