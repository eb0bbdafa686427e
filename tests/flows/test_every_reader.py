"""However somebody reads and answers: by keyboard, magnified, in high contrast, inside an app,
without fonts.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.flows.browsing import PHONE, press, until, without_khmer
from tests.flows.gallery import LANGUAGES, Grounds

pytestmark = pytest.mark.browser
ANDROID = (
    "Mozilla/5.0 (Linux; Android 8.1.0; SM-J260G) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 "
)
IN_APPS = {
    "Zalo": ANDROID
    + "Chrome/83.0.4103.106 Mobile Safari/537.36 Zalo android/24010502 ZaloTheme/light "
    "ZaloLanguage/vi",
    "Facebook": ANDROID
    + "Chrome/96.0.4664.45 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/345.0.0.34.118;]",
    "Messenger": ANDROID
    + "Chrome/96.0.4664.45 Mobile Safari/537.36 [FB_IAB/Orca-Android;FBAV/340.0.0.15.119;]",
    "Viber": ANDROID + "Chrome/90.0.4430.82 Mobile Safari/537.36 Viber/15.3.0.5",
}


def address(grounds: Grounds, language: str = "vi") -> str:
    return f"{grounds.server.url}/s/{grounds.facts['code']}?lang={language}"


def rate(page: Page) -> None:
    """Two taps, and the thanks."""
    page.locator("label[for=overall-4]").click()
    press(page, "#answer button[type=submit]")
    assert "/r/" in page.url
    assert page.locator(".code").inner_text()


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize("app", IN_APPS)
def test_the_browsers_inside_apps_rate_without_cookies(
    browser: Browser, grounds: Grounds, app: str, script: bool
) -> None:
    """No answer sets a cookie, so a browser that refuses them all meets the same pages."""
    agent = IN_APPS[app]
    context = browser.new_context(viewport=PHONE, user_agent=agent, java_script_enabled=script)
    page, asked = context.new_page(), []
    context.on("response", lambda response: asked.append(response.all_headers()))
    page.goto(address(grounds))
    rate(page)
    assert asked
    assert not any("set-cookie" in headers for headers in asked)
    assert context.cookies() == []
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_question_answers_and_button_are_seen_without_scrolling(
    browser: Browser, grounds: Grounds, language: str
) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(address(grounds, language))
    boxes = [page.locator(f"label[for=overall-{level}]").bounding_box() for level in range(1, 6)]
    boxes.append(page.locator("#answer button[type=submit]").first.bounding_box())
    found = [box for box in boxes if box is not None]
    assert len(found) == 6
    assert found[-1]["y"] < 700
    assert found[-1]["y"] + found[-1]["height"] <= PHONE["height"]
    gaps = [below["y"] - above["y"] - above["height"] for above, below in pairwise(found)]
    assert min(gaps) >= 8
    assert page.locator("input:checked").count() == 0
    page.close()


def test_the_promise_is_ink_and_large_enough(browser: Browser, grounds: Grounds) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(address(grounds))
    look = page.evaluate(
        "(() => { const s = getComputedStyle(document.querySelector('.promise span'));"
        " return [s.fontSize, s.color]; })()"
    )
    assert look == ["18px", "rgb(20, 33, 61)"]
    page.close()


def luminance(colour: str) -> float:
    """Relative luminance of ``rgb(...)`` by WCAG 2.2."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_face_stands_out_from_what_is_behind_it(
    browser: Browser, grounds: Grounds, scheme: str
) -> None:
    """Each disc has a ring in the colour of the words; no disc alone would do on both papers."""
    context = browser.new_context(viewport=PHONE, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address(grounds))
    page.locator("label[for=overall-4]").click()
    found = page.evaluate(
        """() => [...document.querySelectorAll(".options svg")].map((face) => {
            const label = face.closest("label"), back = getComputedStyle(label).backgroundColor;
            const clear = back === "rgba(0, 0, 0, 0)";
            return [getComputedStyle(face).color,
                clear ? getComputedStyle(document.body).backgroundColor : back]; })"""
    )
    rings = page.evaluate(
        "document.querySelectorAll('symbol circle[r=\"15\"][stroke=currentColor]').length"
    )
    assert (len(found), rings) == (5, 5)
    for ring, paper in found:
        light, dark = sorted((luminance(ring), luminance(paper)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3
    context.close()


def test_who_comes_back_is_told_that_it_was_sent_and_nobody_sees_what(
    browser: Browser, grounds: Grounds
) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(address(grounds))
    rate(page)
    page.go_back()
    assert page.locator("input:checked").count() == 0
    assert "đã gửi đánh giá này rồi" in page.locator("#state").inner_text()
    page.close()


def test_larger_letters_keep_what_was_chosen(browser: Browser, grounds: Grounds) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(address(grounds))
    page.locator("label[for=overall-2]").click()
    before = page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)")
    page.click("a.size")
    after = page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)")
    assert after == pytest.approx(1.4 * before)
    assert page.locator("#overall-2").is_checked()
    press(page, "#answer button[type=submit]")
    assert "big=1" in page.url
    assert page.locator("html.large").count() == 1
    page.click("a.size")
    press(page, "#answer button[type=submit]")
    assert "big=1" not in page.url
    page.close()


