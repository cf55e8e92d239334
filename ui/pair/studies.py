"""Studies of a run that take a page seconds or minutes, and are kept in the run's folder. `on_part` gets how many are
done, of how many, and of what."""

from collections.abc import Callable

from core.analysis import probes, robustness
from core.data import cifar10
from core.data.corruptions import CORRUPTIONS, STRENGTHS
from core.runs.run import Run

OnPart = Callable[[int, int, str], None]


def probe(run: Run, on_part: OnPart) -> None:
    """Ask it after each block."""
    from core.studies.probes import study

    training, test = cifar10.load_training("shipped"), cifar10.load_test()
    probes.save(run, study(run, training, test, lambda done, total: on_part(done, total, "photos")))


def corrupt(run: Run, on_part: OnPart) -> None:
    """Ask it about spoiled photos; what was stopped goes on from there."""
    from core.studies.robustness import study
    from core.training.device import best_precision

    known = robustness.begun(run)
    done = len(STRENGTHS) * len(known.corrupted) if known else 0

    def on_strength() -> None:
        nonlocal done
        done += 1
        on_part(done, len(STRENGTHS) * len(CORRUPTIONS), "sets of spoiled photos")

    photos = cifar10.load_test()[: robustness.PHOTOS]
    for _, _, so_far in study([run], photos, best_precision("cpu"), on_strength):
        robustness.save(run, so_far)


def calibrate(run: Run, on_part: OnPart) -> None:
    """Fit its temperature, which takes a moment."""
    from core.studies.calibration import fit_temperature

    fit_temperature(run)
