"""The model card: true of the run, and of use to who reads it."""

import shlex
from dataclasses import replace

import pytest

from core.commands import train
from core.runs import library, reproduction, store
from core.runs.run import Run
from core.settings.train_config import TrainConfig
from core.sharing.model_card import card_text, opening_words


def said(run: Run, row: str) -> str:
    """The value in the card's row whose name begins with `row`."""
    (line,) = (line for line in card_text(run).splitlines() if line.startswith(f"| {row}"))
    return line.split(" | ")[1].removesuffix(" |")


def test_command_of_the_card_makes_the_run_beside_what_is_there(make_run, own_runs):
    run = make_run("here", seed=3)
    args = train.parser().parse_args(shlex.split(reproduction.command(run))[4:])
    assert (args.out, args.name) == (own_runs, "here-again")
    assert train.configs_of(args) == [run.config]
    assert store.new_folder(args.out, args.name).is_dir()
    assert f"    {reproduction.command(run)}\n" in card_text(run)


@pytest.mark.parametrize(("augment", "row"), [(True, "epoch (augmented images)"), (False, "epoch")])
def test_card_says_on_which_images_the_training_accuracy_is(make_run, augment, row):
    run = make_run("here")
    run = replace(run, config=replace(run.config, augment=augment))
    assert f"| training accuracy in that {row} | " in card_text(run)


def test_name_that_is_long_stays_a_name(make_run):
    run = make_run("x" * 64)
    assert library.NAME.fullmatch(shlex.split(reproduction.command(run))[-1])


def test_card_without_weights_does_not_speak_of_them(make_run):
    run = make_run("light")
    assert "python -m core evaluate light" in card_text(run)
    assert "sha256" in card_text(run)
    (run.path / "model.safetensors").unlink()
    assert "core evaluate" not in card_text(run)
    assert "sha256" not in card_text(run)
    assert "Its weights are not kept here" in card_text(run)


def test_images_that_an_epoch_leaves_out_are_not_counted(make_run):
    assert said(make_run("whole", batch_size=30), "training images") == "90, each seen once"
    assert said(make_run("part"), "training images").startswith("90, each seen 1.0 times on average: an epoch leaves")


def test_validation_photos_that_may_have_been_seen_before_are_told(make_run):
    run = make_run("here")
    assert said(run, "validation accuracy of the kept epoch |")
    seen = replace(run, facts=run.facts | {"answers_learned_before": True})
    assert said(seen, "validation accuracy of the kept epoch; too high, if the initial weights have seen these photos")


@pytest.mark.parametrize(
    ("freeze", "words"), [("", "nothing"), ("backbone", "all but the last layer"), ("a", "all up to a")]
)
def test_what_is_frozen_is_in_words(make_run, freeze, words):
    run = make_run("one")
    assert said(replace(run, config=replace(run.config, freeze=freeze)), "frozen") == words


def test_strides_are_told_of_networks_that_have_a_choice():
    def words(network: str, **changes) -> str:
        config = TrainConfig(family="torchvision", network=network, input_size=64, **changes)
        return opening_words(Run(None, config, {}))

    assert "strides v1," in words("resnet50", strides="v1")
    assert "strides v1.5," in words("resnet101")
    assert "strides" not in words("resnet18") + words("vgg11")


def test_clipped_gradients_are_told():
    def words(**changes) -> str:
        return opening_words(Run(None, TrainConfig(depth=20, **changes), {}))

    assert "clipped" not in words()
    assert words(clip_norm=1.0).endswith(", its gradients clipped,")
    assert words(clip_layer=1.0).endswith(", the gradient of each layer clipped,")
