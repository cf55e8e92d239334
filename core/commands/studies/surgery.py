"""Study which blocks a run can do without, for *What if a block is cut?*: writes surgery.csv into the run's folder."""

import sys

import torch

from core.analysis import surgery
from core.commands import Parser, progress, run_command
from core.data import cifar10
from core.files import require_writable
from core.jobs.processes import usable_cores
from core.runs.library import find_run
from core.studies.surgery import Surgery
from core.words import surgery as surgery_words


def parser() -> Parser:
    p = Parser(prog="python -m core surgery", description="Study which blocks a run can do without.")
    p.add_argument("runs", nargs="+", metavar="RUN", help="a run's name, or the path of its folder")
    return p


def main(argv: list[str] | None = None) -> int:
    found = [find_run(name) for name in parser().parse_args(argv).runs]
    for run in found:
        surgery.removable(run.config)
        run.require_weights()
        require_writable(run.path)
    torch.set_num_threads(1)  # the batches run in parallel instead
    test = cifar10.load_test()
    for run in found:
        network = Surgery(run, test, usable_cores())
        with progress(run.name, "cuts") as on_cut:
            results = surgery.study(run.config, network.accuracy, on_cut)
        surgery.save(run, results)
        cost = surgery_words.cost(surgery.cost(results, run.config))
        print(f"{run.name}, without one block, {cost}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    run_command(main)
