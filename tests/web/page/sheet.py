"""What the page says of its photos, and the server of their marks."""

import re

import pytest

from tests.web.page import browser

expect = pytest.importorskip("playwright.sync_api", reason="the page is looked at by playwright").expect
expect.set_options(timeout=15_000)  # also where other tests keep the machine busy
LIST = re.compile(r"/api/photos\?")


def names(page) -> list[str]:
    """Names of the photos in the document, in the order in which they are read aloud."""
    return page.locator(".cell .name").all_text_contents()


def stems(page) -> list[str]:
    return [name.removesuffix(".jpg") for name in names(page)]


def cell(page, name):
    return page.locator(".cell", has=page.locator(".name", has_text=re.compile(f"^{re.escape(name)}$")))


def focused(page) -> str:
    return page.evaluate("document.activeElement.querySelector('.name')?.textContent")


def marks(server) -> dict[str, str]:
    return {path: photo["pick"] for path, photo in server.photos().items() if photo["pick"]}


def saved(server, expected) -> None:
    """Waits until the server knows these marks."""
    for _ in range(100):
        if marks(server) == expected:
            return
        browser.pause()
    assert marks(server) == expected


def sync(page, last="**/api/jobs") -> None:
    """Lets the page ask the server what has changed, up to the last question."""
    with page.expect_response(last):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
