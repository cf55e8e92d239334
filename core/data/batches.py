"""Training images as batches: split, order, augmentation. Knows tensors and seeds; knows no files and no networks.

All images lie in memory as one uint8 tensor and whole batches are cut from it by indexing: no per-image Python,
no worker processes. Order and augmentation of an epoch follow from (seed, epoch) alone, so that training can stop
and go on at any step with nothing saved but the position.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.data.cifar10 import SIZE, VALIDATION_SHARE, Images
from core.errors import LabError

SHIFT = 4  # pixels, each way (He et al. 2015, section 4.2, who fill the gap with zeros; here the image is mirrored)
FIRST_FLIPS = 1_000_000  # in place of an epoch's number, which is never as high


def split_indices(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Stratified 90/10 split: (training, validation) indices, disjoint, together all of `labels` (uint8 (n,))."""
    from sklearn.model_selection import train_test_split

    return train_test_split(np.arange(len(labels)), test_size=VALIDATION_SHARE, stratify=labels, random_state=seed)


def label_budget(indices: np.ndarray, labels: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """A stratified share (0 to 1) of `indices` into `labels`: as if only so many images had labels.

    A budget holds the smaller ones of the same seed. Raises LabError where a class would have none left.
    """
    if fraction == 1:
        return indices
    order = np.random.default_rng(seed).permutation(indices)
    chosen = []
    for label in np.unique(labels[indices]):
        of_class = order[labels[order] == label]
        count = round(fraction * len(of_class))
        if count == 0:
            raise LabError(
                f"{fraction:.3%} of the {len(indices)} training images leaves none of some class; take a larger share."
            )
        chosen.append(of_class[:count])
    return np.concatenate(chosen)


def derived_seed(*parts: int) -> int:
    """One 63-bit seed from several numbers, e.g. (seed, epoch, step), well mixed; zeros at their end do not count."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))


def to_tensors(images: Images, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """(pixels uint8 (n, 3, 32, 32) in channels-last memory, labels int64 (n,)) on `device`."""
    return to_pixels(images.pixels).to(device), torch.from_numpy(images.labels.astype(np.int64)).to(device)


def to_pixels(pictures: np.ndarray) -> Tensor:
    """uint8 (n, 3, h, w) in channels-last memory, for uint8 (n, h, w, 3)."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)


@dataclass(frozen=True)
class EpochPlan:
    """Everything random in one epoch. `order`: (n,) indices; `shifts`: (n, 2), rows and columns, 0 to 8; `flips`: (n,)
    booleans: drawn for each image in the first epoch, then every other epoch, so that two epochs show each image both
    ways (Jordan 2024, "94% on CIFAR-10 in 3.29 seconds", section 3.6: alternating flip)."""

    order: Tensor
    shifts: Tensor
    flips: Tensor

    @classmethod
    def draw(cls, count: int, seed: int, epoch: int) -> "EpochPlan":
        generator = torch.Generator().manual_seed(derived_seed(seed, epoch))
        order = torch.randperm(count, generator=generator)
        shifts = torch.randint(0, 2 * SHIFT + 1, (count, 2), generator=generator)
        at_first = torch.rand(count, generator=torch.Generator().manual_seed(derived_seed(seed, FIRST_FLIPS))) < 0.5
        return cls(order, shifts, flips=at_first[order] ^ (epoch % 2 == 1))

    def sha256(self, before: str) -> str:
        """Of this plan and of those `before` it (their sha256; "" at first): equal for trainings that saw the same
        images in the same order, shifted and mirrored alike."""
        digest = hashlib.sha256(before.encode())
        for part in (self.order, self.shifts, self.flips):
            digest.update(part.numpy().tobytes())
        return digest.hexdigest()


class TrainingSet:
    """The training images on the device, from which whole batches are cut, shifted and mirrored."""

    def __init__(self, images: Images, augment: bool, device: torch.device | str = "cpu"):
        pixels, self.labels = to_tensors(images, device)
        self.augment = augment
        # One pixel (3 bytes and a spare one) as one int32: a gather then moves whole pixels.
        with_spare = torch.nn.functional.pad(pixels.permute(0, 2, 3, 1), (0, 1)).contiguous()
        self._pixels = with_spare.view(torch.int32).flatten()
        self._rows = torch.arange(SIZE, device=device)

    def __len__(self) -> int:
        return len(self.labels)

    def steps(self, batch_size: int) -> int:
        """Batches in an epoch; the incomplete one at its end is left out (other images each time)."""
        return len(self) // batch_size

    def batches(
        self, plan: EpochPlan, batch_size: int, first_step: int = 0, shard: slice = slice(None)
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """(pixels uint8 (batch, 3, 32, 32) in channels-last memory, labels int64 (batch,)) from `first_step` on; of
        each batch only the `shard`."""
        for step in range(first_step, self.steps(batch_size)):
            batch = slice(step * batch_size, (step + 1) * batch_size)
            order, shifts, flips = (part[batch][shard] for part in (plan.order, plan.shifts, plan.flips))
            chosen = order.to(self.labels.device)
            yield self._cut(chosen, shifts, flips), self.labels[chosen]

    def _cut(self, chosen: Tensor, shifts: Tensor, flips: Tensor) -> Tensor:
        shifts, flips = shifts.to(chosen.device), flips.to(chosen.device)
        if not self.augment:
            shifts, flips = torch.full_like(shifts, SHIFT), torch.zeros_like(flips)
        columns = _reflected(torch.where(flips[:, None], SIZE - 1 - self._rows, self._rows) + shifts[:, 1:] - SHIFT)
        rows = _reflected(self._rows + shifts[:, :1] - SHIFT) + chosen[:, None] * SIZE
        places = rows[:, :, None] * SIZE + columns[:, None, :]
        pixels = self._pixels.index_select(0, places.flatten()).view(torch.uint8).view(-1, SIZE, SIZE, 4)
        return pixels[..., :3].permute(0, 3, 1, 2)


def _reflected(places: Tensor) -> Tensor:
    """Rows or columns that lie beyond the image, mirrored at its edge pixels."""
    return SIZE - 1 - (SIZE - 1 - places.abs()).abs()
