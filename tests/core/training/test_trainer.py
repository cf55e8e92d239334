import shutil
from dataclasses import replace
from functools import cache
from itertools import count, pairwise

import numpy as np
import pytest
import torch

from core.data.batches import to_tensors
from core.data.cifar10 import Images
from core.errors import DivergedError, LabError, ModelError, TrainingError
from core.models.inference import infer
from core.models.layers import freeze
from core.models.registry import build
from core.runs import store
from core.runs.run import HISTORY_COLUMNS
from core.runs.validation import MOST_EPOCHS
from core.settings.train_config import TrainConfig
from core.training import device
from core.training.layer_record import LayerRecord
from core.training.trainer import Trainer
from tests.required import skip_unless_required

CONFIG = TrainConfig(depth=8, data="shipped", epochs=2, batch_size=8, lr=0.05)
STEPS = 90 // 8  # an epoch: 100 images, 10 of them validation


@pytest.fixture
def trainer(tiny_images):
    """trainer(**config changes): a Trainer on the tiny images."""

    def make(precision: str = "float32", images: Images = tiny_images, weights=None, compiled=False, **changes):
        return Trainer(replace(CONFIG, **changes), images, weights, torch.device("cpu"), precision, compiled)

    return make


def without_seconds(history: list[dict]) -> list[dict]:
    return [{key: value for key, value in row.items() if key != "seconds"} for row in history]


def assert_equal(a: Trainer, b: Trainer) -> None:
    """Bit by bit: history, what is recorded of layers and answers, weights and buffers, best weights."""
    assert without_seconds(a.history) == without_seconds(b.history)
    assert a.record.state()[1] == b.record.state()[1]
    assert torch.equal(a.answers, b.answers)
    assert a.position == b.position
    for one, other in ((a.model.state_dict(), b.model.state_dict()), (a.best_weights, b.best_weights)):
        assert all(torch.equal(one[name], other[name]) for name in one)


def stop_after(steps: int):
    calls = count()
    return lambda: next(calls) >= steps


@pytest.fixture(scope="module")
def undisturbed(tiny_images):
    """undisturbed(precision, epochs): a Trainer of CONFIG that got to its end in one go."""

    @cache
    def train(precision: str = "float32", epochs: int = 2) -> Trainer:
        config = replace(CONFIG, epochs=epochs)
        whole = Trainer(config, tiny_images, device=torch.device("cpu"), precision=precision)
        assert whole.fit()
        return whole

    return train


@pytest.mark.parametrize(
    ("steps", "precision", "epochs"),
    [
        (0, "float32", 2),
        (5, "float32", 2),
        (STEPS, "float32", 2),  # in the validation, which is asked as often as a step: once
        (STEPS + 1, "float32", 2),
        (STEPS + 5, "float32", 2),
        (5, "bfloat16", 1),
    ],
)
def test_resumed_training_equals_an_undisturbed_one(trainer, undisturbed, tmp_path, steps, precision, epochs):
    stopped = trainer(precision, epochs=epochs)
    assert not stopped.fit(should_stop=stop_after(steps))
    done = stopped.position
    assert (done.epoch, done.sums.steps) == divmod(steps, STEPS + 1)
    store.save_state(tmp_path, *stopped.state())

    resumed = trainer(precision, epochs=epochs)
    resumed.load_state(*store.load_state(tmp_path))
    torch.manual_seed(12345)  # nothing may hang on the global generator
    assert resumed.fit()
    assert_equal(resumed, undisturbed(precision, epochs))


