"""A training's history as TensorBoard event files too: `tensorboard --logdir runs` shows them. An option: the package
`tensorboard` is needed for it, and for nothing else here."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import LabError

if TYPE_CHECKING:  # it takes a second to import
    from torch.utils.tensorboard import SummaryWriter

FOLDER = "tensorboard"  # in the run's own
TAGS = {  # of the columns of history.csv; what has one first part is drawn together
    "lr": "learning rate",
    "train_loss": "loss/train",
    "val_loss": "loss/validation",
    "train_accuracy": "accuracy/train",
    "val_accuracy": "accuracy/validation",
    "seconds": "seconds an epoch",
}


def require_tensorboard() -> None:
    """Raises LabError where it is not installed."""
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError:
        raise LabError("--log tensorboard needs TensorBoard, which is not installed: pip install tensorboard") from None


class EventLog:
    """Writes a row of the history at a time. One that goes on with a run adds a file, which TensorBoard joins on. To be
    closed: until then it keeps a thread and a file."""

    def __init__(self, folder: Path):
        self._folder = folder / FOLDER
        self._writer: SummaryWriter | None = None

    def write(self, row: dict) -> None:
        """`row`: of history.csv. What an earlier process wrote of this epoch and later ones no longer counts."""
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self._folder), purge_step=row["epoch"])
        for column, tag in TAGS.items():
            self._writer.add_scalar(tag, row[column], row["epoch"])
        self._writer.flush()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
