"""A network's first filters, drawn as small pictures. Needs no chart library."""

import math

import numpy as np

MOST = 64  # filters on a sheet
_MOST_PIXELS = 500_000  # of a sheet


def filter_sheet(filters: np.ndarray, columns: int = 8, zoom: int = 6) -> np.ndarray:
    """The first MOST of filters (n, 3, h, w) as small color pictures in rows: uint8 (height, width, 3), enlarged
    without smoothing, `zoom` times at most and to half a megapixel.

    Each is stretched to its own darkest and brightest value, so that its pattern shows, not its strength.
    """
    filters = filters[:MOST].astype(np.float32)
    low = filters.min(axis=(1, 2, 3), keepdims=True)
    high = filters.max(axis=(1, 2, 3), keepdims=True)
    pictures = (255 * (filters - low) / np.maximum(high - low, 1e-12)).round().astype(np.uint8)
    count, _, height, width = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, 3), 128, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        sheet[top : top + height, left : left + width] = picture.transpose(1, 2, 0)
    zoom = max(1, min(zoom, math.isqrt(_MOST_PIXELS // (sheet.shape[0] * sheet.shape[1]))))
    return sheet.repeat(zoom, axis=0).repeat(zoom, axis=1)
