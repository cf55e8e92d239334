"""The bytes of an uploaded picture file -> the part of them that makes pixels, for `core.data.pictures` to decode.

Knows how PNG, JPEG and GIF are laid out; decodes nothing. Pillow, given the whole file, would spend 13 seconds, or
400 MB, on 10 MB of comments, give up on a broken color profile, and overlook some flipped bits of a PNG.
"""

import re
import zlib
from dataclasses import dataclass

from core.errors import ImageError

MAX_BYTES = 10_000_000
_MAX_TEXT = 1_000_000  # bytes of text in a PNG, unpacked
_MAX_PARTS = 100_000  # chunks, segments or blocks of a file: 10 MB in GIF's small blocks are 40,000
_KINDS = "JPEG, PNG, WebP, GIF or BMP"
_SIGNATURES = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "GIF": (b"GIF87a", b"GIF89a"), "BMP": b"BM"}
_JPEG_MARKER = re.compile(rb"\xff([\x01-\xfe])")
_JPEG_EXIF, _JPEG_SCAN, _JPEG_END = 0xE1, 0xDA, 0xD9
_JPEG_BARE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_JPEG_DROPPED = {*range(0xE0, 0xF0), 0xFE} - {0xE0, 0xEE}  # APPn and comments; JFIF and Adobe decide on the colors
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JPEG_USUAL_FRAMES = {0xC0, 0xC1, 0xC2}  # what browsers show; Pillow cannot scale, or even tell, the others
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_PNG_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}


@dataclass(frozen=True)
class Essence:
    """A file without what no picture needs: `data`, still a file of its kind.

    `exif`: b"" where there is none, or where it stayed in `data`. `animated`: further frames were left out. `scans`:
    how often a JPEG visits its pixels, at most.
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
        limit = f"at most {MAX_BYTES // 1_000_000} MB are taken"
        raise ImageError(f"This file has {len(data) / 1e6:.1f} MB and {limit}; save the picture smaller and try again.")
    for kind, signature in _SIGNATURES.items():
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":  # HEIC and AVIF, the likeliest surprise: what iPhones take
        raise ImageError(
            "This is a HEIC or AVIF photo, or a video, and cannot be read; save it as a JPEG and try again."
        )
    raise ImageError(f"This file is not a {_KINDS} picture; open it in a picture program and save it as PNG or JPEG.")


def name_of(kind: str) -> str:
    """As people write it."""
    return "WebP" if kind == "WEBP" else kind


def odd(kind: str, why: str) -> ImageError:
    """The sentence that refuses a file of a `kind` that is taken, but not as this one is made."""
    return ImageError(f"This {kind} file {why}; open it in a picture program, save it as PNG or JPEG and try again.")


def essence(kind: str, data: bytes) -> Essence:
    """What makes the pixels of a file of that `kind`. Raises ImageError for an odd file, ValueError or IndexError for a
    damaged one; a file that seems whole may still be damaged."""
    return _ESSENCES.get(kind, Essence)(data)


def _png_essence(data: bytes) -> Essence:
    """Keeps the chunks that make pixels, and checks their sums. Raises ImageError or ValueError (damaged)."""
    kept, exif, animated, text, position = [data[:8]], b"", False, 0, 8
    for _ in range(_MAX_PARTS):
        end = position + 12 + int.from_bytes(data[position : position + 4], "big")
        name, body = data[position + 4 : position + 8], data[position + 8 : end - 4]
        if end > len(data):
            raise ValueError("cut off")
        if name in _PNG_KEPT:
            if zlib.crc32(body, zlib.crc32(name)) != int.from_bytes(data[end - 4 : end], "big"):
                raise ValueError("wrong checksum")
            kept.append(data[position:end])
        elif name in _PNG_TEXTS:
            text += _text_bytes(name, body)
        elif name == b"eXIf":
            exif = body
        animated = animated or name == b"fdAT"
        if text > _MAX_TEXT:
            raise odd("PNG", "carries an unusually long hidden text")
        if name == b"IEND":
            return Essence(b"".join(kept), exif, animated)
        position = end
    raise odd("PNG", "consists of unusually many pieces")


def _text_bytes(name: bytes, body: bytes) -> int:
    """How long a PNG's text chunk is when unpacked; unpacks no more than it takes to know that it is too long."""
    fields = body.partition(b"\0")[2]  # after the keyword
    if name == b"iTXt" and fields[:1] == b"\1":
        packed = fields[2:].split(b"\0", 2)[-1]  # after the method, the language and the translated keyword
    elif name == b"zTXt":
        packed = fields[1:]
    else:
        return len(body)
    try:
        return len(zlib.decompressobj().decompress(packed, _MAX_TEXT + 1))
    except zlib.error:  # a text that is not used may be broken
        return 0


def _jpeg_essence(data: bytes) -> Essence:
    """Keeps the segments that make pixels, and the EXIF apart. Raises ImageError or ValueError (damaged).

    Without its APP2 segment a file of several pictures (MPO: many phones write them) is a JPEG of its first.
    """
    kept, exif, position = [data[:2]], b"", 2
    for _ in range(_MAX_PARTS):
        marker = _JPEG_MARKER.search(data, position)
        if marker is None or (code := marker[1][0]) == _JPEG_END:
            raise ValueError("no picture")
        start, position = marker.span()
        if code == _JPEG_SCAN:
            return Essence(b"".join([*kept, data[start:]]), exif, scans=data.count(b"\xff\xda", start))
        if code in _JPEG_FRAMES - _JPEG_USUAL_FRAMES:
            raise odd("JPEG", "is of a rare kind")
        if code in _JPEG_BARE:
            continue
        position += max(2, int.from_bytes(data[position : position + 2], "big"))
        if code not in _JPEG_DROPPED:
            kept.append(data[start:position])
        elif code == _JPEG_EXIF and not exif and data[start + 4 : start + 10] == b"Exif\0\0":
            exif = data[start + 4 : position]
    raise odd("JPEG", "consists of unusually many pieces")


def _gif_essence(data: bytes) -> Essence:
    """Keeps the first frame. Raises ImageError, or IndexError (damaged)."""
    position = 13 + _gif_colors(data[10])
    kept, frames = [data[:position]], 0
    for _ in range(_MAX_PARTS):
        start, block = position, data[position : position + 1]
        if block in (b"", b";") or (block == b"," and frames):
            return Essence(b"".join([*kept, b";"]), animated=block == b",")
        if block == b"!":
            position = _after_gif_blocks(data, start + 2)
            kept += [data[start:position]] if data[start + 1] == 0xF9 and not frames else []  # transparency
        elif block == b",":
            position = _after_gif_blocks(data, start + 11 + _gif_colors(data[start + 9]))
            kept.append(data[start:position])
            frames = 1
        else:  # stray bytes between blocks are common and harmless
            position += 1
    raise odd("GIF", "consists of unusually many pieces")


def _gif_colors(flags: int) -> int:
    """Bytes of the color table that `flags` announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_gif_blocks(data: bytes, position: int) -> int:
    """Where a row of data blocks, each led by its length, ends. Raises ImageError, or IndexError at the file's end."""
    for _ in range(_MAX_PARTS):
        length = data[position]
        position += 1 + length
        if not length:
            return position
    raise odd("GIF", "consists of unusually many pieces")


_ESSENCES = {"PNG": _png_essence, "JPEG": _jpeg_essence, "GIF": _gif_essence}
