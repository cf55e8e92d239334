"""How early a network knows what a picture shows: its answers after each block of its last stage. No torch.

The asking itself is `core.studies.probes`, the sentences are in `core.words.probes`. Two readers are asked after each
block: the network's own last layer, which was made for the last block alone (nostalgebraist 2020, "Interpreting GPT:
the logit lens"), and one fitted to that very block, a linear probe (Alain and Bengio 2016, "Understanding intermediate
layers using linear classifier probes", arXiv 1610.01644). What the first can't read, the second may.
"""

import math
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from core.analysis import calibration
from core.analysis.calibration import Temperature
from core.analysis.surgery import stages
from core.data.cifar10 import CLASSES
from core.files import write_json, writing
from core.runs.run import LARGEST_COUNT, Run
from core.runs.tables import read_json
from core.settings.constraints import require_twin
from core.settings.train_config import TrainConfig

FILE = "probes.json"
LARGEST = 20_000  # bytes; 110 layers need 1,000
COMMAND = "python -m core probe"
A_POINT = 0.01  # of right answers; less counts as no change
UNREAD = 0.3  # of right answers that a probe finds and the network's own last layer misses: much


@dataclass(frozen=True)
class Probes:
    """The shares of right answers (0 to 1) after each block of the last stage, first to last. `own`: of the network's
    own last layer; `probe`: of a linear probe; `untrained`: of one fitted likewise to the same network with the random
    weights of the run's seed. `fitted_on`: training photos for the probes; `scored_on`:
    test photos."""

    own: list[float]
    probe: list[float]
    fitted_on: int
    scored_on: int
    untrained: list[float]

    @property
    def enough(self) -> int:
        """From which of these blocks on (from 1) the probe stays within a point of what it finds at the end."""
        far = [block for block, share in enumerate(self.probe, start=1) if abs(share - self.probe[-1]) >= A_POINT]
        return max(far, default=0) + 1

    @property
    def unread(self) -> list[int]:
        """The blocks (from 1) before the end after which much is there that the last layer misses."""
        pairs = zip(self.probe[:-1], self.own[:-1], strict=True)
        return [block for block, (probe, own) in enumerate(pairs, start=1) if probe - own >= UNREAD]


@dataclass(frozen=True)
class Opinion:
    """What a network would say after a block. `shares`: how sure it is of each class, (10,), which sum to 1."""

    shares: np.ndarray

    @property
    def label(self) -> str:
        """The class of which it is surest."""
        return CLASSES[self.shares.argmax()]


def blocks(config: TrainConfig) -> range:
    """The numbers of those in the last stage, the only one whose channels the last layer can read; block 1 is the first
    of the network. Raises LabError for a network that is none of the CIFAR twins."""
    require_twin(config, "be asked after each block")
    *earlier, last = stages(config)
    return range(sum(earlier) + 1, sum(earlier) + last + 1)


def opinions(logits: np.ndarray, temperature: Temperature | None) -> list[Opinion]:
    """Of one picture's logits (blocks, 10), see `calibration.probabilities`; the temperature is that of the last."""
    return [Opinion(shares) for shares in calibration.probabilities(logits, temperature)]


def settled(labels: list[str]) -> int:
    """After which of these blocks (from 1) the last answer is given for good."""
    others = [number for number, label in enumerate(labels, start=1) if label != labels[-1]]
    return max(others, default=0) + 1


def save(run: Run, found: Probes) -> None:
    """probes.json in the run's folder. Raises RunError where it can't be written."""
    with writing(run.path):
        write_json(run.path / FILE, asdict(found))


def load(run: Run) -> Probes | None:
    """What `save` wrote; None where there is none. Raises RunError if it is damaged, or another network's."""
    return read_json(run.path / FILE, LARGEST, partial(_sound, run.config))


def _sound(config: TrainConfig, /, **values) -> Probes:
    found, count = Probes(**values), len(blocks(config))
    for shares in (found.own, found.probe, found.untrained):
        if not isinstance(shares, list) or len(shares) != count:
            raise ValueError(f"not {count} blocks")
        if not all(type(share) in (int, float) and math.isfinite(share) and 0 <= share <= 1 for share in shares):
            raise ValueError("shares are numbers from 0 to 1")
    if not all(type(count) is int and 0 < count <= LARGEST_COUNT for count in (found.fitted_on, found.scored_on)):
        raise ValueError("counts of photos are whole numbers")
    return found
