"""The pictures in the README, taken anew from the app in a real browser: docs/*.png.

python -m benchmarks.readme_pictures
"""

import argparse
import io
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Page

from benchmarks.running_app import heading, own_folder, page_path, run_app, settle, tab
from core.files import write_atomically
from core.paths import ROOT

HEIGHT = 900
DEEP = {"a": "plain56-s0", "b": "resnet56-s0"}
SHALLOW = {"a": "plain20-s0", "b": "resnet20-s0"}
# By the file's name: the page, and its link.
PICTURES: dict[str, tuple[str, dict[str, str]]] = {
    "start": ("start", {}),
    "surgery": ("surgery", SHALLOW | {"off": "5"}),
    "look-inside": ("look_inside", DEEP | {"image": "6388"}),
    "depth": ("depth", {}),
}


def take(page: Page, url: str, name: str, link: dict[str, str]) -> Image.Image:
    page.goto(f"{url}/{page_path(name)}?{urlencode(link)}")
    settle(page, heading(name))
    page.wait_for_timeout(2_000)  # charts and pictures are drawn after the script
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(256)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    with own_folder() as folder, run_app(folder) as app, tab(HEIGHT) as page:
        for file_name, (name, link) in PICTURES.items():
            picture = take(page, app.url, name, link)
            write_atomically(
                ROOT / "docs" / f"{file_name}.png",
                lambda file, picture=picture: picture.save(file, "PNG", optimize=True),
            )


if __name__ == "__main__":
    main()
