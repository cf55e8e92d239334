import numpy as np
import pandas as pd
import pytest

from core.analysis.metrics import Proportion
from core.analysis.training_summary import curves, gaps, lost_again, right_for_good, summarize

SHARE = Proportion(0.84, 0.83, 0.85, 10_000)
HISTORY = pd.DataFrame(
    {"epoch": [1, 2, 3], "val_accuracy": [0.5, 0.81, 0.85], "train_accuracy": [0.9] * 3, "seconds": [120.0] * 3}
)


def test_figures_tell_when_the_targets_were_reached():
    found = summarize(HISTORY, SHARE)
    assert found.reached == {0.8: (2, 4.0), 0.9: None}
    assert (found.minutes, found.epochs, found.gap) == (6, 3, pytest.approx(0.05))


def test_4500_of_5000_as_a_float32_is_90_percent():
    history = HISTORY.assign(val_accuracy=[0.5, 0.8, 0.8999999761581421])
    assert summarize(history, SHARE).reached[0.9] == (3, 6.0)


def test_photos_are_right_for_good_since_their_last_mistake():
    """A column a photo, whose label is 1; a row an epoch."""
    answers = np.array([[1, 2, 2, 1, 1, 2], [1, 1, 2, 2, 1, 2], [1, 1, 1, 1, 2, 2]])
    labels = np.ones(6, int)
    assert right_for_good(answers, labels).tolist() == [1, 2, 3, 3, 0, 0]
    assert lost_again(answers, labels) == 1


def test_curves_and_gaps_of_both_by_what_training_cost():
    runs = {
        "A": ("plain", HISTORY.assign(images_seen=[10, 20, 30])),
        "B": ("residual", HISTORY[:1].assign(images_seen=7)),
    }
    table = curves(runs)
    of_a = table[(table["side"] == "A") & (table["split"] == "validation")]
    assert of_a["value"].tolist() == [0.5, 0.81, 0.85]
    assert (of_a["minutes"].tolist(), of_a["images_seen"].tolist()) == ([2, 4, 6], [10, 20, 30])
    of_b = table[(table["side"] == "B") & (table["split"] == "training")]
    assert of_b[["run", "epoch", "value"]].to_numpy().tolist() == [["residual", 1, 0.9]]
    assert gaps(runs)[["side", "gap"]].round(9).to_numpy().tolist() == [["A", 40], ["A", 9], ["A", 5], ["B", 40]]
