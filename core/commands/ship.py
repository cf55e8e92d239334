"""Put finished runs among those that come with the lab, each with its card; then renew the tables: `report --write`.
Weights that were kept during training (train --keep-weights) do not go with them: those files are large."""

import sys

from core import paths
from core.commands import Parser, run_command
from core.runs.library import find_run
from core.settings.environment import expanded
from core.sharing.shipping import ship


def parser() -> Parser:
    p = Parser(prog="python -m core ship", description=__doc__)
    p.add_argument("runs", nargs="+", metavar="RUN", help="a run's name, or the path of its folder")
    p.add_argument("--to", type=expanded, metavar="FOLDER", default=paths.SHIPPED, help="default: %(default)s")
    p.add_argument("--without-weights", action="store_true", help="leave them out: the card says how to make them")
    p.add_argument("--replace", action="store_true", help="put a run in the place of another of its name")
    return p


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    found = [find_run(name) for name in args.runs]
    for run in found:
        print(ship(run, args.to, not args.without_weights, args.replace).path, file=sys.stderr)
        if args.to.resolve() == paths.SHIPPED.resolve() and run.path.resolve().parent == paths.own_runs_dir().resolve():
            print(f"{run.path} now has the name of a shipped run; delete or rename it.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    run_command(main)
