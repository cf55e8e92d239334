"""How fast the app answers, what it sends and what it holds in memory, measured in a real browser.

    python -m benchmarks.app_speed [--rounds 10] [--while-training]

Needs an otherwise idle machine, and Chromium. Starts the app itself, on a free port, and ends it. With
--while-training a ResNet-20 is trained meanwhile, as the page Train networks does it.
"""

import argparse
import json
import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import chain
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, expect

from benchmarks.running_app import IDLE, PAGES, RunningApp, heading, own_folder, page_path, run_app, settle, tab
from core.jobs import trainings
from core.lessons.lesson import list_lessons
from core.settings.train_config import TrainConfig
from core.words import surgery as surgery_words

SMALL = {"a": "plain20-s0", "b": "resnet20-s0"}
LARGE = {"a": "resnet50-scratch", "b": "resnet50-imagenet"}  # the largest networks that ship
DEEP = {"a": "plain56-s0", "b": "resnet56-s0"}
DEPTHS = (20, 56)  # of the twins in surgery: the first pair, and the deepest of the common recipe
WARM_UP = 15  # seconds after the first page, when what the server loads for the next ones is there
SPOILED = 3  # of the pictures on What do they see?, after the one that is seen and two heatmaps


EMPTY_APP = """
import streamlit as st


def one():
    st.title("One")


def two():
    st.title("Two")


st.navigation([st.Page(one, title="One"), st.Page(two, title="Two")]).run()
"""


def timed(action, page: Page, must_show: str) -> float:
    start = time.perf_counter()
    action()
    settle(page, must_show)
    return time.perf_counter() - start


def menu(page: Page, name: str) -> Locator:
    """The entry of that page of PAGES."""
    return page.locator(f"[data-testid=stSidebarNavLink]:has-text('{PAGES[name][0]}')").first


def empty_switches(page: Page, folder: Path, rounds: int) -> list[float]:
    """Seconds from a click in the menu to another page of an app whose pages are a heading each: Streamlit's share."""
    script = folder / "empty.py"
    script.write_text(EMPTY_APP)
    seconds = []
    with run_app(folder, script=script) as app:
        page.goto(app.url)
        settle(page, "h1:has-text('One')")
        for _ in range(rounds):
            for title in ("Two", "One"):
                link = page.locator(f"[data-testid=stSidebarNavLink]:has-text('{title}')")
                seconds.append(timed(link.click, page, f"h1:has-text('{title}')"))
    return seconds


def other_pictures(page: Page, rounds: int) -> list[float]:
    """Seconds until What do they see? shows another test photo, both answers and heatmaps."""
    seconds = []
    page.get_by_role("button", name="Choose", exact=True).click()
    for number in range(1, rounds + 1):
        box = page.locator(".st-key-image input")
        box.fill(str(number))
        seconds.append(
            timed(partial(box.press, "Enter"), page, f"[data-testid=stImageCaption]:has-text('Test photo {number}:')")
        )
    return seconds


def shake(page: Page) -> float:
    """Move a slider of Shake it by one, until the spoiled picture has followed, and the answers and maps with it."""
    thumb, pictures = page.locator(".st-key-shake_noise input"), page.locator("[data-testid=stImage] img")
    thumb.focus()
    before = pictures.nth(SPOILED).get_attribute("src")
    start = time.perf_counter()
    page.keyboard.press("ArrowRight")
    expect(pictures.nth(SPOILED)).not_to_have_attribute("src", before, timeout=60_000)
    page.wait_for_selector(IDLE, timeout=60_000)
    return time.perf_counter() - start


def operations(page: Page, url: str, depth: int) -> list[float]:
    """Seconds for one more block cut, in both twins, of numbers that no study has tried before."""
    twins = {"a": f"plain{depth}-s0", "b": f"resnet{depth}-s0"}
    page.goto(f"{url}/surgery?{urlencode(twins | {'off': 1})}")
    settle(page, "h2:has-text('the ResNet, without block 1,')")
    page.get_by_text("Choose blocks by number").click()
    seconds, off = [], {1}
    for block in (9, 3, 6, 2):
        off.add(block)
        pill = page.locator(".st-key-off button", has_text=re.compile(f"^{block}$"))
        seconds.append(timed(pill.click, page, f"h2:has-text('the ResNet, without {surgery_words.blocks(off)},')"))
    return seconds


def beginnings(page: Page, url: str) -> list[float]:
    """Seconds until Is the message lost? shows two new networks that are six layers deeper, up to 110."""
    page.goto(f"{url}/gradient_flow?{urlencode({'flow_depth': 80})}")
    told = page.locator("h2:has-text('one step would move the first layer')")
    told.wait_for(timeout=60_000)
    thumb, seconds = page.locator(".st-key-flow_depth input"), []
    for _ in range(5):
        before, start = told.inner_text(), time.perf_counter()
        thumb.press("ArrowRight")
        expect(told).not_to_have_text(before, timeout=60_000)
        seconds.append(time.perf_counter() - start)
    return seconds


def opinions(page: Page, url: str, rounds: int) -> list[float]:
    """Seconds until When does it know? shows what the twins of 56 layers say of another photo after each block."""
    page.goto(f"{url}/when_it_knows?{urlencode({'image': 0} | DEEP)}")
    settle(page, "[data-testid=stImageCaption]:has-text('Test photo 0:')")
    return other_pictures(page, rounds)


def computed(page: Page, url: str, button: str, finding: str) -> float:
    """Seconds until a button of Is the message lost? has computed what it is for; once a server."""
    page.goto(f"{url}/gradient_flow")
    settle(page, f"button:has-text('{button}')")
    return timed(page.get_by_role("button", name=button).click, page, f"h3:has-text('{finding}')")


