"""Many visitors at once, each of whom looks at six pages after the first: how long one takes, and what a server needs.

    python -m benchmarks.visitors [--visitors 30]

The visitors are real sessions without a browser, on the same machine; none pauses to read, so that 30 of them are the
load of many more. A first visitor warms the server up. Starts the app itself, on a free port.
"""

import argparse
import asyncio
import json

from benchmarks.classroom import cpu_seconds, machine, spread
from benchmarks.running_app import PAGES, RunningApp, own_folder, run_app
from benchmarks.screens import Screen

LOOKED_AT = ("compare", "surgery", "look_inside", "mistakes", "learning_curves", "depth")
WARM = 20.0  # seconds after the first visitor, in which the app has loaded all that it loads in the background


async def visit(app: RunningApp) -> tuple[list[float], int]:
    """Seconds of each page, and how many showed another title than their own."""
    screen = await Screen(app.url, "").open()
    await screen.wait(lambda: screen.drawn)
    seconds, wrong = [], 0
    for page in LOOKED_AT:
        before = len(screen.words)
        seconds.append(await screen.go_to(page))
        wrong += not any(PAGES[page][1] in text for _, text in screen.words[before:])
    await screen.close()
    return seconds, wrong


async def measure(app: RunningApp, visitors: int) -> dict:
    await visit(app)
    await asyncio.sleep(WARM)
    used, held = cpu_seconds(app), app.resident_bytes
    visits = await asyncio.gather(*(visit(app) for _ in range(visitors)))
    used, pages = cpu_seconds(app) - used, visitors * (1 + len(LOOKED_AT))
    return {
        "visitors": visitors,
        "page_s": spread([second for seconds, _ in visits for second in seconds]),
        "wrong_pages": sum(wrong for _, wrong in visits),
        "server_cpu_seconds": round(used, 1),
        "server_cpu_milliseconds_a_page": round(1000 * used / pages),
        "megabytes_before": round(held / 1e6),
        "megabytes_more": round((app.resident_bytes - held) / 1e6),
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--visitors", type=int, default=30)
    args = p.parse_args()
    about = machine()
    with own_folder() as folder, run_app(folder) as app:
        print(json.dumps(about | asyncio.run(measure(app, args.visitors)), indent=2))


if __name__ == "__main__":
    main()
