"""What a handout holds: words, chart specs and pixels, of a pair of networks or of anything else. No drawing here."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import numpy as np

from core.charts.palette import COLORS
from core.words.glossary import GLOSSARY


class Drawing(NamedTuple):
    svg: str
    words: str  # for those who don't see it


class Map(NamedTuple):
    """A photo with a heatmap over it: `pixels` uint8 (h, w, 3)."""

    pixels: np.ndarray
    words: str  # for those who don't see it


@dataclass(frozen=True)
class Side:
    """One of the networks. `number` says the most important thing, e.g. "92.4%", or
    nothing: ""."""

    letter: str  # "A" or "B"
    name: str
    description: str
    number: str
    meaning: str  # of the number, e.g. "right on new photos"
    color: str
    drawing: Drawing | None = None


@dataclass(frozen=True)
class Chart:
    """`spec`: Vega-Lite, with its data. Two `half` charts that follow each other stand side by side."""

    title: str
    spec: Mapping
    caption: str  # one sentence
    colors: Mapping[str, str] = field(default_factory=lambda: COLORS)  # of A and B, in this order
    half: bool = False


@dataclass(frozen=True)
class Photo:
    """`pixels`: uint8 (h, w, 3), as the networks see it; `maps`: by side."""

    pixels: np.ndarray
    truth: str
    answers: Mapping[str, str]
    maps: Mapping[str, Map] = field(default_factory=dict)


@dataclass(frozen=True)
class Exercise:
    """A question with room to write or, with `choices`, boxes to tick."""

    question: str
    answer: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Command:
    """What it does, and what to type."""

    name: str
    command: str


@dataclass(frozen=True)
class Handout:
    """Plain sentences and data: nothing in it is HTML, and pairs of ** are dropped. What is empty is left out."""

    title: str
    asked: str = ""
    sides: tuple[Side, ...] = ()
    charts: tuple[Chart, ...] = ()
    photos: tuple[Photo, ...] = ()
    about_photos: str = ""
    findings: tuple[str, ...] = ()
    exercises: tuple[Exercise, ...] = ()
    glossary: tuple[str, ...] = ()  # names of core.words.glossary.GLOSSARY
    commands: tuple[Command, ...] = ()
    made: date = field(default_factory=date.today)
    versions: tuple[str, ...] = ()

    @property
    def prose(self) -> tuple[str, ...]:
        """All sentences that are read, commands apart."""
        sides = [text for side in self.sides for text in (side.name, side.description, side.meaning)]
        charts = [text for chart in self.charts for text in (chart.title, chart.caption)]
        exercises = [text for one in self.exercises for text in (one.question, one.answer, *one.choices)]
        return (self.title, self.asked, *sides, *charts, self.about_photos, *self.findings, *exercises)


def terms_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Those terms of the glossary that these texts use, in its order."""
    read = "\n".join(texts)
    return tuple(term for term in GLOSSARY if re.search(rf"\b{re.escape(term)}s?\b", read, re.IGNORECASE))
