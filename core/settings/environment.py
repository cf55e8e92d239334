"""What the environment says: the place where its variables are read, so that each kind is read in one way.

A switch may be written as people, YAML and Docker write one; a path may begin with ~, which no shell expands in
`NAME=~/folder` of a file. What can't be understood is told in one sentence, before anything starts (`check`).
"""

import math
import os
import re
from contextlib import suppress
from pathlib import Path

from core.errors import LabError

ON, OFF = ("on", "true", "yes", "1", "enabled"), ("off", "false", "no", "0", "disabled")
SWITCHES = {"RESNET_LAB_TRAINING": True}  # {name: its value where nothing is said}
NUMBERS = {"RESNET_LAB_JOBS": (1, 1), "RESNET_LAB_MAX_EPOCHS": (0, 0), "RESNET_LAB_MAX_RUNS": (0, 0)}  # usual, least
SECONDS = {"RESNET_LAB_KEEPER_TICK": 0.5}  # tests set fewer
SECRETS = ("RESNET_LAB_ADMIN",)
SECRET = re.compile(r"[A-Za-z0-9_-]{16,64}")
PATHS = ("CIFAR10_DIR", "RESNET_LAB_RUNS", "RESNET_LAB_LESSONS")


def check() -> None:
    """Raises LabError for a variable of the lab that can't be understood."""
    for name in SWITCHES:
        switch(name)
    for name in NUMBERS:
        number(name)
    for name in SECONDS:
        seconds(name)
    for name in SECRETS:
        secret(name)


def switch(name: str) -> bool:
    """Of SWITCHES. Raises LabError."""
    text = given(name).lower()
    if text and text not in ON + OFF:
        raise LabError(f"{name} must be on or off, not {text!r}.")
    return text in ON if text else SWITCHES[name]


def number(name: str) -> int:
    """Of NUMBERS. Raises LabError."""
    usual, least = NUMBERS[name]
    text = given(name) or str(usual)
    if not text.isdecimal() or int(text) < least:
        raise LabError(f"{name} must be a whole number of at least {least}, not {text!r}.")
    return int(text)


def seconds(name: str) -> float:
    """Of SECONDS. Raises LabError."""
    text = given(name) or str(SECONDS[name])
    with suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    raise LabError(f"{name} must be a number of seconds above 0, not {text!r}.")


def secret(name: str) -> str:
    """Of SECRETS, "" where it is not given. Raises LabError for one that could be guessed, or stands in no link."""
    text = given(name)
    if text and not SECRET.fullmatch(text):
        raise LabError(f"{name} must be 16 to 64 letters, digits, dashes or underscores.")
    return text


def path(name: str) -> Path | None:
    """None where it is not given."""
    text = given(name)
    return expanded(text) if text else None


def absolute_paths() -> dict[str, str]:
    """Those of PATHS that are given, for a process that begins in another folder."""
    found = {name: path(name) for name in PATHS}
    return {name: str(each.absolute()) for name, each in found.items() if each}


def expanded(text: str) -> Path:
    """A path as a shell takes it: ~ is the home folder."""
    return Path(os.path.expanduser(text))


def given(name: str) -> str:
    """As a text, "" where it is not given; without the quotes that Docker's --env-file leaves."""
    return os.environ.get(name, "").strip().strip("'\"").strip()