def test_question_and_answers_are_read_aloud_when_asked_for(
    browser: Browser, grounds: Grounds
) -> None:
    page, sent = browser.new_page(viewport=PHONE), []
    page.on("request", lambda request: sent.append(request.url.rpartition("/")[2]))
    page.add_init_script(
        "self.heard = []; const play = Audio.prototype.play;"
        "HTMLMediaElement.prototype.play = function () { self.heard.push(this);"
        " return play.call(this); };"
    )
    page.goto(address(grounds), wait_until="networkidle")
    assert not any(name.endswith(".mp3") for name in sent)
    page.click("a.listen")
    until(page, "self.heard.length === 1 && self.heard[0].currentTime > 0.2")
    assert "vi.mp3" in sent
    page.click("a.listen")
    assert page.evaluate("self.heard[0].paused")
    page.goto(address(grounds, "km"))
    assert page.locator("a.listen").count() == 0, "no button where there is no recording"
    page.close()


def test_a_comment_tells_how_much_room_is_left_and_is_never_cut(
    browser: Browser, grounds: Grounds
) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(address(grounds))
    rate(page)
    page.fill("#comment", "a" * 300)
    assert page.locator("[data-count]").inner_text() == ""
    page.fill("#comment", "a" * 490)
    assert page.locator("[data-count]").inner_text().endswith("10")
    page.fill("#comment", "a" * 600)
    assert len(page.input_value("#comment")) == 600
    press(page, "#answer button[type=submit]")
    assert len(page.input_value("#comment")) == 600
    assert page.locator("#problem").is_visible()
    page.close()


def focused(page: Page) -> Any:
    """The focused element: what it is, whether its ring is drawn, whether it is in the window."""
    return page.evaluate(
        """() => { const e = document.activeElement, s = getComputedStyle(e),
            b = e.getBoundingClientRect();
        return { id: e.id || e.name || e.textContent.trim(),
                 ring: parseFloat(s.outlineWidth) >= 3 && s.outlineStyle !== "none",
                 seen: b.bottom > 0 && b.top < innerHeight, tag: e.tagName }; }"""
    )


def test_the_keyboard_alone_goes_from_the_question_to_the_thanks(
    browser: Browser, grounds: Grounds
) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(address(grounds))
    visited = []
    for _key in range(20):
        page.keyboard.press("Tab")
        now = focused(page)
        assert now["ring"], now
        assert now["seen"], now
        visited.append(now["id"])
        if now["id"] == "overall-1":
            page.keyboard.press("ArrowDown")
            assert page.locator("#overall-2").is_checked(), "arrows move inside one question"
        if now["tag"] == "BUTTON":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/more?**")
    visited = []
    for _key in range(30):
        page.keyboard.press("Tab")
        now = focused(page)
        assert now["ring"], now
        assert now["seen"], now
        visited.append(now["id"])
        if now["id"] == "reasons-waiting":
            page.keyboard.press("Space")
        if now["id"] == "comment":
            page.keyboard.type("Chờ lâu")
        if now["tag"] == "BUTTON":
            break
    # The order of the keys is the order of the eyes.
    order = [visited.index(name) for name in ("reasons-waiting", "comment", "assisted")]
    assert order == sorted(order)
    assert page.locator("#reasons-waiting").is_checked()
    page.keyboard.press("Enter")
    page.wait_for_url("**noted=1**")
    page.close()


def test_four_hundred_per_cent_zoom_loses_nothing(browser: Browser, grounds: Grounds) -> None:
    """A window of 1280 x 1024 at 400 % has 320 x 256 pixels of its own."""
    context = browser.new_context(viewport={"width": 320, "height": 256}, device_scale_factor=4)
    page = context.new_page()
    for view in grounds.views():
        if view.then is None and view.posted is None:
            grounds.show(page, view, "vi")
            assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), (
                view.name
            )
            hiding = page.evaluate(
                """() => [...document.querySelectorAll("*")].filter(
                    (e) => ["fixed", "sticky"].includes(getComputedStyle(e).position)).length"""
            )
            assert hiding == 0, "nothing stays in front of what is read"
    page.goto(address(grounds))
    rate(page)
    context.close()


