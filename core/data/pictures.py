"""Any uploaded file -> an upright RGB picture, or one clear sentence; and that picture as a network sees it.

Knows hostile and odd files; knows neither file names (they are never used) nor networks. Pillow decodes, but is shown
only the parts of a file that make pixels (`core.data.picture_files`), and those only where the header promises pixels
that are affordable.
"""

import math
import threading
from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import ExifTags, Image, ImageOps

from core.data import picture_files
from core.data.picture_files import Stripped
from core.errors import ImageError

MAX_PIXELS = 40_000_000
_KEPT_PIXELS = 1_000_000  # a larger picture is reduced while it is read: networks are shown 32 x 32 pixels of it
_MAX_SIDE = 65_535  # what JPEG can hold; in Pillow a row costs memory even where it is one pixel wide
_MAX_MEMORY = 200_000_000  # bytes while decoding
_MAX_SCANNED = 1_000_000_000  # pixels of a JPEG x scans: each scan visits all pixels, and an empty one costs 100 bytes
_BAND = 2**20  # pixels that are converted at once
_PADDED_SIDE = 2048  # of a padded square: 20000 x 1 pixels would else become 20000 x 20000
_WHITE, _GRAY = (255, 255, 255), (128, 128, 128)
_BYTES_PER_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2}  # of Pillow's modes; all others take 4
_WEBP_BYTES_PER_PIXEL = 16  # two canvases of libwebp, its answer, and Pillow's image

# One picture is decoded at a time, so that a class that uploads together needs the memory of one.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Picture:
    """`image`: RGB, upright, no metadata, about a megapixel at most. `note`: "" or one sentence to show with it."""

    image: Image.Image
    note: str


def open_picture(data: bytes) -> Picture:
    """The picture in a file's bytes, transparency on white. Raises ImageError, whatever the bytes are.

    Formats: JPEG (of several pictures in one file: the first), PNG, WebP; of an animation the first frame.
    A large picture is reduced by a whole factor. Safe in threads. Takes at most about _MAX_MEMORY beyond `data`.
    """
    kind = picture_files.kind_of(data)
    try:
        file = picture_files.stripped(kind, data)
        with _one_at_a_time, Image.open(BytesIO(file.data), formats=[kind]) as image:
            _refuse_unaffordable(image, file)
            _mend_transparent_color(image, file.data)
            animated = file.animated or (kind == "WEBP" and getattr(image, "is_animated", False))
            exif = file.exif or (image.info.get("exif", b"") if kind == "WEBP" else b"")
            upright = _upright(_reduced_rgb(image), exif)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise ImageError(_too_large("This picture", MAX_PIXELS)) from None
    except Exception:
        # As broad as can be, here alone: on damaged files Pillow and picture_files raise OSError, SyntaxError,
        # ValueError, IndexError, struct.error, zlib.error, AssertionError and more, and no list of them lasts.
        what = f"This {picture_files.name_of(kind)} file is damaged or incomplete"
        raise ImageError(f"{what}; save or download it again, or choose another.") from None
    return Picture(upright, "This file is animated; only its first frame is used." if animated else "")


