"""A server over ten photos whose scores are known, and pages of it in Chromium."""

import os

import pytest

from tests.conftest import REFERENCE
from tests.web.page import browser


@pytest.fixture(scope="package")
def told(tmp_path_factory, tiny_checkpoints):
    """The tiny network's folder, and the network."""
    folder = tmp_path_factory.mktemp("checkpoint") / "tiny-multiscale"
    return folder, browser.save_tiny(tiny_checkpoints["tiny-multiscale"], folder)


@pytest.fixture(scope="package")
def server(told, tmp_path_factory):
    """Ten photos whose scores are known, three of them a burst, and a file that is no photo."""
    place = tmp_path_factory.mktemp("page")
    folder = place / "photos"
    images = sorted((REFERENCE / "images").glob("synthetic_[2-7]*.png"))
    for number, name in enumerate(browser.SCORES):
        burst = name.startswith("trip")
        image = REFERENCE / "images/chelsea_300x451.png" if burst else images[number % 3]
        browser.draw_photo(folder / name, image, number % 3)
    (folder / "broken.jpg").write_text("no photo")
    browser.fill_store(place / "store.sqlite", folder, browser.SCORES, told[1])
    with browser.running(folder, "--checkpoint", told[0], "--store", place / "store.sqlite") as server:
        yield server


@pytest.fixture(scope="package")
def chromium():
    """Headless, for the tests of this folder only: other tests may run event loops of their own."""
    from playwright.sync_api import sync_playwright

    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as play:
        browsing = play.chromium.launch(
            executable_path=browser.browser_path(), args=["--disable-gpu", *(["--no-sandbox"] if root else [])]
        )
        yield browsing
        browsing.close()


@pytest.fixture
def visit(chromium):
    """Opens a server's page; whatever page it was, it has asked no other host and complained of nothing."""
    contexts, asked, complaints = [], [], []

    def visit(server, **options):
        context = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("request", lambda request: asked.append((server.address, request.url)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.goto(server.address)
        return page

    visit.complaints = complaints
    yield visit
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for home, url in asked if not url.removeprefix("blob:").startswith(home)] == []
    assert any(url.endswith("main.js") for _, url in asked)


@pytest.fixture
def page(visit, server):
    """The sheet of ten photos and a failure, nothing marked, nothing added."""
    server.send("api/uploads", "DELETE")
    ids = [photo["id"] for photo in server.photos().values() if not photo["upload"]]
    server.send("api/picks", "PUT", {"ids": ids, "pick": None})
    page = visit(server)
    page.locator("#count", has_text="11 photos").wait_for()
    return page
