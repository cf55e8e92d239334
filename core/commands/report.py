"""The table of all runs, from what their folders hold, as Markdown; with --write into the docs, and the means into the
README."""

import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from core.analysis.training_summary import figures
from core.commands import Parser, run_command
from core.errors import LabError
from core.files import write_text
from core.lessons.guide import document
from core.lessons.lesson import lesson_files, load
from core.paths import ROOT, SHIPPED
from core.runs.library import list_in
from core.runs.run import Run
from core.settings.environment import expanded
from core.words.settings import describe, network_name

FILES = (ROOT / "README.md", ROOT / "docs" / "results.md")
LESSONS = ROOT / "docs" / "lessons.md"
COLUMNS = (
    *("run", "layers", "shortcuts", "norm", "training images", "seed", "epochs", "minutes"),
    *("train error", "validation error", "test error"),
)
ERRORS = ("train_error", "val_error", "test_error")
TWINS = ("layers", "norm", "learning rate", "epochs", "seeds", "error without shortcuts", "error with shortcuts")
MATCHES = ("network", "training images", "epochs", "seeds", "error from scratch", "error pretrained")


def markdown(runs: list[Run]) -> str:
    """A row a finished run; after those that differ in their seed alone, their mean and standard deviation."""
    groups: dict = {}
    for run in sorted((run for run in runs if run.finished), key=_order):
        alike = run.name if run.imported else _without(run, "seed")
        groups.setdefault(alike, []).append(_figures(run))
    lines = _head(COLUMNS)
    for group in groups.values():
        lines += [_row(_cells(values)) for values in group]
        seeds = _seeds(group)
        lines += [_row(_mean_cells(seeds))] if len(seeds) > 1 else []
    return "\n".join(lines)


def headline(runs: list[Run]) -> str:
    """Mean test errors of networks alike in all but one thing, side by side: in shortcuts, then in pretraining."""
    groups: dict = {}
    for run in sorted((run for run in runs if run.finished and not run.imported), key=_order):
        one_thing, field = ("skip", "skip") if run.config.is_twin else ("pretrained", "init")
        sides = groups.setdefault((one_thing, *_without(run, "seed", field)), {False: [], True: []})
        sides[getattr(run.config, one_thing)].append(run)
    tables = {"skip": _head(TWINS), "pretrained": _head(MATCHES)}
    for (one_thing, *_), sides in groups.items():
        if all(sides.values()):
            tables[one_thing].append(_row(_pair_cells(*sides.values())))
    return "\n\n".join("\n".join(lines) for lines in tables.values())


def insert(text: str, tables: dict[str, str]) -> str:
    """`text` with each of the `tables` between its two markers. Raises LabError where no table has any."""
    found = False
    for name, table in tables.items():
        before, begin, rest = text.partition(f"<!-- {name} -->")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        if begin and end:
            text, found = f"{before}{begin}\n{table}\n{end}{after}", True
    if not found:
        raise LabError("The file has no place for a table: the lines <!-- runs --> and <!-- /runs -->.")
    return text


def _figures(run: Run) -> dict:
    return figures(run) | {"description": describe(run)}


def _order(run: Run) -> tuple:
    """No two runs tie: the table is the same wherever it is made."""
    config = run.config
    return (
        not config.is_twin,
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


def _without(run: Run, *left_out: str) -> tuple:
    values = [value for field, value in run.config.of_learning.items() if field not in left_out]
    return (*values, run.precision)


def _cells(values: dict) -> list[str]:
    return [
        f"`{values['run']}`",
        *_what(values),
        _cell(values["seed"]),
        _cell(values["epochs"]),
        _cell(values["minutes"], "{:.0f}"),
        *(_cell(values[error], "{:.2f}%") for error in ERRORS),
    ]


def _cell(value: object, form: str = "{}") -> str:
    """Empty where it is not known."""
    return "" if value is None else form.format(value)


def _pair_cells(without: list[Run], with_it: list[Run]) -> list[str]:
    run, sides = with_it[0], [_seeds([_figures(run) for run in side]) for side in (without, with_it)]
    _, _, norm, images = _what(_figures(run))
    if run.config.is_twin:
        settings = [str(run.config.depth), norm, f"{run.config.lr:g}"]
    else:
        settings = [network_name(run.config), images]
    seeds = " and ".join(str(count) for count in sorted({len(side) for side in sides}))
    return [*settings, str(run.config.epochs), seeds, *(_mean(side["test_error"]) for side in sides)]


def _seeds(group: list[dict]) -> pd.DataFrame:
    """A repeat of a training is no other seed."""
    return pd.DataFrame(group).drop_duplicates("seed")


def _mean_cells(group: pd.DataFrame) -> list[str]:
    first = group.iloc[0]
    return [
        f"**mean of {len(group)}**",
        *_what(first),
        "",
        str(first["epochs"]),
        f"{group['minutes'].mean():.0f}",
        *(_mean(group[error]) for error in ERRORS),
    ]


def _what(values) -> list[str]:
    images = f"{values['images']:,}" if values["images"] else ""
    if values["family"] != "cifar":  # the other settings are those of the twins
        return [values["description"], "", "", images]
    norm = "BatchNorm" if values["norm"] == "batch" else "none"
    norm += f", gradients clipped to {values['clip_norm']:g}" if values["clip_norm"] else ""
    norm += f", each layer's gradient clipped to {values['clip_layer']:g}" if values["clip_layer"] else ""
    return [str(values["depth"]), "yes" if values["skip"] else "no", norm, images]


def _mean(errors: pd.Series) -> str:
    """With the standard deviation over the seeds, where there are several."""
    return f"{errors.mean():.2f}{f' ± {errors.std():.2f}' if len(errors) > 1 else ''}%"


def _head(columns: tuple[str, ...]) -> list[str]:
    return [_row(columns), _row(("---",) * len(columns))]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def parser() -> Parser:
    p = Parser(prog="python -m core report", description=__doc__)
    p.add_argument(
        "folder", nargs="?", type=expanded, default=SHIPPED, help="where the runs' folders lie; default: shipped ones"
    )
    p.add_argument(
        "--write",
        nargs="?",
        type=lambda name: (Path(name),),
        const=FILES,
        metavar="FILE",
        help="put it between <!-- runs --> and <!-- /runs --> of this file, and the means between <!-- means --> and "
        "<!-- /means -->; default: README.md and docs/results.md, and the teacher's guide into docs/lessons.md",
    )
    return p


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    if not args.folder.is_dir():
        raise LabError(f"{args.folder} is no folder with runs.")
    found, problems = list_in(args.folder)
    if problems:  # a table that lacks a run would not say so
        raise LabError(" ".join(problems))
    if not args.write:
        print(markdown(found))
        return 0
    tables = {"runs": markdown(found), "means": headline(found)}
    for file in args.write:
        try:
            write_text(file, insert(file.read_text(encoding="utf-8"), tables))
        except (OSError, UnicodeDecodeError) as error:
            raise LabError(f"{file} cannot be written ({error}).") from None
        print(f"{file} has the figures of {args.folder}.", file=sys.stderr)
    if args.write == FILES:
        write_text(LESSONS, document([load(path) for path in lesson_files(ROOT / "lessons")]))
        print(f"{LESSONS} has the lessons.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    run_command(main)
