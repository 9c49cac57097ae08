"""The contact sheet: sorted, filtered, marked by keys."""

import re

import pytest

from tests.web.page.browser import BEST, HTML, SCORES
from tests.web.page.sheet import cell, expect, focused, saved, stems


def test_the_sheet_shows_photos_scores_and_reasons(page):
    assert stems(page) == [*BEST, "broken"]
    first = cell(page, "f.jpg")
    expect(first.locator(".score")).to_have_text("93")
    expect(first.locator(".interval")).to_have_text("83\u2013100")  # 83.35 to 102.65, and the scale ends at 100
    expect(first).to_have_attribute("aria-label", "f.jpg, score 93, excellent, percentile 93, interval 83 to 100")
    expect(first.locator("img")).to_have_js_property("naturalWidth", 240)
    expect(cell(page, "broken.jpg").locator(".why")).to_contain_text("not an image")
    expect(cell(page, HTML).locator(".name")).to_have_text(HTML)  # text, and no picture of that address
    assert page.locator("img[src='x']").count() == 0


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("worst", [*reversed(BEST), "broken"]),
        ("percentile", [*BEST, "broken"]),
        ("uncertain", [*BEST, "broken"]),  # here intervals grow with the score
        ("name", [HTML[:-4], "a", "b", "broken", "burst_1", "burst_2", "burst_10", "c", "d", "e", "f"]),
        ("folder", [*(name for name in BEST if "burst" not in name), "broken", "burst_2", "burst_1", "burst_10"]),
    ],
)
def test_sort(page, order, expected):
    page.select_option("#order", order)
    assert stems(page) == expected
    seen = page.evaluate("""() => [...document.querySelectorAll(".cell")].map((cell) => {
        const { top, left } = cell.getBoundingClientRect();
        return [cell.ariaPosInSet, top, left]; })""")
    assert [int(place) for place, _, _ in seen] == list(range(1, 12))
    assert seen == sorted(seen, key=lambda one: one[1:])


def test_filters_narrow_together_and_are_taken_back(page):
    page.keyboard.press("/")
    page.keyboard.type("trip BURST")
    expect(page.locator("#count")).to_have_text("3 of 11 photos")
    page.get_by_label(re.compile("^good")).check()
    assert stems(page) == ["burst_2"]
    page.fill("#text", "nowhere")
    expect(page.locator("#nothing")).to_contain_text("No photo passes the filter")
    page.click("#nothing-clear")
    expect(page.locator("#count")).to_have_text("11 photos")
    page.get_by_label(re.compile("^failed")).check()
    assert stems(page) == ["broken"]
    page.click("#filters-clear")
    for label, value in (("Score from", "30"), ("Score to", "70"), ("Percentile to", "60"), ("Percentile from", "40")):
        page.get_by_label(label).fill(value)
        page.get_by_label(label).press("Enter")
    assert stems(page) == ["burst_1", HTML[:-4], "c"]


def test_the_threshold_moves_by_mouse_and_by_keys(page):
    plot, slider = page.locator("#plot").bounding_box(), page.locator("#threshold")
    page.mouse.move(plot["x"] + 5, plot["y"] + 40)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] * 0.6, plot["y"] + 40, steps=5)
    page.mouse.up()
    expect(page.locator("#count")).to_have_text("4 of 11 photos")  # 93, 77, 66, 61
    value = float(slider.get_attribute("aria-valuenow"))
    assert value == pytest.approx(60, abs=0.5)
    assert stems(page) == BEST[:4]
    expect(slider).to_be_focused()
    page.keyboard.press("PageUp")
    expect(slider).to_have_attribute("aria-valuetext", "At least 70: 2 shown, 8 below")
    assert stems(page) == BEST[:2]
    page.keyboard.press("Home")
    expect(page.locator("#count")).to_have_text("11 photos")
    page.keyboard.press("ArrowUp")
    expect(slider).to_have_attribute("aria-valuenow", "1")
    page.fill("#score-from", "60.7")
    page.press("#score-from", "Enter")
    expect(page.locator("#threshold-words")).to_have_text("At least 60.7: 4 shown, 6 below.")  # a 60.6 shows 61, too


def test_both_sides_of_the_threshold_are_marked_and_unmarked(page, server):
    page.locator("#threshold").focus()
    for _ in range(7):
        page.keyboard.press("PageUp")
    page.get_by_role("button", name="Pick 2 above").click()
    page.get_by_role("button", name="Reject 8 below").click()
    rejected = {path: "reject" for path, score in SCORES.items() if score < 70}
    saved(server, {"f.jpg": "pick", "e.jpg": "pick"} | rejected)
    page.get_by_role("button", name="Undo").last.click()
    saved(server, {"f.jpg": "pick", "e.jpg": "pick"})
    page.keyboard.press("z")
    saved(server, {})


def test_keys_move_and_mark_and_marks_survive_a_reload(page, server):
    cell(page, "f.jpg").focus()
    page.keyboard.press("p")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+X")  # and on to the next
    assert focused(page) == "burst_2.jpg"
    page.keyboard.press("x")
    saved(server, {"f.jpg": "pick", "e.jpg": "reject", "trip/burst_2.jpg": "reject"})
    page.keyboard.press("u")
    for key, name in (("End", "broken.jpg"), ("Home", "f.jpg"), ("ArrowDown", HTML), ("ArrowUp", "f.jpg")):
        page.keyboard.press(key)
        assert focused(page) == name
    saved(server, {"f.jpg": "pick", "e.jpg": "reject"})
    page.reload()
    expect(cell(page, "f.jpg")).to_have_attribute("aria-label", re.compile("^f.jpg, picked,"))
    expect(cell(page, "e.jpg")).to_have_attribute("data-pick", "reject")
    page.get_by_label(re.compile("^unmarked")).check()
    expect(page.locator("#count")).to_have_text("9 of 11 photos")


def test_a_mark_is_for_the_selection_that_the_photo_is_in(page, server):
    cell(page, "f.jpg").focus()
    for key in ("Space", "ArrowRight", "Space", "p", "ArrowRight", "x"):
        page.keyboard.press(key)
    expect(page.locator("#chosen-count")).to_have_text("2 selected")
    saved(server, {"f.jpg": "pick", "e.jpg": "pick", "trip/burst_2.jpg": "reject"})
    page.keyboard.press("Escape")
    expect(page.locator("#chosen")).to_be_hidden()
