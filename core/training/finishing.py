"""The last step of a training, and of the scoring of a network that was trained elsewhere."""

from contextlib import suppress
from pathlib import Path

import numpy as np

from core.runs import status, store
from core.runs.file_names import STATE_FILE
from core.runs.run import open_run
from core.sharing.model_card import write_card


def finish(folder: Path, logits: np.ndarray) -> None:
    """Make the run in `folder` a finished one, by its `logits` float (10000, 10) on the test images; all its other
    files are there. What only a training needs is removed, and the card is written."""
    store.save_test_logits(folder, logits)
    for needed_no_more in (STATE_FILE, status.LOG_FILE, status.FILE):
        with suppress(OSError):  # Windows keeps a log that is open
            (folder / needed_no_more).unlink(missing_ok=True)
    write_card(open_run(folder))
