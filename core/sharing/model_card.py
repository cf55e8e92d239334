"""A run's model card: README.md in its folder, made from what the folder holds."""

import re

from core.analysis import metrics
from core.data import cifar10
from core.errors import RunError
from core.files import write_text
from core.runs import reproduction
from core.runs.file_names import CARD_FILE
from core.runs.run import Run
from core.settings.constraints import STRIDED
from core.settings.train_config import TrainConfig
from core.words.settings import in_words

TEMPLATE = """# {name}

{description} on CIFAR-10, trained by {lab}.

| | |
|---|---|
| test accuracy (10,000 images, scored once, after training) | {accuracy:.2%} (95% interval {low:.2%} to {high:.2%}) |
| validation accuracy of the kept epoch{seen} | {val_accuracy:.2%} (epoch {best_epoch} of {epochs}) |
| training accuracy in that epoch{augmented} | {train_accuracy:.2%} |
| parameters | {parameters:,} |
| multiply-adds for an image | {multiply_adds:,} |
| training images | {training_images:,}, each seen {times_seen} |
| training time | {minutes:.1f} minutes: {environment} |
| initial weights | {initial_weights} |
| frozen | {frozen} |

Repeat it:

    {command}

{weights}

`config.json` holds {facts}. Images: CIFAR-10 (Krizhevsky 2009).
"""
TEMPLATE_IMPORTED = """# {name}

{description} for CIFAR-10, trained elsewhere, and scored by {lab}.

| | |
|---|---|
| test accuracy (10,000 images, scored once, by the lab) | {accuracy:.2%} (95% interval {low:.2%} to {high:.2%}) |
| how it was trained, and on what | not known here |
| weights | {file}, sha256 {sha256} |
| colors scaled by | {normalization} ({chosen}) |
| parameters | {parameters:,} |
| multiply-adds for an image | {multiply_adds:,} |

Repeat it, where that file is:

    {command}

{weights}

`config.json` holds all that is known of it. Images: CIFAR-10 (Krizhevsky 2009).
"""
LINK = "[ResNet Lab](../../README.md)"
CHECK = """Check it, from the weights:

    python -m core evaluate {name}"""
NO_WEIGHTS = "Its weights are not kept here. The command above makes them."


def write_card(run: Run) -> None:
    write_text(run.path / CARD_FILE, card_text(run))


def card_text(run: Run, link: bool = True) -> str:
    """Markdown; with a `link` to the lab's README, where the card lies in its place. Raises RunError if the run is not
    finished, or its config.json lacks what the card tells."""
    try:
        return _card_text(run, LINK if link else "ResNet Lab")
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RunError(
            f"{run.name}: config.json lacks what the card tells, or has it wrong ({type(error).__name__}: {error})."
        ) from None


def _card_text(run: Run, lab: str) -> str:
    return _card_of_imported(run, lab) if run.imported else _card_of_trained(run, lab)


def _card_of_imported(run: Run, lab: str) -> str:
    accuracy = metrics.accuracy(run.test_logits(), cifar10.load_test_labels())
    imported = run.facts["imported"]
    return TEMPLATE_IMPORTED.format(
        name=run.name,
        lab=lab,
        description=opening_words(run).rstrip(","),
        accuracy=accuracy.value,
        low=accuracy.low,
        high=accuracy.high,
        file=imported["file"],
        sha256=imported["sha256"],
        normalization=run.config.normalization,
        chosen=imported["normalization"],
        parameters=run.parameters,
        multiply_adds=run.multiply_adds,
        command=reproduction.command(run),
        weights=CHECK.format(name=run.name) if run.has_weights else NO_WEIGHTS,
    )


def _card_of_trained(run: Run, lab: str) -> str:
    history = run.history().set_index("epoch")
    labels = cifar10.load_test_labels()
    accuracy = metrics.accuracy(run.test_logits(), labels)
    kept = history.loc[run.facts["best_epoch"]]
    environment = run.facts["environment"]
    processes = environment.get("processes", 1)
    return TEMPLATE.format(
        name=run.name,
        lab=lab,
        description=opening_words(run),
        accuracy=accuracy.value,
        low=accuracy.low,
        high=accuracy.high,
        val_accuracy=kept["val_accuracy"],
        seen="; too high, if the initial weights have seen these photos" if run.validation_was_seen else "",
        train_accuracy=kept["train_accuracy"],
        augmented=" (augmented images)" if run.config.augment else "",
        best_epoch=run.facts["best_epoch"],
        epochs=run.config.epochs,
        parameters=run.parameters,
        multiply_adds=run.multiply_adds,
        training_images=run.facts["training_images"],
        minutes=history["seconds"].sum() / 60,
        environment=(
            f"{environment['cpu']}, {f'{processes} processes of ' if processes > 1 else ''}"
            f"{environment['threads']} thread{'' if environment['threads'] == 1 else 's'}, {environment['device']}, "
            f"{environment['precision']}, torch {environment['torch']}"
        ),
        initial_weights=re.sub(r"[\[\]]", r"\\\g<0>", run.facts["initial_weights"]),  # of a path; else of a link
        times_seen=_times(history["images_seen"].iloc[-1] / run.facts["training_images"]),
        frozen=in_words("freeze", run.config.freeze),
        command="\n    ".join([*reproduction.preparation(run), reproduction.command(run)]),
        weights=CHECK.format(name=run.name) if run.has_weights else NO_WEIGHTS,
        facts="all settings, the versions, and the weights' sha256" if run.has_weights else "all settings and versions",
    )


def _times(number: float) -> str:
    if float(number).is_integer():
        return "once" if number == 1 else f"{number:.0f} times"
    return f"{number:.1f} times on average: an epoch leaves out those that do not fill its last batch"


def opening_words(run: Run) -> str:
    """E.g. "A residual network of 20 layers, with shortcuts (skip connections),"."""
    if not run.config.is_twin:
        return _other_network(run.config)
    kind = "residual network" if run.config.skip else "plain network"
    cuts = "with" if run.config.skip else "without"
    norm = "" if run.config.norm == "batch" else ", without BatchNorm"
    clipped = ", its gradients clipped" if run.config.clip_norm else ""
    clipped += ", the gradient of each layer clipped" if run.config.clip_layer else ""
    return f"A {kind} of {run.config.depth} layers, {cuts} shortcuts (skip connections){norm}{clipped},"


def _other_network(config: TrainConfig) -> str:
    strides = f", strides {config.strides}" if config.network in STRIDED else ""
    strides += ", first layer for small pictures" if config.stem == "cifar" else ""
    return f"torchvision's {config.network}{strides}, images enlarged to {config.input_size} pixels,"
