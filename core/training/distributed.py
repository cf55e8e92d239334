"""One training by several processes (data-parallel): each computes its share of every batch, then all take one step.

    torchrun --nproc-per-node 4 -m core train resnet20

All hold the same weights (DistributedDataParallel averages the gradients) and cut the same batches from the same plan,
so that the step is that of one process with the whole batch. Not so BatchNorm: on GPUs its statistics are made of the
whole batch (SyncBatchNorm); on CPUs, where PyTorch lacks that, each process uses its share's, and the first process's
running statistics are kept. The first process alone writes and shows. Without torchrun, nothing here does anything.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn

from core.errors import LabError, TrainingError

PATIENCE = timedelta(minutes=10)  # for the slowest of the others, e.g. while the first one downloads the images
Result = TypeVar("Result")
PARENT = os.getppid()
ALONE = {"RANK": 0, "WORLD_SIZE": 1, "LOCAL_RANK": 0, "LOCAL_WORLD_SIZE": 1}


def _place(name: str) -> int:
    """What torchrun says of this process's place among the others."""
    return int(os.environ[name]) if distributed.is_torchelastic_launched() else ALONE[name]


def world_size() -> int:
    """How many processes train together."""
    return _place("WORLD_SIZE")


def rank() -> int:
    return _place("RANK")


def is_rank_zero() -> bool:
    return rank() == 0


def abandoned() -> bool:
    """Whether the torchrun that started this process is gone. The others' do not notice, and nobody could end it."""
    return world_size() > 1 and os.getppid() != PARENT


def say(words: str) -> None:
    """On stderr, once for all processes."""
    if is_rank_zero():
        print(words, file=sys.stderr)


def layout() -> dict[str, int]:
    """How many processes train together, and on how many machines, as a run records it."""
    return {"processes": world_size(), "machines": world_size() // _place("LOCAL_WORLD_SIZE")}


@contextmanager
def processes() -> Iterator[None]:
    """Join the others, and part from them at the end. A LabError is said once on each machine, not by every process:
    but what went wrong in one alone, the others don't know."""
    if world_size() == 1:
        yield
        return
    try:
        _join()
        with lost_peers_told():
            yield
    except LabError as error:
        if _place("LOCAL_RANK") > 0:
            if isinstance(error, TrainingError) and error.__cause__:
                print(f"process {rank()}: {error}", file=sys.stderr)
            sys.exit(1)
        raise
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def _join() -> None:
    gpus = torch.cuda.device_count()
    if gpus:
        if _place("LOCAL_WORLD_SIZE") > gpus:
            raise TrainingError(f"This machine has {gpus} GPUs, one for each process: --nproc-per-node {gpus}.")
        torch.cuda.set_device(_place("LOCAL_RANK"))
    nccl = gpus and distributed.is_nccl_available()  # Windows has none
    distributed.init_process_group("nccl" if nccl else "gloo", timeout=PATIENCE)


@contextmanager
def lost_peers_told() -> Iterator[None]:
    """Raises TrainingError instead of what gloo and NCCL say when a process that they wait for is gone."""
    try:
        yield
    except RuntimeError as error:
        if world_size() > 1 and (isinstance(error, distributed.DistError) or "by peer" in str(error)):
            raise TrainingError(
                "Another process of this training ended, so all do; resume from the last saved state."
            ) from None
        raise


def on_rank_zero(function: Callable[..., Result], *arguments) -> Result | None:
    """What a call in the first process gives; None in the others, which wait, and end without a word if it fails."""
    failed = True
    try:
        result = function(*arguments) if is_rank_zero() else None
        failed = False
        return result
    finally:
        if any_rank(failed) and not is_rank_zero():
            sys.exit(1)


def any_rank(flag: bool) -> bool:
    """Whether the flag is set in any process. All must ask."""
    return all_sum(flag)[0] > 0


def all_sum(*numbers: float) -> list[float]:
    """The sums over all processes, of each of the numbers. All must ask."""
    if world_size() == 1:
        return [*numbers]
    sums = _here(torch.tensor(numbers, dtype=torch.float64))
    distributed.all_reduce(sums)
    return sums.tolist()


def broadcast_tensors(tensors: Iterable[Tensor]) -> None:
    """Give the tensors the values that they have in the first process."""
    if world_size() > 1:
        for tensor in tensors:
            distributed.broadcast(tensor, src=0)


def shard(count: int, of: int | None = None) -> slice:
    """The part of `count` things that falls to the process `of` that rank (this one). All parts have one size, so that
    the processes stay in step; where that does not come out even, the last ones overlap."""
    part = -(-count // world_size())
    start = min((rank() if of is None else of) * part, count - part)
    return slice(start, start + part)


def all_gathered(rows: Tensor, count: int) -> Tensor:
    """From each process's rows for its share of `count` things, those for all, on the CPU, equal in all processes."""
    if world_size() == 1:
        return rows
    rows = _here(rows)
    parts = [torch.empty_like(rows) for _ in range(world_size())]
    distributed.all_gather(parts, rows)
    whole = rows.new_empty(count, *rows.shape[1:])
    for of, part in enumerate(parts):
        whole[shard(count, of)] = part
    return whole.cpu()


def with_sync_batch_norm(model: nn.Module, device: torch.device) -> nn.Module:
    """On GPUs, the network with BatchNorm layers (new ones, of the same weights) that see the whole batch."""
    return nn.SyncBatchNorm.convert_sync_batchnorm(model) if world_size() > 1 and device.type == "cuda" else model


def wrap(model: nn.Module) -> nn.Module:
    """A network with the same weights whose gradients are means over all processes."""
    return model if world_size() == 1 else nn.parallel.DistributedDataParallel(model)


def require_equal_shards(batch_size: int) -> None:
    """Raises LabError: else the mean of the processes' gradients would not be that of the batch."""
    if batch_size % world_size():
        nearest = max(1, round(batch_size / world_size())) * world_size()
        raise LabError(
            f"A batch of {batch_size} images can't be shared equally by {world_size()} processes; try --batch-size "
            f"{nearest}."
        )


def _here(tensor: Tensor) -> Tensor:
    """On the device where the processes' messages are."""
    return tensor.to("cuda" if distributed.get_backend() == "nccl" else "cpu")
