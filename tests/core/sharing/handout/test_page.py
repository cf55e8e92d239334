"""The HTML file: it loads nothing, shows foreign text as text, and keeps the answers for the last page."""

import re
from datetime import date
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from core.sharing.handout.handout import Chart, Command, Drawing, Exercise, Handout, Map, Photo, Side, terms_in
from core.sharing.handout.page import render
from core.words.glossary import GLOSSARY

HOSTILE = """</style></svg><script>alert(1)</script><img src="http://x.example/" onerror='alert(1)'>{{ 7 * 7 }}"&'"""
FOREIGN = {"script", "iframe", "object", "embed", "link", "a", "base", "form"}  # tags that a handout never has
ADDRESSES = {"src", "href", "xlink:href", "srcset", "action", "data", "poster"}
DOTS = {
    "data": {"values": [{"who": "one", "x": 1}, {"who": "two", "x": 2}]},
    "mark": "point",
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "who"}},
}
LESSON = Handout(
    "What is a shortcut?",
    charts=(Chart("Dots", DOTS, "Two dots."),),
    findings=("The **ResNet** learns.",),
    exercises=(Exercise("Which dot is further right?", "The second of them.", ("one", "two")),),
    glossary=("ResNet", "shortcut"),
    made=date(2025, 3, 9),
)


class Read(HTMLParser):
    """All tags, attributes and words of a page, as a browser reads them."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.words += data


def require_self_contained(page: str) -> None:
    read = Read(page)
    assert not FOREIGN & set(read.tags)
    assert [name for name, _ in read.attributes if name.startswith("on")] == []
    addresses = [value for name, value in read.attributes if name in ADDRESSES]
    assert [address[:40] for address in addresses if not address.startswith("data:image/")] == []
    assert re.findall(r"url\(|@import|@font-face", page) == []


def pixels(side: int) -> np.ndarray:
    return np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)


def full(text: str) -> Handout:
    """A handout with everything in it, whose every word is `text`."""
    values = [{"who": text, "x": 1}]
    spec = {**DOTS, "data": {"values": values}, "title": text}
    return Handout(
        title=text,
        asked=text,
        sides=(Side("A", text, text, text, text, "#D55E00", Drawing(f"<svg>{text}</svg>", text)),),
        charts=(Chart(text, spec, text), Chart(text, spec, text, half=True)),
        photos=tuple(
            Photo(pixels(32), text, {"A": text, "B": text}, dict.fromkeys("AB", Map(pixels(160), text)))
            for _ in range(4)
        ),
        about_photos=text,
        findings=(text,),
        exercises=(Exercise(text, text), Exercise(text, text, (text, text))),
        glossary=tuple(GLOSSARY),
        commands=(Command(text, text),),
        versions=(text,),
    )


def test_a_lesson_needs_no_pair():
    page = render(LESSON)
    require_self_contained(page)
    words = Read(page).words
    assert "<h2>Questions</h2>" in page
    assert "What is a shortcut?" in words
    assert "March 9, 2025" in words
    assert "The ResNet learns." in words
    assert GLOSSARY["shortcut"] in words
    for heading in ("The networks", "Photos", "Do it all again"):
        assert f"<h2>{heading}</h2>" not in page


def test_every_chart_is_drawn_in_the_file():
    page = render(full("word"))
    drawn = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawn) == 2
    for svg in drawn:
        assert "word" in "".join(ElementTree.fromstring(svg).itertext())


def test_hostile_text_is_shown_as_text():
    page = render(full(HOSTILE))
    require_self_contained(page)
    assert Read(page).words.count("<script>alert(1)</script>") > 15
    assert "{{ 7 * 7 }}" in page
    assert sorted(set(Read(page).tags)) == sorted(set(Read(render(full("word"))).tags))


def test_a_chart_may_load_nothing():
    spec = {"data": {"url": "http://127.0.0.1:1/numbers.json"}, "mark": "point"}
    with pytest.raises(ValueError, match="not allowed"):
        render(Handout("Chart", charts=(Chart("", spec, ""),)))


def test_it_is_small_even_where_photos_are_noise():
    assert len(render(full("word")).encode()) <= 2_000_000


def test_the_answers_are_on_the_last_page_alone():
    before, after = render(LESSON).split('id="answers"')
    assert "The second of them." in after
    assert "The second of them." not in before
    assert 'class="page"' in before[-200:]  # which begins a page
    assert 'class="page"' not in after
    assert "Which dot is further right?" in before


def test_choices_have_boxes_and_other_questions_lines():
    assert render(LESSON).count('class="box"') == 2
    assert 'class="line"' not in render(LESSON)
    asked = Handout("Asked", exercises=(Exercise("Why?", "Because."),))
    assert 'class="line"' in render(asked)


def test_a_term_without_an_explanation_is_an_error():
    with pytest.raises(Exception, match="no-such-term"):
        render(Handout("Terms", glossary=("no-such-term",)))


def test_terms_are_found_as_whole_words_in_the_singular_and_the_plural():
    assert terms_in(["Shortcuts help; seedlings don't.", "an epoch"]) == ("epoch", "shortcut")
