"""What it costs to train in the app, with the page that shows it open, instead of in a terminal.

    python -m benchmarks.training_in_the_app [--rounds 5] [--epochs 1]

Needs an otherwise idle machine, and Chromium. The same ResNet-20 on the images that ship, in turn; both with all
threads. What is compared is the time of training that the runs' own histories tell.
"""

import argparse
import json
import subprocess
import sys
import time

from playwright.sync_api import Page

from benchmarks.running_app import heading, own_folder, page_path, run_app, settle, tab
from core import paths
from core.jobs import trainings
from core.runs import library
from core.settings.train_config import TrainConfig

POLL = 0.5  # seconds


def seconds_of(name: str) -> float:
    return float(library.find_run(name).history()["seconds"].sum())


def in_a_terminal(epochs: int, seed: int) -> float:
    name = f"terminal-{seed}"
    command = [sys.executable, "-m", "core", "train", "resnet20", "--data", "shipped", "--epochs", str(epochs)]
    subprocess.run(
        [*command, "--seed", str(seed), "--name", name], cwd=paths.ROOT, check=True, stderr=subprocess.DEVNULL
    )
    return seconds_of(name)


def in_the_app(page: Page, url: str, epochs: int, seed: int) -> float:
    (name,) = trainings.start([TrainConfig(data="shipped", epochs=epochs, seed=seed)])
    page.goto(f"{url}/{page_path('train')}?section=All+runs")
    settle(page, heading("train"))
    while name in trainings.states():
        time.sleep(POLL)
    page.goto("about:blank")
    return seconds_of(name)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--epochs", type=int, default=1)
    args = p.parse_args()
    terminal, in_app = [], []
    with own_folder() as folder, tab() as page, run_app(folder) as app:
        for seed in range(args.rounds):
            terminal.append(in_a_terminal(args.epochs, seed))
            in_app.append(in_the_app(page, app.url, args.epochs, seed))
    ratio = min(in_app) / min(terminal)  # what else the machine does can only make them longer
    rounded = {"terminal": [round(s, 1) for s in terminal], "in_the_app": [round(s, 1) for s in in_app]}
    print(json.dumps(rounded | {"ratio": round(ratio, 3)}, indent=2))


if __name__ == "__main__":
    main()
