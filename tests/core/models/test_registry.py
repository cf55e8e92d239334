import copy
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from core.errors import ModelError
from core.models.cifar import BasicBlock, shortcut, untrained
from core.models.complexity import count_multiply_adds, count_parameters
from core.models.modes import evaluating
from core.models.registry import build, family, parse_architecture
from core.models.weights.initial_weights import describe_initial_weights, initial_weights
from core.settings.train_config import TrainConfig


@pytest.fixture(scope="module")
def batch() -> torch.Tensor:
    return torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


# Depth 20: He et al. 2015 give 0.27 M, depth 56: 0.85 M (Table 6); exactly, by adding up the layers:
def parameters_by_hand(depth: int) -> int:
    n = (depth - 2) // 6
    convolutions = 3 * 16 + 16 * 16 * 2 * n + 16 * 32 + 32 * 32 * (2 * n - 1) + 32 * 64 + 64 * 64 * (2 * n - 1)
    batch_norms = 2 * (16 + 2 * n * (16 + 32 + 64))
    return 9 * convolutions + batch_norms + 64 * 10 + 10


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize(("depth", "parameters"), [(8, None), (14, None), (20, 269_722), (32, None), (56, 853_018)])
def test_parameter_count(depth, parameters, skip):
    assert parameters in (None, parameters_by_hand(depth))
    model = build(TrainConfig(depth=depth, skip=skip))
    assert count_parameters(model) == parameters_by_hand(depth)
    weighted = [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    assert len(weighted) == depth


@pytest.mark.parametrize("skip", [True, False])
def test_multiply_adds(skip):
    first, last = 9 * 3 * 16 * 32**2, 64 * 10
    halving, equal = 9 * 16 * 32 * 16**2, 9 * 16 * 16 * 32**2  # as many in each stage: half the side, twice the width
    by_hand = first + 6 * equal + 2 * (halving + 5 * equal) + last
    assert by_hand == 40_551_040
    assert count_multiply_adds(build(TrainConfig(depth=20, skip=skip)), 32) == by_hand


@pytest.mark.parametrize("skip", [True, False])
def test_gradients_lie_in_memory_as_the_maps_do(skip, batch):
    """Channels last, at the end of each stage too; else a step on a CPU takes a third longer."""
    model, channels_last = build(TrainConfig(depth=8, skip=skip)).to(memory_format=torch.channels_last), []

    def watch(block, inputs, maps):
        maps.register_hook(lambda gradient: channels_last.append(gradient.stride() == maps.stride()))

    for stage in (model.layer1, model.layer2, model.layer3):
        stage.register_forward_hook(watch)
    model(batch.to(memory_format=torch.channels_last)).sum().backward()
    assert channels_last == [True] * 3


def test_a_shortcut_that_halves_takes_every_second_pixel_and_adds_zeros():
    x, like = torch.randn(2, 16, 8, 8), torch.empty(2, 32, 4, 4)
    assert torch.equal(shortcut(x, like), nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 8, 8)))


@pytest.mark.parametrize("norm", ["batch", "none"])
@pytest.mark.parametrize("depth", [8, 20])
def test_twins_begin_alike_and_answer_differently(depth, norm, batch):
    config = TrainConfig(depth=depth, norm=norm, seed=3)
    residual, plain = build(config).eval(), build(replace(config, skip=not config.skip)).eval()
    a, b = residual.state_dict(), plain.state_dict()
    assert list(a) == list(b)
    assert all(torch.equal(a[name], b[name]) for name in a)
    with torch.no_grad():
        assert not torch.allclose(residual(batch), plain(batch))


def test_seed_decides_the_initial_weights():
    a, again, other = (build(TrainConfig(depth=8, seed=seed)).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(a[name], again[name]) for name in a)
    convolutions = [name for name in a if "conv" in name]
    assert convolutions
    assert not any(torch.equal(a[name], other[name]) for name in convolutions)


def test_building_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    build(TrainConfig(depth=8, seed=5))
    assert torch.equal(before, torch.get_rng_state())


def test_initial_weights_have_the_spread_of_he():
    weight = build(TrainConfig(depth=8)).layer3[0].conv2.weight  # 64 channels of 3 x 3 come in
    assert weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.03)


def test_without_norm_there_are_biases_and_no_batch_norm():
    normed, bare = build(TrainConfig(depth=8)), build(TrainConfig(depth=8, norm="none"))
    for model, norms, biased in ((normed, 7, False), (bare, 0, True)):
        modules = list(model.modules())
        assert sum(isinstance(module, nn.BatchNorm2d) for module in modules) == norms
        assert all((module.bias is not None) == biased for module in modules if isinstance(module, nn.Conv2d))


