"""Files that leave the page, and files that come to it."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

from tests.conftest import REFERENCE
from tests.web.page import browser
from tests.web.page.browser import SCORES
from tests.web.page.sheet import cell, expect, saved


def exported(page, title, which) -> bytes:
    page.click("#export-open")
    for words in (which, title):
        page.get_by_role("radio", name=re.compile(f"^{words}")).check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save file").click()
    return Path(download.value.path()).read_bytes()


def test_exports_hold_scores_and_marks_in_the_order_shown(page, server):
    cell(page, "f.jpg").focus()
    for key in ("p", "ArrowRight", "x"):
        page.keyboard.press(key)
    saved(server, {"f.jpg": "pick", "e.jpg": "reject"})
    page.select_option("#order", "worst")
    page.fill("#score-from", "60")
    page.press("#score-from", "Enter")
    shown = ["d.jpg", "trip/burst_2.jpg", "e.jpg", "f.jpg"]
    rows = list(csv.DictReader(io.StringIO(exported(page, "CSV", "Only those shown").decode())))
    assert [(row["path"], float(row["score"]), row["pick"]) for row in rows] == [
        (path, SCORES[path], {"e.jpg": "reject", "f.jpg": "pick"}.get(path, "")) for path in shown
    ]
    rows = json.loads(exported(page, "JSON", "All"))
    assert {row["path"]: row["score"] for row in rows} == {**SCORES, "broken.jpg": None}
    with zipfile.ZipFile(io.BytesIO(exported(page, "XMP", "Only those shown"))) as archive:
        stars = {name: re.search(rb'xmp:Rating="(-?\d)"', archive.read(name))[1] for name in archive.namelist()}
    assert stars == {"d.xmp": b"4", "trip/burst_2.xmp": b"4", "e.xmp": b"-1", "f.xmp": b"5"}


DROP = """async (files) => {
    const transfer = new DataTransfer();
    for (const [name, base64] of files) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
    }
    for (const kind of ["dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
    }
}"""


def test_photos_are_chosen_and_dropped_and_cleared(page, server, tmp_path):
    photo = REFERENCE / "images/coffee_400x600.png"
    for number in range(5):
        browser.draw_photo(tmp_path / f"chosen_{number}.jpg", photo, number)
    (tmp_path / "text.jpg").write_text("no photo")
    page.set_input_files("#files", sorted(tmp_path.iterdir()))
    expect(page.locator("#count")).to_have_text("17 photos")
    expect(cell(page, "text.jpg").locator(".why")).to_contain_text("not an image")
    browser.draw_photo(tmp_path / "dropped.jpg", photo, 9)
    page.evaluate(DROP, [["dropped.jpg", browser.base64_of(tmp_path / "dropped.jpg")]])
    expect(page.locator("#count")).to_have_text("18 photos")
    expect(cell(page, "dropped.jpg").locator("img")).to_have_js_property("naturalWidth", 240)
    added = {photo["name"]: photo for photo in server.photos().values() if photo["upload"] and not photo["removed"]}
    assert added.keys() == {*(f"chosen_{number}.jpg" for number in range(5)), "text.jpg", "dropped.jpg"}
    assert [name for name, photo in added.items() if photo["score"] is None] == ["text.jpg"]
    page.get_by_role("button", name="Remove added photos").click()
    expect(page.locator("#count")).to_have_text("11 photos")
