"""What a public demo may forbid or limit, by environment variables: whether anything may be trained or changed
(RESNET_LAB_TRAINING), for how many epochs (RESNET_LAB_MAX_EPOCHS), how many runs are kept (RESNET_LAB_MAX_RUNS); and
how many trainings run at once (RESNET_LAB_JOBS). Whatever is refused raises LabError."""

from pathlib import Path

from core import paths
from core.errors import TrainingError
from core.files import entries
from core.runs.library import NAME, is_of_a_run
from core.settings import environment
from core.settings.train_config import TrainConfig
from core.words import counted


def training_allowed() -> bool:
    """Whether anything may be trained or changed here."""
    return environment.switch("RESNET_LAB_TRAINING")


def require_training_allowed() -> None:
    """Raises TrainingError for a public demo."""
    if not training_allowed():
        raise TrainingError("Training is switched off here. You can train in your own copy of the lab.")


def require_allowed_length(configs: list[TrainConfig]) -> None:
    """Raises TrainingError if one of these trainings has more epochs than can be trained here."""
    most = environment.number("RESNET_LAB_MAX_EPOCHS")
    if most and any(config.epochs > most for config in configs):
        raise TrainingError(f"At most {counted(most, 'epoch')} can be trained here.")


def require_room(number: int) -> None:
    """Raises LabError if so many more runs can't be kept here. A damaged run takes room too."""
    root, most = paths.own_runs_dir(), environment.number("RESNET_LAB_MAX_RUNS")
    kept = [path for path in entries(root) if _takes_room(path)]
    if most and len(kept) + number > most:
        raise TrainingError(
            f"At most {counted(most, 'run')} can be kept here, and there {'is' if len(kept) == 1 else 'are'} "
            f"{len(kept)}; delete one first."
        )


def jobs_at_once() -> int:
    """How many trainings run at the same time."""
    return environment.number("RESNET_LAB_JOBS")


def _takes_room(path: Path) -> bool:
    return bool(NAME.fullmatch(path.name)) and path.is_dir() and not path.is_symlink() and is_of_a_run(path)
