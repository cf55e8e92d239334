"""The last step of a training, and of the scoring of a network that was trained elsewhere."""

from pathlib import Path

import numpy as np

from core.runs import status, store
from core.runs.run import open_run
from core.sharing.model_card import write_card


def finish(folder: Path, logits: np.ndarray) -> None:
    """Make the run in `folder` a finished one, by its `logits` float (10000, 10) on the test images; all its other
    files are there. The card is written, what only a training needs is removed, and its claim released."""
    store.save_test_logits(folder, logits)
    write_card(open_run(folder))
    status.clear(folder)
