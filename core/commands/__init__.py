"""The command line, a file a command: arguments in, text out. The app imports none of it.

Here is what the commands share: one sentence on stderr for bad input, never a traceback.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from core.errors import LabError, TrainingError
from core.runs.command import MOST_THREADS, is_thread_count


class Parser(argparse.ArgumentParser):
    """Says what is wrong with an argument in one line, without the whole usage before it. Options are written out: a
    command is recorded with the run that it made."""

    def __init__(self, **options):
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def require_threads(*threads: int) -> None:
    """Raises LabError."""
    if not all(map(is_thread_count, threads)):
        raise LabError(f"--threads must be at least 1 and at most {MOST_THREADS}.")


@contextmanager
def progress(name: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr; what it gives is to be told how many are done, of how many."""
    from tqdm import tqdm

    with tqdm(desc=name, unit=f" {unit}") as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def run_command(main: Callable[[], int]) -> NoReturn:
    """Exit with main's status; 2 for what the user can mend (LabError), 1 for a training that failed,
    130 after Ctrl-C."""
    try:
        sys.exit(main())
    except LabError as error:
        print(error, file=sys.stderr)
        sys.exit(1 if isinstance(error, TrainingError) else 2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        sys.exit(1)
