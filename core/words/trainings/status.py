"""How trainings stand, in words of a table."""

from collections.abc import Mapping

from core.runs.status import Status


def state(called: str, status: Status) -> str:
    """How an unfinished run stands, which is `called` so; of one in training also where and how far, e.g. "in training
    on node3, epoch 2 of 8, about 5 min left"."""
    if status.state != "training":
        return called
    where = "" if status.here else f" on {status.machine}"
    if status.seconds_left is None:
        return called + where
    minutes = max(1, round(status.seconds_left / 60))
    return f"{called}{where}, epoch {status.epoch} of {status.epochs}, about {minutes} min left"


def in_one_picture(runs: Mapping[str, str]) -> str:
    """Which run is which, by side, e.g. "In this picture A is `plain20` and B is `resnet20`."."""
    return f"In this picture {' and '.join(f'{side} is `{name}`' for side, name in runs.items())}."