def test_stopping_at_every_few_steps_changes_nothing(trainer, undisturbed, tmp_path):
    sessions = 0
    while True:
        resumed = trainer()
        if sessions:
            resumed.load_state(*store.load_state(tmp_path))
        sessions += 1
        if resumed.fit(should_stop=stop_after(6)):
            break
        store.save_state(tmp_path, *resumed.state())
    assert sessions == -(-2 * (STEPS + 1) // 6)
    assert_equal(resumed, undisturbed())


def test_best_weights_so_far_survive_a_resume(trainer, tmp_path):
    stopped = trainer()
    stopped.best_weights = {name: torch.full_like(value, 7) for name, value in stopped.best_weights.items()}
    store.save_state(tmp_path, *stopped.state())
    resumed = trainer()
    resumed.load_state(*store.load_state(tmp_path))
    assert all((value == 7).all() for value in resumed.best_weights.values())
    assert not any((value == 7).all() for value in resumed.model.state_dict().values())


def test_state_of_another_config_is_refused(trainer, tmp_path):
    store.save_state(tmp_path, *trainer().state())
    with pytest.raises(TrainingError, match="another configuration"):
        trainer(seed=1).load_state(*store.load_state(tmp_path))


def test_a_state_older_than_what_is_recorded_now_is_resumed_without(trainer, undisturbed, tmp_path):
    stopped, resumed = trainer(), trainer()
    stopped.fit(should_stop=stop_after(STEPS + 2))
    tensors, values = stopped.state()
    assert values["position"].pop("batch_order")
    assert len(values.pop("relative_steps")) == len(tensors.pop("answers")) == 1
    del tensors["relative_step_sums"]
    resumed.load_state(tensors, values)
    assert not resumed.fit(should_stop=stop_after(3))
    store.save_state(tmp_path, *resumed.state())
    again = trainer()
    again.load_state(*store.load_state(tmp_path))
    assert again.fit()
    assert again.position.batch_order is again.record.relative_steps is again.known_of_validation() is None
    assert again.record.gradient_norms == undisturbed().record.gradient_norms


def test_of_too_many_epochs_no_answers_are_kept(trainer):
    each = trainer(epochs=MOST_EPOCHS + 1)
    each.fit(should_stop=stop_after(STEPS + 2))
    assert each.known_of_validation() is None
    assert trainer(epochs=MOST_EPOCHS).answers is not None


def test_mnasnet_which_asks_for_a_version_is_resumed(trainer, tmp_path):
    mnasnet = {"family": "torchvision", "network": "mnasnet0_5", "depth": 20}
    begun = trainer(**mnasnet, weights=trainer(**mnasnet, seed=5).best_weights)
    store.save_state(tmp_path, *begun.state())
    resumed = trainer(**mnasnet)
    resumed.load_state(*store.load_state(tmp_path))
    assert_equal(begun, resumed)


def test_equal_seeds_give_equal_trainings(trainer, undisturbed):
    rows = []
    for seed in (0, 1):
        each = trainer(seed=seed)
        each.fit(should_stop=stop_after(STEPS + 1))
        rows += without_seconds(each.history)
    assert rows[0] == without_seconds(undisturbed().history)[0]
    for figure in ("train_loss", "val_loss"):
        assert rows[1][figure] != rows[0][figure]


def test_twins_see_the_same_batches_and_begin_with_the_same_weights(trainer):
    seen = {}
    for skip in (True, False):
        twin = trainer(skip=skip, epochs=1)
        seen[skip] = [twin.model.state_dict()[name].clone() for name in twin.model.state_dict()]
        original = twin._step
        twin._step = lambda pixels, labels, batches=seen[skip], step=original: (
            batches.extend((pixels, labels)) or step(pixels, labels)
        )
        twin.fit()
    assert len(seen[True]) == len(seen[False]) > 2 * STEPS
    assert all(torch.equal(a, b) for a, b in zip(seen[True], seen[False], strict=True))


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_weight_decay_spares_batch_norm_and_biases(trainer, norm):
    each = trainer(norm=norm, weight_decay=0.01)
    names = {id(parameter): name for name, parameter in each.model.named_parameters()}
    decay_of = {
        names[id(parameter)]: group["weight_decay"]
        for group in each.optimizer.param_groups
        for parameter in group["params"]
    }
    assert decay_of.keys() == set(names.values())
    for name, decay in decay_of.items():
        is_weight = name.endswith("weight") and "bn" not in name
        assert decay == (0.01 if is_weight else 0.0), name


def test_optimizer_follows_the_config(trainer):
    groups = trainer(momentum=0.8).optimizer.param_groups
    assert all(group["momentum"] == 0.8 and group["nesterov"] for group in groups)
    assert not trainer(momentum=0.0).optimizer.param_groups[0]["nesterov"]


def rates_of_each_step(each: Trainer) -> list[float]:
    rates = []
    each.fit(on_step=lambda report: rates.append(each.optimizer.param_groups[0]["lr"]))
    return rates


def test_learning_rate_of_each_step(trainer):
    assert rates_of_each_step(trainer(schedule="multistep", warmup=0.0, lr=0.04)) == pytest.approx(
        [0.04] * STEPS + [0.004] * (STEPS // 2 + 1) + [0.0004] * (STEPS // 2)
    )


def test_reports_of_steps_and_epochs(trainer):
    reports, rows = [], []
    each = trainer()
    assert each.fit(reports.append, rows.append)
    assert [report.epoch for report in reports] == [1] * STEPS + [2] * STEPS
    assert all(report.images_per_second > 0 for report in reports)
    assert reports[-1].seconds_left == 0
    assert reports[0].seconds_left > reports[STEPS - 1].seconds_left / 10 > 0
    assert rows == each.history
    assert [tuple(row) for row in rows] == [tuple(HISTORY_COLUMNS)] * 2
    assert [row["epoch"] for row in rows] == [1, 2]
    assert [row["images_seen"] for row in rows] == [8 * STEPS, 16 * STEPS]
    assert (rows[0]["train_loss"], rows[0]["train_accuracy"]) == (reports[STEPS - 1].loss, reports[STEPS - 1].accuracy)


def test_validation_figures_are_those_of_the_weights(trainer, tiny_images):
    each = trainer(epochs=1)
    each.fit()
    pixels, labels = each.validation
    each.model.train()
    logits = infer(each.model, pixels, each.preprocessing)
    row = each.history[0]
    assert row["val_accuracy"] == pytest.approx((logits.argmax(dim=1) == labels).float().mean().item())
    assert row["val_loss"] == pytest.approx(torch.nn.functional.cross_entropy(logits, labels).item())
    assert len(labels) == 10
    known = each.known_of_validation(logits)
    assert np.array_equal(known.answers, logits.argmax(dim=1)[None])
    assert np.array_equal(known.logits, logits)
    assert np.array_equal(tiny_images.labels[known.photos], known.labels)
    assert np.array_equal(tiny_images.pixels[known.photos], pixels.permute(0, 2, 3, 1))
    assert each.model.training  # as it was before


def test_validation_images_are_never_trained_on(trainer, tiny_images):
    """None of their pictures is among those of any step."""
    each = trainer(augment=False)
    validation = {picture.numpy().tobytes() for picture in each.validation[0]}
    original, trained_on = each._step, set()

    def step(pixels, labels):
        trained_on.update(picture.contiguous().numpy().tobytes() for picture in pixels)
        return original(pixels, labels)

    each._step = step
    each.fit()
    everything = {picture.numpy().tobytes() for picture in to_tensors(tiny_images)[0]}
    assert len(validation) == 10
    assert trained_on <= everything - validation
    assert len(trained_on) > STEPS * 8  # more than one epoch's worth: what an epoch leaves out differs


def test_gradient_norms_by_epoch_and_layer(trainer):
    each = trainer()
    each.fit()
    norms = np.array(each.record.gradient_norms)
    assert each.record.layers == [name for name in each.model.state_dict() if "conv" in name or name == "fc.weight"]
    assert norms.shape == (2, 8)
    assert np.isfinite(norms).all()
    assert (norms > 0).all()
    # One step of one epoch, without momentum and decay: lr x norm is how far each layer's weights moved.
    one = trainer(epochs=1, batch_size=90, momentum=0, weight_decay=0, schedule="constant", warmup=0.0, lr=0.01)
    before = {name: one.model.state_dict()[name].clone() for name in one.record.layers}
    one.fit()
    moved = [(one.model.state_dict()[name] - before[name]).norm().item() for name in one.record.layers]
    assert (0.01 * np.array(one.record.gradient_norms[0])).tolist() == pytest.approx(moved, rel=1e-3)


@pytest.mark.parametrize("changes", [{}, {"clip_norm": 0.5}, {"clip_layer": 0.3}, {"head_lr": 5.0}], ids=str)
def test_relative_steps_are_how_far_steps_without_momentum_move_each_layer(trainer, changes):
    """By the mean of two steps; a cosine's second step is a shorter one."""
    settings = {"epochs": 1, "batch_size": 45, "momentum": 0, "weight_decay": 0, "schedule": "cosine", "warmup": 0.0}
    each = trainer(**settings, **changes)
    weights = dict(each.model.named_parameters())
    states = [{name: weights[name].detach().clone() for name in each.record.layers}]
    each.fit(on_step=lambda report: states.append({name: weights[name].detach().clone() for name in states[0]}))
    moved = [
        [((after[name] - before[name]).norm() / before[name].norm()).item() for name in each.record.layers]
        for before, after in pairwise(states)
    ]
    assert len(moved) == 2
    assert each.record.relative_steps[0] == pytest.approx(np.mean(moved, axis=0).tolist(), rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "each_step"),
    [({}, 1), ({"clip_norm": 0.5}, 2), ({"clip_layer": 0.3}, 2), ({"optimizer": "adamw", "clip_norm": 0.5}, 1)],
    ids=str,
)
def test_gradients_are_measured_again_only_where_they_may_have_changed(trainer, monkeypatch, changes, each_step):
    each, measured = trainer(epochs=1, **changes), []
    lengths = each.record._lengths_of_gradients
    monkeypatch.setattr(each.record, "_lengths_of_gradients", lambda: measured.append(1) or lengths())
    each.fit()
    assert len(measured) == each_step * STEPS


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_how_far_those_that_rescale_gradients_move_a_layer_is_not_claimed(trainer, optimizer):
    each = trainer(epochs=1, optimizer=optimizer, lr=0.001)
    each.fit()
    assert each.record.relative_steps is None
    again = trainer(epochs=1, optimizer=optimizer, lr=0.001)
    again.load_state(*each.state())
    assert again.record.relative_steps is None


def test_best_epoch_is_kept(trainer, monkeypatch):
    """Validation accuracies 0.1, 0.3, 0.3, 0.2 by fiat: the third epoch is the best, and of equals the one that
    learned for longer."""
    each = trainer(epochs=4, batch_size=45)
    after = []
    shares = iter([0.1, 0.3, 0.3, 0.2])

    def fake_infer(model, pixels, preprocessing, precision, should_stop):
        after.append({name: value.clone() for name, value in model.state_dict().items()})
        labels = each.validation[1]
        right = torch.arange(len(labels)) < round(next(shares) * len(labels))
        return torch.nn.functional.one_hot(torch.where(right, labels, (labels + 1) % 10), 10).float()

    monkeypatch.setattr("core.training.trainer.infer", fake_infer)
    each.fit()
    assert (each.position.best_epoch, each.position.best_accuracy) == (3, pytest.approx(0.3))
    assert all(torch.equal(each.best_weights[name], after[2][name]) for name in after[2])
    assert any(not torch.equal(each.best_weights[name], after[1][name]) for name in after[1])


def test_divergence_is_told_and_the_best_weights_stay(trainer):
    each = trainer(lr=999.0, norm="none", schedule="constant", warmup=0.0)
    with pytest.raises(
        TrainingError,
        match=r"\(diverged\). A learning rate below 999 usually cures it, or gradient clipping",
    ):
        each.fit()
    assert all(torch.isfinite(value).all() for value in each.best_weights.values())


def test_a_loss_that_is_not_finite_is_told_as_such(trainer):
    each = trainer()
    each.model.get_parameter("fc.weight").data.fill_(torch.inf)
    with pytest.raises(DivergedError, match=r"^The loss is no longer finite at epoch 1, step 1"):
        each.fit()


def test_weights_that_explode_behind_batch_norm_are_told(trainer):
    """The loss is the same as with ordinary weights, since BatchNorm takes their size out again."""
    each = trainer()
    each.model.get_parameter("conv1.weight").data.mul_(1e4)
    with pytest.raises(DivergedError, match=r"^The largest weight of conv1.weight is beyond 1,000 at epoch 1"):
        each.fit()
    assert len(each.record.gradient_norms) == 1


def test_a_gradient_that_is_not_finite_is_told_before_a_step_is_made_with_it(trainer, monkeypatch):
    """In the second epoch's first step: the weights, and the best ones, are those that the first epoch ended with."""
    each, kept = trainer(epochs=3, batch_size=45), {}

    def poison(row: dict) -> None:
        kept.update((name, value.clone()) for name, value in each.model.state_dict().items())
        for name in ("conv1.weight", "layer2.0.conv1.weight"):  # of which the second is nearer to the answer
            layer = dict(each.model.named_parameters())[name]
            layer.register_hook(lambda gradient: torch.full_like(gradient, torch.inf))

    with pytest.raises(DivergedError, match=r"gradient of layer2.0.conv1.weight .* epoch 2, step 1"):
        each.fit(on_epoch=poison)
    after = dict(each.model.named_parameters())
    assert all(
        torch.equal(after[name], kept[name]) and torch.equal(each.best_weights[name], kept[name]) for name in after
    )
    assert [np.isfinite(norms).all() for norms in each.record.gradient_norms] == [True, False]


def test_divergence_in_the_last_step_is_told(trainer):
    """One step only: its loss is a number, but the weights after it answer NaN on the validation images."""
    each = trainer(lr=999.0, norm="none", schedule="constant", warmup=0.0, epochs=1, batch_size=90, depth=20)
    with pytest.raises(DivergedError, match=r"validation loss .* epoch 1, step 1: training broke down"):
        each.fit()
    assert (np.array(each.record.gradient_norms) > 0).all()
    assert len(each.record.gradient_norms) == 1


def test_batch_larger_than_the_set_is_refused(trainer):
    trainer(batch_size=90)
    with pytest.raises(LabError, match="A batch of 91 is more than the 90 training images"):
        trainer(batch_size=91)


def test_initial_weights_replace_those_of_the_seed(trainer):
    weights = build(TrainConfig(depth=8, seed=77)).state_dict()
    each = trainer(weights=weights)
    assert all(torch.equal(each.model.state_dict()[name], weights[name]) for name in weights)
    each.fit()
    assert torch.equal(weights["fc.weight"], build(TrainConfig(depth=8, seed=77)).fc.weight)  # a copy was trained


def test_loss_falls_where_there_is_something_to_learn(trainer):
    """Ten classes, each its own color under a little noise."""
    random = np.random.default_rng(0)
    labels = (np.arange(400) % 10).astype(np.uint8)
    colors = np.linspace(20, 230, 10)[:, None] * [1, 0, 0] + np.linspace(230, 20, 10)[:, None] * [0, 1, 0.5]
    pixels = (colors[labels][:, None, None] + random.normal(0, 10, (400, 32, 32, 3))).clip(0, 255).astype(np.uint8)
    each = trainer(images=Images(pixels, labels), epochs=4, batch_size=32, lr=0.1, augment=False)
    each.fit()
    first, last = each.history[0], each.history[-1]
    assert last["train_loss"] < first["train_loss"] / 2
    assert last["val_loss"] < first["val_loss"]
    assert last["val_accuracy"] > 0.6


def test_label_smoothing_raises_the_least_loss(trainer):
    smooth, sharp = trainer(epochs=1, label_smoothing=0.3), trainer(epochs=1)
    losses = {}
    for each in (smooth, sharp):
        pixels, labels = next(each.training_set.batches(_plan(), 8))
        each.model.fc.weight.data.zero_()
        each.model.fc.bias.data.copy_(torch.nn.functional.one_hot(labels[0], 10) * 50.0)
        losses[each.config.label_smoothing] = each._step(pixels[:1], labels[:1])[0]
    assert losses[0.0] == pytest.approx(0, abs=1e-6)
    assert losses[0.3] == pytest.approx(0.3 * 0.9 * 50)


@pytest.mark.parametrize("clip_norm", [0.05, 1e3])
def test_longer_gradients_are_shortened_all_layers_alike_and_shorter_ones_are_not(trainer, clip_norm):
    settings = {"epochs": 1, "schedule": "constant", "warmup": 0.0, "momentum": 0, "weight_decay": 0}
    clipped, free = (trainer(clip_norm=norm, **settings) for norm in (clip_norm, None))
    pixels, labels = next(clipped.training_set.batches(_plan(), 8))
    before = torch.cat([weights.detach().flatten() for weights in clipped.model.parameters()])
    steps = []
    for each in (clipped, free):
        each._step(pixels, labels)
        steps.append(torch.cat([weights.detach().flatten() for weights in each.model.parameters()]) - before)
    length = (steps[1] / CONFIG.lr).norm().item()
    assert 0.05 < length < 1e3
    expected = steps[1] * min(1, clip_norm / length)
    assert (steps[0] - expected).norm() < 0.01 * expected.norm()
    assert torch.equal(clipped.record.norms, free.record.norms)  # what is recorded is the gradient as it came


def test_each_layers_gradient_is_shortened_by_itself(trainer):
    settings = {"epochs": 1, "schedule": "constant", "warmup": 0.0, "momentum": 0, "weight_decay": 0}
    clipped, free = (trainer(clip_layer=norm, **settings) for norm in (0.3, None))
    pixels, labels = next(clipped.training_set.batches(_plan(), 8))
    before = [weights.detach().clone() for weights in clipped.model.parameters()]
    for each in (clipped, free):
        each._step(pixels, labels)
    lengths = [
        (weights.detach() - old).norm().item() / CONFIG.lr
        for weights, old in zip(clipped.model.parameters(), before, strict=True)
    ]
    whole = [
        (weights.detach() - old).norm().item() / CONFIG.lr
        for weights, old in zip(free.model.parameters(), before, strict=True)
    ]
    assert lengths == pytest.approx([min(length, 0.3) for length in whole], rel=1e-3, abs=1e-6)
    assert min(whole) < 0.3 < max(whole)


def test_what_a_network_draws_itself_is_drawn_again_after_a_resume(tiny_images):
    """Dropout's numbers hang on the seed, the epoch and the step alone, not on what was drawn before."""
    config = TrainConfig(
        family="torchvision", network="squeezenet1_1", input_size=32, data="shipped", epochs=1, batch_size=32, lr=1e-3
    )
    whole, resumed = (Trainer(config, tiny_images, device=torch.device("cpu"), precision="float32") for _ in range(2))
    steps = whole.train_steps()
    next(steps)
    resumed.load_state(*whole.state())
    expected = next(steps).batch_loss
    torch.rand(7)  # whatever else has drawn meanwhile
    assert next(resumed.train_steps()).batch_loss == expected


@pytest.mark.slow
def test_clipping_lets_a_deep_resnet_without_batch_norm_make_its_first_steps(trainer):
    settings = {"depth": 56, "norm": "none", "batch_size": 30, "lr": 0.1, "schedule": "constant", "epochs": 1}
    with pytest.raises(DivergedError):
        trainer(**settings).fit()
    assert trainer(**settings, clip_norm=1.0).fit()


def _plan():
    from core.data.batches import EpochPlan

    return EpochPlan.draw(90, seed=0, epoch=0)


@pytest.mark.slow
def test_compiled_training_learns_the_same(trainer, undisturbed):
    if not shutil.which("g++"):
        skip_unless_required("torch.compile needs a C++ compiler")
    compiled = trainer(compiled=True)
    with torch._inductor.config.patch(compile_threads=1):  # no pool of processes, each of which loads PyTorch
        compiled.fit()
    assert compiled.model.state_dict().keys() == undisturbed().model.state_dict().keys()
    for row, expected in zip(compiled.history, undisturbed().history, strict=True):
        assert row["train_loss"] == pytest.approx(expected["train_loss"], rel=0.01)


AMX, AMD = ("GenuineIntel", "AVX512", "avx512_bf16 amx_bf16"), ("AuthenticAMD", "AVX512", "avx512_bf16")


@pytest.mark.parametrize(
    ("asked", "precision", "cpu", "threads", "works", "from_steps", "compiled"),
    [
        (None, "bfloat16", AMX, 2, True, 2 * STEPS, True),
        (None, "bfloat16", AMX, 2, True, 2 * STEPS + 1, False),
        (None, "bfloat16", AMX, 2, False, 0, False),
        (None, "bfloat16", AMX, 1, True, 0, False),
        (None, "bfloat16", ("GenuineIntel", "AVX512", "avx512_bf16"), 2, True, 0, False),
        (None, "bfloat16", AMD, 2, True, 0, False),
        (None, "float32", AMD, 2, True, 0, False),
        (None, "float32", ("GenuineIntel", "AVX512", ""), 2, True, 0, True),
        (None, "float32", ("GenuineIntel", "AVX2", ""), 2, True, 0, False),
        (False, "bfloat16", AMX, 2, True, 0, False),
        (True, "float32", AMD, 1, True, 2 * STEPS + 1, True),
    ],
)
def test_long_training_is_compiled_where_that_pays(
    trainer, monkeypatch, asked, precision, cpu, threads, works, from_steps, compiled
):
    vendor, capability, flags = cpu
    monkeypatch.setattr(device, "_cpu_info", {"vendor_id": vendor, "model name": "CPU", "flags": flags}.__getitem__)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(device, "compiler_works", lambda: works)
    monkeypatch.setattr(device, "PAYS_FROM", from_steps)
    assert trainer(precision, compiled=asked).compiled is compiled


def test_the_compiler_is_tried_for_the_device_that_trains(monkeypatch):
    seen = []
    monkeypatch.setattr(device, "best_device", lambda: torch.device("meta"))
    monkeypatch.setattr(torch, "compile", lambda function: seen.append)
    device.require_compiler()
    assert [numbers.device.type for numbers in seen] == ["meta"]


def test_a_device_that_learns_wrongly_is_found(monkeypatch):
    assert device.learns_right("cpu")
    device.learns_right.cache_clear()
    usual, calls = torch.nn.BatchNorm2d.forward, count()

    def wrong(self, x):
        return usual(self, x) if next(calls) == 0 else 1.1 * usual(self, x)

    monkeypatch.setattr(torch.nn.BatchNorm2d, "forward", wrong)
    assert not device.learns_right("cpu")
    device.learns_right.cache_clear()


def test_trying_bfloat16_draws_no_number_that_a_network_begins_with():
    torch.manual_seed(5)
    device._bfloat16_computes_right()
    drawn = torch.randn(3)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.randn(3))


