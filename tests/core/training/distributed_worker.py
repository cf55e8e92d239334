"""What test_distributed.py has torchrun start: short trainings on random images, and a file of what came of them."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from core.data.cifar10 import Images
from core.errors import LabError
from core.files import write_json
from core.runs import store
from core.settings.train_config import TrainConfig
from core.training import distributed
from core.training.trainer import Trainer

CONFIG = TrainConfig(depth=8, data="shipped", epochs=2, batch_size=32, lr=0.005, norm="none")


def images() -> Images:
    """210 images, 21 of them validation, which two processes can't share evenly."""
    random = np.random.default_rng(1)
    return Images(random.integers(0, 256, (210, 32, 32, 3), dtype=np.uint8), (np.arange(210) % 10).astype(np.uint8))


def trainer(**changes) -> Trainer:
    return Trainer(replace(CONFIG, **changes), images(), device=torch.device("cpu"), precision="float32")


def outcome(trained: Trainer) -> dict:
    weights = torch.cat([value.flatten() for value in trained.model.state_dict().values()])
    of_first = weights.clone()
    distributed.broadcast_tensors([of_first])
    return {
        "history": trained.history,
        "gradients": trained.record.gradient_norms,
        "weights": weights.double().norm().item(),
        "apart": distributed.all_sum((weights - of_first).abs().sum().item())[
            0
        ],  # the processes' weights from the first's
    }


def main(folder: Path) -> None:
    results = {}
    for norm in ("none", "batch"):
        trained = trainer(norm=norm)
        trained.fit()
        results[norm] = outcome(trained)
    stopped = trainer()
    # One process alone is told to stop, after its seventh step; each epoch has five.
    stopped.fit(
        should_stop=lambda: distributed.rank() == 1 and stopped.position.epoch * 5 + stopped.position.sums.steps == 7
    )
    try:
        trainer(batch_size=31)
    except LabError as error:
        results["unequal shares"] = str(error)
    if distributed.is_rank_zero():
        store.save_state(folder, *stopped.state())
        write_json(folder / "results.json", results)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with distributed.processes():
        main(Path(sys.argv[1]))
