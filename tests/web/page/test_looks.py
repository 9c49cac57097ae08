"""Themes, widths, and what keeps people out."""

import re

from tests.web.page.sheet import cell, expect, stems


def test_dark_and_light(page, visit, server):
    def ground(page) -> str:
        return page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor")

    light = ground(page)
    page.emulate_media(color_scheme="dark")
    dark = ground(page)
    assert light != dark
    for label, expected in (("dark", dark), ("light", light)):
        page.click("#theme")
        expect(page.locator("#theme")).to_have_attribute("aria-label", f"Theme: {label}")
        assert ground(page) == expected
    page.reload()
    assert ground(page) == light  # remembered, whatever the system has


def test_phone(visit, server):
    page = visit(server, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    expect(page.locator("#count")).to_have_text("11 photos")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.locator("#filters")).to_be_hidden()
    page.get_by_role("button", name="Filter").tap()
    page.get_by_label(re.compile("^excellent")).check()
    page.get_by_role("button", name="Filter").tap()
    assert stems(page) == ["f"]
    cell(page, "f.jpg").tap()
    expect(page.locator("#detail-name")).to_be_in_viewport()
    for part in ("#detail", "#detail-facts"):
        assert page.locator(part).evaluate("(one) => one.scrollWidth <= one.clientWidth")
    page.locator("#detail").get_by_role("button", name="Close").tap()
    page.locator("#help-open").tap()
    expect(page.locator("#help-body")).to_be_in_viewport()


def test_nothing_serious_for_axe(page, visit, server):
    from axe_playwright_python.sync_playwright import Axe

    def look(view) -> list[tuple]:
        found = Axe().run(
            page, options={"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
        )
        serious = [one for one in found.response["violations"] if one["impact"] in ("serious", "critical")]
        return [(view, one["id"], [node["target"] for node in one["nodes"]]) for one in serious]

    findings = look("sheet")
    cell(page, "f.jpg").focus()
    for key in ("p", "Space"):
        page.keyboard.press(key)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    findings += look("dark, marked and selected")
    page.keyboard.press("m")
    expect(page.locator("#detail .map")).to_be_visible()
    findings += look("large, with a map, dark")
    page.keyboard.press("Escape")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    cell(page, "burst_2.jpg").focus()
    page.keyboard.press("c")
    expect(page.locator("#panes .tile")).to_have_count(3)
    findings += look("compare")
    page.keyboard.press("Escape")
    for opener in ("#help-open", "#about-open", "#export-open"):
        page.click(opener)
        findings += look(opener)
        page.keyboard.press("Escape")
    assert findings == []
