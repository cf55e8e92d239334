"""The bytes of an uploaded picture file -> the part of them that makes pixels, for `core.data.pictures` to decode.

Knows how PNG and JPEG are laid out; decodes nothing, and never asks for a file's name. Pillow, given the whole file,
would spend 13 seconds, or 400 MB, on 10 MB of comments, give up on a broken color profile, and overlook some flipped
bits of a PNG.
"""

import re
import zlib
from dataclasses import dataclass

from core.errors import ImageError

MAX_BYTES = 10_000_000
_MAX_PARTS = 100_000  # chunks of a PNG, segments of a JPEG
_SIGNATURES = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n"}
_JPEG_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")  # 0xFF00 is a value, 0xFFD0 to 0xFFD7 lie among them
_JPEG_EXIF, _JPEG_SCAN, _JPEG_END = 0xE1, 0xDA, 0xD9
_JPEG_BARE = {*range(0x01, 0xC0), 0xD8}  # markers without a length
_JPEG_DROPPED = _JPEG_BARE | {*range(0xE0, 0xF0), 0xFE} - {0xE0, 0xEE}  # comments, APPn; JFIF and Adobe tell the colors
_JPEG_RARE = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC} - {0xC0, 0xC1, 0xC2}  # kinds that browsers don't show either
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


@dataclass(frozen=True)
class Stripped:
    """A file without what no picture needs: `data`, still a file of its kind.

    `exif`: b"" where there is none, or where it stayed in `data`. `animated`: further frames were left out. `scans`:
    how often a JPEG visits its pixels.
    """

    data: bytes
    exif: bytes = b""
    animated: bool = False
    scans: int = 1


def kind_of(data: bytes) -> str:
    """Pillow's name of the format, by the file's first bytes. Raises ImageError for a size or format not taken."""
    if not data:
        raise ImageError("This file is empty; choose a picture instead.")
    if len(data) > MAX_BYTES:
        size, limit = f"{len(data) / 1e6:.1f} MB", f"{MAX_BYTES // 1_000_000} MB"
        raise ImageError(f"This file is {size}, and the limit is {limit}; save the picture smaller and try again.")
    for kind, signature in _SIGNATURES.items():
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":  # HEIC and AVIF, the likeliest surprise: what iPhones take
        raise ImageError(
            "This is a HEIC or AVIF photo, or a video, and can't be read; on an iPhone choose Settings, Camera, "
            "Formats, Most Compatible and take it again, or email it to yourself, which makes it a JPEG."
        )
    raise ImageError(
        "This file is not a JPEG, PNG or WebP picture; open it in a picture program and save it as PNG or JPEG."
    )


def name_of(kind: str) -> str:
    """As people write it."""
    return "WebP" if kind == "WEBP" else kind


def unusual(kind: str, why: str) -> ImageError:
    """The sentence that refuses a file of a `kind` that is taken, but not as this one is made."""
    return ImageError(f"This {kind} file {why}; open it in a picture program, save it as PNG or JPEG and try again.")


def stripped(kind: str, data: bytes) -> Stripped:
    """What makes the pixels of a file of that `kind`. Raises ImageError for an unusual file, ValueError for a damaged
    one; a file that seems whole may still be damaged."""
    return {"PNG": _stripped_png, "JPEG": _stripped_jpeg, "WEBP": Stripped}[kind](data)


def _stripped_png(data: bytes) -> Stripped:
    """Keeps the chunks that make pixels, and checks their sums. Raises ImageError or ValueError (damaged)."""
    kept, exif, animated, position = [data[:8]], b"", False, 8
    for _ in range(_MAX_PARTS):
        end = position + 12 + int.from_bytes(data[position : position + 4], "big")
        name, body = data[position + 4 : position + 8], data[position + 8 : end - 4]
        if end > len(data):
            raise ValueError("cut off")
        if name in _PNG_KEPT:
            if zlib.crc32(body, zlib.crc32(name)) != int.from_bytes(data[end - 4 : end], "big"):
                raise ValueError("wrong checksum")
            kept.append(data[position:end])
        elif name == b"eXIf":
            exif = body
        animated = animated or name == b"fdAT"
        if name == b"IEND":
            return Stripped(b"".join(kept), exif, animated)
        position = end
    raise unusual("PNG", "consists of unusually many pieces")


def _stripped_jpeg(data: bytes) -> Stripped:
    """Keeps the segments and scans that make pixels, and the EXIF apart. Raises ImageError or ValueError (damaged).

    Ends with the picture: phones put a video behind it, or (MPO) further pictures. Without its APP2 segment an MPO file
    is a JPEG of its first picture.
    """
    kept, exif, scans, position = [data[:2]], b"", 0, 2
    for _ in range(_MAX_PARTS):
        marker = _JPEG_MARKER.search(data, position)
        start, end = marker.span() if marker else (len(data), len(data))
        if scans:  # up to the next marker all is pixels; before the first scan it is padding
            kept.append(data[position:start])
        code = marker[1][0] if marker else None
        if code in (None, _JPEG_END):
            if not scans:
                raise ValueError("no picture")
            return Stripped(b"".join([*kept, data[start:end]]), exif, scans=scans)
        if code in _JPEG_RARE:
            raise unusual("JPEG", "is of a rare kind")
        position = end if code in _JPEG_BARE else end + max(2, int.from_bytes(data[end : end + 2], "big"))
        if code == _JPEG_EXIF and not exif and data[end + 2 : end + 8] == b"Exif\0\0":
            exif = data[end + 2 : position]
        if scans or code not in _JPEG_DROPPED:
            kept.append(data[start:position])
        scans += code == _JPEG_SCAN
    raise unusual("JPEG", "consists of unusually many pieces")
