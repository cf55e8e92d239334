"""Any uploaded file -> an upright RGB picture, or one clear sentence; and that picture as a network sees it.

Knows hostile and odd files; knows neither file names (they are never used) nor networks. Pillow decodes, but is shown
only the parts of a file that make pixels: it would spend 13 seconds, or 400 MB, on 10 MB of comments, give up on a
broken colour profile, and overlook some flipped bits of a PNG.
"""

import math
import re
import threading
import zlib
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import ExifTags, Image

from core.errors import ImageError

MAX_BYTES = 10_000_000
MAX_PIXELS = 40_000_000
_KEPT_PIXELS = 4_000_000  # a larger picture is reduced while it is read: no network here looks at more than 224 x 224
_MAX_SIDE = 65_535  # what JPEG and GIF can hold; in Pillow a row costs memory even where it is one pixel wide
_MAX_MEMORY = 200_000_000  # bytes while decoding
_MAX_TEXT = 1_000_000  # bytes of text in a PNG, unpacked
_MAX_PARTS = 100_000  # chunks, segments or blocks of a file: 10 MB in GIF's small blocks are 40,000
_MAX_SCANNED = 1_000_000_000  # pixels of a JPEG x scans: each scan visits all pixels, and an empty one costs 100 bytes
_BAND = 2**20  # pixels that are converted at once
_PADDED_SIDE = 2048  # of a padded square: 20000 x 1 pixels would else become 20000 x 20000
_WHITE, _GREY = (255, 255, 255), (128, 128, 128)
_KINDS = "JPEG, PNG, WebP, GIF or BMP"
_SIGNATURES = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "GIF": (b"GIF87a", b"GIF89a"), "BMP": b"BM"}
_BYTES_PER_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2}  # of Pillow's modes; all others take 4
_WEBP_BYTES_PER_PIXEL = 16  # two canvases of libwebp, its answer, and Pillow's image
_RLE = (1, 2)  # BMP compressions, which Pillow decodes in Python: 40 megapixels would take many seconds
_ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_JPEG_MARKER = re.compile(rb"\xff([\x01-\xfe])")
_JPEG_EXIF, _JPEG_SCAN, _JPEG_END = 0xE1, 0xDA, 0xD9
_JPEG_BARE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_JPEG_DROPPED = {*range(0xE0, 0xF0), 0xFE} - {0xE0, 0xEE}  # APPn and comments; JFIF and Adobe decide on the colours
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JPEG_USUAL_FRAMES = {0xC0, 0xC1, 0xC2}  # what browsers show; Pillow cannot scale, or even tell, the others
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_PNG_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}

# One picture is decoded at a time, so that a class that uploads together needs the memory of one.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Picture:
    """`image`: RGB, upright, no metadata, about 4 megapixels at most. `note`: "" or one sentence to show with it."""

    image: Image.Image
    note: str


@dataclass(frozen=True)
class _Essence:
    """`data`: the file without what no picture needs. `scans`: how often a JPEG visits its pixels, at most."""

    data: bytes
    exif: bytes = b""
    animated: bool = False
    scans: int = 1


def open_picture(data: bytes) -> Picture:
    """The picture in a file's bytes, transparency on white. Raises ImageError, whatever the bytes are.

    Formats: JPEG (of several pictures in one file: the first), PNG, WebP, GIF, BMP; of an animation the first frame.
    A large picture is reduced by a whole factor. Safe in threads. Takes at most about _MAX_MEMORY beyond `data`.
    """
    kind = _kind(data)
    try:
        essence = _ESSENCES.get(kind, _Essence)(data)
        with _one_at_a_time, Image.open(BytesIO(essence.data), formats=[kind]) as image:
            _refuse_unaffordable(image, essence)
            _mend_transparent_colour(image, essence.data)
            animated = essence.animated or (kind == "WEBP" and image.is_animated)
            exif = essence.exif or (image.info.get("exif", b"") if kind == "WEBP" else b"")
            upright = _upright(_reduced_rgb(image), exif)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise ImageError(_too_large("This picture", MAX_PIXELS)) from None
    except Exception:
        # As broad as can be, here alone: on damaged files Pillow and the walks below raise OSError, SyntaxError,
        # ValueError, IndexError, struct.error, zlib.error, AssertionError and more, and no list of them lasts.
        sentence = f"This {_name(kind)} file is damaged or incomplete; save or download it again, or choose another."
        raise ImageError(sentence) from None
    return Picture(upright, "This file is animated; only its first frame is used." if animated else "")