# Fine-tuning


def moved(trainer: Trainer, before: dict) -> set[str]:
    return {name for name, value in trainer.model.state_dict().items() if not torch.equal(value, before[name])}


@pytest.mark.parametrize("stage", ["layer2", "backbone"])
def test_frozen_stages_stay_bit_by_bit_with_their_running_statistics(trainer, stage):
    each = trainer(freeze=stage, epochs=1)
    before = {name: value.clone() for name, value in each.model.state_dict().items()}
    each.fit()
    learning = {name for name in before if name.startswith(("layer3", "fc") if stage == "layer2" else "fc")}
    assert moved(each, before) == learning
    assert each.record.layers == [name for name in learning_order(before) if name in learning]
    assert np.array(each.record.gradient_norms).shape == (1, len(each.record.layers))
    in_optimizer = sum(len(group["params"]) for group in each.optimizer.param_groups)
    assert in_optimizer == sum(parameter.requires_grad for parameter in each.model.parameters()) > 0
    assert len(each.optimizer.state_dict()["state"]) == in_optimizer


@pytest.mark.parametrize("network", ["mobilenet_v3_small", "squeezenet1_1"])
def test_a_dropout_of_the_last_layer_is_not_frozen_with_the_others(network):
    model = build(TrainConfig(family="torchvision", network=network, input_size=64))
    still = freeze(model, "backbone")
    names = {layer: name for name, layer in model.named_modules()}
    (dropout,) = (layer for layer in model.modules() if isinstance(layer, torch.nn.Dropout))
    assert dropout not in still
    norms = [layer for layer in model.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    assert {names[norm] for norm in norms} <= {names[layer] for layer in still}


def test_the_last_block_of_a_frozen_stage_is_not_dropped_at_random():
    model = build(TrainConfig(family="torchvision", network="efficientnet_b0", input_size=64))
    still = freeze(model, "features.4")
    assert {layer for layer in model.features[4].modules() if not list(layer.children())} <= set(still)


def learning_order(state: dict) -> list[str]:
    return [name for name in state if name.endswith("weight") and state[name].dim() > 1]


@pytest.mark.parametrize("stage", ["fc", "layer9", "layer", "backbone.conv1", "layer1.0.conv1.weight"])
def test_unknown_stage_lists_the_known(trainer, stage):
    with pytest.raises(ModelError, match="Known: backbone, conv1, bn1, layer1, layer2, layer3"):
        trainer(freeze=stage)


def test_last_layer_has_a_learning_rate_of_its_own(trainer):
    each = trainer(head_lr=10.0, lr=0.02, schedule="constant", warmup=0.0)
    each.fit(should_stop=stop_after(1))
    head = {id(parameter) for parameter in each.model.fc.parameters()}
    for group in each.optimizer.param_groups:
        expected = 0.2 if {id(parameter) for parameter in group["params"]} <= head else 0.02
        assert group["lr"] == pytest.approx(expected)
    assert [group["weight_decay"] for group in each.optimizer.param_groups] == [5e-4, 0, 5e-4, 0]


def test_warm_up_is_followed(trainer):
    rates = rates_of_each_step(trainer(schedule="constant", warmup=0.5, lr=0.04))
    assert rates[0] == pytest.approx(0.05 * 0.04)
    assert rates[STEPS // 2] == pytest.approx(0.04 * (0.05 + 0.95 * (STEPS // 2) / STEPS))
    assert rates[STEPS:] == [0.04] * STEPS


def test_adamw_gets_the_momentum(trainer):
    adamw = trainer(optimizer="adamw", momentum=0.8).optimizer
    assert type(adamw) is torch.optim.AdamW
    assert all(group["betas"] == (0.8, 0.999) for group in adamw.param_groups)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_other_optimizers_resume_exactly(trainer, tmp_path, optimizer):
    options = {"optimizer": optimizer, "lr": 0.003, "momentum": 0.8, "epochs": 1, "head_lr": 3.0}
    whole = trainer(**options)
    whole.fit()
    stopped, resumed = trainer(**options), trainer(**options)
    stopped.fit(should_stop=stop_after(5))
    store.save_state(tmp_path, *stopped.state())
    resumed.load_state(*store.load_state(tmp_path))
    resumed.fit()
    assert_equal(resumed, whole)


def test_label_budget_is_all_that_is_trained_on(trainer):
    each = trainer(train_fraction=0.5, epochs=1)
    assert len(each.training_set) == 40
    assert np.bincount(each.training_set.labels.numpy()).tolist() == [4] * 10
    assert len(each.validation[1]) == 10


def test_state_of_before_a_setting_existed_is_taken(trainer, tmp_path):
    stopped = trainer()
    stopped.fit(should_stop=stop_after(3))
    tensors, values = stopped.state()
    for name in ("network", "freeze", "optimizer", "warmup", "head_lr"):
        del values["config"][name]
    resumed = trainer()
    resumed.load_state(tensors, values)
    assert resumed.position == stopped.position


SMALL_MAPS = {"family": "torchvision", "network": "resnet18", "input_size": 32, "batch_size": 1}


def test_one_picture_at_a_time_is_refused_before_it_starts_where_batchnorm_needs_more(tiny_images):
    with pytest.raises(LabError, match="resnet18 can't learn from one picture of 32 pixels at a time: BatchNorm"):
        Trainer(TrainConfig(**SMALL_MAPS), tiny_images)


@pytest.mark.parametrize(
    "config",
    [TrainConfig(depth=8, batch_size=1), TrainConfig(**SMALL_MAPS, freeze="backbone")],
    ids=["twins", "frozen"],
)
def test_one_picture_at_a_time_is_enough_where_maps_are_larger_or_frozen(tiny_images, config):
    next(Trainer(config, tiny_images, precision="float32").train_steps())


def test_the_first_step_of_a_layer_that_begins_with_zeros_is_left_out(trainer):
    each = trainer(epochs=1)
    with torch.no_grad():
        each.model.fc.weight.zero_()
    each.fit()
    assert np.isfinite(each.record.relative_steps).all()


@pytest.mark.parametrize(
    ("bfloat16", "capability", "expected"),
    [(True, (8, 0), "bfloat16"), (False, (7, 0), "float16"), (False, (6, 1), "float32")],
)
def test_a_gpu_computes_in_what_it_has(monkeypatch, bfloat16, capability, expected):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: bfloat16)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    assert device.best_precision.__wrapped__("cuda") == expected


@pytest.mark.parametrize(
    ("vendor", "flags", "capability", "expected"),
    [
        ("GenuineIntel", "avx512_bf16 amx_bf16", "AVX512", "bfloat16"),
        ("GenuineIntel", "avx512_bf16", "AVX512", "float32"),
        ("AuthenticAMD", "avx512_bf16", "AVX512", "bfloat16"),
        ("AuthenticAMD", "avx512_bf16", "AVX2", "float32"),  # as by ATEN_CPU_CAPABILITY
        ("AuthenticAMD", "avx2", "AVX2", "float32"),
        ("", "", "DEFAULT", "float32"),  # not Linux
    ],
)
def test_a_cpu_computes_in_what_it_is_faster_with(monkeypatch, vendor, flags, capability, expected):
    monkeypatch.setattr(device, "_cpu_info", {"vendor_id": vendor, "flags": flags}.__getitem__)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(device, "_bfloat16_computes_right", lambda: True)
    assert device.best_precision.__wrapped__("cpu") == expected


@pytest.mark.parametrize(
    ("cuda", "apple", "right", "processes", "expected"),
    [
        (True, True, True, 1, "cuda"),
        (False, True, True, 1, "mps"),
        (False, True, False, 1, "cpu"),
        (False, True, True, 2, "cpu"),
        (False, False, True, 1, "cpu"),
    ],
)
def test_a_gpu_is_used_where_it_can_be(monkeypatch, cuda, apple, right, processes, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: apple)
    monkeypatch.setattr(device, "learns_right", lambda _: right)
    monkeypatch.setattr(device.distributed, "world_size", lambda: processes)
    assert device.best_device() == torch.device(expected)


def test_steps_that_are_skipped_do_not_spoil_the_mean_gradient(trainer):
    """On a GPU that computes in float16, gradients overflow now and then."""
    each = trainer()
    record = LayerRecord(each.model, each.optimizer, skipping=True)
    for weights in each.model.parameters():
        weights.grad = torch.full_like(weights, torch.inf)
    record.note_gradients()
    assert (record.norms == 0).all()
