"""A server that refuses, is away, or has other files than before."""

import io
import re

from PIL import Image

from tests.web.page.sheet import LIST, cell, expect, saved, sync

REFUSAL = {"error": {"kind": "queue-full", "reason": "256 images wait, which is the limit"}}
MANY, AT_ONCE = 6000, 5000


def only_refused(visit) -> None:
    """Nothing was said on the console but the browser's own lines about answers."""
    assert [text for text in visit.complaints if "Failed to load resource" not in text] == []
    visit.complaints.clear()


def test_a_refusal_is_said_with_its_reason_and_taken_back(page, server, visit):
    def refuse_once() -> None:
        page.route("**/pick", lambda route: route.fulfill(status=422, json=REFUSAL), times=1)

    refuse_once()
    shown = cell(page, "a.jpg")
    shown.focus()
    page.keyboard.press("p")
    expect(page.get_by_role("alert")).to_contain_text("The mark is not saved: 256 images wait, which is the limit")
    expect(shown).to_have_attribute("data-pick", "")
    page.keyboard.press("z")
    expect(page.locator("#said")).to_have_text("Nothing to undo")
    page.get_by_role("button", name="Close the message").click()
    page.keyboard.press("p")  # again on the photo
    saved(server, {"a.jpg": "pick"})
    refuse_once()
    page.keyboard.press("z")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(shown).to_have_attribute("data-pick", "pick")
    page.keyboard.press("z")
    saved(server, {})
    only_refused(visit)


def test_a_refusal_leaves_the_newer_mark(page, server, visit):
    held = []
    page.route("**/pick", lambda route: held.append(route))
    cell(page, "a.jpg").focus()
    with page.expect_request("**/pick"):
        page.keyboard.press("p")
    page.keyboard.press("x")
    with page.expect_request("**/pick"):
        held[0].fulfill(status=422, json=REFUSAL)
    expect(page.get_by_role("alert")).to_be_visible()
    expect(cell(page, "a.jpg")).to_have_attribute("data-pick", "reject")
    held[1].continue_()
    saved(server, {"a.jpg": "reject"})
    only_refused(visit)


def test_a_refusal_of_thousands_takes_back_at_once_what_is_not_saved(page, visit):
    def more(route) -> None:
        answer = route.fetch().json()
        if "since=0" in route.request.url:
            photo = next(one for one in answer["photos"] if one["name"] == "a.jpg")
            answer["photos"] += [photo | {"id": f"{number:016x}", "score": 1} for number in range(MANY)]
        route.fulfill(json=answer)

    def save(route) -> None:
        parts.append(len(route.request.post_data_json["ids"]))
        route.fulfill(**({"json": {"changed": AT_ONCE}} if len(parts) == 1 else {"status": 422, "json": REFUSAL}))

    parts = []
    page.route(LIST, more)
    page.route("**/api/picks", save)
    page.reload()
    expect(page.locator("#count")).to_have_text("6,011 photos")
    cell(page, "f.jpg").focus()
    page.keyboard.press("a")
    page.keyboard.press("p")
    expect(page.get_by_role("alert")).to_contain_text("The mark is not saved")
    expect(page.locator("#marks [data-value=pick] .number")).to_have_text("5,000", timeout=3000)
    assert parts == [AT_ONCE, MANY + 11 - AT_ONCE]
    page.close()
    only_refused(visit)


def test_a_mark_waits_as_long_as_the_server_is_away(page, server, visit):
    tries = []
    page.clock.install()
    page.route("**/pick", lambda route: (tries.append(route), route.abort()))
    cell(page, "a.jpg").focus()
    page.keyboard.press("p")
    for _ in range(300):
        if len(tries) < 20:
            page.clock.run_for(500)
    assert len(tries) >= 20  # 38 s
    assert cell(page, "a.jpg").get_attribute("data-pick") == "pick"
    page.unroute("**/pick")
    with page.expect_response("**/pick"):
        page.clock.run_for(3000)
    saved(server, {"a.jpg": "pick"})
    only_refused(visit)


def test_an_answer_that_is_cut_off_is_asked_for_again(page, server):
    page.route(LIST, lambda route: route.fulfill(body='{"instance": "'), times=1)
    sync(page, LIST)
    expect(page.locator("#offline")).to_be_visible()
    server.send(f"api/photos/{server.photos()['a.jpg']['id']}/pick", "PUT", {"pick": "pick"})
    expect(cell(page, "a.jpg")).to_have_attribute("data-pick", "pick")
    expect(page.locator("#offline")).to_be_hidden()


def test_another_file_of_the_same_name_gets_another_picture(page, server):
    expect(cell(page, "a.jpg").locator("img")).to_have_js_property("naturalWidth", 240)
    cell(page, "a.jpg").click()
    large = page.locator("#detail .photo")
    expect(large).to_have_js_property("naturalWidth", 240)
    picture = io.BytesIO()
    Image.new("RGB", (90, 60)).save(picture, "JPEG")
    page.route(
        re.compile(r"/(thumbnail|image)\?"),
        lambda route: route.fulfill(body=picture.getvalue(), content_type="image/jpeg"),
    )
    changes = server.get("api/photos")
    entry = server.photos()["a.jpg"] | {"bytes": 1, "score": 13}
    page.route(LIST, lambda route: route.fulfill(json=changes | {"photos": [entry]}), times=1)
    sync(page, LIST)
    expect(large).to_have_js_property("naturalWidth", 90)
    page.keyboard.press("Escape")
    expect(cell(page, "a.jpg").locator("img")).to_have_js_property("naturalWidth", 90)
