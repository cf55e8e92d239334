"""Train every combination of the settings in a small JSON file, one after the other.

    {"architectures": ["plain20", "resnet20"], "seed": [0, 1, 2], "epochs": 40, "data": "shipped"}

Keys are "architectures" and the fields of TrainConfig; a list gives several values. Given again, the command skips
what is finished and resumes what is not. Each training is a process of its own, so that none can end the others.
"""

import argparse
import sys

from core import paths
from core.commands import Parser, run_command
from core.jobs.sweep import Child, read_grid, state
from core.runs import store
from core.settings.environment import expanded


def parser() -> argparse.ArgumentParser:
    p = Parser(prog="python -m core sweep", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument(
        "file",
        metavar="FILE",
        type=expanded,
        help='the JSON file; "name" in it may be a pattern, such as "mine-{architecture}-{seed}", for the runs\' names',
    )
    p.add_argument("--out", type=expanded, default=paths.own_runs_dir(), help="where the runs' folders go; %(default)s")
    p.add_argument("--dry-run", action="store_true", help="list the runs and how they stand, and train nothing")
    return p


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    grid = read_grid(args.file)
    states = {name: state(args.out / name, config) for name, config in grid.items()}
    if args.dry_run:
        for name in grid:
            print(f"{name}  {states[name]}")
        return 0
    child, failed = Child(), {}
    for number, (name, config) in enumerate(grid.items(), start=1):
        if states[name] == "finished":
            continue
        print(f"{name}: {number} of {len(grid)}", file=sys.stderr)
        if states[name] == "new":
            store.new_run(args.out, name, config, {})
        reason = child.train(args.out / name)
        if child.stopped:
            print("Stopped. Nothing is lost; the same command resumes.", file=sys.stderr)
            return 130
        if reason:
            failed[name] = reason
    print(f"{len(grid) - len(failed)} of {len(grid)} runs are finished.", file=sys.stderr)
    for name, reason in failed.items():
        print(f"{name} failed: {reason}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    run_command(main)
