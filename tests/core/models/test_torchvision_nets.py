"""torchvision's classifiers: ten classes, heatmaps, seeds, strides, ImageNet weights; without any network."""

import re
import urllib.error
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from core.errors import ModelError
from core.heatmaps.gradcam import heatmap
from core.models import torchvision_nets
from core.models.complexity import count_multiply_adds, count_parameters
from core.models.inference import infer
from core.models.layers import head_name, load_weights, stages
from core.models.registry import build, family, parse_architecture
from core.models.weights.initial_weights import describe_initial_weights, initial_weights
from core.settings.train_config import TrainConfig

QUICK = ("resnet18", "vgg11_bn", "densenet121", "mobilenet_v3_small")
SLOW = ("resnet50", "vgg16_bn", "mobilenet_v2", "efficientnet_b0", "convnext_tiny")
TESTED = QUICK + SLOW
ALL = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]

PICTURES = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (6, 3, 32, 32), dtype=np.uint8))


def config_of(name: str, **changes) -> TrainConfig:
    return TrainConfig(**{"family": "torchvision", "network": name, "input_size": 64} | changes)


@cache
def untrained(name: str) -> nn.Module:
    """Shared between tests: not to be changed."""
    return build(config_of(name)).eval().requires_grad_(False)


@pytest.mark.parametrize("name", ALL)
def test_small_pictures_get_ten_logits(name):
    logits = infer(untrained(name), PICTURES, family(config_of(name)).preprocessing)
    assert logits.shape == (6, 10)
    assert torch.isfinite(logits).all()
    assert logits.std(dim=0).min() > 0  # they depend on the picture


@pytest.mark.parametrize("name", ALL)
def test_only_the_last_layer_is_another_than_torchvisions(name):
    model, meta = untrained(name), torchvision_nets._weights_of(name).meta
    head = model.get_submodule(head_name(model))
    assert head.out_features == 10
    if name.startswith("vgg"):  # three layers of 4096, 4096 and 1000 less
        wide = 512 * 49 * 4096 + 4096 + 4096 * 4096 + 4096 + 4096 * 1000 + 1000
        assert count_parameters(model) == meta["num_params"] - wide + 512 * 10 + 10
    else:
        assert count_parameters(model) == meta["num_params"] - 990 * (head.in_features + 1)


@pytest.mark.parametrize("name", ALL)
def test_heatmaps_say_something(name):
    model, known = untrained(name), family(config_of(name))
    layer = list(known.cam_layers(model).values())[-1]

    def maps(picture):  # an untrained network may find that nothing at all speaks for some class, but not for all ten
        return (heatmap(model, layer, known.preprocessing(picture[None]), target) for target in range(10))

    for picture in PICTURES[:3]:
        one = next((one for one in maps(picture) if np.ptp(one) > 0.5), None)
        assert one is not None
        assert one.shape == (64, 64)
        assert np.isfinite(one).all()


@pytest.mark.parametrize("name", ALL)
def test_heatmaps_are_taken_at_four_cells_or_more_from_fine_to_coarse(name):
    model = untrained(name)
    sides = []
    for layer in torchvision_nets.cam_layers(model, 64).values():
        hook = layer.register_forward_hook(lambda module, inputs, out: sides.append(out.shape[-1]))
        model(torch.zeros(1, 3, 64, 64))
        hook.remove()
    assert sides == sorted(sides, reverse=True)
    assert sides[-1] == 4
    assert not any(module._forward_hooks for module in model.modules())


def test_heatmap_layers_of_resnets_are_their_stages():
    assert list(torchvision_nets.cam_layers(untrained("resnet18"), 64)) == ["relu", "layer1", "layer2", "layer3"]
    assert list(torchvision_nets.cam_layers(untrained("resnet18"), 128))[-1] == "layer4"
    model = build(config_of("resnet18")).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torchvision_nets.cam_layers(model, 64)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("name", ["resnet18", "vgg11_bn", "mobilenet_v3_small"])
