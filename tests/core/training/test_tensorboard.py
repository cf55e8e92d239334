import sys
import threading

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from core.errors import LabError
from core.training.tensorboard import EventLog, require_tensorboard


def row(epoch: int, loss: float) -> dict:
    accuracies = {"train_accuracy": 0.5, "val_accuracy": 0.25}
    return {"epoch": epoch, "lr": 0.1, "train_loss": loss, "val_loss": 2.5, "seconds": 1.0} | accuracies


def test_history_is_read_by_tensorboard_and_goes_on_after_a_resume(tmp_path):
    first = EventLog(tmp_path)
    for epoch in (1, 2, 3):
        first.write(row(epoch, 3.0 - epoch / 2))
    EventLog(tmp_path).write(row(3, 7.0))  # the state that was gone on with is that of epoch 2
    second = EventLog(tmp_path)
    second.write(row(4, 8.0))
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss/train")] == [
        (1, 2.5),
        (2, 2.0),
        (3, 7.0),
        (4, 8.0),
    ]
    assert {event.value for event in events.Scalars("accuracy/validation")} == {0.25}


def test_once_closed_it_keeps_no_thread(tmp_path):
    before = {*threading.enumerate()}
    log = EventLog(tmp_path)
    log.close()  # of a training that ended before its first epoch did
    log.write(row(1, 3.0))
    assert {*threading.enumerate()} - before
    log.close()
    assert not {*threading.enumerate()} - before


def test_missing_tensorboard_is_told_in_one_sentence(monkeypatch):
    require_tensorboard()
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    with pytest.raises(LabError, match="pip install tensorboard"):
        require_tensorboard()
