"""A comparison to download: one picture with both answers and both maps, and the numbers as a table. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pandas as pd

from core.data.cifar10 import CLASSES

TOP = 5  # classes
INCHES, DPI = (10.0, 6.0), 150


@dataclass(frozen=True)
class Column:
    """One network's part. `probabilities`: (10,), 0 to 1, and each of them in words (`said`); `heatmap`: uint8
    (h, w, 3), as shown; `logits`: (10,), as they came."""

    side: str  # "A" or "B"
    run: str
    network: str  # in words
    probabilities: np.ndarray
    said: list[str]
    logits: np.ndarray
    heatmap: np.ndarray
    caption: str  # of the heatmap
    color: str


def table(columns: list[Column]) -> pd.DataFrame:
    """A row a class; for each network its run, the class's probability (0 to 1) and its logit."""
    parts: dict[str, Sequence[str] | np.ndarray] = {"class": CLASSES}
    for column in columns:
        parts[f"{column.side}_run"] = [column.run] * len(CLASSES)
        parts[f"{column.side}_probability"] = column.probabilities
        parts[f"{column.side}_logit"] = column.logits
    return pd.DataFrame(parts)


def poster(picture: np.ndarray, title: str, columns: list[Column], footer: str) -> bytes:
    """A PNG file's bytes: `picture` uint8 (h, w, 3) as the networks see it, then each network's map over its bars."""
    from matplotlib.figure import Figure  # not pyplot: that keeps figures, and is not for threads

    figure = Figure(figsize=INCHES, dpi=DPI, layout="constrained", facecolor="white")
    figure.suptitle(title, fontsize=16, parse_math=False)
    grid = figure.subplots(2, 1 + len(columns), gridspec_kw={"height_ratios": [3, 2]}, squeeze=False)
    _show(grid[0, 0], picture, "What both networks see" if len(columns) > 1 else "What the network sees")
    grid[1, 0].set_axis_off()
    grid[1, 0].text(0, 0.5, footer, fontsize=9, va="center", wrap=True, parse_math=False)
    for axes, column in zip(grid[:, 1:].T, columns, strict=True):
        top = np.argsort(-column.probabilities)[:TOP]
        _show(axes[0], column.heatmap, f"{column.side}: {CLASSES[top[0]]}, {column.said[top[0]]} sure")
        axes[0].set_xlabel(f"{column.network}\n{column.caption}", fontsize=9, parse_math=False)
        bars = axes[1].barh([CLASSES[i] for i in top], column.probabilities[top], color=column.color)
        axes[1].bar_label(bars, [column.said[i] for i in top], padding=3)
        axes[1].set(xlim=(0, 1.3), xticks=[])
        axes[1].invert_yaxis()
        axes[1].spines[["top", "right", "bottom"]].set_visible(False)
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _show(axes, picture: np.ndarray, title: str) -> None:
    axes.imshow(picture, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, fontsize=12, parse_math=False)
