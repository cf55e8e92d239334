"""A race of two networks: where it is, who is ahead at its end, and what became of a bet."""

from collections.abc import Mapping
from datetime import date

from core.words import capitalized, counted, passes


def clock(seconds: float) -> str:
    """Minutes and seconds: "2:45"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def about_live(download: str, is_training: bool) -> str:
    """What to expect of a live race; `download`: how much has to be there first, e.g. "45 MB", or ""."""
    sentences = ["Live, this computer trains both networks now. A slow computer takes longer."]
    if download:
        sentences.append(f"The first time, it downloads the weights of the pretrained one ({download}).")
    if is_training:
        sentences.append("A run is training, so the race will be slower.")
    return " ".join(sentences)


def before_the_first_step(download: str) -> str:
    """What one waits for; `download` as in `about_live`."""
    loading = f" The first time, {download} is downloaded." if download else ""
    return f"The networks are being built and timed; the first step takes a few seconds.{loading}"


def time_left(step: int, steps: int, seconds: float | None) -> str:
    """E.g. "About 1:20 left (step 90 of 300)"; `seconds`: None where that is not known yet."""
    return f"The first of {steps} steps" if seconds is None else f"About {clock(seconds)} left (step {step} of {steps})"


def right_answers(names: Mapping[str, str], shares: Mapping[str, float]) -> str:
    """E.g. "Right answers: Plain network 41%, ResNet 62%"; both by side, shares from 0 to 1."""
    return f"Right answers: {', '.join(f'{name} {shares[side]:.0%}' for side, name in names.items())}"


def verdict(names: Mapping[str, str], shares: Mapping[str, float], ahead: str | None) -> str:
    """Who is ahead at the end, e.g. "**The ResNet is ahead**: right on 62 of 100 photos …". `names`: as in a sentence;
    `shares`: of right answers, 0 to 1; `ahead`: the side, None where luck could explain the difference."""
    of_100 = {side: f"{share:.0%}".rstrip("%") for side, share in shares.items()}
    if ahead is None:
        return (
            f"**Neither is ahead.** Of 100 photos that neither had learned from, {names['A']} is right on "
            f"{of_100['A']}, {names['B']} on {of_100['B']}. That could be luck."
        )
    second = "B" if ahead == "A" else "A"
    return (
        f"**{capitalized(names[ahead])} is ahead**: right on {of_100[ahead]} of 100 photos that neither had learned "
        f"from, {names[second]} on {of_100[second]}."
    )


def bet(on: str | None, won: bool) -> str:
    """E.g. "You bet on the ResNet: **right**."; None: that neither will be ahead."""
    return f"You bet on {on or 'no difference'}: **{'right' if won else 'wrong'}**."


def recorded(on: date, cpu: str, threads: int, epochs: int, seconds: float) -> str:
    """E.g. "Recorded on May 2, 2025, on a Xeon, 1 thread; 2 passes over the photos took 2:45 there."."""
    return (
        f"Recorded on {on:%B} {on.day}, {on.year}, on {cpu}, {counted(threads, 'thread')}; {passes(epochs)} took "
        f"{clock(seconds)} there."
    )
