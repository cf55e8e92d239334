"""Command line: put finished runs among those that come with the lab, each with its card; then renew the README's table
by `python -m core.report --write README.md`."""

import shutil
import sys
import tempfile
from pathlib import Path

from core import paths
from core.card import write_card
from core.cli import Parser, run_command
from core.errors import RunError
from core.exchange import CARD, files_of
from core.files import writing
from core.runs import library
from core.runs.library import find_run
from core.runs.run import MODEL_FILE, Run, open_run


def ship(run: Run, to: Path, weights: bool = True, replace: bool = False) -> Run:
    """Copy a finished run's files into the folder `to`, without its weights if so asked, and write its card anew.

    The copy appears whole or not at all. Raises RunError if the run is not finished, if there is another of its name
    (unless it is to be replaced), or if it cannot be written.
    """
    target = to / run.name
    if not library.NAME.fullmatch(run.name):
        raise RunError(f"{run.path} has a name that no run can have; rename the folder.")
    if target.exists() and not replace:
        raise RunError(f"{target} exists already; --replace puts the run in its place.")
    left_out = {CARD} | (set() if weights else {MODEL_FILE})
    files = [path for path in files_of(run) if path.name not in left_out]
    with writing(to), tempfile.TemporaryDirectory(dir=to, prefix=".ship-") as hidden:
        folder = Path(hidden, run.name)
        folder.mkdir()
        for path in files:
            shutil.copyfile(path, folder / path.name)
        write_card(open_run(folder))
        replaced = Path(hidden, "replaced")
        try:
            if target.exists():
                target.rename(replaced)
            folder.rename(target)
        except BaseException:
            if replaced.exists():
                replaced.rename(target)
            raise
    return open_run(target)


def parser() -> Parser:
    p = Parser(prog="python -m core.ship", description=__doc__)
    p.add_argument("runs", nargs="+", metavar="RUN", help="a run's name, or the path of its folder")
    p.add_argument("--to", type=Path, metavar="FOLDER", default=paths.SHIPPED, help="default: %(default)s")
    p.add_argument("--without-weights", action="store_true", help="leave them out: the card says how to make them")
    p.add_argument("--replace", action="store_true", help="put a run in the place of another of its name")
    return p


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    found = [find_run(name) for name in args.runs]
    for run in found:
        print(ship(run, args.to, not args.without_weights, args.replace).path, file=sys.stderr)
        if args.to.resolve() == paths.SHIPPED.resolve() and run.path.resolve().parent == paths.own_runs_dir().resolve():
            print(f"{run.path} has now the name of a shipped run; delete or rename it.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    run_command(main)