def square(image: Image.Image, how: str, zoom: float = 1.0, across: float = 0.5, down: float = 0.5) -> Image.Image:
    """`image` (RGB) as a square: "crop" its center, or "pad" it on mid gray (at most 2048 x 2048). Else ValueError.

    Of a crop: `zoom`, from 1, makes it as many times smaller; `across` and `down`, 0 to 1, say where it lies."""
    if how == "crop":
        side = max(1, int(min(image.size) / zoom))
        left, top = int(across * (image.width - side)), int(down * (image.height - side))
        return image.crop((left, top, left + side, top + side))
    if how == "pad":
        side = min(max(image.size), _PADDED_SIDE)
        shrink = side / max(image.size)
        width, height = (max(1, round(length * shrink)) for length in image.size)
        padded = Image.new("RGB", (side, side), _GRAY)
        whole = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3)
        padded.paste(whole, ((side - width) // 2, (side - height) // 2))
        return padded
    raise ValueError(f"how is {how!r}; 'crop' and 'pad' are known")


def to_pixels(image: Image.Image, size: int = 32) -> np.ndarray:
    """What the network sees of a square RGB `image`: uint8 (size, size, 3), 0 to 255, antialiased. Else ValueError."""
    if image.width != image.height or image.mode != "RGB":
        raise ValueError(f"a square RGB picture is needed, not {image.width} x {image.height} {image.mode}")
    return np.array(image.resize((size, size), Image.Resampling.LANCZOS))


def png_address(pixels: np.ndarray) -> str:
    """A picture (h, w, 3) uint8 as a data: address."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"


def enlarge(pixels: np.ndarray, side: int) -> Image.Image:
    """`pixels` (h, w, 3) uint8 as a `side` x `side` RGB picture, without smoothing."""
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST)


def _too_large(what: str, pixels: float) -> str:
    return f"{what} is too large: the limit is {int(pixels / 1e6)} megapixels; make it smaller and try again."


def _refuse_unaffordable(image: Image.Image, file: Stripped) -> None:
    """Raises ImageError if decoding `image`, whose header alone was read, would take too long or too much memory.

    Our limit lies below the one where Pillow starts to warn, so that nothing depends on warnings: their filters
    belong to the whole process, and catch_warnings in one visitor's thread changes them under the others.
    """
    pixels = image.width * image.height
    what = f"This {picture_files.name_of(str(image.format))} picture of {image.width} x {image.height} pixels"
    if max(image.size) > _MAX_SIDE:
        raise ImageError(f"{what} is too long: the limit is {_MAX_SIDE} a side; make it smaller and try again.")
    if pixels > MAX_PIXELS:
        raise ImageError(_too_large(what, MAX_PIXELS))
    cost = _cost_per_pixel(image, file)
    if pixels * cost > _MAX_MEMORY:
        raise ImageError(_too_large(f"{what}, stored in this way,", _MAX_MEMORY / cost))
    if file.scans * max(pixels, MAX_PIXELS // 4) > _MAX_SCANNED:
        raise picture_files.unusual("JPEG", "is stored in unusually many passes")


def _cost_per_pixel(image: Image.Image, file: Stripped) -> float:
    """Bytes that decoding takes; more for kinds of PNG that take long (16 bit, interlaced)."""
    if image.format == "WEBP":
        return _WEBP_BYTES_PER_PIXEL
    if image.format == "JPEG":
        return _jpeg_cost_per_pixel(image, file.scans)
    cost = _BYTES_PER_PIXEL.get(image.mode, 4)
    if image.format == "PNG":
        depth, interlaced = file.data[24], file.data[28]
        cost *= (2 if depth == 16 else 1) * (2 if interlaced else 1)
    return cost


def _jpeg_cost_per_pixel(image: Image.Image, scans: int) -> float:
    """A JPEG of one scan is reduced line by line; of a progressive one all coefficients (2 bytes each) are kept."""
    if scans == 1 and "progressive" not in image.info:
        return 1
    samples = [(across, down) for _, across, down, _ in image.layer]  # type: ignore[attr-defined]  # of JpegImageFile
    widest, tallest = (max(factors) for factors in zip(*samples, strict=True))
    return 2 * sum(across * down for across, down in samples) / (widest * tallest)


def _mend_transparent_color(image: Image.Image, data: bytes) -> None:
    """Pillow spreads a PNG's 2 and 4 bit grays to 0..255, cuts 16 bit colors to 8, and forgets the transparent one."""
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
        return _gray16_on_white(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    colors = image if image.mode == "RGBA" else image.convert("RGBA")
    white = Image.new("RGB", image.size, _WHITE)
    white.paste(colors, mask=colors)
    return white


def _gray16_on_white(image: Image.Image) -> Image.Image:
    """16 bit gray as RGB: 0..65535 becomes 0..255 (Pillow's convert would make all from 255 white)."""
    shades = ((np.arange(2**16) + 128) // 257).astype(np.uint8)
    if "transparency" in image.info:
        shades[image.info["transparency"]] = 255
    return Image.fromarray(shades[np.asarray(image)]).convert("RGB")


def _upright(image: Image.Image, exif: bytes) -> Image.Image:
    """`image` turned as its EXIF says; nonsense there is no reason to refuse a picture."""
    try:
        tags = Image.Exif()
        tags.load(exif)
        # The orientation alone: Pillow would stumble over the other tags, or leave them in the picture.
        image.getexif()[ExifTags.Base.Orientation] = tags.get(ExifTags.Base.Orientation)
        return ImageOps.exif_transpose(image)
    except Exception:  # raises as many kinds of errors as broken EXIF has shapes
        return image
