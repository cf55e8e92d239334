"""Files are made here, hostile ones by hand: no picture is shipped for these tests."""

import contextlib
import functools
import json
import os
import random
import re
import struct
import subprocess
import sys
import tracemalloc
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, WebPImagePlugin

from core.data.picture_files import MAX_BYTES
from core.data.pictures import MAX_PIXELS, enlarge, open_picture, square, to_pixels
from core.errors import ImageError
from core.paths import ROOT

FORMATS = ["PNG", "JPEG", "WEBP"]
WHITE = (255, 255, 255)


def quadrants(width: int = 48, height: int = 32) -> Image.Image:
    """Four plain quarters in different colors: no two of its eight orientations are alike."""
    colors = np.array([[(250, 10, 20), (20, 200, 40)], [(30, 40, 220), (240, 230, 60)]], np.uint8)
    return Image.fromarray(colors.repeat(height // 2, axis=0).repeat(width // 2, axis=1))


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def saved(image: Image.Image, kind: str, **options) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def row(*pixels, mode: str = "RGB") -> Image.Image:
    image = Image.new(mode, (len(pixels), 1))
    image.putdata(pixels)
    return image


def chunk(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    width, height, depth, color, lines: bytes = b"", *extra: bytes, interlaced: int = 0, after: bytes = b""
) -> bytes:
    """A PNG around `lines`, which hold a filter byte before each row; `extra` chunks go before IDAT, `after` behind."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced))
    return (
        b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + chunk(b"IDAT", zlib.compress(lines)) + after + chunk(b"IEND")
    )


@functools.cache
def black_png(width: int, height: int, depth: int, channels: int) -> bytes:
    """All black, written bit by bit so that a large one costs no memory here."""
    packer = zlib.compressobj(1)
    total = height * (1 + (width * depth * channels + 7) // 8)
    pixels = (
        b"".join(packer.compress(bytes(min(2**20, total - done))) for done in range(0, total, 2**20)) + packer.flush()
    )
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", pixels) + chunk(b"IEND")


def jpeg_segment(code: int, body: bytes) -> bytes:
    return bytes((0xFF, code)) + struct.pack(">H", len(body) + 2) + body


def jpeg_of_size(width: int, height: int) -> bytes:
    """A JPEG whose header claims `width` x `height`."""
    data = saved(quadrants(), "JPEG")
    size = data.index(b"\xff\xc0") + 5
    return data[:size] + struct.pack(">HH", height, width) + data[size + 4 :]


def rgb_jpeg() -> bytes:
    """A JPEG that stores RGB, not YCbCr, which its Adobe segment alone tells: the components are called 1, 2, 3."""
    data = bytearray(saved(quadrants(), "JPEG", quality=95, keep_rgb=True))
    frame, scan = data.index(b"\xff\xc0") + 10, data.index(b"\xff\xda") + 5
    data[frame : frame + 9 : 3] = data[scan : scan + 6 : 2] = b"\1\2\3"
    return bytes(data)


def webp_canvas(width: int, height: int) -> bytes:
    """An animated WebP whose header claims a canvas of `width` x `height`."""
    data = saved(quadrants(), "WEBP", save_all=True, append_images=[noise(48, 32)])
    return data[:24] + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3] + data[30:]


def inserted(data: bytes, position: int, part: bytes) -> bytes:
    return data[:position] + part + data[position:]


def exif(orientation: int, kind: int = 3) -> bytes:
    """EXIF with one tag, the orientation; `kind` 3 is SHORT, as it should be."""
    entry = struct.pack(">HHIHH", 0x0112, kind, 1, orientation, 0)
    return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)


def pixels_of(data: bytes) -> np.ndarray:
    picture = open_picture(data)
    assert picture.image.mode == "RGB"
    return np.asarray(picture.image).astype(int)


def refusal(data: bytes) -> str:
    """The sentence that refuses `data`: one, for people, with what to do behind a semicolon."""
    with pytest.raises(ImageError) as caught:
        open_picture(data)
    sentence = str(caught.value)
    assert re.fullmatch(r"This [^;]+; [^;]+\.", sentence), sentence
    assert not re.search(r"\. |\n|Error|PIL|0x", sentence), sentence
    return sentence


SMALL_PNG = saved(quadrants(), "PNG")
SMALL_JPEG = saved(quadrants(), "JPEG", quality=95, subsampling=0)


# ---------------------------------------------------------------- not a picture, or not a whole one

NOT_PICTURES = {
    "one byte": b"\x89",
    "text": b"BEGIN: a shopping list, renamed to .png",
    "html": b"<!doctype html><img src=x.png>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
    "zip": b"PK\3\4" + bytes(60),
    "random bytes": random.Random(0).randbytes(5000),
    "npy": b"\x93NUMPY\1\0v\0" + b"{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }".ljust(118) + bytes(4),
    "pickle": b"\x80\x04\x95\x05\0\0\0\0\0\0\0]\x94K\x01a.",
    "gif": saved(quadrants(), "GIF"),
    "animated gif": saved(quadrants(), "GIF", save_all=True, append_images=[noise(48, 32)]),
    "bmp": saved(quadrants(), "BMP"),
    "eps": saved(quadrants(), "EPS"),
    "tiff": saved(quadrants(), "TIFF"),
    "tga": saved(quadrants(), "TGA"),
    "jpeg 2000": saved(quadrants(), "JPEG2000"),
    "avif": saved(quadrants(), "AVIF"),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40),
}


@pytest.mark.parametrize("kind", NOT_PICTURES)
def test_other_files_are_refused(kind):
    other = "This file is not a JPEG, PNG or WebP picture; .* save it as PNG or JPEG"
    apple = "This is a HEIC or AVIF photo"
    assert re.match(apple if kind in ("heic", "avif") else other, refusal(NOT_PICTURES[kind]))


def test_an_empty_file_is_refused():
    assert "empty" in refusal(b"")


def test_a_file_may_have_max_bytes_and_no_more():
    assert pixels_of(SMALL_PNG.ljust(MAX_BYTES, b"\0")).shape == (32, 48, 3)
    assert "the limit is 10 MB" in refusal(SMALL_PNG.ljust(MAX_BYTES + 1, b"\0"))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("kept", ["signature", 10, 15, 20, "half", "nearly all"])
def test_a_cut_file_is_refused(kind, kept):
    data = saved(noise(48, 32), kind)
    signature = {"PNG": 8, "JPEG": 3, "WEBP": 12}[kind]
    length = {"signature": signature, "half": len(data) // 2, "nearly all": len(data) - 20}.get(kept, kept)
    if length < signature:  # no longer to be told from any other file
        assert "not a" in refusal(data[:length])
    else:
        assert "is damaged or incomplete" in refusal(data[:length])


def test_every_flipped_bit_in_a_png_is_found():
    data = saved(noise(16, 8), "PNG")
    start = data.index(b"IDAT") + 4
    for position in range(start, len(data) - 16):
        flipped = bytearray(data)
        flipped[position] ^= 1 << position % 8
        assert "damaged" in refusal(bytes(flipped))


DAMAGED = {
    "zero width": png(0, 5, 8, 2, bytes(5)),
    "zero height": png(5, 0, 8, 2),
    "pixels that end in the middle of a row": png(4, 9, 8, 2, bytes(8 * 13 - 5)),
    "no palette color table, no pixels": png(4, 4, 8, 3),
    "unknown color type": png(4, 4, 8, 5, bytes(20)),
    "unknown bit depth": png(4, 4, 7, 0, bytes(20)),
    "no IDAT": SMALL_PNG[:33] + chunk(b"IEND"),
    "no IEND": SMALL_PNG[:-12],
    "a chunk longer than the file": inserted(SMALL_PNG, 33, b"\x7f\xff\xff\xfftEXt"),
    "JPEG of a header alone": SMALL_JPEG[: SMALL_JPEG.index(b"\xff\xda")] + b"\xff\xd9",
    "JPEG of zero height": jpeg_of_size(48, 0),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_files_are_refused(data):
    assert "is damaged or incomplete" in refusal(data)


# ---------------------------------------------------------------- bombs and floods

TOO_LARGE = {  # small files that would be large pictures; made when needed
    "60000 x 60000 in a header": lambda: png(60_000, 60_000, 8, 2),
    "20000 x 20000 at 1 bit": lambda: black_png(20_000, 20_000, 1, 1),
    "13000 x 13000 at 1 bit": lambda: black_png(13_000, 13_000, 1, 1),  # Pillow warns, and goes on
    "9400 x 9400 RGB": lambda: black_png(9_400, 9_400, 8, 3),  # Pillow does not even warn
    "a row more than allowed": lambda: png(8_000, MAX_PIXELS // 8_000 + 1, 8, 0),
    "a side of 65536": lambda: png(1, 65_536, 8, 0, bytes(2 * 65_536)),
    "16 bit RGBA, 26 megapixels": lambda: png(6_500, 4_000, 16, 6),
    "interlaced RGBA, 26 megapixels": lambda: png(6_500, 4_000, 8, 6, interlaced=1),
    "JPEG": lambda: jpeg_of_size(60_000, 60_000),
    "JPEG just above": lambda: jpeg_of_size(8_001, 5_000),
    "WebP": lambda: webp_canvas(16_000, 16_000),
    "WebP that Pillow would open": lambda: webp_canvas(13_000, 13_000),
    "WebP, whose decoder needs four times the memory": lambda: webp_canvas(4_000, 3_200),
}
ODD = {  # what Pillow would unpack, or walk through for seconds
    "a flood of chunks": lambda: inserted(SMALL_PNG, 33, chunk(b"abCd") * 800_000),
    "a flood of IDAT": lambda: inserted(SMALL_PNG, 33, chunk(b"IDAT") * 800_000),
    "a flood of comments in a JPEG": lambda: inserted(SMALL_JPEG, 2, jpeg_segment(0xFE, b"") * 2_400_000),
    "a flood of markers in a JPEG": lambda: inserted(SMALL_JPEG, 2, b"\xff\x01" * 4_900_000),
    "a flood of markers behind a JPEG's pixels": lambda: SMALL_JPEG[:-2] + b"\xff\x01" * 4_900_000 + SMALL_JPEG[-2:],
    "a flood of comments behind a JPEG's pixels": lambda: SMALL_JPEG[:-2] + jpeg_segment(0xFE, b"") * 2_400_000,
    "lossless JPEG": lambda: SMALL_JPEG.replace(b"\xff\xc0", b"\xff\xc3"),
    "arithmetic JPEG": lambda: SMALL_JPEG.replace(b"\xff\xc0", b"\xff\xc9"),
}


@pytest.fixture
def decoded(monkeypatch) -> list:
    """Grows when Pillow is asked for the pixels of a file."""
    calls = []
    for plugin in (ImageFile.ImageFile, WebPImagePlugin.WebPImageFile):
        monkeypatch.setattr(plugin, "load", lambda self, load=plugin.load: calls.append(self.size) or load(self))
    return calls


@pytest.mark.parametrize("warn", ["error", "ignore"])  # what Pillow warns of must not matter
@pytest.mark.parametrize("make", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_a_bomb_is_refused_before_it_is_decoded(make, warn, decoded):
    data = make()
    warnings.simplefilter(warn)
    assert re.search("is too (large|long): the limit is .*; make it smaller", refusal(data))
    assert decoded == []


def test_a_bomb_of_60000_x_60000_fits_in_a_header():
    assert len(TOO_LARGE["60000 x 60000 in a header"]()) < 100


def test_the_spy_sees_a_picture_that_is_decoded(decoded):
    for kind in FORMATS:
        open_picture(saved(quadrants(), kind))
    assert set(decoded) == {(48, 32)}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD.keys())
def test_a_flood_is_refused_before_pillow_sees_it(make, monkeypatch):
    opened = []
    monkeypatch.setattr(Image, "open", lambda *_, **__: opened.append(True))
    assert "open it in a picture program" in refusal(make())
    assert opened == []


def test_a_jpeg_of_very_many_scans_is_refused(decoded):
    data = saved(quadrants(), "JPEG", progressive=True)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    assert pixels_of(data[:-2] + 20 * last_scan + b"\xff\xd9").shape == (32, 48, 3)
    decoded.clear()
    assert "many passes" in refusal(data[:-2] + 200 * last_scan + b"\xff\xd9")
    assert decoded == []


def test_padding_and_junk_in_a_jpeg_header_do_no_harm():
    junk = inserted(
        SMALL_JPEG, 2, b"\xff" * 5_000_000 + b"\xff\xd0" * 2_000_000 + jpeg_segment(0xFE, b"comment") + b"junk\0"
    )
    assert np.array_equal(pixels_of(junk), pixels_of(SMALL_JPEG))


LIMITS = {  # megabytes beyond the file, as measured plus about a quarter
    "refused bombs": 30,
    "40 megapixels, JPEG": 60,
    "40 megapixels, progressive JPEG": 160,
    "40 megapixels, gray PNG": 75,
    "40 megapixels, RGB PNG": 220,
    "12 megapixels, WebP": 240,
}


def report_memory() -> None:
    """Prints as JSON how many megabytes the peak rises for each of LIMITS; run in a process of its own, below."""

    def peak() -> float:
        return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024

    def rise(*files: bytes) -> float:
        Path("/proc/self/clear_refs").write_text("5")  # starts the peak anew
        before = peak()
        for data in files:
            with contextlib.suppress(ImageError):
                open_picture(data)
        return round(peak() - before)

    warnings.simplefilter("ignore")
    for kind in FORMATS:
        rise(saved(quadrants(), kind))  # loads the plug-in
    large = Image.new("RGB", (8_000, 5_000), "teal")
    jpegs = saved(large, "JPEG", quality=30), saved(large, "JPEG", quality=30, progressive=True)
    webp = saved(large.crop((0, 0, 4_000, 3_000)), "WEBP", lossless=True, method=0, quality=0)
    large.close()
    files = [*jpegs, black_png(8_000, 5_000, 8, 1), black_png(8_000, 5_000, 8, 3), webp]
    rises = [rise(*(make() for make in TOO_LARGE.values())), *(rise(data) for data in files)]
    print(json.dumps(dict(zip(LIMITS, rises, strict=True))))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to tell the peak of memory")
def test_memory_stays_small():
    command = [sys.executable, "-c", "import test_pictures; test_pictures.report_memory()"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(Path(__file__).parent)))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rises = json.loads(done.stdout)
    assert {name: rise for name, rise in rises.items() if rise > LIMITS[name]} == {}
    assert rises["40 megapixels, RGB PNG"] > 100  # else the measure measures nothing


# ---------------------------------------------------------------- right pixels

RED_ON_WHITE = (255, 127, 127)  # red, half transparent
RIGHT = {  # name: file, expected pixels, tolerance
    "RGB PNG": (SMALL_PNG, quadrants(), 0),
    "palette PNG": (saved(quadrants().quantize(4), "PNG"), quadrants(), 0),
    "lossless WebP": (saved(quadrants(), "WEBP", lossless=True), quadrants(), 0),
    "lossy WebP": (saved(Image.new("RGB", (9, 7), "teal"), "WEBP"), Image.new("RGB", (9, 7), "teal"), 3),
    "JPEG": (saved(quadrants(), "JPEG", quality=95, subsampling=0), quadrants(), 6),
    "progressive JPEG": (saved(quadrants(), "JPEG", quality=95, subsampling=0, progressive=True), quadrants(), 6),
    "gray JPEG": (saved(Image.new("L", (9, 7), 99), "JPEG"), Image.new("RGB", (9, 7), (99, 99, 99)), 2),
    "CMYK JPEG": (saved(quadrants().convert("CMYK"), "JPEG", quality=95, subsampling=0), quadrants(), 6),
    "RGB JPEG": (rgb_jpeg(), quadrants(), 6),
    "gray PNG": (saved(row(0, 9, 255, mode="L"), "PNG"), row((0, 0, 0), (9, 9, 9), WHITE), 0),
    "1 bit PNG": (saved(row(0, 255, 0, mode="1"), "PNG"), row((0, 0, 0), WHITE, (0, 0, 0)), 0),
    "16 bit gray": (
        png(6, 1, 16, 0, b"\0" + struct.pack(">6H", 0, 257, 300, 32_896, 65_000, 65_535)),
        row(*((v, v, v) for v in (0, 1, 1, 128, 253, 255))),
        0,
    ),
    "16 bit RGB": (
        png(2, 1, 16, 2, b"\0" + struct.pack(">6H", 0, 257, 32_896, 65_000, 300, 65_535)),
        row((0, 1, 128), (253, 1, 255)),
        1,
    ),
    "16 bit gray and alpha": (
        png(2, 1, 16, 4, b"\0" + struct.pack(">4H", 0, 32_768, 25_700, 65_535)),
        row((127, 127, 127), (100, 100, 100)),
        1,
    ),
    "RGBA": (saved(row((255, 0, 0, 128), (0, 9, 0, 255), mode="RGBA"), "PNG"), row(RED_ON_WHITE, (0, 9, 0)), 1),
    "RGBA, all transparent": (
        saved(Image.new("RGBA", (5, 4), (1, 2, 3, 0)), "PNG"),
        Image.new("RGB", (5, 4), WHITE),
        0,
    ),
    "RGBA WebP": (
        saved(row((255, 0, 0, 128), (0, 9, 0, 255), (9, 9, 9, 0), mode="RGBA"), "WEBP", lossless=True, exact=True),
        row(RED_ON_WHITE, (0, 9, 0), WHITE),
        1,
    ),
    "LA": (saved(row((0, 0), (0, 128), (7, 255), mode="LA"), "PNG"), row(WHITE, (127, 127, 127), (7, 7, 7)), 1),
    "palette with alpha": (
        png(
            3, 1, 8, 3, b"\0\0\1\2", chunk(b"PLTE", bytes((255, 0, 0, 0, 9, 0, 9, 9, 9))), chunk(b"tRNS", b"\x80\xff\0")
        ),
        row(RED_ON_WHITE, (0, 9, 0), WHITE),
        1,
    ),
    "palette with one transparent color": (
        png(3, 1, 8, 3, b"\0\0\1\2", chunk(b"PLTE", bytes((255, 0, 0, 0, 9, 0, 9, 9, 9))), chunk(b"tRNS", b"\xff\0")),
        row((255, 0, 0), WHITE, (9, 9, 9)),
        0,
    ),
    "transparent RGB color": (
        png(2, 1, 8, 2, b"\0\1\2\3\1\2\4", chunk(b"tRNS", bytes((0, 1, 0, 2, 0, 3)))),
        row(WHITE, (1, 2, 4)),
        0,
    ),
    "transparent 16 bit RGB color": (
        png(2, 1, 16, 2, b"\0" + bytes(range(12)), chunk(b"tRNS", bytes(range(6)))),
        row(WHITE, (6, 8, 10)),
        0,
    ),
    "transparent 16 bit gray": (png(2, 1, 16, 0, b"\0\1\2\1\3", chunk(b"tRNS", b"\1\2")), row(WHITE, (1, 1, 1)), 0),
    "transparent 1 bit": (png(2, 1, 1, 0, b"\0\x40", chunk(b"tRNS", b"\0\0")), row(WHITE, WHITE), 0),
    "transparent 2 bit gray": (
        png(4, 1, 2, 0, b"\0\x1b", chunk(b"tRNS", b"\0\1")),
        row((0, 0, 0), WHITE, (170, 170, 170), WHITE),
        0,
    ),
    "interlaced PNG": (png(1, 1, 8, 2, b"\0\1\2\3", interlaced=1), row((1, 2, 3)), 0),
    "1 x 1": (saved(row((1, 2, 3)), "PNG"), row((1, 2, 3)), 0),
    "20000 x 1": (saved(noise(20_000, 1), "PNG"), noise(20_000, 1), 0),
    "1 x 20000": (saved(noise(1, 20_000), "PNG"), noise(1, 20_000), 0),
    "all black": (saved(Image.new("RGB", (64, 64)), "JPEG"), Image.new("RGB", (64, 64)), 0),
}


@pytest.mark.parametrize(("data", "expected", "tolerance"), RIGHT.values(), ids=RIGHT.keys())
def test_pixels_are_right(data, expected, tolerance):
    pixels, expected = pixels_of(data), np.asarray(expected).astype(int)
    assert pixels.shape == expected.shape
    assert abs(pixels - expected).max() <= tolerance
    assert open_picture(data).note == ""


ORIENTED = {  # how a camera stores an upright array, by where the EXIF standard says row 0 and column 0 are
    1: lambda upright: upright,  # top, left
    2: lambda upright: upright[:, ::-1],  # top, right
    3: lambda upright: upright[::-1, ::-1],  # bottom, right
    4: lambda upright: upright[::-1],  # bottom, left
    5: lambda upright: upright.swapaxes(0, 1),  # left, top
    6: lambda upright: upright.swapaxes(0, 1)[::-1],  # right, top
    7: lambda upright: upright.swapaxes(0, 1)[::-1, ::-1],  # right, bottom
    8: lambda upright: upright.swapaxes(0, 1)[:, ::-1],  # left, bottom
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", ORIENTED)
def test_exif_orientation_is_applied(orientation, kind):
    stored = Image.fromarray(np.ascontiguousarray(ORIENTED[orientation](np.asarray(quadrants()))))
    options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {"lossless": True}
    pixels = pixels_of(saved(stored, kind, exif=exif(orientation), **options))
    assert abs(pixels - np.asarray(quadrants())).max() <= 6


BAD_EXIF = {
    "orientation 0": exif(0),
    "orientation 9": exif(9),
    "orientation 65535": exif(65_535),
    "orientation as text": exif(6, kind=2),
    "orientation of an unknown type": exif(6, kind=77),
    "empty": b"Exif\0\0",
    "rubbish": b"Exif\0\0" + random.Random(0).randbytes(300),
    "cut": exif(6)[:20],
    "directory beyond the end": b"Exif\0\0MM\0*\x7f\xff\xff\xff",
    "65535 entries": b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(50),
}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("block", BAD_EXIF.values(), ids=BAD_EXIF.keys())
def test_nonsense_in_exif_is_tolerated(block, kind):
    if kind == "JPEG":
        data = inserted(SMALL_JPEG, 2, jpeg_segment(0xE1, block))
    elif kind == "PNG":
        data = inserted(SMALL_PNG, 33, chunk(b"eXIf", block[6:]))
    else:
        data = saved(quadrants(), "WEBP", exif=block)
    assert pixels_of(data).shape == (32, 48, 3)


BAD_PROFILES = {
    "JPEG": inserted(SMALL_JPEG, 2, jpeg_segment(0xE2, b"ICC_PROFILE\0\7\1rubbish")),
    "JPEG, cut": inserted(SMALL_JPEG, 2, jpeg_segment(0xE2, b"ICC_PROFILE\0")),
    "JPEG, Photoshop": inserted(
        SMALL_JPEG, 2, jpeg_segment(0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0\xff\xff\xff\xff")
    ),
    "PNG": inserted(SMALL_PNG, 33, chunk(b"iCCP", b"name\0\0" + zlib.compress(b"rubbish"))),
    "PNG, not compressed": inserted(SMALL_PNG, 33, chunk(b"iCCP", b"name\0\0rubbish")),
    "PNG, unknown method": inserted(SMALL_PNG, 33, chunk(b"iCCP", b"name\0\7rubbish")),
    "PNG, empty": inserted(SMALL_PNG, 33, chunk(b"iCCP")),
    "PNG, wrong checksum": inserted(SMALL_PNG, 33, chunk(b"iCCP", b"name\0\0rubbish")[:-1] + b"?"),
    "PNG, short pHYs, gAMA and cHRM": inserted(SMALL_PNG, 33, chunk(b"pHYs") + chunk(b"gAMA") + chunk(b"cHRM")),
    "PNG, broken text": inserted(SMALL_PNG, 33, chunk(b"zTXt", b"key\0\0rubbish") + chunk(b"iTXt", b"key\0\1")),
    "WebP": saved(quadrants(), "WEBP", lossless=True, icc_profile=b"rubbish"),
}


@pytest.mark.parametrize("data", BAD_PROFILES.values(), ids=BAD_PROFILES.keys())
def test_broken_profiles_and_the_like_are_tolerated(data):
    assert abs(pixels_of(data) - np.asarray(quadrants())).max() <= 6


HISTORY = b"XML:com.adobe.xmp\0\0\0\0\0" + b"<rdf:li>uuid:faf5bdd5</rdf:li>" * 300_000  # 9 MB
LONG_TEXTS = {
    "a history by Photoshop": lambda: inserted(SMALL_PNG, 33, chunk(b"iTXt", HISTORY)),
    "behind the pixels": lambda: inserted(SMALL_PNG, len(SMALL_PNG) - 12, chunk(b"tEXt", HISTORY)),
    "unpacks to 50 MB": lambda: inserted(SMALL_PNG, 33, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000)))),
}


@pytest.mark.parametrize("make", LONG_TEXTS.values(), ids=LONG_TEXTS.keys())
def test_texts_of_any_length_are_left_aside_unread(make):
    data = make()
    tracemalloc.start()
    pixels = pixels_of(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.array_equal(pixels, pixels_of(SMALL_PNG))
    assert peak < 2 * len(data) + 1_000_000


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_the_first_frame_of_an_animation_is_used_and_said_so(kind):
    others = [quadrants().rotate(180), quadrants().rotate(90)]
    lossless = {"lossless": True} if kind == "WEBP" else {}
    picture = open_picture(saved(quadrants(), kind, save_all=True, append_images=others, **lossless))
    assert np.array_equal(picture.image, quadrants())
    assert picture.note == "This file is animated; only its first frame is used."


def test_of_several_pictures_in_one_jpeg_the_first_is_used():
    options = {"quality": 95, "subsampling": 0, "append_images": [quadrants().rotate(180)]}
    data = saved(quadrants(), "MPO", save_all=True, **options)
    assert Image.open(BytesIO(data)).format == "MPO"
    assert np.array_equal(pixels_of(data), pixels_of(SMALL_JPEG))


BEHIND = {  # what cameras, phones and editors put behind a JPEG's end
    "a video full of what looks like scans": b"\0\0\0\x18ftypmp42" + b"\xff\xda\0\x0c\3" * 500_000,
    "a video": b"\0\0\0\x18ftypmp42" + random.Random(0).randbytes(3_000_000),
    "another picture": saved(quadrants().rotate(180), "JPEG", progressive=True) * 60,
    "a lossless picture": saved(quadrants(), "JPEG").replace(b"\xff\xc0", b"\xff\xc3"),
    "padding": bytes(1_000_000),
}


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("behind", BEHIND.values(), ids=BEHIND.keys())
def test_a_photo_with_something_behind_it_is_the_photo(behind, progressive):
    photo = saved(quadrants(), "JPEG", quality=95, subsampling=0, progressive=progressive, exif=exif(3))
    assert np.array_equal(pixels_of(photo + behind), pixels_of(photo))


@pytest.mark.parametrize(
    "photo",
    [
        saved(quadrants(), "JPEG", quality=95, subsampling=0, restart_marker_blocks=1),
        SMALL_JPEG[:-2] + jpeg_segment(0xFE, b"a comment with \xff\xd9 in it") + SMALL_JPEG[-2:],
        SMALL_JPEG + b"\xff",
    ],
    ids=["restart markers", "an end that is none", "half a marker behind it"],
)
def test_a_jpeg_ends_where_it_ends(photo):
    assert abs(pixels_of(photo) - np.asarray(quadrants())).max() <= 6


SECRET = b"SECRET51.4778N"
WITH_METADATA = {
    "JPEG": saved(
        quadrants(), "JPEG", comment=SECRET, exif=exif(6) + SECRET, icc_profile=SECRET, xmp=SECRET, dpi=(300, 300)
    ),
    "PNG": inserted(SMALL_PNG, 33, chunk(b"tEXt", b"Comment\0" + SECRET) + chunk(b"eXIf", exif(6)[6:] + SECRET)),
    "WebP": saved(quadrants(), "WEBP", exif=exif(6) + SECRET, icc_profile=SECRET, xmp=SECRET),
}


@pytest.mark.parametrize("data", WITH_METADATA.values(), ids=WITH_METADATA.keys())
def test_metadata_is_never_served_back(data):
    assert SECRET in data
    image = open_picture(data).image
    assert image.info == {}
    assert not image.getexif()
    assert not any(SECRET in saved(image, kind) for kind in FORMATS)


# ---------------------------------------------------------------- large pictures, threads, mutations


@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA"])
def test_a_large_picture_is_reduced_without_seams(mode):
    values = np.random.default_rng(0).integers(0, 256, (100, 100), dtype=np.uint8)
    image = Image.fromarray(np.tile(values, (10, 13))[:999, :1_299])
    if mode == "P":
        image.putpalette(np.random.default_rng(1).integers(0, 256, 768, dtype=np.uint8).tobytes())
    else:
        image = Image.merge("RGB", [image, image.rotate(180), image]).convert(mode)
    pixels = pixels_of(saved(image, "PNG", compress_level=1))
    assert np.array_equal(pixels, np.asarray(image.convert("RGB").reduce(2)))


@pytest.mark.parametrize("progressive", [False, True])
def test_a_large_jpeg_is_reduced(progressive):
    image = quadrants(1_500, 1_000)
    pixels = pixels_of(saved(image, "JPEG", quality=90, subsampling=0, progressive=progressive, exif=exif(3)))
    assert pixels.shape == (500, 750, 3)
    assert abs(pixels[::-1, ::-1] - np.asarray(image.reduce(2))).max() < 10


def test_threads_get_their_own_pictures_and_nothing_global_is_touched():
    files = [saved(Image.new("RGB", (40, 30), (i, 0, 0)), "PNG") for i in range(60)]
    bomb, filters, limit = png(13_000, 13_000, 1, 0), list(warnings.filters), Image.MAX_IMAGE_PIXELS

    def reds(i: int) -> int:
        with pytest.raises(ImageError, match="too large"):
            open_picture(bomb)
        return int(pixels_of(files[i])[0, 0, 0])

    with warnings.catch_warnings(), ThreadPoolExecutor(8) as pool:
        warnings.simplefilter("ignore")
        during = list(warnings.filters)
        assert list(pool.map(reds, range(60))) == list(range(60))
        assert warnings.filters == during
    assert (warnings.filters, Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES) == (filters, limit, False)


FUZZED = {
    "PNG": saved(quadrants(16, 12), "PNG", exif=exif(6)),
    "palette PNG": saved(quadrants(16, 12).quantize(4), "PNG", transparency=b"\0\x80\xff\xff"),
    "APNG": saved(quadrants(16, 12), "PNG", save_all=True, append_images=[noise(16, 12)]),
    "JPEG": saved(quadrants(16, 12), "JPEG", exif=exif(6)),
    "progressive JPEG": saved(noise(16, 12), "JPEG", progressive=True),
    "MPO": saved(quadrants(16, 12), "MPO", save_all=True, append_images=[noise(16, 12)]),
    "lossy WebP": saved(quadrants(16, 12), "WEBP", exif=exif(6)),
    "lossless WebP": saved(noise(16, 12).convert("RGBA"), "WEBP", lossless=True),
    "animated WebP": saved(quadrants(16, 12), "WEBP", save_all=True, append_images=[noise(16, 12)]),
}
MUTATIONS = 240  # of each: 2,160 in all


def mutated(data: bytes, dice: random.Random) -> bytes:
    """One to four changes: a byte or four of them replaced, a part cut out, doubled or moved, the end cut off."""
    for _ in range(dice.randint(1, 4)):
        # Headers decide most, so half of the changes are made there.
        start = dice.randrange(min(len(data), dice.choice((60, len(data)))))
        end = min(len(data), start + dice.choice((1, 2, 4, 30)))
        part = dice.choice(
            (bytes([dice.randrange(256)]), dice.randbytes(4), b"\xff" * 4, bytes(4), b"", data[start:end] * 2)
        )
        data = (data[:start] + part + data[end:]) if dice.random() < 0.95 else data[: start + 1]
        if not data:
            break
    return data


def with_right_checksums(data: bytes) -> bytes:
    """A PNG's chunks as far as they can be followed, with right sums: else no mutation would get as far as Pillow."""
    parts, position = [data[:8]], 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        parts.append(chunk(data[position + 4 : position + 8], data[position + 8 : position + 8 + length]))
        position += 12 + length
    return b"".join(parts)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FUZZED)
def test_a_mutated_file_gives_a_picture_or_our_own_error(name):
    dice = random.Random(name)
    taken = refused = 0
    for i in range(MUTATIONS):
        data = mutated(FUZZED[name], dice)
        if "PNG" in name and i % 2:
            data = with_right_checksums(data)
        try:
            picture = open_picture(data)
        except ImageError:
            refused += 1
        else:
            taken += 1
            assert picture.image.mode == "RGB"
            assert min(picture.image.size) > 0
    assert min(taken, refused) > 0


# ---------------------------------------------------------------- what is done with a picture


@pytest.mark.parametrize(("width", "height"), [(48, 32), (32, 48), (40, 40), (20_000, 1), (1, 1)])
def test_crop_takes_the_center_square(width, height):
    image = noise(width, height)
    side, left, top = min(width, height), (width - min(width, height)) // 2, (height - min(width, height)) // 2
    cropped = square(image, "crop")
    assert np.array_equal(cropped, np.asarray(image)[top : top + side, left : left + side])


def test_a_crop_lies_where_it_is_wanted_and_is_as_much_smaller():
    image = noise(60, 40)
    pixels = np.asarray(image)
    assert np.array_equal(square(image, "crop", zoom=2, across=0, down=0), pixels[:20, :20])
    assert np.array_equal(square(image, "crop", zoom=2, across=1, down=1), pixels[-20:, -20:])
    assert np.array_equal(square(image, "crop", across=1), pixels[:, -40:])
    assert square(row((1, 2, 3)), "crop", zoom=4).size == (1, 1)


@pytest.mark.parametrize(("width", "height"), [(48, 32), (32, 48), (40, 40), (1, 1)])
def test_pad_keeps_the_whole_picture_on_mid_gray(width, height):
    image = noise(width, height)
    side = max(width, height)
    left, top = (side - width) // 2, (side - height) // 2
    expected = np.full((side, side, 3), 128, np.uint8)
    expected[top : top + height, left : left + width] = np.asarray(image)
    assert np.array_equal(square(image, "pad"), expected)


def test_a_padded_long_picture_stays_small():
    assert square(noise(20_000, 1), "pad").size == (2048, 2048)


def test_an_unknown_way_to_a_square_is_refused():
    with pytest.raises(ValueError, match="'crop' and 'pad'"):
        square(quadrants(), "stretch")


def test_pixels_of_the_right_size_are_left_alone():
    assert np.array_equal(to_pixels(noise(32, 32)), np.asarray(noise(32, 32)))


def test_pixels_are_antialiased():
    stripes = Image.fromarray(np.tile(np.array([[0], [255]], np.uint8), (64, 128))).convert("RGB")
    pixels = to_pixels(stripes)
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8
    assert abs(pixels.astype(int) - 127.5).max() < 20


def test_pixels_of_one_pixel_and_of_another_size():
    assert np.array_equal(to_pixels(row((1, 2, 3)), 64), np.full((64, 64, 3), (1, 2, 3), np.uint8))


@pytest.mark.parametrize("image", [quadrants(), Image.new("L", (8, 8))], ids=["not square", "not RGB"])
def test_pixels_need_a_square_rgb_picture(image):
    with pytest.raises(ValueError, match="square RGB"):
        to_pixels(image)


def test_enlarging_does_not_smooth():
    pixels = np.asarray(noise(4, 4))
    assert np.array_equal(enlarge(pixels, 12), pixels.repeat(3, axis=0).repeat(3, axis=1))
