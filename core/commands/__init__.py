"""The command line, a file a command: arguments in, text out. The app imports none of it.

Here is what the commands share: one sentence on stderr for bad input, never a traceback.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, suppress
from typing import NoReturn, TextIO

from core.errors import LabError, TrainingError, plain_reason
from core.runs.command import MOST_THREADS, is_thread_count


class Parser(argparse.ArgumentParser):
    """Says what is wrong with an argument in one line, without the whole usage before it. Options are written out: a
    command is recorded with the run that it made. They may stand before, between and after the other arguments."""

    def __init__(self, **options):
        super().__init__(allow_abbrev=False, **options)

    def parse_args(self, args: Sequence[str] | None = None, namespace=None) -> argparse.Namespace:  # type: ignore[override]
        if "--" in (sys.argv[1:] if args is None else args):  # of which intermixed arguments know nothing
            return super().parse_args(args, namespace)
        return self.parse_intermixed_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def require_threads(*threads: int) -> None:
    """Raises LabError."""
    if not all(map(is_thread_count, threads)):
        raise LabError(f"--threads must be at least 1 and at most {MOST_THREADS}.")


@contextmanager
def progress(name: str, unit: str, done: int = 0) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr; what it gives is to be told how many are done, of how many. `done`: earlier, at another time."""
    from tqdm import tqdm

    with tqdm(desc=name, unit=f" {unit}", initial=done) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


class Shown:
    """A stream for what is only shown: that its terminal was closed, or its reader has seen enough, ends no command."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, words: str) -> int:
        with suppress(OSError):
            self._stream.write(words)
        return len(words)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str):
        return getattr(self._stream, name)


def run_command(main: Callable[[], int]) -> NoReturn:
    """Exit with main's status; 2 for what the user can mend (LabError, a full disk, too little memory), 1 for a
    training that failed, 130 after Ctrl-C."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed before the command began
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - until the process ends
    streams = sys.stdout, sys.stderr
    with redirect_stderr(Shown(sys.stderr)):
        try:
            sys.exit(_status(main))
        finally:
            for stream in streams:
                _let_go(stream)


def _status(main: Callable[[], int]) -> int:
    status = 1
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has seen enough
        return status
    except KeyboardInterrupt:
        return 130
    except (LabError, OSError, MemoryError, RuntimeError) as error:
        reason = plain_reason(error)
        if reason is None:
            raise
        print(reason, file=sys.stderr)
        return 1 if isinstance(error, TrainingError) else 2
    return status


def _let_go(stream: TextIO) -> None:
    """What nobody takes any more goes nowhere: Python tries once again as it exits, and would complain."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
