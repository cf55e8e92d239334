"""The pictures in the README, taken anew from the app in a real browser: docs/*.png.

python -m benchmarks.readme_pictures [--chromium /usr/bin/chromium]
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
# By the file's name: the page, its link, and what stands at the top of the picture; None: the page's top.
PICTURES: dict[str, tuple[str, dict[str, str], str | None]] = {
    "start": ("start", {}, None),
    "surgery": ("surgery", SHALLOW | {"off": "5"}, None),
    "look-inside": ("look_inside", DEEP | {"image": "6388"}, None),
    "depth": ("depth", {}, None),
}


def take(page: Page, url: str, name: str, link: dict[str, str], top: str | None) -> Image.Image:
    page.goto(f"{url}/{page_path(name)}?{urlencode(link)}")
    settle(page, heading(name))
    page.wait_for_timeout(2_000)  # charts and pictures are drawn after the script
    if top:
        page.locator(top).first.evaluate(
            "element => { element.style.scrollMarginTop = '100px'; element.scrollIntoView(); }"
        )
        page.wait_for_timeout(500)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(256)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    args = parser.parse_args()
    with own_folder() as folder, run_app(folder) as app, tab(args.chromium, HEIGHT) as page:
        for file_name, (name, link, top) in PICTURES.items():
            picture = take(page, app.url, name, link, top)
            write_atomically(
                ROOT / "docs" / f"{file_name}.png",
                lambda file, picture=picture: picture.save(file, "PNG", optimize=True),
            )


if __name__ == "__main__":
    main()
