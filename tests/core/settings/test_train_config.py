import json
from dataclasses import fields, replace

import pytest

from core.errors import LabError
from core.settings.recipes import SCHEDULES, recipe
from core.settings.setting import differences
from core.settings.train_config import TrainConfig

# One other value for every field: a test below sees to it that a new field comes here as well.
OTHER = {
    "family": "torchvision",
    "network": "vgg11_bn",
    "input_size": 96,
    "strides": "v1",
    "stem": "cifar",
    "normalization": "0.5,0.5,0.5,0.25,0.25,0.25",
    "depth": 56,
    "skip": False,
    "norm": "none",
    "init": "weights.safetensors",
    "freeze": "layer1",
    "data": "shipped",
    "train_fraction": 0.1,
    "epochs": 3,
    "batch_size": 16,
    "optimizer": "adamw",
    "schedule": "cosine",
    "warmup": 0.1,
    "lr": 0.1,
    "head_lr": 10.0,
    "momentum": 0.5,
    "weight_decay": 1e-4,
    "label_smoothing": 0.1,
    "clip_norm": 1.0,
    "clip_layer": 1.0,
    "augment": False,
    "seed": 7,
    "split_seed": 8,
    "keep_weights": 2,
}
RESNET50 = TrainConfig(family="torchvision", network="resnet50", input_size=64, batch_size=64, lr=0.01)
TORCHVISION_FIELDS = {"network", "input_size", "strides", "stem"}  # which mean nothing to the twins
CIFAR_FIELDS = {"depth", "skip", "norm"}


@pytest.mark.parametrize("without", [TORCHVISION_FIELDS | {"family"}, CIFAR_FIELDS | {"network"}])
def test_every_field_survives_json(without):
    assert set(OTHER) == {field.name for field in fields(TrainConfig)}
    base = RESNET50 if "depth" in without else TrainConfig()
    config = replace(base, **{name: value for name, value in OTHER.items() if name not in without})
    assert config.to_dict().items() >= {name: OTHER[name] for name in OTHER.keys() - without}.items()
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_whole_number_serves_as_a_float():
    assert TrainConfig.from_dict(TrainConfig().to_dict() | {"lr": 1, "warmup": 0}) == TrainConfig(lr=1.0, warmup=0.0)


def test_fields_younger_than_the_file_have_their_defaults():
    before = {"family": "cifar", "depth": 56, "skip": False, "init": "scratch", "epochs": 40, "lr": 0.3}
    assert TrainConfig.from_dict(before) == TrainConfig(depth=56, skip=False, epochs=40)


