"""How far a training has come: what is saved of it, and what it reports at each step."""

from dataclasses import dataclass, field

from core.settings.train_config import TrainConfig


@dataclass
class Sums:
    """What is added up over an epoch's steps so far."""

    steps: int = 0
    loss: float = 0.0
    correct: int = 0
    seconds: float = 0.0


@dataclass
class Position:
    """Where a training stands: epochs done, steps done in the present one, and the best epoch so far (0: none)."""

    epoch: int = 0
    best_epoch: int = 0
    best_accuracy: float = -1.0
    batch_order: str | None = ""  # EpochPlan.sha256 of the epochs done; None if some were not recorded
    sums: Sums = field(default_factory=Sums)


@dataclass(frozen=True)
class StepReport:
    """Of the present epoch so far: `loss` and `accuracy` (0 to 1) are means over its steps."""

    epoch: int  # 1-based
    loss: float
    accuracy: float
    batch_loss: float  # of this step alone
    batch_accuracy: float
    images_per_second: float
    seconds_left: float  # until the last epoch ends

    @classmethod
    def of(cls, position: Position, loss: float, correct: int, config: TrainConfig, steps: int) -> "StepReport":
        """After a step with the mean `loss` of its batch, of which so many were `correct`; an epoch has `steps`."""
        sums, images = position.sums, position.sums.steps * config.batch_size
        return cls(
            epoch=position.epoch + 1,
            loss=sums.loss / sums.steps,
            accuracy=sums.correct / images,
            batch_loss=loss,
            batch_accuracy=correct / config.batch_size,
            images_per_second=images / sums.seconds,
            seconds_left=((config.epochs - position.epoch) * steps - sums.steps) * sums.seconds / sums.steps,
        )
