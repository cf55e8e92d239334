"""Which blocks of a trained network can be cut out, which cuts a study makes, and what came of them. No torch.

The cutting itself is `surgery.py`. After Veit, Wilber and Belongie 2016, "Residual networks behave like ensembles of
relatively shallow networks" (arXiv 1605.06431), section 4. Blocks are numbered from 1, the first after the picture.
"""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from core.analysis.metrics import GUESSING
from core.config import TrainConfig
from core.errors import LabError, RunError
from core.files import write_text, writing
from core.runs.run import Run
from core.runs.tables import read_csv

FILE = "surgery.csv"
IMAGES = 1_000  # the first test images, on which a lesioned network is scored
DRAWS = 5  # random choices for each number of blocks cut out
STEPS = 10  # at most so many numbers of blocks, beside none and one
A_POINT = 1.0  # what is less, or even a gain, can be luck on so few images
GUESSES = "does little better than guessing, whole or cut."
COLUMNS = ["removed", "accuracy"]  # block numbers with spaces between; share of IMAGES, 0 to 1

Lesion = frozenset[int]


def count_blocks(config: TrainConfig) -> int:
    """Raises LabError for a network that is none of the CIFAR twins: only theirs are known here block by block."""
    if config.family != "cifar":
        raise LabError("Surgery needs a network known here block by block: the plain ones and ResNets for CIFAR-10.")
    return (config.depth - 2) // 2


def stages(config: TrainConfig) -> tuple[int, int, int]:
    """How many blocks work on the picture at each of its sizes, 32, 16 and 8 pixels. Raises as `count_blocks`."""
    return (count_blocks(config) // 3,) * 3


def removable(config: TrainConfig) -> Lesion:
    """A ResNet's blocks all (their shortcut remains); of a plain network those that change no shape."""
    blocks = frozenset(range(1, count_blocks(config) + 1))
    return blocks if config.skip else blocks - shape_changing(config)


def shape_changing(config: TrainConfig) -> Lesion:
    """The first block of each stage but the first: it halves the picture and doubles its channels."""
    first, second, _ = stages(config)
    return frozenset((first + 1, first + second + 1))


def cuts(config: TrainConfig) -> list[Lesion]:
    """The study of a network: nothing removed, each single block, and random choices of more blocks.

    The random choices are the same for both twins, so they leave out the two blocks that a plain network needs.
    """
    common = sorted(removable(config) - shape_changing(config))
    singles = [frozenset([block]) for block in sorted(removable(config))]
    draw = np.random.default_rng(config.depth)
    counts = sorted(set(np.linspace(2, len(common), STEPS).round().astype(int))) if len(common) > 1 else []
    several = [
        frozenset(draw.choice(common, size=count, replace=False).tolist()) for count in counts for _ in range(DRAWS)
    ]
    return list(dict.fromkeys([frozenset(), *singles, *several]))


def study(
    config: TrainConfig,
    accuracy: Callable[[Lesion], float],
    on_cut: Callable[[int, int], None] = lambda done, total: None,
) -> dict[Lesion, float]:
    """The `accuracy` after each of the `cuts`; `on_cut` gets how many are done, of how many."""
    plan, results = cuts(config), {}
    for done, lesion in enumerate(plan, start=1):
        results[lesion] = accuracy(lesion)
        on_cut(done, len(plan))
    return results


def save(run: Run, results: dict[Lesion, float]) -> None:
    """surgery.csv in the run's folder, from `study`. Raises RunError where it can't be written."""
    with writing(run.path):
        write_text(run.path / FILE, _to_csv(results))


def load(run: Run) -> dict[Lesion, float]:
    """What `save` wrote. Raises RunError if it is missing, damaged, or another network's."""
    path = run.path / FILE
    rows = read_csv(path, COLUMNS, dtype={"removed": str}, keep_default_na=False)
    try:
        return _to_results(rows, removable(run.config))
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}.") from None


def _to_csv(results: dict[Lesion, float]) -> str:
    rows = [(" ".join(map(str, sorted(lesion))), accuracy) for lesion, accuracy in results.items()]
    return pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False)


