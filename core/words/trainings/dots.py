"""Networks as dots, right answers against what they cost, in sentences."""

import pandas as pd

from core.runs.run import Run
from core.settings.train_config import TrainConfig
from core.words import counted
from core.words.gradients import rounded
from core.words.settings import in_short, in_words


def dots(table: pd.DataFrame, cost: str, called: str) -> str:
    """The highest dot and the cheapest of a plot of accuracy against the column `cost`, which is `called` so."""
    highest, cheapest = table.iloc[table["accuracy"].argmax()], table.iloc[table[cost].argmin()]
    each = (
        f"{word}: {dot['network']}, right on {dot['accuracy']:.1%}, {called}: {rounded(dot[cost])}"
        for word, dot in (("Highest", highest), ("Cheapest", cheapest))
    )
    return f"{len(table)} networks. {'. '.join(each)}."


def dot(run: Run, name: str, accuracy: float, minutes: float | None) -> str:
    """One dot of that plot: the network, the run's `name`, how often it is right (0 to 1), what it costs, and its
    `training`."""
    return (
        f"**{in_short(run)}**, {name}: right on **{accuracy:.1%}**; {run.parameters:,} parameters, "
        f"{run.multiply_adds / 1e6:,.0f} million multiply-adds a photo; {training(run, minutes)}."
    )


def training(run: Run, minutes: float | None) -> str:
    """E.g. "5 epochs of 45,000 photos, at 64 pixels, 63 min"; without `minutes`, it was trained elsewhere. What it had
    learned before is told, and that nothing here counts it."""
    pixels = f"at {run.config.input_size} pixels"
    if run.training_images is None or minutes is None:
        return f"trained elsewhere, {pixels}"
    epochs = f"{counted(run.config.epochs, 'epoch')} of {counted(run.training_images, 'photo')}"
    return f"{epochs}, {pixels}, {minutes:.0f} min{_before(run.config)}"


def _before(config: TrainConfig) -> str:
    """From what a pretrained network had learned when this training began; "" for the others."""
    if not config.pretrained:
        return ""
    from_imagenet = in_words("init", config.init) == in_words("init", "imagenet")
    if from_imagenet:
        return "; the million other photos that it had learned from before are not counted"
    return "; the training before this one is not counted"


def also_held_back(runs: int) -> str:
    """Of what asks for the dots of those that were held back, e.g. "Also 3 runs with fewer photos, ..."."""
    return f"Also {counted(runs, 'run')} with fewer photos, frozen layers or no BatchNorm"


def unequal(table: pd.DataFrame) -> str:
    """Of the same dots, that they learned for different times, where they did: a dot is a training, not an architecture
    alone. Columns epochs, images and pixels."""
    said = [
        f"{words} {table[column].min():,.0f} to {table[column].max():,.0f} {unit}"
        for column, words, unit in (
            ("epochs", "for", "passes over their photos"),
            ("images", "from", "photos"),
            ("pixels", "at", "pixels a side"),
        )
        if table[column].min() < table[column].max()
    ]
    if not said:
        return ""
    return (
        f"They learned {', '.join(said)} (point at a dot to see): a low dot may be a network that "
        "learned for less time or from less, not a worse one."
    )
