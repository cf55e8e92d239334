"""What a training came to, in the words of a table."""

from core.analysis.metrics import Share
from core.analysis.training_summary import TrainingSummary
from core.words import summary

SUMMARY = TrainingSummary(Share(0.84, 0.83, 0.85, 10_000), 6.0, 3, {0.8: (2, 4.0), 0.9: None}, 0.05)


def test_figures_in_words(snapshot):
    assert summary.figures(SUMMARY) == snapshot
    assert summary.figures(SUMMARY).keys() == summary.MEANINGS.keys()


def test_one_epoch_is_no_plural():
    assert summary.when((1, 2.0)) == "1 epoch (2 min)"
