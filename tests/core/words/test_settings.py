"""Settings in words."""

from dataclasses import replace

import pytest

from core.analysis.comparison import Fairness, fairness
from core.runs.library import find_run, list_runs
from core.settings.recipes import NAMED_RECIPES, is_limited
from core.settings.train_config import SETTINGS, TrainConfig
from core.words import settings


def test_a_fair_pair_in_words(make_run):
    found = fairness(make_run("plain", skip=False), make_run("residual", skip=True))
    table = settings.differing_in_words(found.differing)
    assert table.to_dict("records") == [{"setting": "shortcuts", "A": "without", "B": "with"}]
    assert settings.fairness_in_words(found) == "They differ in one thing only: **shortcuts** (A: without; B: with)."


def test_an_unfair_pair_in_words():
    differing = {"skip": (False, True), "processes": ("1", "2")}
    assert list(settings.differing_in_words(differing)["setting"]) == [
        "shortcuts",
        settings.ENVIRONMENT_WORDS["processes"],
    ]
    assert settings.differing_listed(differing) == "In what they differ: shortcuts, processes that trained it together"
    assert settings.fairness_in_words(Fairness(differing)).startswith("Not a fair pair: they differ in 2 things")
    assert "nothing to compare" in settings.fairness_in_words(Fairness({}))


def test_every_setting_has_words():
    assert all(settings.setting_name(name) and SETTINGS[name].help for name in SETTINGS)


@pytest.mark.parametrize(
    ("init", "words"),
    [
        ("scratch", "random numbers"),
        ("imagenet", "learned on ImageNet"),
        ("../weights/resnet50_v1_imagenet.safetensors", "learned on ImageNet"),
        ("/home/me/mine.pt", "those in mine.pt"),
    ],
)
def test_initial_weights_in_words(init, words):
    assert settings.in_words("init", init) == words


def test_networks_are_named_by_what_tells_them_apart(make_run):
    plain, residual = make_run("p", skip=False), make_run("r", skip=True)
    assert settings.names(plain, residual) == {"A": "the plain network", "B": "the ResNet"}
    assert settings.names(residual, residual) == {"A": "A", "B": "B"}


@pytest.mark.parametrize(
    ("freeze", "name"),
    [("backbone", "the network that learns only in its last layer"), ("layer2", "the partly frozen network")],
)
def test_what_to_call_a_network_of_which_not_all_learns(make_run, freeze, name):
    whole, part = make_run("whole"), make_run("part")
    part = replace(part, config=replace(part.config, freeze=freeze))
    assert settings.names(part, whole) == {"A": name, "B": "the network that learns in every layer"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, []),
        ({"freeze": "layer2", "train_fraction": 0.1}, ["frozen up to layer2", "10% of the photos"]),
        ({"freeze": "backbone"}, ["only the last layer learns"]),
        ({"train_fraction": 0.5}, ["50% of the photos"]),
    ],
)
def test_limits_of_a_training_in_words(changes, words):
    assert settings.restrictions(TrainConfig(**changes)) == words
    assert is_limited(TrainConfig(**changes)) is bool(words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"skip": True}, "ResNet, 20 layers"),
        (
            {"skip": False, "norm": "none", "train_fraction": 0.1},
            "Plain network, 20 layers, no BatchNorm, 10% of the photos",
        ),
        ({"family": "torchvision", "network": "densenet121", "init": "imagenet"}, "DenseNet-121, pretrained"),
    ],
)
def test_a_network_in_short(make_run, changes, words):
    run = make_run("one")
    assert settings.in_short(replace(run, config=TrainConfig(**changes))) == words


def test_a_network_from_elsewhere_in_short(make_run):
    run = make_run("one", skip=True)
    elsewhere = replace(run, facts=run.facts | {"imported": {}})
    assert settings.in_short(elsewhere) == "ResNet, 8 layers, trained elsewhere"


def test_all_in_which_runs_differ_in_words():
    assert settings.differ_only_in(["optimizer", "schedule"]).endswith(
        "but this: optimizer and learning-rate schedule."
    )


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (TrainConfig(skip=True), "**A: ResNet**, 20 layers"),
        (TrainConfig(family="torchvision", network="resnet50"), "**A:** 20 layers"),
    ],
)
def test_what_stands_above_a_network(config, words):
    assert settings.headed("A", config, "20 layers") == words


@pytest.mark.parametrize(
    ("as_shipped", "end"),
    [
        (False, "3 passes over 9,000 photos (the first 10,000, less a tenth set aside)."),
        (True, "a tenth set aside), like about half of the plain networks and ResNets that come with the lab."),
    ],
)
def test_a_named_recipe_in_words(as_shipped, end):
    assert settings.fills_in(TrainConfig(data="shipped", epochs=3), as_shipped).endswith(end)


def test_a_named_recipe_learns_from_as_many_photos_as_the_runs_that_ship():
    run = find_run("resnet20-s0")
    assert f"over {run.training_images:,} photos (all 50,000, less" in settings.fills_in(run.config, as_shipped=True)


def test_about_half_of_the_shipped_twins_were_trained_by_the_full_recipe():
    """As its words in the form say."""
    twins = [run.config for run in list_runs()[0] if run.config.is_twin]
    full = {"data": "full"} | NAMED_RECIPES["published"]
    by_it = [
        config
        for config in twins
        if config == TrainConfig(depth=config.depth, skip=config.skip, seed=config.seed, **full)
    ]
    assert 0.4 < len(by_it) / len(twins) < 0.6


def test_a_schedule_in_words():
    words = settings.schedule(TrainConfig(schedule="onecycle", lr=0.3, epochs=1, warmup=0.1))
    assert words == "onecycle, at most 0.3, 1 epoch, warm-up 10%"


@pytest.mark.parametrize(
    ("minutes", "runs", "beginning"),
    [
        (0.4, 1, "About **a minute**, if"),
        (12.3, 2, "About **12 minutes** for 2 runs, if"),
        (150.0, 1, "About **2.5 hours**, if"),
    ],
)
def test_how_long_an_experiment_takes(minutes, runs, beginning):
    assert settings.cost(minutes, runs).startswith(beginning)


@pytest.mark.parametrize(
    ("architectures", "found", "words"),
    [
        ([], "", "It holds 3 tensors: no network that the lab recognizes."),
        (["resnet18"], "under “model”", "The weights were under “model”. It fits **resnet18**: 3 tensors."),
        (
            ["plain8", "resnet8"],
            "",
            "It fits **plain8 or resnet8**: 3 tensors. A plain network and a ResNet have the same numbers, so only you "
            "can say.",
        ),
    ],
)
def test_what_a_file_of_weights_may_be(architectures, found, words):
    assert settings.recognized(architectures, "3 tensors", found) == words
