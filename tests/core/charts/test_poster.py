"""The comparison to take home, as a picture and as a table."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy.special import softmax

from core.charts.palette import COLORS
from core.charts.poster import DPI, INCHES, Column, poster, table
from core.data.cifar10 import CLASSES


@pytest.fixture
def columns():
    def column(side, winner):
        logits = np.eye(10)[winner] * 3
        heatmap = np.full((288, 288, 3), 80 * winner, np.uint8)
        return Column(
            side,
            f"run-{side}",
            "frozen up to $\\frac{$",
            softmax(2 * logits),  # mended by a temperature
            [f"{share:.0%}" for share in softmax(2 * logits)],
            logits,
            heatmap,
            f"Where it looked for “{CLASSES[winner]}”",
            COLORS[side],
        )

    return [column("A", 1), column("B", 2)]


def test_poster_is_a_png_that_shows_the_maps_and_the_names(columns):
    photo = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    image = Image.open(BytesIO(poster(photo, "A $title$", columns, "made here")))
    assert image.format == "PNG"
    assert image.size == (INCHES[0] * DPI, INCHES[1] * DPI)
    colors = {color for _, color in image.convert("RGB").getcolors(image.width * image.height)}
    assert {(80, 80, 80), (160, 160, 160), (213, 94, 0), (0, 114, 178)} <= colors
    other = poster(photo, "Another title", columns, "made here")
    assert other != poster(photo, "A $title$", columns, "made here")


def test_table_has_a_row_a_class_and_both_networks(columns):
    found = table(columns)
    assert found["class"].tolist() == list(CLASSES)
    assert found["A_probability"].sum() == pytest.approx(1)
    assert found["A_probability"].max() == pytest.approx(np.exp(6) / (np.exp(6) + 9))
    assert found["A_probability"].idxmax() == 1
    assert found["B_logit"].tolist() == [0, 0, 3, 0, 0, 0, 0, 0, 0, 0]
    assert set(found["B_run"]) == {"run-B"}
