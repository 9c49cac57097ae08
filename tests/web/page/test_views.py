"""One photo large with its maps, and several side by side."""

import pytest

from tests.web.page.sheet import cell, expect, saved, sync


def test_a_photo_is_shown_large_with_what_its_score_means(page, server):
    cell(page, "e.jpg").click()
    detail = page.locator("#detail")
    expect(detail).to_contain_text("Good: in the second highest fifth of the scale from 0 to 100.")
    expect(detail).to_contain_text("Better than 77 % of 5 photos.")
    expect(detail).to_contain_text("between 68 and 86, for about 90 of 100 photos.")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#detail-name")).to_have_text("burst_2.jpg")
    page.keyboard.press("p")
    expect(detail.get_by_role("button", name="Pick")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(cell(page, "burst_2.jpg")).to_be_focused()
    saved(server, {"trip/burst_2.jpg": "pick"})


def test_keys_are_for_the_photo_that_is_seen(page, server):
    cell(page, "f.jpg").click()
    detail = page.locator("#detail")
    detail.get_by_role("button", name="Pick").click()
    saved(server, {"f.jpg": "pick"})
    sync(page)  # which draws the buttons anew
    page.keyboard.press("ArrowRight")
    expect(page.locator("#detail-name")).to_have_text("e.jpg")
    page.keyboard.press("x")
    saved(server, {"f.jpg": "pick", "e.jpg": "reject"})
    detail.get_by_role("button", name="Unmark").click()  # and is disabled then
    expect(page.locator("#detail-name")).to_be_focused()
    page.locator("#detail-name").evaluate("(name) => name.blur()")
    page.keyboard.press("p")
    saved(server, {"f.jpg": "pick", "e.jpg": "pick"})


def test_maps_say_where_it_is_good(page, server):
    cell(page, "f.jpg").focus()
    page.keyboard.press("m")
    expect(page.locator("#detail .map")).to_be_visible()
    maps = server.get(f"api/photos/{server.photos()['f.jpg']['id']}/maps")
    shown = maps["scales"][maps["shown"]]
    values = [value for row in shown["values"] for value in row]
    expect(page.locator("#maps-value")).to_have_text(f"Framed: the worst region, {min(values):.1f}")
    expect(page.locator("#maps-scales [role=radio]")).to_have_text(
        ["None", *(f"{one['longest_px']} px" for one in maps["scales"])]
    )
    photo = page.locator("#detail .stage").bounding_box()
    page.mouse.move(photo["x"] + 2, photo["y"] + 2)
    expect(page.locator("#maps-value")).to_have_text(f"Row 1, column 1: {values[0]:.1f}")
    page.mouse.move(2, 2)
    page.get_by_role("application").focus()
    for key in ("ArrowLeft", "ArrowUp") * 8 + ("ArrowRight",):
        page.keyboard.press(key)
    second = min(1, shown["columns"] - 1)
    expect(page.locator("#maps-value")).to_have_text(f"Row 1, column {second + 1}: {values[second]:.1f}")
    page.get_by_role("radio", name="None").click()
    expect(page.locator("#detail .map")).to_be_hidden()


def placed(page) -> list[list[float]]:
    """Where each pane's photo lies in its frame: left, top, width, height."""
    return page.evaluate("""() => [...document.querySelectorAll("#panes .frame")].map((frame) => {
        const [a, b] = [frame, frame.firstChild].map((one) => one.getBoundingClientRect());
        return [b.left - a.left, b.top - a.top, b.width, b.height].map((x) => Math.round(x * 10) / 10); })""")


def test_a_burst_side_by_side_is_zoomed_and_moved_together(page, server):
    cell(page, "burst_1.jpg").focus()
    page.keyboard.press("c")
    tiles = page.locator("#panes .tile")
    expect(tiles.locator(".name")).to_have_text(["burst_2.jpg", "burst_1.jpg", "burst_10.jpg"])
    expect(tiles.locator(".best")).to_have_count(1)
    expect(tiles.first.locator("img")).to_have_js_property("complete", True)
    fitted = placed(page)
    frame = page.locator("#panes .frame").nth(1).bounding_box()
    page.mouse.move(frame["x"] + frame["width"] * 0.7, frame["y"] + frame["height"] / 2)
    page.mouse.wheel(0, -600)
    expect(page.locator("#zoom-words")).not_to_have_text("")
    zoomed = placed(page)
    assert zoomed[0] == zoomed[1] == zoomed[2] != fitted[0]
    assert zoomed[0][2] == pytest.approx(fitted[0][2] * 2.718281828**1.2, rel=1e-3)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.7 + 40, frame["y"] + frame["height"] / 2, steps=4)
    page.mouse.up()
    moved = placed(page)
    assert moved[0] == moved[1] == moved[2]
    assert moved[0][0] - zoomed[0][0] == pytest.approx(40, abs=1)
    page.keyboard.press("1")
    expect(page.locator("#zoom-words")).to_have_text("100 %")
    page.keyboard.press("0")
    assert placed(page) == fitted
    page.keyboard.press("ArrowLeft")  # from the one that was dragged
    page.keyboard.press("p")
    tiles.nth(1).get_by_role("button", name="Reject").click()
    saved(server, {"trip/burst_1.jpg": "reject", "trip/burst_2.jpg": "pick"})


def test_the_selection_is_compared(page):
    for name in ("a.jpg", "f.jpg"):
        cell(page, name).click(modifiers=["Control"])
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#panes .tile .name")).to_have_text(["f.jpg", "a.jpg"])


def test_keys_are_for_the_photo_compared(page, server):
    cell(page, "burst_1.jpg").focus()
    page.keyboard.press("c")
    last = page.locator("#panes .tile").nth(2)
    last.get_by_role("button", name="Pick").click()
    saved(server, {"trip/burst_10.jpg": "pick"})
    sync(page)
    last.get_by_role("button", name="Unmark").click()
    expect(last).to_be_focused()
    last.evaluate("(tile) => tile.blur()")
    page.keyboard.press("x")
    saved(server, {"trip/burst_10.jpg": "reject"})
    page.keyboard.press("b")
    saved(server, {"trip/burst_10.jpg": "pick", "trip/burst_2.jpg": "reject", "trip/burst_1.jpg": "reject"})
    page.keyboard.press("z")  # both marks at once
    saved(server, {"trip/burst_10.jpg": "reject"})
