"""Cut blocks out of a trained network and score what remains.

A `Surgery` has a network of its own, which nothing ever changes: the forward pass is written out here and leaves blocks
out as it goes, with no hooks. So any number of threads may use one at once.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from core.analysis.surgery import IMAGES, Blocks, removable
from core.data.batches import to_tensors
from core.data.cifar10 import Images
from core.errors import LabError
from core.models.batchnorm import fold_batchnorm
from core.models.cifar import BasicBlock, CifarNet, average_pooled, shortcut
from core.models.inference import autocast
from core.models.registry import family
from core.runs.run import Run

BATCH = 50


class Surgery:
    """A run's network, blocks of which can be left out, with the first IMAGES test images to score it on."""

    def __init__(self, run: Run, test: Images, workers: int):
        """`workers`: threads that score batches at once. Raises LabError if the network has no blocks that are known
        here, RunError if its weights are missing."""
        self._workers = workers
        self.removable = removable(run.config)
        self._model = fold_batchnorm(run.load_model()).to(memory_format=torch.channels_last)
        self._preprocessing = family(run.config).preprocessing
        self._pixels, self._labels = to_tensors(test[:IMAGES])

    def accuracy(self, removed: Blocks = frozenset(), scale: float = 1.0, precision: str = "float32") -> float:
        """Share of the images named rightly, 0 to 1, with these blocks removed and the others' branches scaled.

        `precision`: of the numbers; half the time in bfloat16, and an image or two differ. Raises
        LabError if a block can't be removed.
        """
        if needed := removed - self.removable:
            raise LabError(f"This network can't do without these blocks: {', '.join(map(str, sorted(needed)))}.")
        batches = zip(self._pixels.split(BATCH), self._labels.split(BATCH), strict=True)
        with ThreadPoolExecutor(self._workers) as pool:
            right = pool.map(lambda batch: self._count_right(batch[0], batch[1], removed, scale, precision), batches)
            return sum(right) / len(self._labels)

    def _count_right(self, pixels: Tensor, labels: Tensor, removed: Blocks, scale: float, precision: str) -> int:
        with autocast("cpu", precision):  # holds for the thread that enters it
            logits = forward(self._model, self._preprocessing(pixels), removed, scale)
        return int((logits.argmax(dim=1) == labels).sum())


def blocks(model: CifarNet) -> Iterator[BasicBlock]:
    """From the first after the picture to the last."""
    return (cast(BasicBlock, block) for block in chain(model.layer1, model.layer2, model.layer3))


@torch.inference_mode()
def forward(model: CifarNet, x: Tensor, removed: Blocks = frozenset(), scale: float = 1.0) -> Tensor:
    """`model(x)` without the blocks `removed` (numbered from 1), the other blocks' branches multiplied by `scale`.

    In a ResNet a removed block's shortcut remains. A plain network has no branches to scale.
    """
    out = F.relu(model.bn1(model.conv1(x)))
    for number, block in enumerate(blocks(model), start=1):
        out = _without(block, out) if number in removed else _scaled(block, out, scale)
    return model.fc(average_pooled(out))


def _without(block: BasicBlock, x: Tensor) -> Tensor:
    if not block.skip:
        return x
    stride = block.conv1.stride[0]
    return shortcut(x, like=x.new_empty(len(x), block.conv1.out_channels, *(s // stride for s in x.shape[2:])))


def _scaled(block: BasicBlock, x: Tensor, scale: float) -> Tensor:
    if not block.skip or scale == 1:
        return block(x)
    if scale == 0:
        return _without(block, x)
    branch = block.branch(x) * scale
    return F.relu(branch + shortcut(x, like=branch))