def test_unknown_fields_are_named():
    with pytest.raises(LabError, match=r"not known: \['color', 'size'\]"):
        TrainConfig.from_dict(TrainConfig().to_dict() | {"color": "red", "size": 3})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("depth", "20"),
        ("depth", 20.0),
        ("depth", True),
        ("epochs", None),
        ("lr", "0.1"),
        ("lr", True),
        ("skip", 1),
        ("norm", ["batch"]),
        ("seed", {}),
        ("init", None),
        ("warmup", "0.1"),
        ("warmup", True),
        ("train_fraction", None),
    ],
)
def test_mistyped_field_is_named(field, value):
    with pytest.raises(LabError, match=rf"{field} must be of type"):
        TrainConfig.from_dict(TrainConfig().to_dict() | {field: value})


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        *(("depth", depth, "depth must be 6n") for depth in (-4, 0, 2, 7, 9, 18, 21, 6_000_002)),
        ("family", "vit", "family must be cifar or torchvision, not 'vit'"),
        ("network", "resnet50", "network must be empty for family cifar"),
        ("input_size", 64, "input size must be 32 for family cifar"),
        ("strides", "v1", "strides must be v1.5, or v1 for torchvision's resnet50"),
        ("init", "", "initial weights must be"),
        ("stem", "cifar", "stem must be imagenet, or cifar for resnet18"),
        *(
            ("normalization", text, "normalization must be one of cifar, imagenet, none, or three means")
            for text in ("", "mnist", "0.5,0.5,0.5", "1.5,0,0,1,1,1", "0,0,0,0,1,1", "nan,0,0,1,1,1", "0,0,0,inf,1,1")
        ),
        ("optimizer", "lion", "optimizer must be one of sgd, adamw, muon"),
        *(("train_fraction", share, "train fraction must be") for share in (0, -0.1, 1.01, float("nan"))),
        *(("warmup", share, "warmup must be") for share in (-0.1, 1, float("nan"))),
        *(("head_lr", factor, "head lr must be") for factor in (0, -1, 1000, float("nan"))),
        ("norm", "layer", "norm must be batch or none"),
        ("data", "half", "data must be full or shipped"),
        ("schedule", "linear", "schedule must be one of onecycle"),
        ("epochs", 0, "epochs must be"),
        ("epochs", 10_001, "epochs must be"),
        ("batch_size", 0, "batch size must be"),
        ("batch_size", 9_001, "batch size must be"),
        *(("lr", lr, "lr must be") for lr in (0, -0.1, 1000, float("nan"), float("inf"))),
        *(("momentum", momentum, "momentum must be") for momentum in (-0.1, 1, float("nan"))),
        *(("weight_decay", decay, "weight decay must be") for decay in (-1e-4, 1, float("nan"))),
        *(("label_smoothing", share, "label smoothing must be") for share in (-0.1, 1, float("nan"))),
        *(("clip_norm", norm, "clip norm must be") for norm in (0, -1, 1e6, float("nan"), float("inf"))),
        *((name, seed, "seed must be") for name in ("seed", "split_seed") for seed in (-1, 2**31)),
    ],
)
def test_bad_value_is_refused_in_a_sentence(field, value, words):
    with pytest.raises(LabError) as caught:
        TrainConfig(**{field: value})
    sentence = str(caught.value)
    assert words in sentence
    assert sentence.startswith("The ")
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    "changes",
    [
        *({"depth": depth} for depth in (8, 14, 20, 110)),
        *({"schedule": schedule} for schedule in SCHEDULES),
        {"epochs": 1, "batch_size": 1, "momentum": 0, "weight_decay": 0, "seed": 2**31 - 1},
        {"epochs": 10_000, "batch_size": 9_000, "lr": 999.0},
        {"train_fraction": 1e-3, "warmup": 0.0, "head_lr": 0.1},
    ],
)
def test_values_at_the_limits_are_taken(changes):
    TrainConfig(**changes)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("network", "", "network must be a name of torchvision"),
        ("network", "../resnet50", "network must be a name of torchvision"),
        ("input_size", 31, "input size must be from 32 to 512"),
        ("input_size", 513, "input size must be from 32 to 512"),
        ("strides", "v2", "strides must be v1.5 or v1"),
        ("depth", 56, "cannot be chosen"),
        ("skip", False, "cannot be chosen"),
        ("norm", "none", "cannot be chosen"),
    ],
)
def test_bad_value_for_a_network_of_torchvision_is_refused(field, value, words):
    with pytest.raises(LabError, match=words):
        replace(RESNET50, **{field: value})


def test_only_bottleneck_networks_have_their_strides_chosen():
    assert replace(RESNET50, strides="v1").strides == "v1"
    with pytest.raises(LabError, match="strides must be"):
        replace(RESNET50, network="resnet18", strides="v1")


@pytest.mark.parametrize("field", [field for field in OTHER if field != "family"])
def test_each_field_counts_as_a_difference(field):
    a = RESNET50 if field in TORCHVISION_FIELDS else TrainConfig()
    b = replace(a, **{field: OTHER[field]})
    assert differences(a, b) == {field: (getattr(a, field), OTHER[field])}
    assert differences(a, a) == {}