def test_seed_decides_the_initial_weights(name):
    a, again, other = (build(config_of(name, seed=seed)).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(a[key], again[key]) for key in a)
    assert all(torch.isfinite(value).all() for value in a.values())
    drawn = [key for key in a if key.endswith("weight") and a[key].dim() > 1]
    assert not any(torch.equal(a[key], other[key]) for key in drawn)


def test_vgg_begins_as_torchvisions_does():
    weight = untrained("vgg11_bn").features[0].weight  # 64 filters of 3 x 3 go out (He et al. 2015, fan-out)
    assert weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.05)
    assert not untrained("vgg11_bn").features[0].bias.any()


@pytest.mark.parametrize("name", ["resnet18", "vit_b_16"])
def test_multiply_adds_are_those_that_torchvision_tells(name):
    with torch.device("meta"):
        model = torchvision.models.get_model(name)
    told = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].meta["_ops"]  # thousand millions
    assert count_multiply_adds(model, 224) / 1e9 == pytest.approx(told, rel=1e-3)


def test_resnet_v1_has_its_strides_in_the_first_convolutions():
    old, new = (build(config_of("resnet50", strides=strides)) for strides in ("v1", "v1.5"))
    for model, expected in ((old, ((2, 2), (1, 1))), (new, ((1, 1), (2, 2)))):
        blocks = [model.get_submodule(f"layer{i}.0") for i in (2, 3, 4)]
        assert [(block.conv1.stride, block.conv2.stride) for block in blocks] == [expected] * 3
        assert (model.layer1[0].conv1.stride, model.layer1[0].conv2.stride) == ((1, 1), (1, 1))
    assert count_multiply_adds(old, 64) < count_multiply_adds(new, 64)
    assert old.state_dict().keys() == new.state_dict().keys()


def test_pictures_are_enlarged_and_normalized_by_hand():
    pixels = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    pixels[..., 16:] = 255
    prepared = family(config_of("resnet18")).preprocessing(pixels)
    assert prepared.shape == (1, 3, 64, 64)
    assert prepared.is_contiguous(memory_format=torch.channels_last)
    dark, bright = (0 - 0.485) / 0.229, (1 - 0.485) / 0.229
    assert prepared[0, 0, 0, 0].item() == pytest.approx(dark)
    assert prepared[0, 0, 0, -1].item() == pytest.approx(bright)
    assert prepared[0, 0, 0, 31].item() == pytest.approx(dark + (bright - dark) / 4)  # bilinear


@pytest.mark.parametrize("name", [*TESTED, "resnet152", "googlenet", "swin_t"])
def test_names_of_torchvision_are_architectures(name):
    assert parse_architecture(name) == {"family": "torchvision", "network": name}


def test_resnet50_is_torchvisions_and_the_small_one_has_a_name_of_its_own():
    assert parse_architecture("resnet50")["family"] == "torchvision"
    assert parse_architecture("cifar_resnet50") == {"family": "cifar", "depth": 50, "skip": True}
    assert parse_architecture("plain50") == {"family": "cifar", "depth": 50, "skip": False}


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("resnet77", 64, "no classifier 'resnet77'; it has alexnet, .*resnet50"),
        ("inception_v3", 64, "needs images of 75 pixels or more a side, not 64; see --input-size"),
        ("fasterrcnn_resnet50_fpn", 64, "no classifier"),
        ("vit_b_32", 230, "vit_b_32 can't take images of 230 pixels"),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(name, size, words):
    with pytest.raises(ModelError, match=words):
        build(config_of(name, input_size=size))


def test_stages_to_freeze():
    assert stages(untrained("resnet18")) == ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"]
    assert stages(untrained("mobilenet_v2"))[-1] == "features.18"


