"""Studies of a run that take a page seconds or minutes, and are kept in the run's folder; `on_part`: of (done, all)."""

from collections.abc import Callable

from core.analysis import probes, robustness
from core.data import cifar10
from core.data.corruptions import CORRUPTIONS
from core.runs.run import Run

OnPart = Callable[[int, int], None]


def probe(run: Run, on_part: OnPart) -> None:
    """Ask it after each block."""
    from core.studies.probes import study

    probes.save(run, study(run, cifar10.load_training("shipped"), cifar10.load_test(), on_part))


def corrupt(run: Run, on_part: OnPart) -> None:
    """Ask it about spoiled photos; what was left goes on from there."""
    from core.studies.robustness import study
    from core.training.device import best_precision

    for _, _, so_far in study([run], cifar10.load_test()[: robustness.PHOTOS], best_precision("cpu")):
        robustness.save(run, so_far)
        on_part(len(so_far.corrupted), len(CORRUPTIONS))


def calibrate(run: Run, on_part: OnPart) -> None:
    """Fit its temperature."""
    from core.studies.calibration import fit_temperature

    on_part(0, 1)
    fit_temperature(run)
