"""The exceptions whose message is meant for the user to read. Anything else that is raised is a bug."""


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