def lesson_steps(page: Page, url: str) -> list[float]:
    """Seconds from Next to the next step, through both lessons."""
    seconds = []
    for name, lesson in list_lessons()[0].items():
        page.goto(f"{url}/lesson?{urlencode({'lesson': name, 'step': 1})}")
        settle(page, "h1")
        for step in lesson.steps[1:]:
            page.wait_for_timeout(1_000)  # as people look at a step, and the next one is prepared
            shown = f"h1:has-text('{step.title}')"
            seconds.append(timed(partial(page.keyboard.press, "ArrowRight"), page, shown))
    return seconds


def measure(page: Page, app: RunningApp, rounds: int) -> dict:
    received = {"bytes": 0}

    def count(payload) -> None:
        received["bytes"] += len(payload)

    page.on("websocket", lambda socket: socket.on("framereceived", count))
    page.goto(app.url)
    settle(page, heading("start"))
    first_page = time.perf_counter() - app.started

    page.wait_for_timeout(1000 * WARM_UP)
    first_look = timed(
        menu(page, "look_inside").click, page, "[data-testid=stImageCaption]:has-text('Where B looked for')"
    )

    for name in PAGES:  # every page once, so that what is measured is no first time
        page.goto(f"{app.url}/{page_path(name)}")
        settle(page, heading(name))

    switches, sizes = {}, {}
    for _ in range(rounds):
        for name in PAGES:
            received["bytes"] = 0
            switches.setdefault(name, []).append(timed(menu(page, name).click, page, heading(name)))
            sizes[name] = max(sizes.get(name, 0), received["bytes"])

    reloads = [timed(lambda: page.goto(app.url), page, heading("start")) for _ in range(rounds)]

    page.goto(f"{app.url}/learning_curves")
    settle(page, heading("learning_curves"))
    page.get_by_text("For the curious").click()
    shown = {"loss": "loss (cross-entropy", "accuracy": "share of right answers"}  # the title of the chart's axis
    clicks = [
        timed(
            page.get_by_role("radio", name=measure).click,
            page,
            f"[data-testid=stExpanderDetails] svg text:has-text('{title}')",
        )
        for _ in range(rounds)
        for measure, title in shown.items()
    ]

    page.goto(f"{app.url}/look_inside?{urlencode({'image': 0} | SMALL)}")
    settle(page, heading("look_inside"))
    looks = other_pictures(page, rounds)
    page.goto(f"{app.url}/look_inside?{urlencode({'image': 0, 'closer': 'Shake it'} | SMALL)}")
    settle(page, "[data-testid=stImageCaption]:has-text('Test photo 0:')")
    shakes = [shake(page) for _ in range(rounds)]
    memory = app.resident_bytes
    cuts = {depth: operations(page, app.url, depth) for depth in DEPTHS}
    starts = beginnings(page, app.url)
    asked = opinions(page, app.url, rounds)
    one_step = computed(page, app.url, "Take one step", "The largest weight of the first layer")
    likeness = computed(page, app.url, "Compare the messages", "the two messages")
    page.goto(f"{app.url}/look_inside?{urlencode({'image': 0} | LARGE)}")
    settle(page, "[data-testid=stImageCaption]:has-text('Test photo 0:')")
    large_looks = other_pictures(page, rounds)
    steps = lesson_steps(page, app.url)
    return {
        "first_page_seconds": round(first_page, 2),
        "first_look_inside_seconds": round(first_look, 2),
        "page_switch_median_seconds": round(statistics.median(chain.from_iterable(switches.values())), 3),
        "page_switch_median_seconds_by_page": {
            title: round(statistics.median(each), 3) for title, each in switches.items()
        },
        "first_page_again_median_seconds": round(statistics.median(reloads), 3),
        "lesson_step_median_seconds": round(statistics.median(steps), 3),
        "lesson_step_longest_seconds": round(max(steps), 3),
        "click_median_seconds": round(statistics.median(clicks), 3),
        "look_inside_median_seconds": round(statistics.median(looks), 3),
        "shake_median_seconds": round(statistics.median(shakes), 3),
        "surgery_median_seconds_by_depth": {
            depth: round(statistics.median(seconds), 3) for depth, seconds in cuts.items()
        },
        "fresh_gradients_median_seconds": round(statistics.median(starts), 3),
        "opinions_by_block_median_seconds": round(statistics.median(asked), 3),
        "one_step_of_110_layers_seconds": round(one_step, 2),
        "likeness_of_messages_seconds": round(likeness, 2),
        "websocket_kib_by_page": {name: round(size / 1024) for name, size in sizes.items()},
        "resident_memory_mb": round(memory / 1e6),
        "look_inside_resnet50_median_seconds": round(statistics.median(large_looks), 3),
        "resident_memory_with_resnet50s_mb": round(app.resident_bytes / 1e6),
    }


@contextmanager
def training() -> Iterator[None]:
    """A training in the background that lasts longer than the measurement."""
    (name,) = trainings.start([TrainConfig(data="shipped", epochs=1_000)])
    while not trainings.states()[name].images_per_second:
        time.sleep(0.5)
    try:
        yield
    finally:
        trainings.stop(name)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=10)
    p.add_argument("--while-training", action="store_true")
    args = p.parse_args()
    background = training() if args.while_training else nullcontext()
    # The app after the browser, whose start is not the app's.
    with own_folder() as folder, background, tab() as page:
        with run_app(folder) as app:
            result = measure(page, app, args.rounds)
        empty = statistics.median(empty_switches(page, folder, args.rounds))
        print(json.dumps(result | {"empty_page_switch_median_seconds": round(empty, 3)}, indent=2))


if __name__ == "__main__":
    main()
