"""The table of all runs, from what their folders hold, as Markdown; or put into a file."""

import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from core.analysis.training_summary import figures
from core.commands.parser import Parser, run_command
from core.errors import LabError
from core.files import write_text
from core.paths import SHIPPED
from core.runs.library import list_in
from core.runs.run import Run
from core.words.settings import describe

BEGIN, END = "<!-- runs -->", "<!-- /runs -->"
COLUMNS = (
    *("run", "layers", "shortcuts", "norm", "training images", "seed", "epochs", "minutes"),
    *("train error", "validation error", "test error"),
)
ERRORS = ("train_error", "val_error", "test_error")


def markdown(runs: list[Run]) -> str:
    """A row a finished run; after those that differ in their seed alone, their mean and standard deviation."""
    groups: dict = {}
    for run in sorted((run for run in runs if run.finished), key=_order):
        groups.setdefault(_without_seed(run), []).append(figures(run) | {"description": describe(run)})
    lines = [_row(COLUMNS), _row(("---",) * len(COLUMNS))]
    for group in groups.values():
        lines += [_row(_cells(values)) for values in group]
        seeds = pd.DataFrame(group).drop_duplicates("seed")  # a repeat of a training is no other seed
        lines += [_row(_mean_cells(seeds))] if len(seeds) > 1 else []
    return "\n".join(lines)


def insert(text: str, table: str) -> str:
    """`text` with `table` between the two markers. Raises LabError where they are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise LabError(f"The file has no place for the table: the lines {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _order(run: Run) -> tuple:
    """No two runs tie: the table is the same wherever it is made."""
    config = run.config
    return (
        config.family != "cifar",
        config.data == "shipped",
        config.norm == "none",
        config.depth,
        config.skip,
        config.network,
        config.pretrained,
        config.init,
        config.freeze,
        -config.train_fraction,
        config.epochs,
        config.seed,
        run.name,
    )


def _without_seed(run: Run) -> tuple:
    values = [value for field, value in run.config.to_dict().items() if field != "seed"]
    return (*values, run.precision)


def _cells(values: dict) -> list[str]:
    return [
        f"`{values['run']}`",
        *_what(values),
        str(values["seed"]),
        str(values["epochs"]),
        f"{values['minutes']:.0f}",
        *(f"{values[error]:.2f} %" for error in ERRORS),
    ]


def _mean_cells(group: pd.DataFrame) -> list[str]:
    first = group.iloc[0]
    spread = [f"{group[error].mean():.2f} ± {group[error].std():.2f} %" for error in ERRORS]
    return [
        f"**mean of {len(group)}**",
        *_what(first),
        "",
        str(first["epochs"]),
        f"{group['minutes'].mean():.0f}",
        *spread,
    ]


def _what(values) -> list[str]:
    images = f"{values['images']:,}" if values["images"] else ""
    if values["family"] != "cifar":  # the other settings are those of the twins
        return [values["description"], "", "", images]
    norm = "BatchNorm" if values["norm"] == "batch" else "none"
    norm += f", gradients clipped to {values['clip_norm']:g}" if values["clip_norm"] else ""
    return [str(values["depth"]), "yes" if values["skip"] else "no", norm, images]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def parser() -> Parser:
    p = Parser(prog="python -m core report", description=__doc__)
    p.add_argument("folder", nargs="?", type=Path, default=SHIPPED, help="where the runs' folders lie; %(default)s")
    p.add_argument("--write", type=Path, metavar="FILE", help=f"put it between {BEGIN} and {END} of this file")
    return p


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    if not args.folder.is_dir():
        raise LabError(f"{args.folder} is no folder with runs.")
    found, problems = list_in(args.folder)
    if problems:  # a table that lacks a run would not say so
        raise LabError(" ".join(problems))
    table = markdown(found)
    if not args.write:
        print(table)
        return 0
    try:
        text = args.write.read_text(encoding="utf-8")
        write_text(args.write, insert(text, table))
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"{args.write} cannot be written ({error}).") from None
    print(f"{args.write} has the table of {args.folder}.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    run_command(main)
