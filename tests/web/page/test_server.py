"""Many photos, and a server that is killed."""

import os

from tests.conftest import REFERENCE
from tests.web.page import browser
from tests.web.page.sheet import cell, expect, focused, names, saved

MANY = 5000


def test_five_thousand_photos_scroll(visit, told, tmp_path):
    folder = tmp_path / "many"
    scores = {f"{number // 1000}/{number:04}.jpg": number / 50 for number in range(MANY)}
    for number in range(4):
        browser.draw_photo(tmp_path / f"{number}.jpg", REFERENCE / "images/chelsea_300x451.png", number)
    for number, name in enumerate(scores):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(tmp_path / f"{number % 4}.jpg", folder / name)
    options = ("--checkpoint", told[0], "--store", tmp_path / "store.sqlite")
    browser.fill_store(tmp_path / "store.sqlite", folder, scores, told[1])
    with browser.running(folder, *options, "--no-start") as server:
        page = visit(server)
        expect(page.locator("#count")).to_have_text("5,000 photos", timeout=15_000)
        asked = []
        page.on("request", lambda request: asked.append(request.url) if "/thumbnail" in request.url else None)
        most = page.evaluate("""async () => {
            let most = 0;
            for (let step = 0; step < 40; step += 1) {
                document.querySelector("#sheet").scrollTop += 2000;
                await new Promise(requestAnimationFrame);
                most = Math.max(most, document.querySelectorAll(".cell").length);
            }
            return most; }""")
        assert most < 60
        page.evaluate("document.querySelector('#sheet').scrollTop = 1e9")
        last = cell(page, "0000.jpg")
        expect(last).to_have_attribute("aria-posinset", str(MANY))
        expect(last.locator(".score")).to_have_text("0")
        expect(last.locator("img")).to_have_js_property("complete", True)
        expect(last.locator("img")).to_have_js_property("naturalWidth", 240)
        assert len(asked) < 80  # of 5,000 that went past
        page.locator(".cell[tabindex='0']").focus()
        page.keyboard.press("End")
        assert focused(page) == "0000.jpg"
        page.close()


def test_a_killed_server_is_found_again_and_its_job_goes_on(visit, told, tmp_path):
    folder, port = tmp_path / "photos", browser.free_port()
    for number in range(30):
        browser.draw_photo(folder / f"{number:02}.jpg", REFERENCE / "images/coffee_400x600.png", number % 10)
        with open(folder / f"{number:02}.jpg", "ab") as file:
            file.write(b"%d" % number)  # no two have the same content
    options = ("--checkpoint", told[0], "--store", tmp_path / "store.sqlite", "--no-start")
    with browser.running(folder, *options, port=port) as server:
        page = visit(server)
        page.select_option("#order", "name")
        page.fill("#text", "0")
        cell(page, "00.jpg").focus()
        page.keyboard.press("Space")
        page.keyboard.press("p")
        saved(server, {"00.jpg": "pick"})
        page.get_by_role("button", name="Look for new photos").click()
        expect(page.locator("#job-words")).to_contain_text("Scoring")
        while (job := server.get("api/jobs")["jobs"][0])["done"] < 2:
            browser.pause()
        assert job["state"] == "running"
    expect(page.locator("#offline")).to_be_visible()
    with browser.running(folder, *options, port=port) as server:
        expect(page.locator("#offline")).to_be_hidden()
        expect(page.locator("#count")).to_have_text("12 of 30 photos")
        expect(page.locator(".cell[data-state=scored]")).to_have_count(12, timeout=20_000)
        assert names(page) == sorted(name for name in (f"{number:02}.jpg" for number in range(30)) if "0" in name)
        expect(page.locator("#chosen-count")).to_have_text("1 selected")
        expect(cell(page, "00.jpg")).to_have_attribute("data-pick", "pick")
        (job,) = server.get("api/jobs")["jobs"]
        saved(server, {"00.jpg": "pick"})
        page.get_by_role("button", name="Look for new photos").click()
        expect(page.locator("#job-words")).to_contain_text("Scoring")
        while (job := server.get(f"api/jobs/{job['id']}"))["state"] == "running":
            browser.pause()
        rows = server.get(f"api/jobs/{job['id']}/rows")["rows"]
        assert sorted(row["path"] for row in rows) == sorted(path.name for path in folder.iterdir())
        page.close()
    assert all("Failed to load resource: net::ERR_" in text for text in visit.complaints)  # while nobody answered
    visit.complaints.clear()
