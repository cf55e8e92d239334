"""How many milliseconds networks take for one picture, on this machine."""

import json
import sys

from core.commands import Parser, require_threads, run_command
from core.runs.library import find_run
from core.studies.latency import THREADS, of_runs


def parser() -> Parser:
    p = Parser(prog="python -m core speed", description=__doc__)
    p.add_argument("runs", nargs="+", metavar="RUN", help="a run's name, or the path of its folder")
    p.add_argument("--threads", type=int, nargs="+", default=list(THREADS), help="one figure for each; 1 2")
    p.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    return p


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    require_threads(*args.threads)
    result, problems = of_runs({name: find_run(name) for name in args.runs}, args.threads)
    for problem in problems:
        print(problem, file=sys.stderr)
    if args.json:
        print(json.dumps(result))
    else:
        for name, each in result.items():
            print(f"{name}: " + ", ".join(f"{value:.1f} ms with {n} thread(s)" for n, value in each.items()))
    return 0


if __name__ == "__main__":
    run_command(main)
