"""Take a run from a zip file, as the page Train networks does; also one that is too large for an upload."""

import sys

from core.commands import Parser, run_command
from core.errors import RunError
from core.settings.environment import expanded
from core.sharing.files import LARGEST
from core.sharing.zip_archive import add_run, left_out


def parser() -> Parser:
    p = Parser(prog="python -m core add-run", description=__doc__)
    p.add_argument("zip", metavar="FILE.zip", type=expanded, help="a run's folder as a zip file")
    p.add_argument("--name", help="the run's name here; default: that of the zip's folder")
    return p


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        if args.zip.stat().st_size > sum(LARGEST.values()):
            raise RunError(f"{args.zip} is too large for a run.")
        data = args.zip.read_bytes()
    except OSError as error:
        raise RunError(f"{args.zip} cannot be read ({error.strerror}).") from None
    run = add_run(data, args.name)
    print(f"{run.name} was added: {run.path}", file=sys.stderr)
    if others := left_out(data):
        print(f"Left out, not part of a run: {', '.join(others)}.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    run_command(main)