def test_with_forced_colours_a_choice_and_a_focus_are_seen(
    browser: Browser, grounds: Grounds
) -> None:
    context = browser.new_context(viewport=PHONE, forced_colors="active")
    page = context.new_page()
    page.goto(address(grounds))
    page.locator("label[for=overall-2]").click()
    look = "(id) => getComputedStyle(document.querySelector(`label[for=${id}]`)).outlineStyle"
    assert page.evaluate(look, "overall-2") == "solid"
    assert page.evaluate(look, "overall-3") == "none"
    page.keyboard.press("Tab")
    assert focused(page)["ring"]
    # The faces are pictures of their own colours; the words beside them take the reader's.
    assert (
        page.evaluate("getComputedStyle(document.querySelector('legend')).color")
        != "rgb(20, 33, 61)"
    )
    context.close()


def test_nothing_moves(browser: Browser, grounds: Grounds) -> None:
    """There is no motion to reduce: neither with nor without the wish."""
    for motion in ("reduce", "no-preference"):
        context = browser.new_context(viewport=PHONE, reduced_motion=motion)
        page = context.new_page()
        page.goto(address(grounds))
        page.locator("label[for=overall-1]").click()
        assert page.evaluate("document.getAnimations().length") == 0
        moving = """() => [...document.querySelectorAll("*")].filter((e) => {
            const s = getComputedStyle(e);
            return parseFloat(s.transitionDuration) > 0 || s.animationName !== "none"; }).length"""
        assert page.evaluate(moving) == 0
        context.close()


def fonts_of(page: Page, selector: str) -> dict[str, bool]:
    """Family name -> whether it was sent by us, of every font the browser draws an element with."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    found = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    return {font["familyName"]: font["isCustomFont"] for font in found}


def test_khmer_letters_are_sent_to_who_has_none_and_to_nobody_else(
    browser: Browser, grounds: Grounds, tmp_path: Path
) -> None:
    sent: list[str] = []

    def watch(context: BrowserContext) -> Page:
        sent.clear()
        context.on("request", lambda request: sent.append(request.url.rpartition("/")[2]))
        return context.new_page()

    ours = browser.new_context(viewport=PHONE)
    page = watch(ours)
    for language in LANGUAGES:
        page.goto(address(grounds, language), wait_until="networkidle")
    assert not any(name.endswith(".woff2") for name in sent), (
        "the letters of the device are used where it has some"
    )
    ours.close()
    bare = without_khmer(browser, tmp_path)
    page = watch(bare)
    page.goto(address(grounds), wait_until="networkidle")
    assert [name for name in sent if name.endswith(".woff2")] == ["khmer-name.woff2"]
    assert fonts_of(page, "nav a[lang=km]") == {"Noto Sans Khmer": True}
    assert fonts_of(page, "legend") == {"Noto Sans": False}
    page.goto(address(grounds, "km"), wait_until="networkidle")
    assert {name for name in sent if name.endswith(".woff2")} >= {
        "khmer-400.woff2",
        "khmer-700.woff2",
    }
    for place in ("header span", "label[for=overall-1] span", "#answer button", "footer a"):
        assert fonts_of(page, place) == {"Noto Sans Khmer": True}, place
    rate(page)
    bare.close()


SCREENS = [
    (1280, 800),
    (1366, 768),
    (1920, 1080),
    (1024, 600),
    (800, 1280),
    (1080, 1920),
    (360, 740),
]


@pytest.mark.parametrize(
    "site", ["", "danh-gia-dich-vu-cong.dongthapmuoi.gov.vn"], ids=["as it is", "long address"]
)
def test_the_counter_screen_shows_everything_in_one_view(
    browser: Browser, grounds: Grounds, site: str
) -> None:
    """A wall display cannot be scrolled: who cannot scan needs the address."""
    for width, height in SCREENS:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(f"{grounds.server.url}/screen/{grounds.facts['display']}")
        page.wait_for_selector("#symbol")
        page.evaluate(
            "(site) => { if (site) for (const e of document.querySelectorAll('#site')) "
            "e.textContent = site; }",
            site,
        )
        outside = page.evaluate(
            """() => [...document.querySelectorAll(
                "h1, .where, #symbol, .words p, footer span")].filter((e) => {
              const b = e.getBoundingClientRect();
              return b.width === 0 || b.left < 0 || b.top < 0 || b.right > innerWidth ||
                  b.bottom > innerHeight;
            }).map((e) => e.id || e.tagName)"""
        )
        assert outside == [], (width, height)
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        symbol = page.evaluate(
            "(() => { const b = symbol.getBoundingClientRect(); return Math.min(b.width, "
            "b.height); })()"
        )
        assert symbol >= 0.4 * min(width, height), (
            "large enough to be scanned from where one stands"
        )
        page.close()
