"""Numbers -> sentences for lay readers. What they say is computed in `core.analysis`.

Here: capitals, articles, plurals, and curves.
"""

from collections.abc import Callable, Sequence


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def in_a_sentence(name: str) -> str:
    """What a network is called after "the": "Plain network" begins small; "ResNet" and "VGG-11" are names as such."""
    return name[:1].lower() + name[1:] if name.partition(" ")[0][1:].islower() else name


def with_article(noun: str) -> str:
    """E.g. "a cat", "an airplane"."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def plural(noun: str) -> str:
    """E.g. "cats" or "passes"; "deer" stays as it is."""
    return noun if noun == "deer" else f"{noun}es" if noun.endswith("s") else f"{noun}s"


def counted(number: int, noun: str) -> str:
    """E.g. "1 photo", "45,000 photos"."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def times(number: int) -> str:
    """E.g. "once", "4 times"."""
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def passes(epochs: int) -> str:
    """E.g. "5 passes over the photos"."""
    return f"{counted(epochs, 'pass')} over the photos"


def of_photos(share: float, photos: int) -> int:
    """How many of 100 or 1,000 photos a share (0 to 1) is, rounded as percent are elsewhere: 0.9235 reads 92.3%, and so
    923."""
    return int(f"{share:.{0 if photos == 100 else 1}%}".rstrip("%").replace(".", ""))


def course(who: str, values: Sequence[float], said: Callable[[float], str] = "{:.0%}".format) -> str:
    """How a curve begins and ends, e.g. "A goes from 41% to 92%"; `said`: a value in words."""
    return f"{who} goes from {said(values[0])} to {said(values[-1])}"
