"""Train every combination of the settings in a small JSON file: one after the other, or as jobs, several at a time.

    {"architectures": ["plain20", "resnet20"], "seed": [0, 1, 2], "epochs": 40, "data": "shipped"}

Keys are "architectures" and the fields of TrainConfig; a list gives several values. Given again, the command skips
what is finished, resumes what is not, and leaves what is in training or in the app's queue. Each training is a process
of its own, so that none can end the others.

--launcher local trains --parallel N at a time; slurm hands all of them to a cluster's queue, and watches. For a
cluster see docs/clusters.md.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from core import paths
from core.commands import Parser, run_command
from core.data import cifar10
from core.errors import LabError, RunError
from core.jobs import launcher
from core.jobs.processes import TRAINER, on_stop
from core.jobs.sweep import Child, SweepState, read_grid, state_of
from core.runs import status, store
from core.settings.environment import expanded
from core.settings.train_config import TrainConfig


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
    p.add_argument("--launcher", choices=("local", "slurm"), help="train the runs as jobs (needs submitit)")
    p.add_argument("--parallel", type=int, metavar="N", help="jobs at a time; default: a GPU's, or as SLURM lets them")
    p.add_argument(
        "--slurm",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of sbatch, such as partition=gpu or gpus=1 or time=4:00:00; may be given several times",
    )
    return p


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    _check(args)
    grid = read_grid(args.file)
    if args.launcher:
        options = {name: value for name, _, value in (option.partition("=") for option in args.slurm)}
        return _launch(launcher.launcher(args.launcher, grid, args.out, args.parallel, options), args.dry_run)
    states = {name: state_of(args.out / name, config) for name, config in grid.items()}
    if args.dry_run:
        print(_table(states))
        return 0
    return _train_in_turn(grid, args.out)


def _check(args: argparse.Namespace) -> None:
    """Raises LabError for options that do not go together."""
    if args.parallel is not None and not (args.launcher and args.parallel >= 1):
        raise LabError("--parallel is a number of at least 1, and goes with --launcher.")
    if args.slurm and args.launcher != "slurm":
        raise LabError("--slurm goes with --launcher slurm.")


def _train_in_turn(grid: dict[str, TrainConfig], out: Path) -> int:
    """One after the other, each as it stands when its turn comes: other processes may train some of them."""
    child, failed, elsewhere = Child(TRAINER), {}, []
    on_stop(child.stop)
    for number, (name, config) in enumerate(grid.items(), start=1):
        try:
            now = state_of(out / name, config)
            if now.state == "new":
                store.new_run(out, name, config, {})
        except RunError as error:
            failed[name] = str(error)
            continue
        if now.state == "finished":
            continue
        print(f"{name}: {number} of {len(grid)}", file=sys.stderr)
        if now.state in ("training", "waiting"):
            print(f"{name} is left as it is: {now}.", file=sys.stderr)
            elsewhere.append(name)
            continue
        child.begin(out / name)
        reason = child.wait(out / name)
        if child.stopped:
            print("Stopped. Nothing is lost; the same command resumes.", file=sys.stderr)
            return 130
        if reason:
            failed[name] = reason
    return _conclude(len(grid), failed, [name for name in elsewhere if not status.finished(out / name)])


def _launch(jobs: launcher.Launcher, dry_run: bool) -> int:
    """Have the runs trained as jobs; watch them until the last has ended, and print each change."""
    states = jobs.states()
    print(_table(states), flush=True)
    if dry_run:
        return 0
    if any(config.data == "full" for name, config in jobs.grid.items() if states[name].due):
        cifar10.load_training("full")  # before any job looks for it: several at once could not download it
    on_stop(signal.default_int_handler)
    try:
        jobs.submit()
        for name, now in jobs.changes(states):
            print(_line(name, now, states), flush=True)
    except KeyboardInterrupt:
        print(jobs.leave(), file=sys.stderr)
        return 130
    early = f"it ended before it was done; its log is in {jobs.folder}"
    unfinished = {name: now for name, now in states.items() if now.state != "finished"}
    return _conclude(len(states), {name: now.detail or early for name, now in unfinished.items()})


def _table(states: dict[str, SweepState]) -> str:
    return "\n".join(_line(name, now, states) for name, now in states.items())


def _line(name: str, now: SweepState, states: dict[str, SweepState]) -> str:
    return f"{name:{max(map(len, states))}}  {now}"


def _conclude(runs: int, failed: dict[str, str], elsewhere: Sequence[str] = ()) -> int:
    """Say how the sweep ended; the exit status. `elsewhere`: what others train or have queued."""
    print(f"{runs - len(failed) - len(elsewhere)} of {runs} runs are finished.", file=sys.stderr)
    for name, reason in failed.items():
        print(f"{name} failed: {reason}", file=sys.stderr)
    for name in elsewhere:
        print(f"{name} was left as it was, and is not finished yet.", file=sys.stderr)
    return 1 if failed or elsewhere else 0


if __name__ == "__main__":
    run_command(main)
