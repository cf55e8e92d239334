"""A class on phones: how soon a vote is on the teacher's screen and a reveal on all phones, and what the server needs.

    python -m benchmarks.classroom [--phones 30] [--rounds 10]

The phones are real sessions without a browser, on the same machine. A first game with three warms the server up.
Starts the app itself, on a free port. Takes some five minutes: the server forgets who has gone after two of them.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import re
import time
from pathlib import Path

import numpy as np
import psutil

from benchmarks.running_app import RunningApp, own_folder, run_app
from benchmarks.screens import Screen
from core.data.cifar10 import CLASSES
from ui.classroom.class_pupil import confirmation

PAGE = "classroom"
CHANGE = 0.2  # of the pupils change their vote
SPREAD = 4.0  # seconds in which a class votes
IDLE = 10.0  # seconds of waiting in which a poll is measured
WARM = 20.0  # seconds after a first game, in which the app has loaded all that it loads in the background
FORGOTTEN = 150.0  # seconds after which Streamlit has dropped who is gone
AGAIN = 5.0  # seconds after which a pupil taps again
MOST_TAPS = 30  # for one vote
repeated: list[str] = []  # taps
JUDGED = ("Right!", "Not this time", "You did not vote")


async def open_room(app: RunningApp) -> Screen:
    screen = await Screen(app.url, PAGE).open()
    await screen.press("Open a room")
    await screen.wait(lambda: "Start" in screen.buttons and "room=" in screen.query)
    return screen


async def play(app: RunningApp, phones: int, rounds: int) -> dict:
    """One game; what was measured."""
    teacher = await open_room(app)
    link = re.search(r"room=[A-Z]{4}", teacher.query)
    assert link
    start = time.perf_counter()
    pupils = await asyncio.gather(*(Screen(app.url, PAGE, link[0]).open() for _ in range(phones)))
    for pupil in pupils:
        await pupil.read("You are in")
    await teacher.read(f"{phones} joined")
    joined = time.perf_counter() - start
    idle = await measure_idle(app, [teacher, *pupils])
    before, begun = cpu_seconds(app), time.perf_counter()
    await teacher.press("Start")
    votes, reveals, lost, scores = [], [], 0, [0] * phones
    for number in range(rounds):
        late, missing, right = await play_round(teacher, pupils, number)
        votes, lost = votes + late[0], lost + missing
        reveals += late[1]
        scores = [score + good for score, good in zip(scores, right, strict=True)]
        await teacher.press("See the scores" if number == 9 else "Next")
    if rounds < 10:
        await teacher.press("End")
    cores = (cpu_seconds(app) - before) / (time.perf_counter() - begun)
    wrong = await check_scores(pupils, scores, rounds)
    received = sum(pupil.received for pupil in pupils) / phones
    await teacher.press("Close the room")
    await asyncio.gather(*(pupil.read("no longer open") for pupil in pupils))
    for screen in (teacher, *pupils):
        await screen.close()
    return {
        "phones": phones,
        "rounds": rounds,
        "seconds_until_all_have_joined": round(joined, 2),
        "vote_to_screen_s": spread(votes),
        "reveal_to_phone_s": spread(reveals),
        "taps_repeated": len(repeated),
        "votes_lost": lost,
        "pupils_with_a_wrong_score": wrong,
        "server_cores_on_average": round(cores, 2),
        "kilobytes_to_a_phone": round(received / 1000),
        **idle,
    }


async def measure_idle(app: RunningApp, screens: list[Screen]) -> dict:
    polls, before = sum(screen.polls for screen in screens), cpu_seconds(app)
    await asyncio.sleep(IDLE)
    used, polls = cpu_seconds(app) - before, sum(screen.polls for screen in screens) - polls
    return {
        "server_cores_while_nothing_happens": round(used / IDLE, 3),
        "cpu_milliseconds_an_idle_poll": round(1000 * used / polls, 2),
    }


async def play_round(teacher: Screen, pupils: list[Screen], number: int):
    """((seconds of each vote, of each reveal), votes lost, [whether each pupil was right])."""
    begun = time.perf_counter()
    chosen = [random.choice(CLASSES) for _ in pupils]
    sent = await asyncio.gather(*(vote(pupil, name, number) for pupil, name in zip(pupils, chosen, strict=True)))
    await teacher.read(f"{len(pupils)} of {len(pupils)} have voted", begun)
    votes = delays(sorted(sent), [word for word in teacher.words if word[0] >= begun])
    pressed = await teacher.press("Reveal")
    seen = await asyncio.gather(*(judged(pupil, pressed) for pupil in pupils))
    _, truth = await teacher.read("It is a", pressed)
    _, caption = await teacher.read("**Class**", pressed)
    counted = int(re.findall(r": (\d+) vote", caption)[0])
    right = [truth.endswith(f" {name}.") for name in chosen]
    told = ["Right!" in words for _, words in seen]
    return (votes, [when - pressed for when, _ in seen]), len(pupils) - counted + (right != told), right


async def vote(pupil: Screen, name: str, number: int) -> float:
    """When the pupil, who saw the question of this number and thought for a while, first voted: some then change it."""
    await pupil.wait(lambda: all(f"vote_{number}_" in pupil.buttons.get(choice, [""])[0] for choice in CLASSES))
    await asyncio.sleep(random.random() * SPREAD)
    first = random.choice(CLASSES) if random.random() < CHANGE else name
    pressed = await choose(pupil, first)
    if first != name:
        await choose(pupil, name)
    return pressed


async def choose(pupil: Screen, name: str) -> float:
    """When it was tapped first. As people do, a pupil taps again where the answer is not marked after a while. Raises
    RuntimeError where it never is."""
    first = pressed = await pupil.press(name)
    for _ in range(MOST_TAPS):
        try:
            async with asyncio.timeout(AGAIN):
                await pupil.read(confirmation(name), pressed)
            return first
        except TimeoutError:
            repeated.append(name)
            pressed = await pupil.press(name)
    raise RuntimeError(f"After {MOST_TAPS} taps no phone says: {confirmation(name)}")


async def judged(pupil: Screen, since: float) -> tuple[float, str]:
    return await pupil.wait(lambda: next(filter(None, (pupil.find(words, since) for words in JUDGED)), None))


def delays(sent: list[float], words: list[tuple[float, str]]) -> list[float]:
    """Until the screen counted as many votes as had been sent by then."""
    said = re.compile(r"(\d+) of \d+ ha(?:s|ve) voted")
    counts = [(when, int(found[1])) for when, text in words if (found := said.search(text))]
    return [next(when for when, count in counts if count > i) - each for i, each in enumerate(sent)]


async def check_scores(pupils: list[Screen], scores: list[int], rounds: int) -> int:
    """How many pupils are told at the end that they had another number right."""
    told = await asyncio.gather(*(pupil.read("how did the class do") for pupil in pupils))
    return sum(
        not pupil.words[pupil.words.index(last) - 1][1].endswith(f": {score} of {rounds}")
        for pupil, last, score in zip(pupils, told, scores, strict=True)
    )


def spread(seconds: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(seconds, [50, 95])
    return {"median": round(p50, 2), "p95": round(p95, 2), "largest": round(max(seconds), 2)}


def cpu_seconds(app: RunningApp) -> float:
    times = psutil.Process(app.process.pid).cpu_times()
    return times.user + times.system


def machine() -> dict:
    linux = Path("/proc/cpuinfo")
    named = re.search("model name.*: (.*)", linux.read_text()) if linux.exists() else None
    return {
        "cpu": named[1] if named else platform.processor(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
    }


async def measure(app: RunningApp, phones: int, rounds: int) -> dict:
    await play(app, phones=3, rounds=2)
    await asyncio.sleep(WARM)
    before = app.resident_bytes
    result = await play(app, phones, rounds)
    most = app.resident_bytes
    await asyncio.sleep(FORGOTTEN)
    grown = {"megabytes_more_at_the_end": most - before, "megabytes_more_afterwards": app.resident_bytes - before}
    return result | {name: round(size / 1e6, 1) for name, size in grown.items()}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--phones", type=int, default=30)
    p.add_argument("--rounds", type=int, default=10)
    args = p.parse_args()
    about = machine()
    with own_folder() as folder, run_app(folder) as app:
        print(json.dumps(about | asyncio.run(measure(app, args.phones, args.rounds)), indent=2))


if __name__ == "__main__":
    main()
