"""Draws the page of `musiq serve` as people see it, at the width of a desk and of a phone, light and dark.

    python tools/make_screenshots.py PHOTOS --out docs/page

Only photos that may be shown; who made them is said beside the pictures. Needs Chromium (on the PATH, or named by
MUSIQ_BROWSER) and playwright.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
Steps = Callable[[Any], None]


@contextmanager
def served(photos: Path) -> Iterator[str]:
    """Address of a server of these photos that keeps nothing."""
    command = [sys.executable, "-m", "musiq", "serve", str(photos), "--port", "0", "--no-keep"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            found = (re.search(r"http://\S+", line) for line in process.stderr)
            address = next((match[0] for match in found if match), None)
            if address is None:
                raise SystemExit("the server did not start")
            yield address
        finally:
            process.terminate()


def focus(page: Any, name: str) -> None:
    page.locator(".cell", has=page.get_by_text(name, exact=True)).focus()


def sheet(page: Any) -> None:
    """Two thirds above the threshold; some picked, one rejected."""
    page.locator("#threshold").focus()
    for _ in range(4):
        page.keyboard.press("PageUp")
    page.locator(".cell").first.focus()
    for key in ("p", "ArrowRight", "ArrowRight", "p", "ArrowRight", "ArrowDown", "x", "ArrowRight"):
        page.keyboard.press(key)


def selection(page: Any) -> None:
    """Worst first, two of them selected."""
    page.select_option("#order", "worst")
    page.locator(".cell").first.focus()
    for key in ("x", "ArrowRight", "Space", "ArrowRight", "Space", "ArrowDown"):
        page.keyboard.press(key)


def large(page: Any) -> None:
    """A photo with its map."""
    focus(page, "kodak-22.jpg")
    page.keyboard.press("m")
    page.locator("#detail .map").wait_for(timeout=60_000)


def compare(page: Any) -> None:
    """A photo and its damaged copies, in part."""
    focus(page, "china.jpg")
    page.keyboard.press("c")
    page.locator("#panes .tile").nth(1).wait_for()
    frame = page.locator("#panes .frame").first.bounding_box()
    page.mouse.move(frame["x"] + frame["width"] * 0.45, frame["y"] + frame["height"] * 0.4)
    page.mouse.wheel(0, -450)
    page.keyboard.press("p")


def filters(page: Any) -> None:
    page.get_by_role("button", name="Filter").click()
    page.get_by_label(re.compile("^good")).check()


def meaning(page: Any) -> None:
    page.click("#about-open")


VIEWS: dict[str, tuple[dict[str, int], str, Steps]] = {
    "sheet": (DESK, "light", sheet),
    "selection-dark": (DESK, "dark", selection),
    "map-dark": (DESK, "dark", large),
    "compare": (DESK, "light", compare),
    "meaning": (DESK, "light", meaning),
    "phone-sheet": (PHONE, "light", sheet),
    "phone-filter-dark": (PHONE, "dark", filters),
    "phone-compare": (PHONE, "light", compare),
}


def draw(browser: Any, address: str, out: Path) -> None:
    """Takes each view as a JPEG file, once all photos are scored."""
    first = browser.new_page()
    first.goto(address)
    first.locator("#toasts", has_text="photos scored").wait_for(timeout=600_000)
    first.close()
    for name, (size, scheme, steps) in VIEWS.items():
        page = browser.new_page(viewport=size, color_scheme=scheme, has_touch=size is PHONE)
        page.goto(address)
        page.locator(".cell img[src]").first.wait_for()
        steps(page)
        page.wait_for_timeout(1500)  # pictures that still come
        page.screenshot(path=out / f"{name}.jpg", quality=80)
        page.close()


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="folder with examples/*.jpg, and Kodak's suite as kodak-01.jpg ...")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    path = os.environ.get("MUSIQ_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise SystemExit("no Chromium on the PATH, and MUSIQ_BROWSER names none")
    options.out.mkdir(parents=True, exist_ok=True)
    with served(options.photos) as address, sync_playwright() as play:
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"] if root else [])
        draw(browser, address, options.out)
        browser.close()


if __name__ == "__main__":
    main()
