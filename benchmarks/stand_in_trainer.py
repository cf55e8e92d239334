"""A training without a network, so that the queue of `core.jobs` can be tried with hundreds of them in minutes.

    python -m benchmarks.stand_in_trainer FOLDER

It does to the run's folder what `train --run FOLDER` does, by the same functions: claims it, writes its status,
saves its state as it goes, stops when asked to, goes on where it was, and leaves a finished run. Only what it computes
is no more than a chain of numbers, each of which follows from the one before, so that the last one shows whether a step
was lost or done twice. PyTorch, whose import alone takes seconds, is not needed.
"""

import json
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

from core.errors import LabError
from core.files import write_atomically
from core.runs import status
from core.runs.file_names import CONFIG_FILE, STATE_FILE

STEPS, SECONDS = 20, 0.05  # an epoch's, and a step's


def chain(seed: int, value: int, step: int) -> int:
    return (value * 6364136223846793005 + seed + step + 1) % 2**64


def logits(seed: int, epochs: int) -> np.ndarray:
    """float32 (10000, 10): what an undisturbed run with this seed ends with."""
    value = 0
    for step in range(epochs * STEPS):
        value = chain(seed, value, step)
    return as_logits(value)


def as_logits(value: int) -> np.ndarray:
    return np.random.default_rng(value).normal(size=(10_000, 10)).astype(np.float32)


def main(folder: Path) -> int:
    status.claim(folder)
    stops: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stops.append(number))
    config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))["config"]
    seed, steps = config["seed"], config["epochs"] * STEPS
    step, value = load_state(folder / STATE_FILE)
    said = replace(status.read(folder), epochs=config["epochs"])
    while step < steps:
        if stops:
            save_state(folder / STATE_FILE, step, value)
            status.note_end(folder, "stopped")
            return 130
        time.sleep(SECONDS)
        step, value = step + 1, chain(seed, value, step)
        if step % 3 == 0:
            save_state(folder / STATE_FILE, step, value)
        if step % 4 == 0:
            status.write(folder, replace(said, share=step / steps, epoch=1 + step // STEPS))
    _finish(folder, config, value)
    return 0


def save_state(path: Path, step: int, value: int) -> None:
    state = save({"state": np.array([step, value], dtype=np.uint64)})
    write_atomically(path, lambda file: file.write(state))


def load_state(path: Path) -> tuple[int, int]:
    if not path.is_file():
        return 0, 0
    step, value = load_file(path)["state"]
    return int(step), int(value)


def _finish(folder: Path, config: dict, value: int) -> None:
    from core.runs import store
    from core.runs.run import (
        HISTORY_COLUMNS,
        open_run,  # pandas takes a second to import: not for a process that may be killed before
    )

    rows = [
        dict.fromkeys(HISTORY_COLUMNS, 0.5) | {"epoch": epoch + 1, "images_seen": (epoch + 1) * STEPS}
        for epoch in range(config["epochs"])
    ]
    run = open_run(folder)
    architecture = {"name": run.config.architecture, "parameters": 1, "multiply_adds": 1}
    facts = {"architecture": architecture, "training_images": 1, "command": "a stand-in"}
    store.save_facts(folder, run.config, facts)
    store.save_progress(folder, rows, ["none"], [[0.0]] * len(rows))
    store.save_test_logits(folder, as_logits(value))
    status.clear(folder)


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1])))
    except LabError as error:
        sys.exit(str(error))
    finally:
        status.release(Path(sys.argv[1]))
