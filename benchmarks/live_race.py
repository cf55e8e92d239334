"""The race as an audience sees it: how long it takes, how often the page changes, how it ends, in a real browser.

    python -m benchmarks.live_race [--race 20]

The race `pretrained` downloads 45 MB the first time; where that fails there is no race, and it says so. Needs an
otherwise idle machine, and Chromium. Starts the app itself, on a free port, with a folder of runs of its own.
"""

import argparse
import itertools
import json
import re
import statistics
import time

from playwright.sync_api import Page

from benchmarks.running_app import heading, own_folder, page_path, run_app, settle, tab
from core.jobs.races.pairs import RACES

RACE, LIVE = "race", "Run it live"
LOOK = 0.05  # seconds between two looks at the page


def watch(page: Page) -> dict:
    page.get_by_role("button", name=LIVE).click()
    pressed = time.perf_counter()
    progress = page.get_by_text(re.compile(r"step \d+ of \d+|^The first of"))
    changes, shown = [], ""
    end = page.locator("[data-testid=stAlert]")
    while not end.count():
        now = progress.first.inner_text() if progress.count() else ""
        if now != shown:
            changes.append(time.perf_counter())
            shown = now
        time.sleep(LOOK)
    if not changes:  # why, the page says: no internet, as a rule
        raise SystemExit(f"There was no race: {end.first.inner_text()}")
    gaps = [after - before for before, after in itertools.pairwise(changes)]
    return {
        "seconds_to_the_first_step": round(changes[0] - pressed, 1),
        "seconds_to_the_end": round(time.perf_counter() - pressed, 1),
        "changes": len(changes),
        "median_seconds_between_changes": round(statistics.median(gaps), 2),
        "longest_seconds_between_changes": round(max(gaps), 2),
        "end": end.first.inner_text(),
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--race", choices=list(RACES), default="20")
    args = p.parse_args()
    with own_folder() as folder, tab(height=1200) as page, run_app(folder) as app:
        page.goto(f"{app.url}/{page_path(RACE)}?race={args.race}")
        settle(page, heading(RACE))
        print(json.dumps(watch(page), indent=2))


if __name__ == "__main__":
    main()
