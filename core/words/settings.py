"""The settings of a training, and what follows from them, in the words of a lay reader. No torch."""

import re
from collections.abc import Sequence

import pandas as pd

from core.analysis.comparison import Fairness
from core.data.cifar10 import PHOTOS, VALIDATION_SHARE
from core.models.weights.known_weights import IMAGENET_FILES
from core.paths import file_name
from core.runs.run import Run
from core.settings.train_config import SETTINGS, TrainConfig
from core.words import counted

# What beside the settings decides on what is learned, by more than the last digits.
ENVIRONMENT_WORDS = {
    "processes": "processes that trained it together",
    "precision": "precision of its numbers",
    "training": "where it was trained",
}

# What people call the best-known of torchvision's networks.
NETWORK_NAMES = {
    "alexnet": "AlexNet",
    "convnext_tiny": "ConvNeXt-Tiny",
    "densenet121": "DenseNet-121",
    "efficientnet_b0": "EfficientNet-B0",
    "mobilenet_v2": "MobileNetV2",
    "mobilenet_v3_small": "MobileNetV3-Small",
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "resnet50": "ResNet-50",
    "vgg11_bn": "VGG-11",
    "vgg16_bn": "VGG-16",
    "vit_b_16": "ViT-B/16",
}


def network_name(config: TrainConfig) -> str:
    """E.g. "ResNet", "Plain network" (of any depth) or "DenseNet-121"."""
    if config.is_twin:
        return "ResNet" if config.skip else "Plain network"
    return NETWORK_NAMES.get(config.network, config.network)


def setting_name(name: str) -> str:
    """What a field of TrainConfig, or one of ENVIRONMENT_WORDS, is called."""
    return SETTINGS[name].name if name in SETTINGS else ENVIRONMENT_WORDS[name]


def in_words(name: str, value: object) -> str:
    """The value of a field of TrainConfig as a lay reader takes it."""
    setting = SETTINGS.get(name)
    if setting is None:  # one of ENVIRONMENT_WORDS
        return without_markup(str(value))
    if name == "init" and value not in setting.words:
        file = file_name(str(value))
        return setting.words["imagenet"] if file in IMAGENET_FILES else f"those in {without_markup(file)}"
    if isinstance(value, str) and value not in setting.words:
        return f"{'all up to ' if name == 'freeze' else ''}{without_markup(value)}"
    return setting.in_words(value)


def without_markup(text: str) -> str:
    """What stands in a file may be anything; in a sentence it must become no Markdown, link or icon."""
    return re.sub(r"[^\w .,+()-]|(?<=www)\.", "-", text, flags=re.IGNORECASE)


def describe(run: Run) -> str:
    """The network in lay words, e.g. "20 layers, with shortcuts" or "ResNet-50, pretrained"."""
    config, words = run.config, []
    if config.is_twin:
        words += [f"{config.depth} layers", f"{in_words('skip', config.skip)} shortcuts"]
        words += ["no BatchNorm"] if config.norm == "none" else []
    else:
        words += [network_name(config)]
    if run.imported:
        return ", ".join([*words, "trained elsewhere"])
    words += ["pretrained"] if config.pretrained else ["from scratch"] * (config.family == "torchvision")
    return ", ".join([*words, *restrictions(config)])


def headed(side: str, config: TrainConfig, described: str) -> str:
    """What stands above one of two networks, e.g. "**A: ResNet**, 20 layers, with shortcuts" or "**B:** ResNet-50,
    pretrained"; `described`: by `describe`."""
    return f"**{side}: {network_name(config)}**, {described}" if config.is_twin else f"**{side}:** {described}"


def in_short(run: Run) -> str:
    """The network by its usual name, e.g. "ResNet, 20 layers" or "DenseNet-121, from scratch, 10% of the photos"."""
    config = run.config
    if not config.is_twin:
        return describe(run)
    words = [network_name(config), f"{config.depth} layers"] + ["no BatchNorm"] * (config.norm == "none")
    return ", ".join([*words, *restrictions(config)] + ["trained elsewhere"] * run.imported)


def restrictions(config: TrainConfig) -> list[str]:
    """What kept a network from learning all it could, e.g. ["only the last layer learns", "10% of the photos"]."""
    words = []
    if config.freeze:
        words += [
            "only the last layer learns"
            if config.freeze == "backbone"
            else f"frozen up to {without_markup(config.freeze)}"
        ]
    if config.train_fraction < 1:
        words += [f"{100 * config.train_fraction:g}% of the photos"]
    return words