ONE_OF_EACH = (  # the smallest
    *("alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3", "maxvit_t"),
    *("mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "regnet_y_400mf", "resnet18", "shufflenet_v2_x0_5"),
    *("squeezenet1_1", "swin_t", "vgg11", "vit_b_32"),
)


def test_one_of_each_is_of_each():
    assert {torchvision.models.get_model_builder(name).__module__ for name in ONE_OF_EACH} == {
        torchvision.models.get_model_builder(name).__module__ for name in torchvision_nets.names()
    }


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_copy_of_the_weights_is_loaded_again(name):
    size = max(64, torchvision_nets._weights_of(name).meta["min_size"][0])
    model = untrained(name) if name in TESTED else build(config_of(name, input_size=size))
    copy = {key: value.clone() for key, value in model.state_dict().items()}
    load_weights(model, copy)
    assert all(torch.equal(value, copy[key]) for key, value in model.state_dict().items())
    with pytest.raises(RuntimeError, match="Missing key"):
        load_weights(model, dict(list(copy.items())[1:]))


# ImageNet weights by torchvision's API


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """torch's own folder of downloads, empty; whoever downloads finds no network."""
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))

    def no_network(url, *args, **kwargs):
        raise urllib.error.URLError("Network is unreachable")

    monkeypatch.setattr(torch.hub, "download_url_to_file", no_network)
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


def test_without_network_one_sentence_names_the_file_and_its_place(hub):
    with pytest.raises(ModelError) as caught:
        initial_weights(config_of("resnet50", init="imagenet"))
    sentence = str(caught.value)
    for words in ("Network is unreachable", "https://", "resnet50-0676ba61.pth", str(hub)):
        assert words in sentence
    assert "\n" not in sentence


def test_weights_put_in_the_place_are_used_and_the_last_layer_is_new(hub):
    theirs = torchvision.models.resnet18(num_classes=1000).state_dict()
    torch.save(theirs, hub / "resnet18-f37072fd.pth")
    config = config_of("resnet18", init="imagenet", seed=4)
    loaded, fresh = initial_weights(config), build(config).state_dict()
    assert loaded.keys() == fresh.keys()
    for name, value in loaded.items():
        assert torch.equal(value, fresh[name] if name.startswith("fc.") else theirs[name]), name
    assert "ResNet18_Weights.IMAGENET1K_V1" in describe_initial_weights(config)
    assert "from seed 4" in describe_initial_weights(config)


def test_densenets_files_with_the_names_of_old_are_read(hub, tmp_path):
    theirs = build(config_of("densenet121", seed=1)).state_dict()
    old = {re.sub(r"(denselayer\d+\.)(norm|conv)([12])\.", r"\1\2.\3.", key): value for key, value in theirs.items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    torch.save(old, hub / Path(torchvision_nets._weights_of("densenet121").url).name)
    save_file(old, tmp_path / "old.safetensors")
    for init in ("imagenet", str(tmp_path / "old.safetensors")):
        loaded = initial_weights(config_of("densenet121", init=init))
        assert all(torch.equal(value, theirs[key]) for key, value in loaded.items())


def test_vits_names_of_old_are_known():
    with torch.device("meta"):
        theirs = torchvision.models.vit_b_32().state_dict()
    old = {key.replace("mlp.0.", "mlp.linear_1.").replace("mlp.3.", "mlp.linear_2."): theirs[key] for key in theirs}
    assert old.keys() != theirs.keys() == torchvision_nets.with_present_names(old).keys()


def test_damaged_download_is_refused(hub):
    (hub / "resnet18-f37072fd.pth").write_bytes(b"PK\x03\x04 no weights")
    with pytest.raises(ModelError, match=r"cannot be downloaded .* resnet18-f37072fd\.pth"):
        initial_weights(config_of("resnet18", init="imagenet"))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (config_of("resnet50", init="imagenet", strides="v1"), r"for strides v1\.5"),
        (config_of("resnet18", init="imagenet", stem="cifar", input_size=32), "for its own first layer"),
    ],
)
def test_torchvisions_weights_are_not_for_another_network(config, words):
    with pytest.raises(ModelError, match=words):
        initial_weights(config)


def test_pinned_weights_are_not_the_changing_default():
    assert torchvision_nets._weights_of("resnet50") is torchvision.models.ResNet50_Weights.IMAGENET1K_V1
    assert torchvision.models.ResNet50_Weights.DEFAULT is not torchvision.models.ResNet50_Weights.IMAGENET1K_V1
    assert all(torchvision_nets._weights_of(name).url.startswith("https://") for name in torchvision_nets.names())
