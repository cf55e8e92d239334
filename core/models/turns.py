"""Who computes when: what takes long is done for a few at a time, and nobody waits for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore

from core.errors import LabError


@contextmanager
def in_turn(places: Semaphore, seconds: float, refusal: str) -> Iterator[None]:
    """Holds one of the `places`. Raises LabError, `refusal`, if none becomes free within `seconds`."""
    if not places.acquire(timeout=seconds):
        raise LabError(refusal)
    try:
        yield
    finally:
        places.release()
