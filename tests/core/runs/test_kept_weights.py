import pytest

from core.runs import kept_weights
from core.settings.train_config import TrainConfig


@pytest.mark.parametrize(
    ("epochs", "times", "moments"),
    [
        (24, 0, []),
        (24, 12, [0, *range(2, 25, 2)]),
        (3, 3, [0, 1, 2, 3]),
        (5, 3, [0, 1, 3, 5]),
        (40, 40, [*range(41)]),
        (24, 2, [0, 12, 24]),
    ],
)
def test_moments_are_spread_from_the_start_to_the_end(epochs, times, moments):
    assert kept_weights.epochs_kept(TrainConfig(epochs=epochs, keep_weights=times)) == moments


def test_no_moment_falls_on_another():
    for epochs in range(2, 100):
        for times in range(2, min(epochs, 40) + 1):
            kept = kept_weights.epochs_kept(TrainConfig(epochs=epochs, keep_weights=times))
            assert len(set(kept)) == times + 1
            assert (kept[0], kept[-1]) == (0, epochs)


def test_they_are_there_where_none_is_missing(make_run):
    run = make_run("one", epochs=2, keep_weights=2)
    assert not kept_weights.there(run)
    for epoch in (0, 1, 2):
        kept_weights.file_of(run.path, epoch).touch()
    assert kept_weights.there(run)
    kept_weights.file_of(run.path, 1).unlink()
    assert not kept_weights.there(run)
    assert not kept_weights.there(make_run("two"))
