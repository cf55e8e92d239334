import json
from dataclasses import fields, replace

import pytest

from core.config import SCHEDULES, TrainConfig, differences
from core.errors import LabError

# One other value for every field: a test below sees to it that a new field comes here as well.
OTHER = {
    "family": "other",
    "depth": 56,
    "skip": False,
    "norm": "none",
    "init": "weights.safetensors",
    "data": "shipped",
    "epochs": 3,
    "batch_size": 64,
    "schedule": "cosine",
    "lr": 0.1,
    "momentum": 0.5,
    "weight_decay": 1e-4,
    "label_smoothing": 0.1,
    "augment": False,
    "seed": 7,
    "split_seed": 8,
}


def test_every_field_survives_json():
    assert set(OTHER) == {field.name for field in fields(TrainConfig)}
    config = TrainConfig(**OTHER)
    assert config.to_dict() == OTHER
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_whole_number_serves_as_a_float():
    assert TrainConfig.from_dict(TrainConfig().to_dict() | {"lr": 1}) == TrainConfig(lr=1.0)


def test_unknown_and_missing_fields_are_named():
    values = TrainConfig().to_dict()
    del values["lr"]
    with pytest.raises(LabError, match=r"'colour', 'lr'"):
        TrainConfig.from_dict(values | {"colour": "red"})


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
    ],
)
def test_mistyped_field_is_named(field, value):
    with pytest.raises(LabError, match=rf"{field} must be of type"):
        TrainConfig.from_dict(TrainConfig().to_dict() | {field: value})


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        *(("depth", depth, "depth must be 6n") for depth in (-4, 0, 2, 7, 9, 18, 21, 6_000_002)),
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
        *((name, seed, "seeds must be") for name in ("seed", "split_seed") for seed in (-1, 2**31)),
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
    ],
)
def test_values_at_the_limits_are_taken(changes):
    TrainConfig(**changes)


@pytest.mark.parametrize("field", OTHER)
def test_each_field_counts_as_a_difference(field):
    a, b = TrainConfig(), replace(TrainConfig(), **{field: OTHER[field]})
    assert differences(a, b) == {field: (getattr(a, field), OTHER[field])}
    assert differences(a, a) == {}


def test_twin_differs_in_the_short_cuts_alone():
    config = TrainConfig(depth=56, seed=3)
    assert differences(config, config.twin()) == {"skip": (True, False)}
    assert config.twin().twin() == config


def test_names():
    assert TrainConfig(depth=56).architecture == "resnet56"
    assert TrainConfig(depth=56).twin().architecture == "plain56"
    assert TrainConfig().default_run_name == "resnet20-24ep-s0"
    assert TrainConfig(skip=False, norm="none", data="shipped", epochs=8, seed=2).default_run_name == (
        "plain20-no-norm-shipped-8ep-s2"
    )
