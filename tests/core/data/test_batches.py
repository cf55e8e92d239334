import numpy as np
import pytest
import torch

from core.data.batches import SHIFT, EpochPlan, TrainingSet, derived_seed, label_budget, split_indices, to_tensors
from core.data.cifar10 import Images
from core.errors import LabError
from core.models.registry import family
from core.settings.train_config import TrainConfig

BATCH = 32


@pytest.fixture(scope="module")
def images(random_images) -> Images:
    return random_images(400)


@pytest.fixture(scope="module")
def plan() -> EpochPlan:
    return EpochPlan.draw(400, seed=1, epoch=2)


def test_split_is_complete_disjoint_and_stratified(images):
    train, validation = split_indices(images.labels, seed=0)
    assert sorted([*train, *validation]) == list(range(400))
    assert np.bincount(images.labels[train]).tolist() == [36] * 10
    assert np.bincount(images.labels[validation]).tolist() == [4] * 10


def test_split_follows_from_its_seed(images):
    a, again, other = (split_indices(images.labels, seed) for seed in (0, 0, 1))
    assert all((x == y).all() for x, y in zip(a, again, strict=True))
    assert set(a[1]) != set(other[1])


def test_derived_seeds():
    parts = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 0, 1), (0, 1, 1), (1, 0, 1), (2**31 - 1, 9_999, 50_000)]
    seeds = [derived_seed(*part) for part in parts]
    assert seeds == [derived_seed(*part) for part in parts]
    assert len(set(seeds)) == len(parts)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_tensors_hold_the_same_pixels(images):
    pixels, labels = to_tensors(images)
    assert (pixels.dtype, labels.dtype) == (torch.uint8, torch.int64)
    assert pixels.is_contiguous(memory_format=torch.channels_last)
    assert (pixels.permute(0, 2, 3, 1).numpy() == images.pixels).all()
    assert (labels.numpy() == images.labels).all()


def test_plan_follows_from_seed_and_epoch(plan):
    again = EpochPlan.draw(400, seed=1, epoch=2)
    for field in ("order", "shifts", "flips"):
        assert torch.equal(getattr(plan, field), getattr(again, field))
        for seed, epoch in ((1, 3), (2, 2), (2, 1)):
            assert not torch.equal(getattr(plan, field), getattr(EpochPlan.draw(400, seed, epoch), field))


def test_plan_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    EpochPlan.draw(10, seed=0, epoch=0)
    assert torch.equal(before, torch.get_rng_state())


def test_every_image_is_mirrored_in_every_other_epoch():
    def mirrored(epoch: int) -> torch.Tensor:
        """By image, in the images' own order."""
        plan = EpochPlan.draw(100, seed=3, epoch=epoch)
        return plan.flips[plan.order.argsort()]

    assert torch.equal(mirrored(0), ~mirrored(1))
    assert torch.equal(mirrored(0), mirrored(2))
    assert 0 < mirrored(0).sum() < 100


def test_plan_covers_every_image_shift_and_flip(plan):
    assert sorted(plan.order.tolist()) == list(range(400))
    large = EpochPlan.draw(9_000, seed=0, epoch=0)
    for axis in (0, 1):
        counts = np.bincount(large.shifts[:, axis], minlength=9)
        assert len(counts) == 2 * SHIFT + 1
        assert counts.min() > 0.85 * 1000
        assert counts.max() < 1.15 * 1000
    assert not torch.equal(large.shifts[:, 0], large.shifts[:, 1])
    assert large.flips.float().mean().item() == pytest.approx(0.5, abs=0.03)


def test_augmentation_is_pad_crop_and_mirror(images, plan):
    training_set = TrainingSet(images, augment=True)
    seen = 0
    for pixels, labels in training_set.batches(plan, BATCH):
        for picture, label in zip(pixels, labels, strict=True):
            image, (down, right), flip = plan.order[seen], plan.shifts[seen], plan.flips[seen]
            padded = np.pad(images.pixels[image], ((4, 4), (4, 4), (0, 0)), mode="reflect")
            expected = padded[down : down + 32, right : right + 32]
            expected = expected[:, ::-1] if flip else expected
            assert (picture.permute(1, 2, 0).numpy() == expected).all()
            assert label == images.labels[image]
            seen += 1
    assert seen == 400 // BATCH * BATCH


def test_without_augmentation_the_pixels_are_exact(images, plan):
    training_set = TrainingSet(images, augment=False)
    pixels = torch.cat([pixels for pixels, _ in training_set.batches(plan, BATCH)])
    assert (pixels.permute(0, 2, 3, 1).numpy() == images.pixels[plan.order[:384]]).all()


@pytest.mark.parametrize("first_step", [0, 5, 11, 12])
def test_batches_from_a_step_are_the_tail_of_all(images, plan, first_step):
    training_set = TrainingSet(images, augment=True)
    everything = list(training_set.batches(plan, BATCH))
    tail = list(training_set.batches(plan, BATCH, first_step))
    assert (len(everything), len(tail)) == (12, 12 - first_step)
    for (a, labels_a), (b, labels_b) in zip(everything[first_step:], tail, strict=True):
        assert torch.equal(a, b)
        assert torch.equal(labels_a, labels_b)


@pytest.mark.parametrize(("batch_size", "steps"), [(1, 400), (32, 12), (400, 1), (401, 0)])
def test_incomplete_batch_is_left_out(images, batch_size, steps):
    assert TrainingSet(images, augment=True).steps(batch_size) == steps


@pytest.mark.parametrize("augment", [True, False])
def test_channels_lie_last_in_memory(images, plan, augment):
    pixels, _ = next(TrainingSet(images, augment).batches(plan, BATCH))
    assert pixels.dtype == torch.uint8
    assert pixels.stride(1) == 1
    prepared = family(TrainConfig()).preprocessing(pixels)
    assert prepared.is_contiguous(memory_format=torch.channels_last)


def test_images_are_not_changed(images, plan):
    before = images.pixels.copy()
    for pixels, _ in TrainingSet(images, augment=True).batches(plan, BATCH):
        pixels.zero_()
    assert (images.pixels == before).all()


@pytest.mark.parametrize(("fraction", "count"), [(0.5, 18), (0.1, 4), (0.03, 1)])
def test_label_budget_has_as_many_of_each_class(images, fraction, count):
    train, _ = split_indices(images.labels, seed=0)
    chosen = label_budget(train, images.labels, fraction, seed=0)
    assert np.bincount(images.labels[chosen]).tolist() == [count] * 10
    assert set(chosen) <= set(train)
    assert len(set(chosen)) == len(chosen)


def test_smaller_label_budget_lies_within_the_larger(images):
    train, _ = split_indices(images.labels, seed=0)
    large, small, other = (
        set(label_budget(train, images.labels, fraction, seed)) for fraction, seed in ((0.5, 0), (0.1, 0), (0.1, 1))
    )
    assert small < large
    assert small != other


def test_whole_label_budget_changes_nothing_and_an_empty_one_is_refused(images):
    train, _ = split_indices(images.labels, seed=0)
    assert label_budget(train, images.labels, 1.0, seed=0) is train
    with pytest.raises(LabError, match=r"1\.000% of the 360 training images leaves none of some class"):
        label_budget(train, images.labels, 0.01, seed=0)
