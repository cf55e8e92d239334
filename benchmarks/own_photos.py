"""Classes in which everybody uploads a photo of their own at once: how long it takes, and what memory is kept of it.

    python -m benchmarks.own_photos [--pupils 30] [--classes 3] [--a plain20-s0 --b resnet20-s0]

The pupils are real sessions without a browser, on the same machine, each with another photo of 12 megapixels, as phones
take them. A first pupil warms the server up. Starts the app itself, on a free port. Takes some seven minutes: the
server forgets who has gone after two of them, and gives their memory back within three more.
"""

import argparse
import asyncio
import json
import time
from io import BytesIO
from urllib.parse import urlencode

import numpy as np
from PIL import Image

from benchmarks.app_speed import LARGE
from benchmarks.classroom import FORGOTTEN, WARM, cpu_seconds, machine, spread
from benchmarks.running_app import RunningApp, own_folder, run_app
from benchmarks.screens import Screen
from ui.warm_up import TIDY

SIZE = 4000, 3000  # of a phone's photo, in pixels
OWN_PHOTO = {"source": "My photo"}  # in the link
GRAIN = 8  # pixels a side of its smallest detail, so that the file is as large as a photo's


def photo(number: int) -> bytes:
    """A JPEG like no other number's."""
    width, height = SIZE
    shape = height // GRAIN, width // GRAIN, 3
    noise = np.random.default_rng(number).integers(0, 256, shape, dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(noise).resize(SIZE, Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


async def show(app: RunningApp, pair: dict[str, str], data: bytes) -> tuple[Screen, float]:
    """A pupil who has uploaded a photo, and the seconds from then until both answers and heatmaps were there."""
    pupil = await Screen(app.url, "look_inside", urlencode(pair | OWN_PHOTO)).open()
    await pupil.wait(lambda: pupil.drawn)
    begun = time.perf_counter()
    await pupil.upload("photo.jpg", data)
    await pupil.read("Look closer", begun)
    return pupil, time.perf_counter() - begun


async def leave(pupils: list[Screen]) -> None:
    for pupil in pupils:
        await pupil.close()


async def measure(app: RunningApp, pair: dict[str, str], pupils: int, classes: int) -> dict:
    first, _ = await show(app, pair, photo(0))
    await leave([first])
    await asyncio.sleep(WARM)
    before, used = app.resident_bytes, cpu_seconds(app)
    most, seconds, photos = before, [], [photo(number) for number in range(1, pupils + 1)]
    for _ in range(classes):
        shown = await asyncio.gather(*(show(app, pair, data) for data in photos))
        seconds += [second for _, second in shown]
        most = max(most, app.resident_bytes)
        await leave([pupil for pupil, _ in shown])
    used = cpu_seconds(app) - used
    await asyncio.sleep(FORGOTTEN)
    await leave([await Screen(app.url, "").open()])  # Streamlit looks who has gone for good as somebody comes or goes
    await asyncio.sleep(3 * TIDY)
    return {
        "pupils": pupils,
        "classes": classes,
        "megabytes_of_a_photo": round(sum(map(len, photos)) / len(photos) / 1e6, 1),
        "upload_to_answers_s": spread(seconds),
        "server_cpu_seconds": round(used, 1),
        "megabytes_before": round(before / 1e6),
        "megabytes_more_with_all_classes": round((most - before) / 1e6),
        "megabytes_more_afterwards": round((app.resident_bytes - before) / 1e6),
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--pupils", type=int, default=30)
    p.add_argument("--classes", type=int, default=3)
    for side, name in LARGE.items():
        p.add_argument(f"--{side}", default=name, metavar="RUN", help="%(default)s")
    args = p.parse_args()
    about, pair = machine(), {"a": args.a, "b": args.b}
    with own_folder() as folder, run_app(folder) as app:
        print(json.dumps(about | asyncio.run(measure(app, pair, args.pupils, args.classes)), indent=2))


if __name__ == "__main__":
    main()
