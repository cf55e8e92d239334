"""How many milliseconds a network takes for one picture, on this machine."""

import statistics
import time
from collections.abc import Iterable, Mapping

from core.errors import LabError
from core.runs.run import Run
from core.settings.train_config import TrainConfig

ROUNDS, WARM_UPS = 15, 3  # passes, and those before them that don't count
THREADS = (1, 2)


def of_runs(runs: Mapping[str, Run], threads: Iterable[int]) -> tuple[dict[str, dict[int, float]], list[str]]:
    """{name: {threads: milliseconds}}, and sentences about runs whose network can't be built. Raises LabError if none
    can. Afterwards this process has the last number of `threads`."""
    found, problems = {}, []
    for name, run in runs.items():
        try:
            found[name] = {number: milliseconds(run.config, number) for number in threads}
        except LabError as error:  # e.g. a network that this torchvision does not have
            problems.append(f"{run.name} is left out: {error}")
    if not found:
        raise LabError(" ".join(problems))
    return found, problems


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
