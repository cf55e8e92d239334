"""A link as a QR code that a phone's camera reads from the back row."""

from functools import lru_cache
from io import BytesIO

QUIET = 4  # modules of white round it, without which many phones find nothing


@lru_cache(maxsize=32)
def png(link: str, scale: int = 12) -> bytes:
    """Black on white, whatever the page's colors are. `scale`: pixels a module."""
    import segno

    picture = BytesIO()
    segno.make(link, error="m", micro=False).save(
        picture, kind="png", scale=scale, border=QUIET, dark="#000", light="#fff"
    )
    return picture.getvalue()
