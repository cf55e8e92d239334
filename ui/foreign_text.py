"""Text that comes from a file, a link, a zip or an error, shown as text: in Streamlit's Markdown nothing of it becomes
a picture, a link, a formula, an icon or a color. Where the server keeps its files is not told; its log has it."""

import logging
import os
import re
from functools import lru_cache

from core import paths
from core.settings import environment

LOG = logging.getLogger(__name__)

# Has no width. Streamlit looks for addresses, emoji and icons once the Markdown is read, when escapes are gone.
BREAK = "\N{ZERO WIDTH SPACE}"
MARKUP = re.compile(r"[\\`*\[\]<>$~&|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
BEGINNING = re.compile(r"^(?=[#+=-])|^\d+(?=[.)])")  # of a heading, a list or a line
# An emoji, an icon, a color or an address behind a colon; www.example.org; somebody@example.org.
LATER = re.compile(r":(?=\S)|www(?=\.)|@(?=\w)", re.IGNORECASE)


def plain(text: object) -> str:
    """Markdown that shows `text`, a name or a sentence, in one line and as it is; of an error, its message."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in without_places(str(text))).split())
    escaped = MARKUP.sub(r"\\\g<0>", line)
    return LATER.sub(rf"\g<0>{BREAK}", BEGINNING.sub(r"\g<0>\\", escaped))


def without_places(text: str) -> str:
    """The same, with paths as seen from the lab's own folders."""
    if os.sep not in text:
        return text
    named = (environment.path(name) for name in ("CIFAR10_DIR", "RESNET_LAB_LESSONS"))
    places = {paths.own_runs_dir(), paths.own_runs_dir().resolve(), paths.ROOT, environment.expanded("~"), *named}
    told = text
    for place in sorted(filter(None, places), key=lambda place: -len(place.parts)):
        if place.name:  # not the whole disk
            told = told.replace(f"{place}{os.sep}", "").replace(str(place), place.name)
    if told != text:
        _log(text)
    return told


@lru_cache(maxsize=1_000)
def _log(text: str) -> None:
    """Once, however often a page is drawn."""
    LOG.warning(text)


def emphasized(text: str) -> str:
    """As `plain`, but what stands between two pairs of asterisks is bold: the one mark that lessons may use."""
    parts = text.split("**")
    if len(parts) % 2 == 0:  # a pair without its end is text
        return plain(text)
    return "".join(
        f"**{plain(part)}**" if i % 2 and part.strip() else _kept_spaces(part) for i, part in enumerate(parts)
    )


def _kept_spaces(part: str) -> str:
    """`plain` drops the spaces at both ends, which here stand between words."""
    return f"{' ' * part.startswith(' ')}{plain(part)}{' ' * (part.endswith(' ') and bool(part.strip()))}"
