"""Ask runs after each block what they know already, for the page When does it know?: writes a run's probes.json."""

import sys

from core.analysis import probes
from core.commands import Parser, progress, run_command
from core.data import cifar10
from core.files import require_writable
from core.runs.library import find_run
from core.studies.probes import study
from core.words import probes as probe_words


def parser() -> Parser:
    p = Parser(prog=probes.COMMAND, description="Ask runs after each block what they know already.")
    p.add_argument("runs", nargs="+", metavar="RUN", help="a run's name, or the path of its folder")
    return p


def main(argv: list[str] | None = None) -> int:
    found = [find_run(name) for name in parser().parse_args(argv).runs]
    for run in found:
        probes.blocks(run.config)
        run.require_weights()
        require_writable(run.path)
    training, test = cifar10.load_training("shipped"), cifar10.load_test()
    for run in found:
        with progress(run.name, "photos") as on_photos:
            results = study(run, training, test, on_photos)
        probes.save(run, results)
        print(f"{run.name}: {probe_words.figures(results)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    run_command(main)