def names(a: Run, b: Run) -> dict[str, str]:
    """What to call A and B in a sentence: by what tells them apart, where that has a short name, else by letter."""
    both = {"A": a.config, "B": b.config}
    if all(config.is_twin for config in both.values()) and a.config.skip != b.config.skip:
        return {side: "the ResNet" if config.skip else "the plain network" for side, config in both.items()}
    if a.imported or b.imported:
        return {"A": "A", "B": "B"}
    if a.config.architecture == b.config.architecture and a.config.pretrained != b.config.pretrained:
        return {
            side: "the pretrained network" if config.pretrained else "the network from scratch"
            for side, config in both.items()
        }
    if a.config.architecture == b.config.architecture and bool(a.config.freeze) != bool(b.config.freeze):
        return {
            side: _what_learns(config.freeze) if config.freeze else "the network that learns in every layer"
            for side, config in both.items()
        }
    return {"A": "A", "B": "B"}


def _what_learns(frozen: str) -> str:
    return "the network that learns only in its last layer" if frozen == "backbone" else "the partly frozen network"


def differing_in_words(differing: dict[str, tuple]) -> pd.DataFrame:
    """A row for each setting in which two runs differ (`comparison.differing`): columns "setting", "A", "B"."""
    rows = [(setting_name(name), *(in_words(name, value) for value in both)) for name, both in differing.items()]
    return pd.DataFrame(rows, columns=["setting", "A", "B"])


def differing_listed(differing: dict[str, tuple]) -> str:
    """That table for those who don't see it, e.g. "In what they differ: shortcuts, seed"."""
    return f"In what they differ: {', '.join(map(setting_name, differing))}"


def differ_only_in(names: list[str]) -> str:
    """E.g. "They differ in nothing but this: schedule and learning rate."."""
    return f"They differ in nothing but this: {' and '.join(map(setting_name, names))}."


def fairness_in_words(fairness: Fairness) -> str:
    """E.g. "They differ in one thing only: **shortcuts** (A: without; B: with)."."""
    count = len(fairness.differing)
    if count == 0:
        return "These two runs have the same settings: there is nothing to compare."
    if not fairness.known:
        return "Whether this pair is fair is not known: the lab can't say how a network was trained elsewhere."
    if count == 1:
        row = differing_in_words(fairness.differing).iloc[0]
        return f"They differ in one thing only: **{row['setting']}** (A: {row['A']}; B: {row['B']})."
    return f"Not a fair pair: they differ in {count} things, so we can't tell which one explains the result."


def fills_in(config: TrainConfig, as_shipped: bool) -> str:
    """What a named recipe does to the form; `as_shipped`: about half of the twins that ship were trained by it."""
    others = ", like about half of the plain networks and ResNets that come with the lab" if as_shipped else ""
    learned_from = round(PHOTOS[config.data] * (1 - VALIDATION_SHARE))
    return (
        f"Fills in everything below except the network: {config.epochs} passes over {learned_from:,} photos "
        f"({in_words('data', config.data)}, less a tenth set aside){others}."
    )


def schedule(config: TrainConfig) -> str:
    """E.g. "cosine, at most 0.3, 8 epochs, warm-up 10%"."""
    warmup = in_words("warmup", config.warmup)
    return f"{config.schedule}, at most {config.lr:g}, {counted(config.epochs, 'epoch')}, warm-up {warmup}"


def cost(minutes: float, runs: int) -> str:
    """How long an experiment will take, e.g. "About **12 minutes** for 2 runs, if the machine does nothing else …"."""
    of_all = f" for {runs} runs" if runs > 1 else ""
    return (
        f"About **{_duration(minutes)}**{of_all}, if the machine does nothing else: measured by training for a second."
    )


def _duration(minutes: float) -> str:
    """E.g. "a minute", "12 minutes" or "2.5 hours"."""
    if minutes < 1:
        return "a minute"
    return f"{minutes:.0f} minutes" if minutes < 100 else f"{minutes / 60:.1f} hours"


def recognized(architectures: Sequence[str], tensors: str, found: str) -> str:
    """What a file of weights may be, e.g. "It fits **plain20 or resnet20**: 20 layers …"; `tensors`: what it holds,
    `found`: in which words the weights were found, or ""."""
    where = f"The weights were {found}. " if found else ""
    if not architectures:
        return f"{where}It holds {tensors}: no network that the lab recognizes."
    alike = len(architectures) > 1
    also = " A plain network and a ResNet have the same numbers, so only you can say." if alike else ""
    return f"{where}It fits **{' or '.join(architectures)}**: {tensors}.{also}"
