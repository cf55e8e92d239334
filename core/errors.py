"""The exceptions whose message is meant for the user to read. Anything else that is raised is a bug."""

import errno


class LabError(Exception):
    """One clear sentence about what is wrong and what to do; the page or the command line shows it and stops."""


class DataError(LabError):
    """CIFAR-10 cannot be had, or a file of it is damaged."""


class ImageError(LabError):
    """An uploaded picture that cannot be used."""


class ModelError(LabError):
    """An unknown network, or weights that do not fit it."""


class RunError(LabError):
    """A run's folder that is missing, damaged or already taken."""


class TrainingError(LabError):
    """Training that cannot start or cannot go on."""


class ClassroomError(LabError):
    """A room that can't be opened or entered, or that somebody else leads."""


class DivergedError(TrainingError):
    """Numbers that are no longer finite: training went out of control."""


def plain_reason(error: BaseException) -> str | None:
    """A sentence for what a teacher can mend: a LabError, a full disk, too little memory. None for anything else."""
    number = getattr(error, "errno", None)
    words = str(error).lower()
    if isinstance(error, LabError):
        return str(error)
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Make room, then try again."
    # PyTorch raises RuntimeError where memory ends, in the words of the device's allocator.
    short = isinstance(error, RuntimeError) and any(
        f"{how} memory" in words for how in ("out of", "allocate", "enough")
    )
    if isinstance(error, MemoryError) or number == errno.ENOMEM or short:
        return "There is not enough memory; a training needs less with a smaller batch."
    return None