def test_names():
    assert TrainConfig(depth=56).architecture == "resnet56"
    assert TrainConfig(depth=56, skip=False).architecture == "plain56"
    assert TrainConfig().default_run_name == "resnet20-24ep-s0"
    assert TrainConfig(skip=False, norm="none", data="shipped", epochs=8, seed=2).default_run_name == (
        "plain20-no-norm-shipped-8ep-s2"
    )


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "resnet50-24ep-s0"),
        ({"init": "imagenet", "strides": "v1"}, "resnet50-v1-imagenet-24ep-s0"),
        (
            {"init": "../weights/he 2015.safetensors", "train_fraction": 0.01, "data": "shipped"},
            "resnet50-he-2015-shipped-1pct-24ep-s0",
        ),
        ({"freeze": "backbone", "optimizer": "adamw", "lr": 1e-4}, "resnet50-frozen-backbone-adamw-24ep-s0"),
        ({"optimizer": "adamw"}, "resnet50-adamw-lr0.01-24ep-s0"),
        ({"stem": "cifar", "input_size": 32}, "resnet50-cifar-stem-24ep-s0"),
        ({"input_size": 128, "schedule": "cosine", "warmup": 0.1}, "resnet50-128px-cosine-warmup0.1-24ep-s0"),
    ],
)
def test_name_says_what_is_unusual(changes, name):
    assert replace(RESNET50, **changes).default_run_name == name


def test_each_difference_shows_in_the_name():
    def changed(config: TrainConfig, fields_: set) -> set[str]:
        return {replace(config, **{name: OTHER[name]}).default_run_name for name in fields_}

    both = OTHER.keys() - {"family", "keep_weights"} - TORCHVISION_FIELDS - CIFAR_FIELDS
    assert len(changed(TrainConfig(), both | CIFAR_FIELDS) | {TrainConfig().default_run_name}) == len(both) + 4
    assert len(changed(RESNET50, both | TORCHVISION_FIELDS) | {RESNET50.default_run_name}) == len(both) + 5


def test_who_only_keeps_weights_trains_the_same():
    usual, keeping = TrainConfig(), TrainConfig(keep_weights=12)
    assert keeping.default_run_name == usual.default_run_name
    assert keeping.of_learning == usual.of_learning
    assert usual.to_dict().keys() - usual.of_learning.keys() == {"keep_weights"}


@pytest.mark.parametrize("times", [1, 25, 41, -1])  # one is a straight line, and an epoch ends once
def test_weights_are_kept_several_times_and_no_more_than_once_an_epoch(times):
    with pytest.raises(LabError, match=r"keep.weights must be from 0 to 40|keep weights must be 0, or from 2 to 24"):
        TrainConfig(epochs=24, keep_weights=times)


def test_long_names_are_cut_and_stay_different():
    long = replace(RESNET50, init="a" * 80)
    names = [replace(long, seed=seed).default_run_name for seed in (0, 1)]
    assert [len(name) for name in names] == [64, 64]
    assert names[0] != names[1]


def test_name_of_torchvision_is_left_to_torchvision():
    assert TrainConfig(depth=50).architecture == "cifar_resnet50"
    assert TrainConfig(depth=50, skip=False).architecture == "plain50"
    assert RESNET50.architecture == "resnet50"


def test_usual_recipe_of_each_family():
    assert recipe("cifar", "sgd") == {"input_size": 32, "normalization": "cifar", "batch_size": 128, "lr": 0.3}
    assert recipe("torchvision", "sgd", "cifar")["input_size"] == 32
    assert recipe("torchvision", "adamw")["lr"] == pytest.approx(1e-4)
    assert recipe("cifar", "muon")["lr"] == 0.2
    assert TrainConfig(**recipe("cifar", "sgd")) == TrainConfig()


def test_the_usual_colors_are_one_setting_however_they_are_asked_for():
    assert TrainConfig() == TrainConfig(normalization="cifar") == TrainConfig.from_dict({"normalization": None})
    assert replace(RESNET50, normalization="imagenet") == RESNET50  # as runs of before have it
    assert RESNET50.default_run_name == "resnet50-24ep-s0"


def test_the_usual_warm_up_is_one_setting_however_it_is_asked_for():
    """Identical trainings are no fair pair that differs in its warm-up, and not two recipes."""
    assert TrainConfig(schedule="cosine") == TrainConfig(schedule="cosine", warmup=0.0)
    assert TrainConfig() == TrainConfig(warmup=0.2)
    assert TrainConfig.from_dict({"schedule": "onecycle", "warmup": None}).warmup == 0.2  # as runs of before have it
    assert TrainConfig(warmup=0.2).default_run_name == "resnet20-24ep-s0"