def square(image: Image.Image, how: str) -> Image.Image:
    """`image` (RGB) as a square: "crop" its centre, or "pad" it on mid grey (at most 2048 x 2048). Else ValueError."""
    if how == "crop":
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        return image.crop((left, top, left + side, top + side))
    if how == "pad":
        side = min(max(image.size), _PADDED_SIDE)
        shrink = side / max(image.size)
        width, height = (max(1, round(length * shrink)) for length in image.size)
        padded = Image.new("RGB", (side, side), _GREY)
        whole = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3)
        padded.paste(whole, ((side - width) // 2, (side - height) // 2))
        return padded
    raise ValueError(f"how is {how!r}; 'crop' and 'pad' are known")


def to_pixels(image: Image.Image, size: int = 32) -> np.ndarray:
    """What the network sees of a square RGB `image`: uint8 (size, size, 3), 0 to 255, antialiased. Else ValueError."""
    if image.width != image.height or image.mode != "RGB":
        raise ValueError(f"a square RGB picture is needed, not {image.width} x {image.height} {image.mode}")
    return np.array(image.resize((size, size), Image.Resampling.LANCZOS))


def enlarge(pixels: np.ndarray, side: int) -> Image.Image:
    """`pixels` (h, w, 3) uint8 as a `side` x `side` RGB picture, without smoothing."""
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST)


def _kind(data: bytes) -> str:
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


def _name(kind: str) -> str:
    return "WebP" if kind == "WEBP" else kind


def _too_large(what: str, pixels: float) -> str:
    return f"{what} is too large: at most {int(pixels / 1e6)} megapixels are taken; make it smaller and try again."


def _odd(kind: str, why: str) -> ImageError:
    return ImageError(f"This {kind} file {why}; open it in a picture program, save it as PNG or JPEG and try again.")


def _refuse_unaffordable(image: Image.Image, essence: _Essence) -> None:
    """Raises ImageError if decoding `image`, whose header alone was read, would take too long or too much memory.

    Our limit lies below the one where Pillow starts to warn, so that nothing depends on warnings: their filters
    belong to the whole process, and catch_warnings in one visitor's thread changes them under the others.
    """
    pixels = image.width * image.height
    what = f"This {_name(image.format)} picture of {image.width} x {image.height} pixels"
    if max(image.size) > _MAX_SIDE:
        raise ImageError(f"{what} is too long: at most {_MAX_SIDE} a side are taken; make it smaller and try again.")
    if pixels > MAX_PIXELS:
        raise ImageError(_too_large(what, MAX_PIXELS))
    cost = _cost_per_pixel(image, essence)
    if pixels * cost > _MAX_MEMORY:
        raise ImageError(_too_large(f"{what}, stored in this way,", _MAX_MEMORY / cost))
    if essence.scans * max(pixels, MAX_PIXELS // 4) > _MAX_SCANNED:
        raise _odd("JPEG", "is stored in unusually many passes")
    if image.format == "BMP" and image.info.get("compression") in _RLE:
        raise _odd("BMP", "is compressed in a way that is rarely used")


def _cost_per_pixel(image: Image.Image, essence: _Essence) -> float:
    """Bytes that decoding takes; more for kinds of PNG that take long (16 bit, interlaced)."""
    if image.format == "WEBP":
        return _WEBP_BYTES_PER_PIXEL
    if image.format == "JPEG":
        return _jpeg_cost_per_pixel(image, essence.scans)
    cost = _BYTES_PER_PIXEL.get(image.mode, 4)
    if image.format == "PNG":
        depth, interlaced = essence.data[24], essence.data[28]
        cost *= (2 if depth == 16 else 1) * (2 if interlaced else 1)
    return cost


def _jpeg_cost_per_pixel(image: Image.Image, scans: int) -> float:
    """A JPEG of one scan is reduced line by line; of a progressive one all coefficients (2 bytes each) are kept."""
    if scans == 1 and "progressive" not in image.info:
        return 1
    samples = [(across, down) for _, across, down, _ in image.layer]
    widest, tallest = (max(factors) for factors in zip(*samples, strict=True))
    return 2 * sum(across * down for across, down in samples) / (widest * tallest)


def _mend_transparent_colour(image: Image.Image, data: bytes) -> None:
    """Pillow spreads a PNG's 2 and 4 bit greys to 0..255, cuts 16 bit colours to 8, and forgets the transparent one."""
    transparent = image.info.get("transparency")
    if image.format != "PNG" or transparent is None:
        return
    depth = data[24]
    if image.mode == "L" and depth < 8:
        image.info["transparency"] = transparent * 255 // (2**depth - 1)
    elif image.mode == "RGB" and depth == 16:
        image.info["transparency"] = tuple(value >> 8 for value in transparent)


def _reduced_rgb(image: Image.Image) -> Image.Image:
    """`image` decoded, RGB on white, reduced to about _KEPT_PIXELS; in bands, as 40 megapixels once more are 160 MB."""
    factor = _factor(image.size)
    if factor > 1:  # has a JPEG decoded at a half, a quarter or an eighth; other formats ignore it
        image.draft(None, (max(1, image.width // factor), max(1, image.height // factor)))
    image.load()
    width, height = image.size
    factor = _factor(image.size)
    result = Image.new("RGB", (math.ceil(width / factor), math.ceil(height / factor)))
    rows = max(1, _BAND // width // factor) * factor
    for top in range(0, height, rows):
        band = _on_white(image.crop((0, top, width, min(top + rows, height))))
        result.paste(band.reduce(factor), (0, top // factor))
    return result


def _factor(size: tuple[int, int]) -> int:
    return math.ceil(math.sqrt(size[0] * size[1] / _KEPT_PIXELS))


def _on_white(image: Image.Image) -> Image.Image:
    """`image` of any mode as RGB, its transparency on white."""
    if image.mode.startswith("I"):
        return _grey16_on_white(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    colours = image if image.mode == "RGBA" else image.convert("RGBA")
    white = Image.new("RGB", image.size, _WHITE)
    white.paste(colours, mask=colours)
    return white


def _grey16_on_white(image: Image.Image) -> Image.Image:
    """16 bit grey as RGB: 0..65535 becomes 0..255 (Pillow's convert would make all from 255 white)."""
    shades = ((np.arange(2**16) + 128) // 257).astype(np.uint8)
    if "transparency" in image.info:
        shades[image.info["transparency"]] = 255
    return Image.fromarray(shades[np.asarray(image)]).convert("RGB")


def _upright(image: Image.Image, exif: bytes) -> Image.Image:
    """`image` turned as its EXIF says; nonsense there is no reason to refuse a picture."""
    try:
        tags = Image.Exif()
        tags.load(exif)
        method = _ORIENTATIONS.get(tags.get(ExifTags.Base.Orientation))
    except Exception:  # raises as many kinds of errors as broken EXIF has shapes
        method = None
    return image if method is None else image.transpose(method)


def _png_essence(data: bytes) -> _Essence:
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
            raise _odd("PNG", "carries an unusually long hidden text")
        if name == b"IEND":
            return _Essence(b"".join(kept), exif, animated)
        position = end
    raise _odd("PNG", "consists of unusually many pieces")


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


def _jpeg_essence(data: bytes) -> _Essence:
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
            return _Essence(b"".join([*kept, data[start:]]), exif, scans=data.count(b"\xff\xda", start))
        if code in _JPEG_FRAMES - _JPEG_USUAL_FRAMES:
            raise _odd("JPEG", "is of a rare kind")
        if code in _JPEG_BARE:
            continue
        position += max(2, int.from_bytes(data[position : position + 2], "big"))
        if code not in _JPEG_DROPPED:
            kept.append(data[start:position])
        elif code == _JPEG_EXIF and not exif and data[start + 4 : start + 10] == b"Exif\0\0":
            exif = data[start + 4 : position]
    raise _odd("JPEG", "consists of unusually many pieces")


def _gif_essence(data: bytes) -> _Essence:
    """Keeps the first frame. Raises ImageError, or IndexError (damaged)."""
    position = 13 + _gif_colours(data[10])
    kept, frames = [data[:position]], 0
    for _ in range(_MAX_PARTS):
        start, block = position, data[position : position + 1]
        if block in (b"", b";") or (block == b"," and frames):
            return _Essence(b"".join([*kept, b";"]), animated=block == b",")
        if block == b"!":
            position = _after_gif_blocks(data, start + 2)
            kept += [data[start:position]] if data[start + 1] == 0xF9 and not frames else []  # transparency
        elif block == b",":
            position = _after_gif_blocks(data, start + 11 + _gif_colours(data[start + 9]))
            kept.append(data[start:position])
            frames = 1
        else:  # stray bytes between blocks are common and harmless
            position += 1
    raise _odd("GIF", "consists of unusually many pieces")


def _gif_colours(flags: int) -> int:
    """Bytes of the colour table that `flags` announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_gif_blocks(data: bytes, position: int) -> int:
    """Where a row of data blocks, each led by its length, ends. Raises ImageError, or IndexError at the file's end."""
    for _ in range(_MAX_PARTS):
        length = data[position]
        position += 1 + length
        if not length:
            return position
    raise _odd("GIF", "consists of unusually many pieces")


_ESSENCES = {"PNG": _png_essence, "JPEG": _jpeg_essence, "GIF": _gif_essence}
