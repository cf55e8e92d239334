"""A link as a QR code that a phone's camera reads from the back row."""

from functools import lru_cache

QUIET = 4  # modules of white round it, without which many phones find nothing


@lru_cache(maxsize=32)
def address(link: str) -> str:
    """A PNG, black on white whatever the page's colors are, a pixel a module, as a data: address."""
    import segno

    return segno.make(link, error="m", micro=False).png_data_uri(border=QUIET, dark="#000", light="#fff")
