"""How many milliseconds a network takes for one picture, on this machine.

In a process of its own, so that the number of threads of whoever asks is left alone.
"""

import json
import statistics
import subprocess
import sys
import time

from core.errors import LabError
from core.paths import ROOT
from core.runs.run import Run
from core.settings.train_config import TrainConfig

ROUNDS, WARM_UPS, PATIENCE = 15, 3, 300  # passes, passes that don't count, seconds
THREADS = (1, 2)


def milliseconds(config: TrainConfig, threads: int) -> float:
    """Median of ROUNDS passes of one picture through the untrained network (weights cost no time), preprocessing
    included."""
    import torch

    from core.models.inference import infer
    from core.models.registry import build, family

    torch.set_num_threads(threads)
    model, preprocessing = build(config).eval(), family(config).preprocessing
    picture = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    seconds = []
    for _ in range(WARM_UPS + ROUNDS):
        start = time.perf_counter()
        infer(model, picture, preprocessing)
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds[WARM_UPS:])


def measured(runs: list[Run]) -> dict[str, dict[int, float]]:
    """{run: {threads: milliseconds}}, measured in a child process. Raises LabError if that fails.

    Runs of equal networks are measured once; those whose network can't be built are left out.
    """
    first = {_network(run.config): run for run in reversed(runs)}
    folders = (str(run.path) for run in first.values())
    command = [sys.executable, "-m", "core.commands.studies.speed", *folders, "--json"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True)
    except subprocess.TimeoutExpired:
        raise LabError("Measuring took too long: the machine is busy. Try again later.") from None
    except subprocess.CalledProcessError as error:
        raise LabError(f"Measuring failed: {''.join(error.stderr.strip().splitlines()[-1:])}") from None
    found = json.loads(done.stdout)
    of_run = {run.name: found.get(str(first[_network(run.config)].path)) for run in runs}
    return {name: {int(n): value for n, value in times.items()} for name, times in of_run.items() if times}


def _network(config: TrainConfig) -> tuple:
    """What the time of a pass hangs on."""
    return config.architecture, config.input_size, config.strides, config.stem, config.norm
