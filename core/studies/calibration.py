"""Fit a run's temperature on the photos of its validation. What for, is said in `core.analysis.calibration`."""

from core.analysis import calibration
from core.analysis.calibration import Temperature
from core.data import cifar10
from core.data.batches import split_indices
from core.errors import RunError
from core.runs import validation
from core.runs.run import Run


def fit_temperature(run: Run) -> Temperature:
    """Kept in the run's folder. What it said of its validation photos was kept, too, or it is asked anew. Raises
    LabError where they may have been learned, or are not here, or the run has no weights."""
    require_fittable(run)
    known = validation.load(run)
    if known and known.logits is not None:
        found = calibration.fit(known.logits, known.labels)
    else:
        photos = _validation_photos(run)
        found = calibration.fit(run.logits_on(photos), photos.labels)
    calibration.save(run, found)
    return found


def require_fittable(run: Run) -> None:
    """Raises RunError for a run that may have learned from the photos of its validation."""
    if not calibration.can_be_fitted(run):
        raise RunError(
            f"{run.name}: no temperature can be fitted. It, or the network that it began with, may have learned from "
            "the photos that would show how sure it should be."
        )


def _validation_photos(run: Run) -> cifar10.Images:
    images = cifar10.load_training(run.image_source)
    _, kept_apart = split_indices(images.labels, run.config.split_seed)
    return images[kept_apart]
