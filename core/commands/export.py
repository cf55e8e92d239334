"""Hand a run on: as a folder for the Hugging Face Hub, or a zip that the app and `add-run` take. Weights that were kept
during training (train --keep-weights) are left out: those files are large."""

import sys

from core.commands import Parser, run_command
from core.errors import RunError
from core.files import write_atomically, writing
from core.runs.library import find_run
from core.settings.environment import expanded
from core.sharing.hub import export_hub
from core.sharing.zip_archive import zip_run


def parser() -> Parser:
    p = Parser(prog="python -m core export", description=__doc__)
    p.add_argument("run", metavar="RUN", help="a run's name, or the path of its folder")
    p.add_argument("folder", metavar="FOLDER", type=expanded, help="hub: a new folder to fill; zip: where RUN.zip goes")
    p.add_argument("--format", choices=("hub", "zip"), default="hub", help="default: %(default)s")
    return p


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    run = find_run(args.run)
    if args.format == "hub":
        export_hub(run, args.folder)
        print(f"{args.folder} is ready: hf upload YOUR-NAME/{run.name} {args.folder}", file=sys.stderr)
        return 0
    target = args.folder / f"{run.name}.zip"
    data = zip_run(run)
    with writing(target):
        args.folder.mkdir(parents=True, exist_ok=True)
        if target.exists():
            raise RunError(f"{target} exists already.")
        write_atomically(target, lambda file: file.write(data))
    print(target, file=sys.stderr)
    return 0


if __name__ == "__main__":
    run_command(main)