@pytest.mark.parametrize(("channels", "stride", "side"), [(16, 1, 8), (32, 2, 4), (18, 2, 4)])
def test_shortcut_adds_the_input_and_has_no_parameters(channels, stride, side):
    block = BasicBlock(16, channels, stride, skip=True, norm="none")
    plain = copy.deepcopy(block)
    plain.skip = False
    assert {name.split(".")[0] for name, _ in block.named_parameters()} == {"conv1", "conv2"}
    for module in (block, plain):
        nn.init.zeros_(module.conv2.weight)  # what is added is all that comes out
        nn.init.zeros_(module.conv2.bias)
    x = torch.rand(2, 16, 8, 8) + 0.1
    out = block(x)
    assert out.shape == (2, channels, side, side)
    before = (channels - 16) // 2  # as many new channels of zeros before as behind
    assert torch.equal(out[:, before : before + 16], x[:, :, ::stride, ::stride])
    assert not torch.cat([out[:, :before], out[:, before + 16 :]], dim=1).any()
    assert not plain(x).any()


@pytest.mark.parametrize("skip", [True, False])
def test_gradient_reaches_every_weight(skip, batch):
    model = build(TrainConfig(depth=14, skip=skip))
    model(batch).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def test_preprocessing_by_hand():
    pixels = torch.tensor([0, 255, 128], dtype=torch.uint8).view(1, 3, 1, 1).repeat(1, 1, 32, 32)
    prepared = family(TrainConfig()).preprocessing(pixels)
    assert prepared.shape == (1, 3, 32, 32)
    assert prepared[0, :, 5, 7].tolist() == pytest.approx(
        [(0 - 0.4914) / 0.2470, (1 - 0.4822) / 0.2435, (128 / 255 - 0.4465) / 0.2616]
    )
    assert pixels[0, :, 5, 7].tolist() == [0, 255, 128]


def test_heatmaps_are_taken_after_each_stage_by_default_the_last(batch):
    model = build(TrainConfig(depth=8))
    seen = {}
    for name, layer in family(TrainConfig(depth=8)).cam_layers(model).items():
        layer.register_forward_hook(lambda module, inputs, out, name=name: seen.update({name: out.shape}))
    model(batch)
    assert seen == {"layer1": (4, 16, 32, 32), "layer2": (4, 32, 16, 16), "layer3": (4, 64, 8, 8)}
    assert list(seen)[-1] == "layer3"


@pytest.mark.parametrize(
    ("name", "depth", "skip"), [("resnet20", 20, True), ("plain8", 8, False), ("resnet110", 110, True)]
)
def test_architecture_names(name, depth, skip):
    config = TrainConfig(**parse_architecture(name))
    assert (config.depth, config.skip, config.architecture) == (depth, skip, name)


@pytest.mark.parametrize(
    "name", ["", "resnet", "resnet19", "resnet2", "plain-8", "ResNet20", "resnet20 ", "vgg15", "resnet99999", "20"]
)
def test_unknown_architecture_lists_the_known(name):
    with pytest.raises(ModelError, match=r"plainN .* resnetN, N = 8, 14, 20.* vgg16_bn"):
        parse_architecture(name)


def test_scratch_needs_no_weights():
    assert initial_weights(TrainConfig()) is None
    assert "seed 4" in describe_initial_weights(TrainConfig(seed=4))


def test_initial_weights_from_a_file(tmp_path):
    path = tmp_path / "model.safetensors"
    saved = build(TrainConfig(depth=8, seed=9)).state_dict()
    save_file({name: value.half() if value.is_floating_point() else value for name, value in saved.items()}, path)
    config = TrainConfig(depth=8, seed=0, init=str(path))
    loaded = initial_weights(config)
    assert loaded.keys() == saved.keys()
    assert all(loaded[name].dtype == saved[name].dtype for name in saved)
    assert all(torch.allclose(loaded[name], saved[name], atol=1e-3) for name in saved)
    assert hashlib.sha256(path.read_bytes()).hexdigest() in describe_initial_weights(config)


def test_weights_of_another_depth_are_refused_in_one_line(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file(build(TrainConfig(depth=14)).state_dict(), path)
    with pytest.raises(ModelError, match=r"model\.safetensors do not fit resnet8.* unexpected: layer1\.1") as caught:
        initial_weights(TrainConfig(depth=8, init=str(path)))
    assert "\n" not in str(caught.value)


def test_imagenet_is_refused_for_small_networks():
    with pytest.raises(ModelError, match="no ImageNet weights for plain8"):
        initial_weights(TrainConfig(depth=8, skip=False, init="imagenet"))


def test_networks_that_are_drawn_at_once_have_the_weights_of_their_seeds():
    expected = [untrained(20, True, "batch", seed).state_dict() for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda i: (i % 4, untrained(20, True, "batch", i % 4).state_dict()), range(32)))
    assert all(torch.equal(value, expected[seed][name]) for seed, weights in drawn for name, value in weights.items())


def test_eval_mode_for_a_while_leaves_frozen_parts_as_they_were():
    model = untrained(8, True, "batch", 0).train()
    model.layer1.eval()
    with evaluating(model):
        assert not any(module.training for module in model.modules())
    assert model.training
    assert not any(module.training for module in model.layer1.modules())
