"""Which blocks of a trained network can be cut out, which cuts a study makes, and what came of them. No torch.

The cutting itself is `core.studies.surgery`, the sentences are in `core.words.surgery`. After Veit, Wilber and Belongie
2016, "Residual networks behave like ensembles of relatively shallow networks" (arXiv 1605.06431), section 4. Blocks are
numbered from 1, the first after the picture.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.analysis.metrics import GUESSING
from core.errors import LabError, RunError
from core.files import write_text, writing
from core.runs.run import Run
from core.runs.tables import read_csv
from core.settings.constraints import require_twin
from core.settings.train_config import TrainConfig

FILE = "surgery.csv"
LARGEST = 200_000  # bytes; 56 layers need 2,000
IMAGES = 1_000  # the first test images, on which a network without some blocks is scored
DRAWS = 5  # random choices for each number of blocks removed
STEPS = 10  # at most so many numbers of blocks, beside none and one
A_POINT = 1.0  # what is less, or even a gain, can be luck on so few images
COLUMNS = ["removed", "accuracy"]  # block numbers with spaces between; share of IMAGES, 0 to 1

Blocks = frozenset[int]  # numbered from 1


def count_blocks(config: TrainConfig) -> int:
    """Raises LabError for a network that is none of the CIFAR twins: only theirs are known here block by block."""
    require_twin(config, "lose blocks")
    return (config.depth - 2) // 2


def blocks(config: TrainConfig) -> Blocks:
    """All of them. Raises as `count_blocks`."""
    return frozenset(range(1, count_blocks(config) + 1))


def stages(config: TrainConfig) -> tuple[int, int, int]:
    """How many blocks work on the picture at each of its sizes, 32, 16 and 8 pixels. Raises as `count_blocks`."""
    return (count_blocks(config) // 3,) * 3


def removable(config: TrainConfig) -> Blocks:
    """A ResNet's blocks all (their shortcut remains); of a plain network those that change no shape."""
    return blocks(config) if config.skip else blocks(config) - shape_changing(config)


def shape_changing(config: TrainConfig) -> Blocks:
    """The first block of each stage but the first: it halves the picture and doubles its channels."""
    first, second, _ = stages(config)
    return frozenset((first + 1, first + second + 1))


def cuts(config: TrainConfig) -> list[Blocks]:
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
    accuracy: Callable[[Blocks], float],
    on_cut: Callable[[int, int], object] = lambda done, total: None,
) -> dict[Blocks, float]:
    """The `accuracy` after each of the `cuts`; `on_cut` gets how many are done, of how many."""
    plan, results = cuts(config), {}
    for done, removed in enumerate(plan, start=1):
        results[removed] = accuracy(removed)
        on_cut(done, len(plan))
    return results


def save(run: Run, results: dict[Blocks, float]) -> None:
    """surgery.csv in the run's folder, from `study`. Raises RunError where it can't be written."""
    with writing(run.path):
        write_text(run.path / FILE, _to_csv(results))


def load(run: Run) -> dict[Blocks, float] | None:
    """What `save` wrote; None where there is none. Raises RunError if it is damaged, or another network's."""
    path = run.path / FILE
    if not path.exists():
        return None
    rows = read_csv(path, COLUMNS, dtype={"removed": str}, keep_default_na=False)
    try:
        return _to_results(rows, removable(run.config))
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}.") from None


def accuracy_without(run: Run, *blocks: int) -> float:
    """What its study says. Raises LabError where there is none, or not of this cut."""
    results = load(run) or {}
    if frozenset(blocks) not in results:
        numbers = ", ".join(map(str, blocks))
        raise LabError(f"What {run.name} does without block {numbers} is not known; its blocks to cut are others.")
    return results[frozenset(blocks)]


def _to_csv(results: dict[Blocks, float]) -> str:
    rows = [(" ".join(map(str, sorted(removed))), accuracy) for removed, accuracy in results.items()]
    return pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False)


def _to_results(rows: pd.DataFrame, known: Blocks) -> dict[Blocks, float]:
    if rows["accuracy"].dtype.kind != "f" or not rows["accuracy"].between(0, 1).all():
        raise ValueError("accuracies are numbers from 0 to 1")
    results = {frozenset(map(int, removed.split())): value for removed, value in rows.itertuples(index=False)}
    if not all(removed <= known for removed in results):
        raise ValueError("blocks of another network")
    if not {frozenset(), *(frozenset([block]) for block in known)} <= results.keys():
        raise ValueError("not every block")
    return results


def common(configs: Iterable[TrainConfig]) -> Blocks:
    """The blocks that each of these networks can do without."""
    return frozenset.intersection(*map(removable, configs))


def example(configs: Iterable[TrainConfig]) -> int:
    """A block to begin with: one that all can lose, from the middle."""
    blocks = sorted(common(configs))
    return blocks[len(blocks) // 2]


def single(results: dict[Blocks, float], config: TrainConfig) -> pd.DataFrame:
    """A row a block removed alone: block, accuracy, the `loss` of accuracy in points, and whether it `halves` the
    picture."""
    intact, halving = results[frozenset()], shape_changing(config)
    rows = sorted((*removed, accuracy) for removed, accuracy in results.items() if len(removed) == 1)
    return pd.DataFrame(rows, columns=["block", "accuracy"]).assign(
        loss=lambda t: 100 * (intact - t["accuracy"]), halves=lambda t: t["block"].isin(halving)
    )


@dataclass(frozen=True)
class Cost:
    """What removing one block costs. `points`: of accuracy, the mean over the `blocks` tried, which are those that a
    plain network can lose, too. `guesses`: whether the whole network hardly learned, and has little to lose."""

    points: float
    blocks: int
    guesses: bool


def cost(results: dict[Blocks, float], config: TrainConfig) -> Cost:
    alone = single(results, config)
    losses = alone.loc[~alone["halves"], "loss"]
    return Cost(float(losses.mean()), len(losses), _hardly_learned(results[frozenset()]))


def curve(results: dict[Blocks, float], config: TrainConfig) -> pd.DataFrame:
    """Accuracy by number of blocks removed at random: removed, mean, low, high, draws. Both twins' removable blocks."""
    needed = shape_changing(config)
    rows = [(len(removed), accuracy) for removed, accuracy in results.items() if not removed & needed]
    grouped = pd.DataFrame(rows, columns=COLUMNS).groupby("removed")["accuracy"]
    return grouped.agg(mean="mean", low="min", high="max", draws="size").reset_index()


@dataclass(frozen=True)
class Fall:
    """How many blocks must go until a network is right on less than half as many photos as when it was whole.

    at: the fewest removed at random that do it, on average; None if none of the numbers tried does
    not_yet: the most removed before, of the numbers tried
    guesses: whether the whole network hardly learned, so that half of it means nothing
    """

    at: int | None
    not_yet: int | None
    guesses: bool


def fall(curve: pd.DataFrame) -> Fall:
    """Of a table from `curve`."""
    rows = curve.sort_values("removed")
    whole = rows["mean"].iloc[0]
    fallen = rows.loc[rows["mean"] < whole / 2, "removed"]
    if fallen.empty:
        return Fall(None, None, _hardly_learned(whole))
    at = int(fallen.min())
    return Fall(at, int(rows.loc[rows["removed"] < at, "removed"].max()), _hardly_learned(whole))


def _hardly_learned(accuracy: float) -> bool:
    """Whether half of it is what guessing gives, so that nothing is left to lose."""
    return bool(accuracy < 2 * GUESSING)
