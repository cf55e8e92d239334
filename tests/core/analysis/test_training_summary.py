import pandas as pd
import pytest

from core.analysis.metrics import Share
from core.analysis.training_summary import MEANINGS, outcome

SHARE = Share(0.84, 0.83, 0.85, 10_000)
HISTORY = pd.DataFrame(
    {"epoch": [1, 2, 3], "val_accuracy": [0.5, 0.81, 0.85], "train_accuracy": [0.9] * 3, "seconds": [120.0] * 3}
)


def test_figures_tell_when_the_targets_were_reached():
    found = outcome(HISTORY, SHARE)
    assert found.reached == {0.8: (2, 4.0), 0.9: None}
    assert (found.minutes, found.epochs, found.gap) == (6, 3, pytest.approx(0.05))
    assert found.figures == {
        "Test accuracy": "84.0%  (83.0% to 85.0%)",
        "Time to 80% validation accuracy": "2 epochs (4 min)",
        "Time to 90% validation accuracy": "never",
        "Train minus validation accuracy, at the end": "+5.0 points",
        "Training time": "3 epochs (6 min)",
    }
    assert found.figures.keys() == MEANINGS.keys()


def test_one_epoch_is_no_plural():
    assert outcome(HISTORY[:1], SHARE).figures["Training time"] == "1 epoch (2 min)"


def test_4500_of_5000_as_a_float32_is_90_percent():
    history = HISTORY.assign(val_accuracy=[0.5, 0.8, 0.8999999761581421])
    assert outcome(history, SHARE).reached[0.9] == (3, 6.0)
