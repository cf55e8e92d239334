"""Pictures that come with the lab, so that nobody needs one of their own (credits: data/gallery/README.md)."""

from core.paths import ROOT

GALLERY_DIR = ROOT / "data" / "gallery"
# The picture's name: what it shows, and its class where it is one of the ten.
PICTURES: dict[str, tuple[str, str | None]] = {
    "cat": ("a cat", "cat"),
    "horse": ("a horse's outline", "horse"),
    "rocket": ("a rocket", None),
    "coffee": ("a cup of coffee", None),
    "astronaut": ("an astronaut", None),
}


def read(name: str) -> bytes:
    """The file of one of PICTURES."""
    return (GALLERY_DIR / f"{name}.jpg").read_bytes()