def _to_results(rows: pd.DataFrame, known: Lesion) -> dict[Lesion, float]:
    if rows["accuracy"].dtype.kind != "f" or not rows["accuracy"].between(0, 1).all():
        raise ValueError("accuracies are numbers from 0 to 1")
    results = {frozenset(map(int, removed.split())): value for removed, value in rows.itertuples(index=False)}
    if not all(lesion <= known for lesion in results):
        raise ValueError("blocks of another network")
    if not {frozenset(), *(frozenset([block]) for block in known)} <= results.keys():
        raise ValueError("not every block")
    return results


def common(configs: Iterable[TrainConfig]) -> Lesion:
    """The blocks that each of these networks can do without."""
    return frozenset.intersection(*map(removable, configs))


def single(results: dict[Lesion, float], config: TrainConfig) -> pd.DataFrame:
    """A row a block removed alone: block, accuracy, the `loss` of accuracy in points, and whether it `halves` the
    picture."""
    intact, halving = results[frozenset()], shape_changing(config)
    rows = sorted((*lesion, accuracy) for lesion, accuracy in results.items() if len(lesion) == 1)
    return pd.DataFrame(rows, columns=["block", "accuracy"]).assign(
        loss=lambda t: 100 * (intact - t["accuracy"]), halves=lambda t: t["block"].isin(halving)
    )


def costs(results: dict[Lesion, float], config: TrainConfig) -> pd.Series:
    """What removing one block costs, in points, by block: of the blocks that a plain network can lose, too."""
    alone = single(results, config)
    return alone[~alone["halves"]].set_index("block")["loss"]


def cost_in_words(results: dict[Lesion, float], config: TrainConfig) -> str:
    """What a network does without one of its blocks."""
    if _hardly_learned(results[frozenset()]):
        return GUESSES
    each = costs(results, config)
    lost = f"{each.mean():.1f} points" if each.mean() >= A_POINT else "less than a point"
    return f"loses {lost}{' on average' if len(each) > 1 else ''}."


def curve(results: dict[Lesion, float], config: TrainConfig) -> pd.DataFrame:
    """Accuracy by number of blocks removed at random: removed, mean, low, high, draws. Both twins' removable blocks."""
    needed = shape_changing(config)
    rows = [(len(lesion), accuracy) for lesion, accuracy in results.items() if not lesion & needed]
    grouped = pd.DataFrame(rows, columns=COLUMNS).groupby("removed")["accuracy"]
    return grouped.agg(mean="mean", low="min", high="max", draws="size").reset_index()


def curve_in_words(curves: pd.DataFrame) -> str:
    """How many blocks each side loses until it is right on less than half as many photos; `curves`: `curve` by side."""
    return " ".join(f"{side} {_fall_in_words(rows)}" for side, rows in curves.groupby("side"))


def _fall_in_words(rows: pd.DataFrame) -> str:
    """Of the rows of one side, from none removed to most."""
    rows = rows.sort_values("removed")
    whole = rows["mean"].iloc[0]
    if _hardly_learned(whole):
        return GUESSES
    fallen = rows["mean"] < whole / 2
    if not fallen.any():
        return "stays above half of its accuracy at every number tried."
    count = rows.loc[fallen, "removed"].min()
    before = rows.loc[rows["removed"] < count, "removed"].max()
    not_yet = f" (not yet with {before})" if before < count - 1 else ""
    return f"falls below half of its accuracy when {count} of its blocks {_is(count)} gone{not_yet}."


def _hardly_learned(accuracy: float) -> bool:
    """Whether half of it is what guessing gives, so that nothing is left to lose."""
    return accuracy < 2 * GUESSING


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def in_words(blocks: Iterable[int]) -> str:
    """E.g. "block 3" or "blocks 2, 3 and 7"."""
    numbers = [str(block) for block in sorted(blocks)]
    if len(numbers) < 2:
        return f"block {''.join(numbers)}" if numbers else "no block"
    return f"blocks {', '.join(numbers[:-1])} and {numbers[-1]}"
